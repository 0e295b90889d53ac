"""What INIT and a start-up IPI do to the CPU that takes them."""

import pytest

from app.hw.cpu import Arrival, RunState
from app.hw.events import InitPerformed, Outcome, Reason, Refused, Started
from app.hw.machine import Machine
from app.hw.messages import Origin
from app.x86.icr import DeliveryMode, Icr
from app.x86.model_specific_registers import ApicMode
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, message, of_type, send, waiting

NMI, INIT, STARTUP = DeliveryMode.NMI, DeliveryMode.INIT, DeliveryMode.STARTUP


def test_init_makes_an_application_processor_wait_and_forget() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    cpu.interrupt_flag = True
    cpu.apic.accept(fixed(0x40))
    for mode in (NMI, NMI, DeliveryMode.EXTINT):
        cpu.receive(message(0, mode))
    cpu.take_nmi()

    send(machine, 0, Icr(0, INIT, destination=1))

    assert cpu.run_state is RunState.WAIT_FOR_SIPI
    assert (cpu.interrupt_flag, cpu.nmi_pending, cpu.nmi_running, len(cpu.apic.irr)) == (False, 0, False, 0)
    assert (cpu.external_pending, cpu.init_pending, cpu.signalled) == (False, False, False)
    assert of_type(machine.events, InitPerformed) == [InitPerformed(1, waits_for_sipi=True)]
    machine.check()


def test_init_restarts_the_bootstrap_processor() -> None:
    machine = machine_of(2)

    send(machine, 1, Icr(0, INIT, destination=0))

    assert machine.cpus[0].run_state is RunState.RUNNING
    assert machine.cpus[0].starts == 1
    assert of_type(machine.events, InitPerformed) == [InitPerformed(0, waits_for_sipi=False)]


def test_init_reaches_a_software_disabled_apic_and_keeps_id_and_mode() -> None:
    machine = Machine(3, ApicMode.X2APIC)
    cpu = machine.cpus[2]

    cpu.receive(message(0, INIT))
    machine.take_resets()

    assert cpu.run_state is RunState.WAIT_FOR_SIPI
    assert (cpu.apic.apic_id, cpu.apic.mode) == (2, ApicMode.X2APIC)


def test_init_is_latched_until_the_instruction_boundary() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]

    cpu.receive(message(0, INIT, number=1))
    assert cpu.receive(message(0, INIT, number=2)) is Outcome.MERGED
    assert (cpu.run_state, cpu.next_arrival(), cpu.starts) == (RunState.RUNNING, Arrival.INIT, 0)
    machine.take_resets()

    assert (cpu.next_arrival(), cpu.starts) == (None, 1)


def test_init_of_a_waiting_cpu_lets_it_wait_on() -> None:
    machine = waiting()

    send(machine, 0, Icr(0, INIT, destination=1))

    assert (machine.cpus[1].run_state, machine.cpus[1].starts) == (RunState.WAIT_FOR_SIPI, 2)


def test_start_up_runs_a_waiting_cpu_at_the_page_of_its_vector() -> None:
    machine = waiting()

    send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert machine.cpus[1].run_state is RunState.RUNNING
    assert (machine.cpus[1].starts, machine.cpus[1].signalled) == (2, False)
    assert of_type(machine.events, Started) == [Started(1, 0x9_A000)]


def test_second_start_up_is_refused() -> None:
    machine = waiting()

    for _ in range(2):
        send(machine, 0, Icr(0x9A, STARTUP, destination=1))

    assert of_type(machine.events, Refused) == [Refused(1, Vector(0x9A), STARTUP, Reason.NOT_WAITING_FOR_SIPI, 3)]
    assert machine.cpus[1].starts == 2


@pytest.mark.parametrize(
    ("target", "state", "reason"),
    [
        (0, RunState.RUNNING, Reason.NEVER_WAITS_FOR_SIPI),
        (1, RunState.RUNNING, Reason.NOT_WAITING_FOR_SIPI),
        (1, RunState.HALTED, Reason.HALTED_AND_NOT_WAITING),
    ],
)
def test_start_up_of_a_cpu_that_does_not_wait_is_refused_and_its_state_named(
    target: int, state: RunState, reason: Reason
) -> None:
    machine = machine_of(2)
    machine.cpus[target].run_state = state

    send(machine, 1, Icr(0x9A, STARTUP, destination=target))

    assert [event.reason for event in of_type(machine.events, Refused)] == [reason]
    assert machine.cpus[target].starts == 0


def test_start_up_behind_an_init_that_is_not_yet_taken_waits_for_it() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    cpu.receive(message(0, INIT, origin=Origin.IPI))

    assert cpu.receive(message(0x9A, STARTUP, origin=Origin.IPI)) is Outcome.ACCEPTED
    machine.take_resets()

    assert (cpu.run_state, cpu.starts) == (RunState.RUNNING, 2)


def test_start_up_behind_an_init_of_the_bootstrap_processor_is_refused() -> None:
    cpu = machine_of(2).cpus[0]
    cpu.receive(message(0, INIT, origin=Origin.IPI))

    assert cpu.receive(message(0x9A, STARTUP, origin=Origin.IPI)) is Outcome.REFUSED


def test_init_throws_an_unread_start_up_away() -> None:
    machine = waiting()
    cpu = machine.cpus[1]
    cpu.receive(message(0x9A, STARTUP, origin=Origin.IPI))

    cpu.receive(message(0, INIT, origin=Origin.IPI))
    machine.take_resets()

    assert (cpu.run_state, cpu.sipi_pending, cpu.starts) == (RunState.WAIT_FOR_SIPI, None, 2)


def test_of_two_unread_start_ups_the_later_counts() -> None:
    machine = waiting()
    cpu = machine.cpus[1]

    outcomes = [cpu.receive(message(vector, STARTUP, origin=Origin.IPI)) for vector in (0x9A, 0x9B)]
    machine.take_resets()

    assert outcomes == [Outcome.ACCEPTED, Outcome.MERGED]
    assert of_type(machine.events, Started) == [Started(1, 0x9_B000)]


def test_only_the_cpus_named_are_at_a_boundary() -> None:
    machine = machine_of(3)
    for cpu in machine.cpus[1:]:
        cpu.receive(message(0, INIT))

    machine.take_resets([machine.cpus[2]])

    assert [cpu.starts for cpu in machine.cpus] == [0, 0, 1]
