"""ACC, PRI, ACK and EOI rules: what an APIC accepts, in which order the CPU gets it, and how it ends."""

import pytest

from app.hw.cpu import Arrival, RunState
from app.hw.events import EoiBroadcastSuppressed, EoiWithoutInterrupt
from app.hw.machine import Machine
from app.hw.physical_memory import IO_APIC_BASE, write_physical
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, KVM, QEMU, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.redirection import EOI_OFFSET
from app.x86.registers import Register
from app.x86.units import Vector
from tests.conformance.software import (
    DISABLED,
    booted,
    end_of_interrupt,
    read,
    redirect,
    remote_irr,
    run_everywhere,
    run_handlers,
    send,
    set_line,
    vectors,
    write,
    write_apic_base,
)

TO_SELF = Shorthand.SELF
VECTOR = 0x44
SUPPRESS_EOI_BROADCAST = 0x11FF


def take(machine: Machine, vector: int) -> None:
    """*vector* is sent to CPU 0 and taken, and its handler runs on."""
    send(machine, 0, Icr(vector, shorthand=TO_SELF))
    assert machine.cpus[0].take_interrupt() == vector


# Acceptance


@pytest.mark.parametrize("profile", [INTEL_SDM, INTEL_P6], ids=["merged", "retried"])
@pytest.mark.parametrize("in_service", [False, True])
@pytest.mark.parametrize("requested", [False, True])
def test_acc_2_irr_and_isr_hold_one_request_each(requested: bool, in_service: bool, profile: Profile) -> None:
    machine = booted(2, profile=profile)
    if in_service:
        take(machine, VECTOR)
    if requested:
        send(machine, 0, Icr(VECTOR, shorthand=TO_SELF))

    send(machine, 1, Icr(VECTOR, destination=0))

    assert vectors(machine, 0, Register.IRR0) == [VECTOR]
    if in_service:
        assert machine.cpus[0].next_arrival() is None
        end_of_interrupt(machine, 0)
    refused_and_tried_again = requested and profile is INTEL_P6
    assert len(run_handlers(machine, 0)) == (2 if refused_and_tried_again else 1)


@pytest.mark.parametrize(
    ("mode", "arrival"),
    [
        (DeliveryMode.NMI, Arrival.NMI),
        (DeliveryMode.SMI, Arrival.SMI),
        (DeliveryMode.INIT, Arrival.INIT),
        (DeliveryMode.EXTINT, Arrival.INTERRUPT),
    ],
)
def test_acc_4_signals_by_pass_tpr_irr_and_isr(mode: DeliveryMode, arrival: Arrival) -> None:
    machine = booted()
    write(machine, 0, Register.TPR, 0xFF)

    machine.send_msi(0xFEE0_0000, mode << 8 | VECTOR)
    machine.deliver(machine.outbox.pop(0))

    assert machine.cpus[0].next_arrival() is arrival
    assert vectors(machine, 0, Register.IRR0) == vectors(machine, 0, Register.ISR0) == []


@pytest.mark.parametrize("mode", DeliveryMode)
def test_acc_6_disabled_apic_takes_no_message_at_all(mode: DeliveryMode) -> None:
    machine = booted(2)
    write_apic_base(machine, 1, DISABLED)

    for shorthand in (Shorthand.NONE, Shorthand.ALL_EXCLUDING_SELF):
        send(machine, 0, Icr(VECTOR, mode, shorthand=shorthand, destination=0xFF))

    assert machine.cpus[1].next_arrival() is None
    assert machine.cpus[1].run_state is RunState.RUNNING


def test_acc_6_without_an_apic_lint1_is_nmi_and_lint0_is_intr() -> None:
    machine = booted()
    cpu = machine.cpus[0]
    write_apic_base(machine, 0, DISABLED)

    machine.drive_lint(0, 1, 1)
    assert cpu.next_arrival() is Arrival.NMI
    cpu.take_nmi()
    machine.drive_legacy_line(3, 1)

    assert cpu.take_interrupt() == 0x23


# Priority


def test_pri_4_higher_classes_nest_and_eoi_ends_the_highest() -> None:
    machine = booted()
    for vector in (0x31, 0x52, 0x73):
        take(machine, vector)
    assert vectors(machine, 0, Register.ISR0) == [0x31, 0x52, 0x73]

    left = []
    for _ in range(3):
        end_of_interrupt(machine, 0)
        left.append(vectors(machine, 0, Register.ISR0))

    assert left == [[0x31, 0x52], [0x31], []]


@pytest.mark.parametrize(
    ("tpr", "requested", "in_service", "apr"),
    [
        (0x35, None, None, 0x35),
        (0x35, 0x32, None, 0x35),
        (0x35, 0x46, None, 0x40),
        (0x35, None, 0x51, 0x10),
        (0x00, 0x46, 0x51, 0x40),
        (0x70, 0x46, 0x51, 0x70),
    ],
)
def test_pri_6_apr_of_the_p6(tpr: int, requested: int | None, in_service: int | None, apr: int) -> None:
    machine = booted(profile=INTEL_P6)
    if in_service:
        take(machine, in_service)
    if requested:
        send(machine, 0, Icr(requested, shorthand=TO_SELF))

    write(machine, 0, Register.TPR, tpr)

    assert read(machine, 0, Register.APR) == apr


