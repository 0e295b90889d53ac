"""The journal repeats a simulation, event for event and field for field, into whatever pieces either run was cut.

``APICSCOPE_RANDOM_SESSIONS=2000 pytest tests/engine/test_journal.py`` tries as many random sessions.
"""

import os
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import FireLocalSource, RaiseLegacyLine, RaisePin, SendMsi
from app.commands.machine import Demonstrate, SetBackend, SetCostSheet, SetInterruptFlag
from app.commands.registers import ReadRegister, WriteRegister
from app.engine.event_log import WholeLog
from app.engine.events import BackendSwitched, CallStarted
from app.engine.journal import moment_at
from app.engine.simulation import Simulation
from app.hw.events import MessageSent
from app.x86.registers import Register
from tests.engine.random_sessions import Choose, anything, ask, play, play_again, run_to, storm
from tests.engine.runs import PAIRS, happened, names_under, reschedule
from tests.engine.whole_state import first_difference, whole_state

pytestmark = pytest.mark.slow

KINDS: list[Choose] = [anything, storm]
#: Random sessions of each kind under each pair of a kernel and a back end.
EACH = -(-int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "66")) // (len(PAIRS) * len(KINDS)))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("choose", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
def test_the_journal_repeats_a_session_however_either_was_cut(generation: str, backend: str, choose: Choose) -> None:
    for seed in range(EACH):
        played = play(choose, generation, backend, seed)
        for cuts in (None, Random(seed)):
            log, states = play_again(played, cuts)

            assert log == played.log, f"seed {seed}"
            for place, state in states.items():
                assert first_difference(played.states[place], state) == "", f"seed {seed}, before command {place}"


@pytest.mark.slow
def test_random_sessions_come_upon_what_they_are_to_try() -> None:
    """Switches that wait, the demonstration, commands that are refused: none is left out by chance."""
    sessions = [play(kind, *pair, seed) for kind in KINDS for pair in PAIRS for seed in range(3)]
    events = [event for played in sessions for _, event in played.log]
    switches = [
        (entry.moment, time)
        for played in sessions
        for entry in played.journal
        if isinstance(entry.command, SetBackend)
        for time, event in played.log
        if isinstance(event, BackendSwitched) and event.backend == entry.command.backend and time > entry.time
    ]

    assert len(switches) > 10
    assert len(happened([(0, event) for event in events], MessageSent)) > 500
    assert sum(len(played.refused) for played in sessions) > 10
    assert {type(entry.command) for played in sessions for entry in played.journal} >= {Demonstrate, SetCostSheet}


# Cuts

CUT = st.tuples(st.sampled_from(["cycles", "operations", "ticks", "ask"]), st.integers(0, 1500))
END = 40_000


def cut(simulation: Simulation, pieces: list[tuple[str, int]]) -> None:
    """Runs *simulation* in these pieces, and then to END."""
    for kind, amount in pieces:
        match kind:
            case "cycles":
                simulation.run(until=min(END, simulation.time + amount))
            case "operations":
                simulation.run(until=END, operations=amount % 40)
            case "ticks":
                simulation.run(until=END, to_tick=simulation.ticks + amount % 40)
            case _:
                ask(simulation)
    simulation.run(until=END)


def masked_timer(cpu: int, count: int) -> list[Stimulus]:
    return [
        WriteRegister(cpu, Register.LVT_TIMER, 0x1_00EF),
        WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, count),
    ]


#: Each with something that was once looked at where a run ended, and not where it happened.
CUT_SCRIPTS: dict[str, tuple[str, list[Stimulus]]] = {
    "a switch that waits": (
        "trap-emulate",
        [reschedule(2, 1), SetBackend("xen-evtchn"), SendMsi(0xFEE0_0000, 0x51)],
    ),
    "a demonstration on CPUs that are held off, beside a timer": (
        "native-xapic",
        [*masked_timer(0, 1500), *(SetInterruptFlag(cpu, False) for cpu in range(4)), Demonstrate(True)],
    ),
    "a demonstration and a CPU that lets go": (
        "vmi",
        [SetInterruptFlag(1, False), Demonstrate(True), SetInterruptFlag(1, True), SetBackend("trap-emulate")],
    ),
}


@pytest.mark.parametrize("name", CUT_SCRIPTS)
@given(pieces=st.lists(CUT, max_size=40))
def test_no_way_to_cut_a_run_changes_what_happens(name: str, pieces: list[tuple[str, int]]) -> None:
    backend, commands = CUT_SCRIPTS[name]
    in_one_go, in_pieces = (Simulation(4, backend, log=WholeLog) for _ in range(2))
    for simulation in (in_one_go, in_pieces):
        for command in commands:
            simulation.apply(command)

    cut(in_one_go, [])
    cut(in_pieces, pieces)

    assert in_pieces.take_log() == in_one_go.take_log()
    assert first_difference(whole_state(in_one_go), whole_state(in_pieces)) == ""


OTHER_KIND_OF_APIC = [
    (now, following)
    for now in names_under("linux-6")
    for following in names_under("linux-6")
    if (BACKENDS[now].apic_mode, BACKENDS[now].event_channels)
    != (BACKENDS[following].apic_mode, BACKENDS[following].event_channels)
]


@pytest.mark.parametrize(("now", "following"), OTHER_KIND_OF_APIC, ids=lambda name: name)
def test_a_switch_that_waits_happens_at_the_same_moment_in_single_steps(now: str, following: str) -> None:
    """Even when one CPU alone is at work, and could go on for many turns without looking at the queue."""
    for asked_after in range(4, 8):
        logs = []
        for pieces in ([200], [1] * 200):
            simulation = Simulation(2, now, generation="linux-6")
            simulation.apply(CallGuest(0, "smp_send_reschedule"))
            simulation.run(operations=asked_after)
            simulation.apply(SetBackend(following))
            for operations in pieces:
                simulation.run(operations=operations)
            logs.append(simulation.take_log())

        assert logs[0] == logs[1]


