"""Run state, and the signals that go past IRR: NMI, SMI, INIT, start-up."""

import pytest

from app.hw.cpu import RunState
from app.hw.events import Accepted, InitPerformed, Merged, NmiTaken, Reason, Refused, SmiTaken, Started
from app.hw.local_apic import ApicMode
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from tests.hw.helpers import fixed, machine_of, message, send

EDGE = TriggerMode.EDGE


def started(cpus: int) -> Machine:
    """A machine whose CPU 1 waits for a start-up IPI."""
    machine = machine_of(cpus)
    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))
    machine.take_events()
    return machine


# NMI


def test_nmi_is_latched_and_taken_whatever_the_interrupt_flag() -> None:
    cpu = machine_of(1).cpus[0]
    cpu.receive(message(0, DeliveryMode.NMI))

    assert cpu.nmi_deliverable()
    cpu.take_nmi()

    assert (cpu.nmi_pending, cpu.nmi_running, cpu.nmi_count) == (0, True, 1)


def test_one_nmi_waits_behind_the_running_one_and_further_ones_merge() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]
    cpu.receive(message(0, DeliveryMode.NMI, number=1))
    cpu.take_nmi()
    machine.take_events()

    for number in (2, 3, 4):
        cpu.receive(message(0, DeliveryMode.NMI, number=number))

    assert not cpu.nmi_deliverable()
    assert cpu.nmi_pending == 1
    assert machine.events == [
        Accepted(0, 0, DeliveryMode.NMI, EDGE, 2),
        Merged(0, 0, DeliveryMode.NMI, 3),
        Merged(0, 0, DeliveryMode.NMI, 4),
    ]


def test_nmi_taken_is_recorded() -> None:
    machine = machine_of(1)
    machine.cpus[0].receive(message(0, DeliveryMode.NMI))

    machine.cpus[0].take_nmi()

    assert machine.events[-1] == NmiTaken(0)


def test_nmi_reaches_a_software_disabled_apic() -> None:
    cpu = Machine(1).cpus[0]

    assert cpu.receive(message(0, DeliveryMode.NMI))
    assert cpu.nmi_deliverable()


def test_nmi_waits_while_the_cpu_waits_for_its_start_up() -> None:
    cpu = started(2).cpus[1]

    cpu.receive(message(0, DeliveryMode.NMI))

    assert cpu.nmi_pending
    assert not cpu.nmi_deliverable()


# SMI and what nobody answers


def test_smi_is_counted_and_recorded() -> None:
    machine = machine_of(1)

    assert machine.cpus[0].receive(message(0, DeliveryMode.SMI, number=5))
    assert machine.cpus[0].smi_count == 1
    assert machine.events[-2:] == [Accepted(0, 0, DeliveryMode.SMI, EDGE, 5), SmiTaken(0)]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (DeliveryMode.EXTINT, Reason.NO_INTERRUPT_CONTROLLER),
        (DeliveryMode.RESERVED_3, Reason.RESERVED_DELIVERY_MODE),
    ],
)
def test_mode_that_nobody_answers_is_refused(mode: DeliveryMode, reason: Reason) -> None:
    machine = machine_of(1)

    assert not machine.cpus[0].receive(message(0x40, mode, number=5))
    assert machine.events[-1] == Refused(0, 0x40, mode, reason, 5)


@pytest.mark.parametrize("mode", DeliveryMode)
def test_disabled_apic_takes_no_message_at_all(mode: DeliveryMode) -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.set_mode(ApicMode.DISABLED)

    assert not machine.cpus[0].receive(message(0x40, mode, number=5))
    assert machine.events[-1] == Refused(0, 0x40, mode, Reason.APIC_DISABLED, 5)


# INIT and start-up


def test_init_makes_an_application_processor_wait() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    cpu.interrupt_flag = True
    cpu.apic.accept(fixed(0x40))
    cpu.receive(message(0, DeliveryMode.NMI))
    cpu.take_nmi()

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))

    assert cpu.run_state is RunState.WAIT_FOR_SIPI
    assert (cpu.interrupt_flag, cpu.nmi_pending, cpu.nmi_running, len(cpu.apic.irr)) == (False, 0, False, 0)
    assert machine.events[-1] == InitPerformed(1, waits_for_sipi=True)
    machine.check()


def test_init_restarts_the_bootstrap_processor() -> None:
    machine = machine_of(2)

    send(machine, 1, Icr(0, DeliveryMode.INIT, destination=0))

    assert machine.cpus[0].run_state is RunState.RUNNING
    assert machine.cpus[0].starts == 1
    assert machine.events[-1] == InitPerformed(0, waits_for_sipi=False)


def test_init_reaches_a_software_disabled_apic_and_keeps_id_and_mode() -> None:
    cpu = Machine(3, ApicMode.X2APIC).cpus[2]

    cpu.receive(message(0, DeliveryMode.INIT))

    assert cpu.run_state is RunState.WAIT_FOR_SIPI
    assert (cpu.apic.apic_id, cpu.apic.mode) == (2, ApicMode.X2APIC)


def test_start_up_runs_a_waiting_cpu_at_the_page_of_its_vector() -> None:
    machine = started(2)

    send(machine, 0, Icr(0x9A, DeliveryMode.STARTUP, destination=1))

    assert machine.cpus[1].run_state is RunState.RUNNING
    assert machine.cpus[1].starts == 2
    assert machine.events[-1] == Started(1, 0x9_A000)


def test_start_up_of_a_cpu_that_does_not_wait_is_refused() -> None:
    machine = started(2)

    for _ in range(2):
        send(machine, 0, Icr(0x9A, DeliveryMode.STARTUP, destination=1))

    assert machine.events[-1] == Refused(1, 0x9A, DeliveryMode.STARTUP, Reason.NOT_WAITING_FOR_SIPI, 3)
    assert machine.cpus[1].starts == 2


# Taking an interrupt


def test_interrupt_waits_for_the_interrupt_flag() -> None:
    cpu = machine_of(1).cpus[0]
    cpu.receive(fixed(0x40))

    assert not cpu.interrupt_deliverable()
    cpu.interrupt_flag = True
    assert cpu.interrupt_deliverable()


def test_cpu_that_waits_for_its_start_up_takes_no_interrupt() -> None:
    cpu = machine_of(2).cpus[1]
    cpu.receive(fixed(0x40))
    cpu.interrupt_flag = True
    cpu.run_state = RunState.WAIT_FOR_SIPI

    assert not cpu.interrupt_deliverable()