@pytest.mark.parametrize(("svr", "winner"), [(0x1FF, 0), (0x3FF, 2)], ids=["focus", "no focus"])
def test_pri_7_focus_processor_of_the_p6_wins_unless_it_does_not_check(svr: int, winner: int) -> None:
    machine = booted(3, profile=INTEL_P6)
    for cpu in range(3):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)
        write(machine, cpu, Register.SVR, svr)
    take(machine, VECTOR)

    send(machine, 1, Icr(VECTOR, DeliveryMode.LOWEST_PRIORITY, DestinationMode.LOGICAL, destination=7))

    assert [cpu for cpu in range(3) if vectors(machine, cpu, Register.IRR0)] == [winner]


@pytest.mark.parametrize(
    ("profile", "reached"), [(INTEL_SDM, 0), (KVM, 3), (QEMU, 1)], ids=["refused", "fixed", "arbitrated"]
)
def test_pri_8_lowest_priority_to_the_physical_broadcast(profile: Profile, reached: int) -> None:
    machine = booted(3, profile=profile)

    send(machine, 0, Icr(VECTOR, DeliveryMode.LOWEST_PRIORITY, destination=0xFF))

    assert sum(map(len, run_everywhere(machine))) == reached


def test_pri_9_only_a_deliverable_vector_ends_a_halt() -> None:
    machine = booted(2)
    cpu = machine.cpus[0]
    cpu.run_state = RunState.HALTED
    write(machine, 0, Register.TPR, 0x50)

    send(machine, 1, Icr(0x51, destination=0))
    assert cpu.next_arrival() is None
    send(machine, 1, Icr(0x61, destination=0))

    assert cpu.next_arrival() is Arrival.INTERRUPT


# Acknowledge


def test_ack_1_inta_moves_the_highest_request_into_service_and_raises_ppr() -> None:
    machine = booted()
    for vector in (0x41, 0x62):
        send(machine, 0, Icr(vector, shorthand=TO_SELF))

    assert machine.cpus[0].take_interrupt() == 0x62

    assert vectors(machine, 0, Register.IRR0) == [0x41]
    assert vectors(machine, 0, Register.ISR0) == [0x62]
    assert read(machine, 0, Register.PPR) == 0x60


@pytest.mark.parametrize(("profile", "vector"), [(INTEL_SDM, 0x50), (INTEL_P6, 0x5F)], ids=["programmable", "p6"])
def test_ack_3_low_nibble_of_the_spurious_vector(profile: Profile, vector: int) -> None:
    machine = booted(profile=profile)

    write(machine, 0, Register.SVR, 0x150)

    assert read(machine, 0, Register.SVR) == 0x100 | vector
    assert machine.cpus[0].take_interrupt() == vector


# EOI


def test_eoi_1_without_anything_in_service_does_nothing() -> None:
    machine = booted()
    send(machine, 0, Icr(VECTOR, shorthand=TO_SELF))

    write(machine, 0, Register.EOI, 0xDEAD_BEEF)

    assert machine.events[-1] == EoiWithoutInterrupt(0)
    assert vectors(machine, 0, Register.IRR0) == [VECTOR]


def with_level_in_service(profile: Profile, svr: int) -> Machine:
    machine = booted(profile=profile)
    write(machine, 0, Register.SVR, svr)
    redirect(machine, 3, VECTOR, level=True)
    set_line(machine, 3, 1)
    assert machine.cpus[0].take_interrupt() == VECTOR
    set_line(machine, 3, 0)
    return machine


@pytest.mark.parametrize("profile", [INTEL_SDM, INTEL_XEON], ids=["sdm", "xeon"])
def test_eoi_3_of_a_level_vector_reaches_the_io_apic(profile: Profile) -> None:
    machine = with_level_in_service(profile, 0x1FF)

    write(machine, 0, Register.EOI, 0)
    assert len(machine.outbox) == 1
    machine.settle()

    assert not remote_irr(machine, 3)


def test_eoi_3_of_an_edge_vector_is_not_broadcast() -> None:
    machine = booted()
    take(machine, VECTOR)

    write(machine, 0, Register.EOI, 0)

    assert machine.outbox == []


def test_eoi_3_broadcast_is_suppressed_where_the_version_can() -> None:
    machine = with_level_in_service(INTEL_XEON, SUPPRESS_EOI_BROADCAST)

    write(machine, 0, Register.EOI, 0)

    assert machine.outbox == []
    assert machine.events[-1] == EoiBroadcastSuppressed(0, Vector(VECTOR))
    assert remote_irr(machine, 3)


def test_eoi_3_suppression_does_nothing_where_the_version_cannot() -> None:
    machine = with_level_in_service(INTEL_SDM, SUPPRESS_EOI_BROADCAST)

    end_of_interrupt(machine, 0)

    assert not remote_irr(machine, 3)


@pytest.mark.parametrize(("profile", "ended"), [(INTEL_XEON, True), (INTEL_SDM, False)], ids=["0x20", "0x11"])
def test_eoi_4_eoi_register_of_the_io_apic_is_there_from_version_0x20_on(profile: Profile, ended: bool) -> None:
    machine = with_level_in_service(profile, SUPPRESS_EOI_BROADCAST)

    write_physical(machine, 0, IO_APIC_BASE + EOI_OFFSET, VECTOR)
    machine.settle()

    assert remote_irr(machine, 3) is not ended
