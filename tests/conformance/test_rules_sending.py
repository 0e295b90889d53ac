"""DST and ICR rules: whom a message names, and what a write to ICR sends."""

import pytest

from app.hw.cpu import Arrival
from app.hw.events import Started
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.state_registers import (
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_REDIRECTABLE_IPI,
    ESR_SEND_ILLEGAL_VECTOR,
)
from tests.conformance.software import (
    X2APIC,
    XAPIC,
    booted,
    error_status,
    post,
    read,
    run_everywhere,
    run_handlers,
    run_nmis,
    send,
    vectors,
    write,
    write_apic_base,
)

LOGICAL, PHYSICAL = DestinationMode.LOGICAL, DestinationMode.PHYSICAL
FIXED, LOWEST, SMI, NMI, INIT, STARTUP = (
    DeliveryMode.FIXED,
    DeliveryMode.LOWEST_PRIORITY,
    DeliveryMode.SMI,
    DeliveryMode.NMI,
    DeliveryMode.INIT,
    DeliveryMode.STARTUP,
)
#: The manual's table of valid combinations.
VALID = {
    Shorthand.NONE: {FIXED, LOWEST, SMI, NMI, INIT, STARTUP},
    Shorthand.SELF: {FIXED},
    Shorthand.ALL_INCLUDING_SELF: {FIXED},
    Shorthand.ALL_EXCLUDING_SELF: {FIXED, LOWEST, SMI, NMI, INIT, STARTUP},
}


# Destinations


def test_dst_5_software_disabled_apic_keeps_its_logical_address() -> None:
    machine = booted(2)
    for cpu in range(2):
        write(machine, cpu, Register.DFR, 0x0FFF_FFFF)
    write(machine, 1, Register.LDR, 0x3200_0000)

    write(machine, 1, Register.SVR, 0xFF)

    assert read(machine, 1, Register.LDR) == 0x3200_0000
    assert read(machine, 1, Register.DFR) == 0x0FFF_FFFF
    send(machine, 0, Icr(0, NMI, LOGICAL, destination=0x32))
    assert [run_nmis(machine, cpu) for cpu in range(2)] == [0, 1]


@pytest.mark.parametrize("destination_mode", DestinationMode)
@pytest.mark.parametrize(
    ("shorthand", "reached"),
    [
        (Shorthand.SELF, [1]),
        (Shorthand.ALL_INCLUDING_SELF, [0, 1, 2]),
        (Shorthand.ALL_EXCLUDING_SELF, [0, 2]),
    ],
)
def test_dst_9_shorthand_makes_the_destination_meaningless(
    shorthand: Shorthand, reached: list[int], destination_mode: DestinationMode
) -> None:
    machine = booted(3)

    send(machine, 1, Icr(0x44, FIXED, destination_mode, shorthand, destination=0x02))

    assert [cpu for cpu, taken in enumerate(run_everywhere(machine)) if taken] == reached


@pytest.mark.parametrize(
    ("sender", "icr", "reached"),
    [
        (0, Icr(0x44, destination=1), [1]),  # 8 bits, to x2APIC mode
        (1, Icr(0x44, destination=0), [0]),  # 32 bits, to xAPIC mode
        (1, Icr(0x44, destination=0x100), [2]),  # not cut to 8 bits: not CPU 0
        (1, Icr(0x44, destination=0xFF), []),  # nobody's ID, and no broadcast from x2APIC mode
        (1, Icr(0x44, destination=0xFFFF_FFFF), [0, 1, 2]),
        (0, Icr(0x44, shorthand=Shorthand.ALL_INCLUDING_SELF), [0, 1, 2]),
        (1, Icr(0x44, destination_mode=LOGICAL, destination=0x0000_0002), [0, 1]),  # LDR 02 of CPU 0, ID 1 of CPU 1
        (1, Icr(0x44, destination_mode=LOGICAL, destination=0x0010_0001), [2]),
    ],
)
def test_dst_10_every_target_compares_in_its_own_mode(sender: int, icr: Icr, reached: list[int]) -> None:
    machine = booted(3, apic_ids=(0, 1, 0x100))
    write(machine, 0, Register.LDR, 0x0200_0000)
    for cpu in (1, 2):
        write_apic_base(machine, cpu, X2APIC)

    send(machine, sender, icr)

    assert [cpu for cpu, taken in enumerate(run_everywhere(machine)) if taken] == reached


# ICR


