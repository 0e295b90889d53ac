"""System-management mode: what comes in, and what is held off until RSM."""

import pytest

from app.hw.cpu import Arrival, Cpu, RunState
from app.hw.events import Accepted, Merged, Outcome, Reason, Refused, SmiTaken, SmmLeft
from app.hw.machine import Machine
from app.hw.messages import Origin
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, message, of_type, send

NMI, SMI, INIT, STARTUP = DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.INIT, DeliveryMode.STARTUP
EDGE = TriggerMode.EDGE


def in_smm(interrupt_flag: bool = False) -> tuple[Machine, Cpu]:
    """A machine whose CPU 1 is in system-management mode; *interrupt_flag* is what it had before."""
    machine = machine_of(2)
    cpu = machine.cpus[1]
    cpu.interrupt_flag = interrupt_flag
    cpu.receive(message(0, SMI))
    cpu.take_smi()
    machine.take_events()
    return machine, cpu


def test_smi_is_latched_then_taken_then_left() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]

    assert cpu.receive(message(0, SMI, number=5)) is Outcome.ACCEPTED
    assert (cpu.in_smm, cpu.smi_pending, cpu.next_arrival()) == (False, True, Arrival.SMI)
    cpu.take_smi()
    assert (cpu.in_smm, cpu.smi_pending, cpu.signalled) == (True, False, False)
    cpu.resume()

    assert not cpu.in_smm
    assert of_type(machine.events, Accepted) == [Accepted(0, Vector(0), SMI, EDGE, 5)]
    assert of_type(machine.events, SmiTaken) == [SmiTaken(0)]
    assert of_type(machine.events, SmmLeft) == [SmmLeft(0)]


def test_second_smi_before_the_first_is_taken_merges() -> None:
    machine = machine_of(1)

    outcomes = [machine.cpus[0].receive(message(0, SMI, number=number)) for number in (1, 2)]

    assert outcomes == [Outcome.ACCEPTED, Outcome.MERGED]
    assert of_type(machine.events, Merged) == [Merged(0, Vector(0), SMI, 2)]


def test_smi_in_system_management_mode_is_taken_after_it() -> None:
    _, cpu = in_smm()

    assert cpu.receive(message(0, SMI)) is Outcome.ACCEPTED
    assert cpu.next_arrival() is None
    cpu.resume()

    assert cpu.next_arrival() is Arrival.SMI


@pytest.mark.parametrize("interrupt_flag", [False, True])
def test_interrupts_are_off_until_rsm_restores_the_flag(interrupt_flag: bool) -> None:
    _, cpu = in_smm(interrupt_flag)
    cpu.receive(fixed(0x40))
    assert (cpu.interrupt_flag, cpu.next_arrival()) == (False, None)

    cpu.resume()

    assert cpu.interrupt_flag == interrupt_flag
    assert cpu.interrupt_deliverable() == interrupt_flag


@pytest.mark.parametrize("mode", [DeliveryMode.FIXED, DeliveryMode.EXTINT])
def test_handler_that_turns_interrupts_on_gets_them(mode: DeliveryMode) -> None:
    machine, cpu = in_smm()
    cpu.receive(message(0x40, mode))

    cpu.interrupt_flag = True

    assert cpu.next_arrival() is Arrival.INTERRUPT
    cpu.take_interrupt()
    assert cpu.next_arrival() is None
    machine.check()


def test_sti_has_its_shadow_in_system_management_mode_too() -> None:
    _, cpu = in_smm()
    cpu.receive(fixed(0x40))

    cpu.enable_interrupts()
    assert cpu.next_arrival() is None
    cpu.instruction_ended()

    assert cpu.next_arrival() is Arrival.INTERRUPT


def test_rsm_right_behind_sti_takes_no_shadow_along() -> None:
    machine, cpu = in_smm()
    cpu.receive(message(0, NMI))

    cpu.enable_interrupts()
    cpu.resume()

    machine.check()
    assert cpu.next_arrival() is Arrival.NMI


def test_nmi_is_held_off_until_rsm() -> None:
    _, cpu = in_smm()

    assert cpu.receive(message(0, NMI)) is Outcome.ACCEPTED
    assert not cpu.nmi_deliverable()
    cpu.resume()

    assert cpu.nmi_deliverable()


def test_nmi_handler_that_an_smi_interrupted_goes_on_running() -> None:
    cpu = machine_of(1).cpus[0]
    cpu.receive(message(0, NMI))
    cpu.take_nmi()
    cpu.receive(message(0, NMI))
    cpu.receive(message(0, SMI))
    assert cpu.next_arrival() is Arrival.SMI

    cpu.take_smi()
    cpu.resume()

    assert cpu.next_arrival() is None
    cpu.return_from_nmi()
    assert cpu.nmi_deliverable()


def test_init_is_latched_until_rsm() -> None:
    machine, cpu = in_smm()

    send(machine, 0, Icr(0, INIT, destination=1))
    assert (cpu.in_smm, cpu.init_pending, cpu.starts) == (True, True, 0)
    assert of_type(machine.events, Accepted)[-1].delivery_mode is INIT
    cpu.resume()
    machine.take_resets()

    assert (cpu.run_state, cpu.starts) == (RunState.WAIT_FOR_SIPI, 1)


def test_start_up_in_system_management_mode_is_dropped_and_must_be_sent_again() -> None:
    machine, cpu = in_smm()
    send(machine, 0, Icr(0, INIT, destination=1))

    assert cpu.receive(message(0x9A, STARTUP, origin=Origin.IPI)) is Outcome.REFUSED
    assert [event.reason for event in of_type(machine.events, Refused)] == [Reason.IN_SMM]
    cpu.resume()
    machine.take_resets()
    assert (cpu.run_state, cpu.starts) == (RunState.WAIT_FOR_SIPI, 1)
    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert (cpu.run_state, cpu.starts) == (RunState.RUNNING, 2)


def test_smi_waits_while_the_cpu_waits_for_its_start_up() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    send(machine, 0, Icr(0, INIT, destination=1))

    cpu.receive(message(0, SMI))
    assert cpu.next_arrival() is None
    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert cpu.next_arrival() is Arrival.SMI


def test_init_forgets_an_smi_that_waits() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    send(machine, 0, Icr(0, INIT, destination=1))
    cpu.receive(message(0, SMI))

    send(machine, 0, Icr(0, INIT, destination=1))
    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert (cpu.run_state, cpu.next_arrival()) == (RunState.RUNNING, None)


def test_smi_goes_before_an_init_which_is_taken_after_it() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    for mode in (INIT, SMI):
        cpu.receive(message(0, mode))

    machine.take_resets()
    assert (cpu.next_arrival(), cpu.starts) == (Arrival.SMI, 0)
    cpu.take_smi()
    cpu.resume()
    machine.take_resets()

    assert cpu.starts == 1


def test_smi_reaches_a_software_disabled_apic() -> None:
    cpu = Machine(1).cpus[0]

    assert cpu.receive(message(0, SMI)) is Outcome.ACCEPTED
    assert cpu.next_arrival() is Arrival.SMI


def test_settling_lets_an_init_act_that_waited_for_rsm() -> None:
    machine, cpu = in_smm()
    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=cpu.number))

    cpu.resume()
    machine.settle()

    assert not cpu.init_pending
