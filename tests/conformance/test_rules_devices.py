"""IOA and MSI rules: redirection entries, level interrupts that are refused or wait, interrupt messages."""

import pytest

from app.hw.cpu import Arrival
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, KVM, Profile
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode
from app.x86.redirection import LEVEL, MASKED, PIN_COUNT, REMOTE_IRR, IoApicRegister
from app.x86.registers import Register
from tests.conformance.software import (
    SOFTWARE_ENABLE,
    X2APIC,
    booted,
    entry,
    redirect,
    remote_irr,
    run_everywhere,
    run_handlers,
    set_line,
    toggle_line,
    vectors,
    write,
)

PIN, VECTOR = 3, 0x44
MSI_BASE = 0xFEE0_0000
REDIRECTION_HINT, LOGICAL = 1 << 3, 1 << 2
ASSERT, TRIGGER_LEVEL = 1 << 14, 1 << 15
SIGNALS = {
    DeliveryMode.SMI: Arrival.SMI,
    DeliveryMode.NMI: Arrival.NMI,
    DeliveryMode.INIT: Arrival.INIT,
    DeliveryMode.EXTINT: Arrival.INTERRUPT,
}


def send_msi(machine: Machine, address: int, data: int) -> None:
    machine.send_msi(address, data)
    machine.settle()


def reached(machine: Machine) -> list[int]:
    """The CPUs that get something."""
    return [cpu for cpu, taken in enumerate(run_everywhere(machine)) if taken]


# I/O APIC


def test_ioa_3_level_sets_remote_irr_only_when_it_is_accepted() -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR, level=True)
    write(machine, 0, Register.SVR, 0xFF)

    set_line(machine, PIN, 1)
    assert not remote_irr(machine, PIN)
    write(machine, 0, Register.SVR, SOFTWARE_ENABLE)
    machine.settle()

    assert remote_irr(machine, PIN)
    assert vectors(machine, 0, Register.IRR0) == [VECTOR]


def test_ioa_3_level_that_nobody_took_is_sent_when_its_entry_names_somebody() -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR, level=True, destination=9)
    set_line(machine, PIN, 1)
    assert not remote_irr(machine, PIN)

    machine.write_io_apic(IoApicRegister.REDIRECTION + 2 * PIN + 1, 0)
    machine.settle()

    assert remote_irr(machine, PIN)
    assert vectors(machine, 0, Register.IRR0) == [VECTOR]


def test_ioa_4_line_moves_in_vain_while_remote_irr_is_1() -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR, level=True)
    set_line(machine, PIN, 1)
    assert machine.cpus[0].take_interrupt() == VECTOR

    for level in (0, 1, 0, 1, 0):
        machine.drive_pin(PIN, level)
        assert machine.outbox == []
        assert remote_irr(machine, PIN)


@pytest.mark.parametrize("written", [0, LEVEL | VECTOR | REMOTE_IRR | DELIVERY_STATUS])
def test_ioa_7_remote_irr_and_delivery_status_cannot_be_written(written: int) -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR, level=True)
    set_line(machine, PIN, 1)
    set_line(machine, PIN, 0)
    assert entry(machine, PIN) & (REMOTE_IRR | DELIVERY_STATUS) == REMOTE_IRR

    machine.write_io_apic(IoApicRegister.REDIRECTION + 2 * PIN, LEVEL | VECTOR | written)

    assert entry(machine, PIN) & (REMOTE_IRR | DELIVERY_STATUS) == REMOTE_IRR


def test_ioa_8_every_entry_is_masked_and_empty_at_power_up() -> None:
    machine = Machine(1)

    low_halves = [entry(machine, pin) for pin in range(PIN_COUNT)]
    high_halves = [machine.read_io_apic(IoApicRegister.REDIRECTION + 2 * pin + 1) for pin in range(PIN_COUNT)]

    assert low_halves == [MASKED] * PIN_COUNT
    assert high_halves == [0] * PIN_COUNT


@pytest.mark.parametrize("level", [False, True], ids=["edge", "level"])
@pytest.mark.parametrize(("mode", "arrival"), SIGNALS.items())
def test_ioa_9_signals_are_edges_whatever_the_trigger_mode(mode: DeliveryMode, arrival: Arrival, level: bool) -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR, level=level, delivery_mode=mode)

    machine.drive_pin(PIN, 1)
    machine.deliver(machine.outbox.pop(0))

    assert machine.cpus[0].next_arrival() is arrival
    assert not remote_irr(machine, PIN)


@pytest.mark.parametrize("level", [False, True], ids=["edge", "level"])
def test_ioa_9_lowest_priority_goes_to_one_and_may_be_a_level(level: bool) -> None:
    machine = booted(3)
    for cpu in range(3):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)
    redirect(
        machine,
        PIN,
        VECTOR,
        level=level,
        destination=7,
        destination_mode=DestinationMode.LOGICAL,
        delivery_mode=DeliveryMode.LOWEST_PRIORITY,
    )

    toggle_line(machine, PIN)

    assert remote_irr(machine, PIN) is level
    assert len(reached(machine)) == 1