def test_icr_1_only_the_low_half_sends() -> None:
    machine = booted(2)
    write(machine, 0, Register.ICR_LOW, 0x44)
    machine.outbox.clear()

    write(machine, 0, Register.ICR_HIGH, 1 << 24)
    assert machine.outbox == []
    write(machine, 0, Register.ICR_LOW, 0x45)

    assert machine.targets(machine.outbox[0]) == [1]


def test_icr_2_delivery_status_is_1_until_the_message_has_arrived() -> None:
    machine = booted(2)
    post(machine, 0, Icr(0x44, destination=1))
    assert read(machine, 0, Register.ICR_LOW) & DELIVERY_STATUS

    machine.settle()

    assert not read(machine, 0, Register.ICR_LOW) & DELIVERY_STATUS


def test_icr_2_there_is_no_delivery_status_in_x2apic_mode() -> None:
    machine = booted(2, X2APIC)

    post(machine, 0, Icr(0x44, destination=1))

    assert not read(machine, 0, Register.ICR_LOW) & DELIVERY_STATUS


@pytest.mark.parametrize("shorthand", Shorthand)
def test_icr_3_only_valid_combinations_are_sent(shorthand: Shorthand) -> None:
    sent = set()
    for mode in DeliveryMode:
        machine = booted(2)
        post(machine, 0, Icr(0x44, mode, shorthand=shorthand, destination=1))
        if machine.outbox:
            sent.add(mode)

    assert sent == VALID[shorthand]


def test_icr_6_start_up_goes_to_the_page_of_its_vector_and_is_not_kept_for_later() -> None:
    machine = booted(2)
    send(machine, 0, Icr(0x99, STARTUP, destination=1))  # too early
    send(machine, 0, Icr(0, INIT, destination=1))
    assert not [event for event in machine.take_events() if isinstance(event, Started)]

    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert [event for event in machine.take_events() if isinstance(event, Started)] == [Started(1, 0x9_A000)]


@pytest.mark.parametrize("mode", [NMI, SMI, INIT])
def test_icr_7_vector_of_a_signal_is_not_looked_at(mode: DeliveryMode) -> None:
    machine = booted(2)

    post(machine, 0, Icr(5, mode, destination=1))
    machine.deliver(machine.outbox.pop(0))

    assert error_status(machine, 0) == error_status(machine, 1) == 0
    assert machine.cpus[1].next_arrival() is Arrival[mode.name]


@pytest.mark.parametrize(
    ("mode", "noticed"), [(LOWEST, ESR_REDIRECTABLE_IPI), (DeliveryMode.RESERVED_3, 0), (DeliveryMode.EXTINT, 0)]
)
def test_icr_9_x2apic_mode_does_not_send_reserved_modes(mode: DeliveryMode, noticed: int) -> None:
    machine = booted(2, X2APIC)

    post(machine, 0, Icr(0x44, mode, destination=1))

    assert machine.outbox == []
    assert error_status(machine, 0) == noticed


def test_icr_9_x2apic_mode_sends_with_one_write_and_ignores_bit_12() -> None:
    machine = booted(2, X2APIC)

    write(machine, 0, Register.ICR_LOW, 1 << 32 | DELIVERY_STATUS | 0x44)
    machine.settle()

    assert read(machine, 0, Register.ICR_LOW) == 1 << 32 | 0x44
    assert run_handlers(machine, 1) == [0x44]


@pytest.mark.parametrize("vector", [0, 15])
def test_icr_11_self_ipi_of_an_illegal_vector_is_sent_and_received_illegal(vector: int) -> None:
    machine = booted(1, X2APIC)

    write(machine, 0, Register.SELF_IPI, vector)

    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR
    assert vectors(machine, 0, Register.IRR0) == []


def test_icr_11_self_ipi_is_an_edge() -> None:
    machine = booted(2, X2APIC)

    write(machine, 0, Register.SELF_IPI, 0x55)
    machine.settle()

    assert vectors(machine, 0, Register.IRR0) == [0x55]
    assert vectors(machine, 0, Register.TMR0) == []
    assert run_everywhere(machine) == [[0x55], []]


@pytest.mark.parametrize("mode", [XAPIC, X2APIC], ids=["xapic", "x2apic"])
def test_icr_12_icr_reads_back_as_written(mode: ApicMode) -> None:
    machine = booted(2, mode)
    icr = Icr(0x44, FIXED, LOGICAL, destination=0x21)

    send(machine, 0, icr)

    assert read(machine, 0, Register.ICR_LOW) & 0xFFFF_FFFF == icr.low()
    high = read(machine, 0, Register.ICR_LOW) >> 32 if mode is X2APIC else read(machine, 0, Register.ICR_HIGH) >> 24
    assert high == 0x21
