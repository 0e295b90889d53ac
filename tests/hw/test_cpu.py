"""Run state, and the signals that go past IRR: what a message is to the CPU, and NMI."""

import pytest

from app.hw.events import Accepted, Merged, NmiTaken, Outcome, Reason, Refused
from app.hw.machine import Machine
from app.hw.messages import Origin
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.units import Vector
from tests.hw.machines import machine_of, message, of_type, send, switch_mode, waiting

EDGE = TriggerMode.EDGE
NMI, INIT, STARTUP = DeliveryMode.NMI, DeliveryMode.INIT, DeliveryMode.STARTUP


# Messages


@pytest.mark.parametrize("mode", DeliveryMode)
def test_disabled_apic_takes_no_message_at_all(mode: DeliveryMode) -> None:
    machine = machine_of(1)
    switch_mode(machine, 0, ApicMode.DISABLED)
    cpu = machine.cpus[0]

    assert cpu.receive(message(0x40, mode, number=5, origin=Origin.IPI)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [Refused(0, Vector(0x40), mode, Reason.APIC_DISABLED, 5)]
    assert not cpu.signalled


@pytest.mark.parametrize(
    ("mode", "origin"),
    [(DeliveryMode.RESERVED_3, Origin.IPI), (DeliveryMode.RESERVED_3, Origin.MSI), (STARTUP, Origin.MSI)],
)
def test_mode_that_nobody_answers_is_refused(mode: DeliveryMode, origin: Origin) -> None:
    machine = waiting()

    assert machine.cpus[1].receive(message(0x40, mode, number=5, origin=origin)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [Refused(1, Vector(0x40), mode, Reason.RESERVED_DELIVERY_MODE, 5)]
    assert machine.cpus[1].next_arrival() is None


# NMI


def test_nmi_is_latched_and_taken_whatever_the_interrupt_flag() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]

    assert cpu.receive(message(0, NMI)) is Outcome.ACCEPTED
    assert cpu.nmi_deliverable()
    cpu.take_nmi()

    assert (cpu.nmi_pending, cpu.nmi_running, cpu.nmi_count, cpu.signalled) == (0, True, 1, False)
    assert of_type(machine.events, NmiTaken) == [NmiTaken(0)]


def test_one_nmi_waits_behind_the_running_one_and_further_ones_merge() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]
    cpu.receive(message(0, NMI, number=1))
    cpu.take_nmi()
    machine.take_events()

    for number in (2, 3, 4):
        cpu.receive(message(0, NMI, number=number))

    assert not cpu.nmi_deliverable()
    assert cpu.nmi_pending == 1
    assert of_type(machine.events, Accepted) == [Accepted(0, Vector(0), NMI, EDGE, 2)]
    assert of_type(machine.events, Merged) == [Merged(0, Vector(0), NMI, 3), Merged(0, Vector(0), NMI, 4)]


def test_two_nmis_outside_a_handler_both_run_and_a_third_merges() -> None:
    cpu = machine_of(1).cpus[0]

    outcomes = [cpu.receive(message(0, NMI, number=number)) for number in (1, 2, 3)]
    while cpu.nmi_deliverable():
        cpu.take_nmi()
        cpu.return_from_nmi()

    assert outcomes == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.MERGED]
    assert cpu.nmi_count == 2


def test_nmi_that_waited_is_taken_after_the_handler_s_return() -> None:
    cpu = machine_of(1).cpus[0]
    for number in (1, 2):
        cpu.receive(message(0, NMI, number=number))
    cpu.take_nmi()
    assert not cpu.nmi_deliverable()

    cpu.return_from_nmi()

    assert cpu.nmi_deliverable()


def test_nmi_reaches_a_software_disabled_apic() -> None:
    cpu = Machine(1).cpus[0]

    assert cpu.receive(message(0, NMI)) is Outcome.ACCEPTED
    assert cpu.nmi_deliverable()


def test_nmi_waits_while_the_cpu_waits_for_its_start_up() -> None:
    machine = waiting()
    cpu = machine.cpus[1]

    cpu.receive(message(0, NMI))
    assert (cpu.nmi_pending, cpu.nmi_deliverable()) == (1, False)
    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert cpu.nmi_deliverable()