def test_behind_an_act_of_the_demonstration_whatever_is_due_first_comes_first() -> None:
    logs = []
    for pieces in (1, 40):
        simulation = Simulation(2)
        for command in [*masked_timer(0, 1500), *(SetInterruptFlag(cpu, False) for cpu in range(2)), Demonstrate(True)]:
            simulation.apply(command)
        for piece in range(1, pieces + 1):
            simulation.run(until=END * piece // pieces)
        assert simulation.time == END
        logs.append(simulation.take_log())

    assert logs[0] == logs[1]


def test_a_demonstration_that_can_do_nothing_ends_a_run_without_an_end() -> None:
    simulation = Simulation(2)
    for cpu in range(2):
        simulation.apply(SetInterruptFlag(cpu, False))
    simulation.apply(Demonstrate(True))
    simulation.run(until=20_000)

    assert simulation.run(operations=10) <= 10


def test_a_switch_that_completes_in_a_run_sends_what_it_posts() -> None:
    """Level lines ask again, at whatever takes the place of the APICs that refused them."""
    simulation = Simulation(2)
    for cpu in range(2):
        simulation.apply(WriteRegister(cpu, Register.SVR, 0))
    simulation.apply(RaisePin(18))
    simulation.run()
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=1)
    simulation.apply(SetBackend("xen-evtchn"))
    assert simulation.switching_to == "xen-evtchn"

    while simulation.switching_to:
        simulation.run(operations=1)
        simulation.check()

    assert simulation.in_flight


# Asking


def calls_of_a_demonstration(*, asked: bool) -> list[tuple[int, int, str]]:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(1, False))
    simulation.apply(Demonstrate(True))
    simulation.run(operations=1)
    while not simulation.idle:
        simulation.run(operations=1)
    if asked:
        simulation.next_time()
    simulation.apply(SetInterruptFlag(1, True))
    simulation.run(operations=60)
    return [
        (time, event.cpu, event.function) for time, event in simulation.take_log() if isinstance(event, CallStarted)
    ]


def test_asking_when_the_demonstration_acts_does_not_change_when_it_does() -> None:
    assert calls_of_a_demonstration(asked=True) == calls_of_a_demonstration(asked=False)


# The journal itself


def test_commands_that_come_between_things_of_one_time_are_repeated_between_them() -> None:
    """Four CPUs look for work at time 0. Time alone would not tell behind which of them the command came."""
    for operations in range(4):
        simulation = Simulation(4)
        for cpu in range(4):
            simulation.apply(CallGuest(cpu, "smp_send_reschedule"))
        simulation.run(operations=operations)
        simulation.apply(CallGuest(0, "send_ipi_self"))
        simulation.run(until_idle=True)

        again = Simulation(*simulation.beginning)
        for entry in simulation.journal:
            again.run_to(entry.moment)
            again.apply(entry.command)
        again.run_to(simulation.moment)

        assert again.take_log() == simulation.take_log()


def test_a_command_is_a_tick_and_stands_in_the_journal_with_its_moment() -> None:
    simulation = Simulation(2)
    simulation.apply(reschedule(0, 1))
    simulation.apply(ReadRegister(0, Register.SVR))
    simulation.run(operations=1)
    simulation.apply(reschedule(1, 0))

    first, second, third = simulation.journal

    assert [first, second] == [(0, 0, reschedule(0, 1)), (1, 0, ReadRegister(0, Register.SVR))]
    assert third.moment == moment_at(simulation.ticks - 1, simulation.time)


REFUSED: list[Stimulus] = [
    SetBackend("no such back end"),
    SetBackend("vmi"),  # which this kernel never met
    SetCostSheet("no such sheet"),
    SetCostSheet("2007"),  # which has no prices for x2APIC mode
    SendMsi(0x1000, 0x51),
    RaiseLegacyLine(16),
    FireLocalSource(0, Register.SVR),
    WriteRegister(9, Register.SVR, 0),
    CallGuest(9, "send_ipi_self"),
    SetInterruptFlag(9, False),
]


@pytest.mark.parametrize("command", REFUSED, ids=str)
def test_a_command_that_cannot_be_done_leaves_no_trace(command: Stimulus) -> None:
    simulation = Simulation(2, "native-x2apic", generation="linux-6")
    simulation.apply(Demonstrate(True))
    simulation.run(operations=10)
    before, happened_before = whole_state(simulation), simulation.happened

    with pytest.raises((ValueError, KeyError, IndexError)):
        simulation.apply(command)

    assert first_difference(before, whole_state(simulation)) == ""
    assert [entry.command for entry in simulation.journal] == [Demonstrate(True)]
    assert simulation.happened == happened_before


def test_a_moment_of_another_run_is_refused() -> None:
    simulation = Simulation(2)
    simulation.apply(reschedule(0, 1))
    simulation.run(until_idle=True)
    here = simulation.moment

    for tick, time in ((here.tick + 1, here.time), (here.tick - 1, here.time), (here.tick, here.time - 1)):
        with pytest.raises(ValueError, match="not of this run"):
            simulation.run_to(moment_at(tick, time))


def test_the_way_to_a_moment_can_be_gone_in_parts() -> None:
    simulation, again = Simulation(2), Simulation(2)
    simulation.apply(reschedule(0, 1))
    simulation.run(until_idle=True)
    again.apply(reschedule(0, 1))

    assert again.run_to(simulation.moment, operations=2) == 2
    assert again.ticks < simulation.ticks

    run_to(again, simulation.moment, Random(1))
    assert again.moment == simulation.moment
