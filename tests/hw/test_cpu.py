"""Run state, and the signals that go past IRR: NMI, INIT, start-up."""

import pytest

from app.hw.apic_base import ApicMode
from app.hw.events import Accepted, InitPerformed, Merged, NmiTaken, Outcome, Reason, Refused, Started
from app.hw.machine import Machine
from app.hw.messages import Origin
from app.hw.run_state import Arrival, RunState
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from tests.hw.helpers import fixed, machine_of, message, of_type, send, switch_mode

EDGE = TriggerMode.EDGE
NMI, INIT, STARTUP = DeliveryMode.NMI, DeliveryMode.INIT, DeliveryMode.STARTUP
TO_1 = 0xFEE0_1000


def waiting(cpus: int = 2) -> Machine:
    """A machine whose CPU 1 waits for a start-up IPI."""
    machine = machine_of(cpus)
    send(machine, 0, Icr(0, INIT, destination=1))
    machine.take_events()
    return machine


# Messages


@pytest.mark.parametrize("mode", DeliveryMode)
def test_disabled_apic_takes_no_message_at_all(mode: DeliveryMode) -> None:
    machine = machine_of(1)
    switch_mode(machine, 0, ApicMode.DISABLED)
    cpu = machine.cpus[0]

    assert cpu.receive(message(0x40, mode, number=5, origin=Origin.IPI)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [Refused(0, 0x40, mode, Reason.APIC_DISABLED, 5)]
    assert not cpu.signalled


@pytest.mark.parametrize(
    ("mode", "origin"),
    [(DeliveryMode.RESERVED_3, Origin.IPI), (DeliveryMode.RESERVED_3, Origin.MSI), (STARTUP, Origin.MSI)],
)
def test_mode_that_nobody_answers_is_refused(mode: DeliveryMode, origin: Origin) -> None:
    machine = waiting()

    assert machine.cpus[1].receive(message(0x40, mode, number=5, origin=origin)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [Refused(1, 0x40, mode, Reason.RESERVED_DELIVERY_MODE, 5)]
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
    assert of_type(machine.events, Accepted) == [Accepted(0, 0, NMI, EDGE, 2)]
    assert of_type(machine.events, Merged) == [Merged(0, 0, NMI, 3), Merged(0, 0, NMI, 4)]


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


# INIT and start-up


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

    assert of_type(machine.events, Refused) == [Refused(1, 0x9A, STARTUP, Reason.NOT_WAITING_FOR_SIPI, 3)]
    assert machine.cpus[1].starts == 2


@pytest.mark.parametrize("target", [0, 1])
def test_start_up_of_a_running_cpu_is_refused(target: int) -> None:
    machine = machine_of(2)

    send(machine, 1, Icr(0x9A, STARTUP, destination=target))

    assert [event.reason for event in of_type(machine.events, Refused)] == [Reason.NOT_WAITING_FOR_SIPI]
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