def test_ioa_13_delivery_status_is_1_until_the_message_has_arrived() -> None:
    machine = booted()
    redirect(machine, PIN, VECTOR)

    machine.drive_pin(PIN, 1)
    assert entry(machine, PIN) & DELIVERY_STATUS
    machine.settle()

    assert not entry(machine, PIN) & DELIVERY_STATUS


# MSI


def test_msi_1_address_names_the_destination() -> None:
    machine = booted(3)

    send_msi(machine, MSI_BASE | 2 << 12, VECTOR)

    assert reached(machine) == [2]


@pytest.mark.parametrize("address", [0xFED0_0000, 0xFEF0_0000, 0x1_FEE0_0000])
def test_msi_1_other_addresses_are_no_messages(address: int) -> None:
    with pytest.raises(ValueError, match="MSI address"):
        booted().send_msi(address, VECTOR)


@pytest.mark.parametrize(("mode", "arrival"), SIGNALS.items())
def test_msi_2_data_says_the_delivery_mode(mode: DeliveryMode, arrival: Arrival) -> None:
    machine = booted()

    machine.send_msi(MSI_BASE, mode << 8 | VECTOR)
    machine.deliver(machine.outbox.pop(0))

    assert machine.cpus[0].next_arrival() is arrival


@pytest.mark.parametrize(
    ("flags", "reached_cpus"),
    [
        (0, [2]),
        (REDIRECTION_HINT, [2]),
        (LOGICAL, [1]),  # honoured without the hint, as implementations do
        (LOGICAL | REDIRECTION_HINT, [1]),
    ],
)
def test_msi_3_destination_mode_counts_with_and_without_the_hint(flags: int, reached_cpus: list[int]) -> None:
    machine = booted(3)
    for cpu in range(3):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)

    send_msi(machine, MSI_BASE | 2 << 12 | flags, VECTOR)

    assert reached(machine) == reached_cpus


@pytest.mark.parametrize(("flags", "count"), [(LOGICAL, 3), (LOGICAL | REDIRECTION_HINT, 1)], ids=["all", "one"])
def test_msi_3_logical_hint_redirects_to_the_lowest_priority(flags: int, count: int) -> None:
    machine = booted(3)
    for cpu, tpr in enumerate((0x20, 0x10, 0x20)):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)
        write(machine, cpu, Register.TPR, tpr)

    send_msi(machine, MSI_BASE | 7 << 12 | flags, VECTOR)

    taken = reached(machine)
    assert len(taken) == count
    assert 1 in taken


def test_msi_4_level_is_asserted_and_de_asserted_and_merges_while_requested() -> None:
    machine = booted()

    for _ in range(2):
        send_msi(machine, MSI_BASE, TRIGGER_LEVEL | ASSERT | VECTOR)
    send_msi(machine, MSI_BASE, TRIGGER_LEVEL | VECTOR + 1)

    assert vectors(machine, 0, Register.TMR0) == [VECTOR]
    assert run_handlers(machine, 0) == [VECTOR]


def test_msi_4_edge_needs_no_broadcast() -> None:
    machine = booted()
    send_msi(machine, MSI_BASE, VECTOR)
    assert machine.cpus[0].take_interrupt() == VECTOR

    write(machine, 0, Register.EOI, 0)

    assert machine.outbox == []


@pytest.mark.parametrize(
    ("profile", "address"),
    [
        (KVM, MSI_BASE | 0x34 << 12 | 0x12 << 5),
        (KVM, 0x1200 << 32 | MSI_BASE | 0x34 << 12),
    ],
    ids=["kvm, extended ID", "kvm, high half"],
)
def test_msi_5_wide_destinations(profile: Profile, address: int) -> None:
    machine = booted(2, X2APIC, profile, apic_ids=(0x34, 0x1234))

    send_msi(machine, address, VECTOR)

    assert reached(machine) == [1]


def test_msi_5_without_the_extension_destinations_have_8_bits() -> None:
    machine = booted(2, X2APIC, INTEL_SDM, apic_ids=(0x34, 0x1234))

    send_msi(machine, MSI_BASE | 0x34 << 12 | 0x12 << 5, VECTOR)

    assert reached(machine) == [0]


def test_dst_8_redirection_entry_has_a_wide_destination_too() -> None:
    machine = booted(2, X2APIC, KVM, apic_ids=(0x34, 0x1234))
    machine.write_redirection_entry(PIN, 0x34 << 56 | 0x12 << 49 | VECTOR)

    toggle_line(machine, PIN)

    assert reached(machine) == [1]
