"""The books of a watched simulation: every step once, with the interrupt that it serves."""

from collections.abc import Mapping

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerPin, RaisePin
from app.commands.machine import SetInterruptFlag
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.step_kinds import EXITS
from app.measure.observation import Observation
from app.pair.watched import WatchedSimulation
from app.x86.icr import DeliveryMode, Icr
from tests.engine.runs import reschedule

EVERYTHING: tuple[tuple[Stimulus, ...], ...] = (
    (SendIpi(0, Icr(0xFC, destination=2)),),
    (CallGuest(0, "smp_call_function"),),
    (CallGuest(1, "smp_send_reschedule", target=2),),
    (CallGuest(0, "flush_tlb_others"), CallGuest(1, "smp_call_function")),
    (RaisePin(18), LowerPin(18)),
    (CallGuest(0, "do_boot_cpu", target=3),),
    (SendIpi(0, Icr(0, DeliveryMode.NMI, destination=1)),),
)


def given(simulation: Simulation, *commands: Stimulus) -> None:
    if isinstance(simulation, WatchedSimulation):
        simulation.books.begin()
    for command in commands:
        simulation.apply(command)
    simulation.run(operations=5_000, until_idle=True)
    assert simulation.idle
    if isinstance(simulation, WatchedSimulation):
        simulation.books.settle()


@pytest.mark.parametrize("backend", BACKENDS)
def test_books_hold_as_much_as_the_counters(backend: str) -> None:
    simulation = WatchedSimulation(4, backend)

    for commands in EVERYTHING:
        given(simulation, *commands)

        assert simulation.books.total == simulation.counters.work


@pytest.mark.parametrize("backend", BACKENDS)
def test_books_and_an_observation_see_the_same_work(backend: str) -> None:
    simulation = WatchedSimulation(4, backend)
    seen = Observation(simulation)

    for commands in EVERYTHING:
        given(simulation, *commands)

    assert simulation.books.total == sum((done.work for done in seen.steps), Work())
    assert seen.shares().total == simulation.counters.cycles > 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_watching_changes_nothing(backend: str) -> None:
    plain, watched = Simulation(4, backend), WatchedSimulation(4, backend)

    for commands in EVERYTHING:
        given(plain, *commands)
        given(watched, *commands)

    assert watched.take_log() == plain.take_log()
    assert watched.time == plain.time


@pytest.mark.parametrize("backend", BACKENDS)
def test_single_steps_add_up_to_the_tallies(backend: str) -> None:
    simulation = WatchedSimulation(4, backend)
    for commands in EVERYTHING:
        given(simulation, *commands)
    simulation.books.settle()

    for stretch in simulation.books.stretches:
        for interrupt in stretch.interrupts:
            for receiving, tally in ((False, interrupt.sending), (True, interrupt.receiving)):
                steps = [step for step in interrupt.steps if step.receiving is receiving]
                assert sum(step.cycles for step in steps) == tally.cycles
                assert sum(isinstance(step.step, EXITS) for step in steps) == tally.exits


def test_ipi_has_its_sender_its_targets_and_both_ends() -> None:
    simulation = WatchedSimulation(4, "vmi")

    given(simulation, SendIpi(0, Icr(0xFC, destination=2)))

    (ipi,) = simulation.books.stretches[-1].interrupts
    assert (ipi.source, ipi.vector, ipi.targets) == (0, 0xFC, [2])
    assert (ipi.sending.exits, ipi.sending.hypercalls) == (3, 3)  # ICR low read, ICR high and low written
    assert ipi.receiving.hypercalls == 1  # EOI
    assert [handled.cpu for handled in ipi.handled] == [2]


def test_latency_is_from_the_send_function_to_the_first_instruction_of_the_last_handler() -> None:
    simulation = WatchedSimulation(4)
    prices = simulation.sheet.cycles

    given(simulation, CallGuest(0, "smp_call_function"))

    (ipi,) = simulation.books.stretches[-1].interrupts
    # ICR is read, then written; the lock before the send function is not part of it.
    way = prices["mmio_read"] + prices["mmio_write"] + prices["message_flight"] + prices["interrupt_entry"]
    assert ipi.latency == way


@pytest.mark.parametrize("backend", ["trap-emulate", "vmi"])
def test_latency_counts_the_first_access_even_when_it_leaves_the_guest(backend: str) -> None:
    simulation = WatchedSimulation(2, backend)

    given(simulation, SendIpi(0, Icr(0xFC, destination=1)))

    (ipi,) = simulation.books.stretches[-1].interrupts
    assert ipi.called == min(step.time for step in ipi.steps)


def test_several_messages_of_one_call_are_one_interrupt() -> None:
    simulation = WatchedSimulation(4, "xen-evtchn")

    given(simulation, CallGuest(0, "smp_call_function"))

    (ipi,) = simulation.books.stretches[-1].interrupts
    assert ipi.messages == 3
    assert sorted(ipi.targets) == [1, 2, 3]
    assert ipi.sending.hypercalls == 3 + 1  # after the messages, one by which the others get to run


def test_work_of_a_late_handler_belongs_to_the_interrupt_of_the_earlier_stimulus() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SetInterruptFlag(1, False))
    given(simulation, SendIpi(0, Icr(0x51, destination=1)))
    (waiting,) = simulation.books.stretches[-1].interrupts
    assert not waiting.arrived
    assert waiting.latency is None

    given(simulation, SetInterruptFlag(1, True))

    assert waiting.arrived
    assert waiting.receiving.cycles > 0
    assert simulation.books.stretches[-1].interrupts == []


def test_merged_interrupts_share_a_handler_whose_work_is_booked_once() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SetInterruptFlag(1, False))
    given(simulation, SendIpi(0, Icr(0x51, destination=1)))
    given(simulation, SendIpi(0, Icr(0x51, destination=1)))

    given(simulation, SetInterruptFlag(1, True))

    first, second = (stretch.interrupts[0] for stretch in simulation.books.stretches[2:4])
    assert (first.merged, second.merged) == ([], [1])
    assert first.receiving.cycles > 0
    assert second.receiving == Work()
    assert first.handled == second.handled


def handler_cycles(prices: Mapping[str, int], *entries: str) -> int:
    return sum(prices[entry] for entry in entries)


def test_handler_has_everything_from_the_exit_that_lets_it_in_to_its_return() -> None:
    native, under_vmi = WatchedSimulation(2), WatchedSimulation(2, "vmi")
    in_both = ("interrupt_entry", "handler_reschedule", "interrupt_return")

    for simulation in (native, under_vmi):
        given(simulation, reschedule(0, 1))

    (alone,), (injected,) = (simulation.books.stretches[-1].interrupts for simulation in (native, under_vmi))
    by_call = ("inject", "vm_entry", "hypervisor_call", "emulate_write", "vm_entry")  # let in, and EOI
    assert alone.receiving == Work(1, 0, 0, handler_cycles(native.sheet.cycles, *in_both, "mmio_write"))
    assert injected.receiving == Work(1, 1, 1, handler_cycles(under_vmi.sheet.cycles, *in_both, *by_call))
    assert native.books.stretches[-1].rest == Work()
    assert under_vmi.books.stretches[-1].rest.cycles == 2 * under_vmi.sheet.cycles["vm_exit"]  # both halt


def test_work_behind_a_send_is_that_of_what_was_sent_last() -> None:
    simulation = WatchedSimulation(2)
    prices = simulation.sheet.cycles
    write, read = prices["mmio_write"], prices["mmio_read"]

    given(simulation, CallGuest(0, "do_boot_cpu", target=1))

    stretch = simulation.books.stretches[-1]
    init, startup, again = stretch.interrupts
    # ESR, two writes of ICR and a wait for each INIT (the first has to wait longer), the version, then what comes
    # before the start-up IPI goes: ESR and the upper half of ICR.
    esr = write + read
    assert init.sending.cycles == esr + (2 * write + 2 * read) + (2 * write + read) + read + esr + write
    assert startup.sending.cycles == (write + read) + esr + esr + write
    assert again.sending.cycles == (write + read) + esr
    assert stretch.rest == Work()


def test_idling_is_no_interrupt_s_work() -> None:
    simulation = WatchedSimulation(2, "vmi")

    given(simulation, SendIpi(0, Icr(0x51, destination=1)))

    assert simulation.books.stretches[-1].rest.exits == 2  # both halt


def test_init_and_startup_are_told_apart() -> None:
    simulation = WatchedSimulation(2)

    given(simulation, CallGuest(0, "do_boot_cpu", target=1))

    init, startup, again = simulation.books.stretches[-1].interrupts
    assert init.latency is None
    assert init.arrived
    assert startup.handled[0].cpu == 1
    assert startup.receiving.cycles > 0
    assert again.refused == [1]


def test_forgotten_steps_leave_the_numbers() -> None:
    simulation = WatchedSimulation(2)
    given(simulation, SendIpi(0, Icr(0x51, destination=1)))
    stretch = simulation.books.stretches[-1]
    before = stretch.total

    stretch.forget_steps()

    assert stretch.interrupts[0].steps == []
    assert stretch.total == before
