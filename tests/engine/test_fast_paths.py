"""A machine that follows fast paths is at every moment what one is whose model does everything itself.

``APICSCOPE_RANDOM_SESSIONS=2000 pytest tests/engine/test_fast_paths.py`` tries as many random sessions.
"""

import os

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetBackend, SetCostSheet, SetInterruptFlag
from app.commands.registers import WriteCr8, WriteRegister
from app.engine.counters import Counters
from app.engine.event_log import EVENTS_KEPT, EventLog
from app.engine.fast_paths import _MOST_OPERATIONS, _fast_path
from app.engine.noted_runs import Outcome, Run
from app.engine.simulation import Simulation
from app.history.record import state
from app.hw.profile import PROFILES
from app.x86.registers import Register
from tests.engine.runs import PAIRS, reschedule
from tests.engine.twins import SEEDS, alone, session, twins

pytestmark = pytest.mark.slow

#: Random sessions under each pair of a kernel and a back end.
EACH = -(-int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "22")) // len(PAIRS))


@pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
def test_whoever_takes_fast_paths_is_where_the_model_is(generation: str, backend: str) -> None:
    assert session(generation, backend, seed=SEEDS.get((generation, backend), 0), acts=40, looks=0.1) > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_sessions_are_the_same_and_do_follow_paths() -> None:
    followed = [session(*pair, seed, acts=150, looks=0.2) for pair in PAIRS for seed in range(1, EACH + 1)]

    assert sum(map(bool, followed)) > len(followed) / 4
    assert sum(followed) > 10 * len(followed)


# What has a path, and what depends on it


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_ipi_to_a_machine_at_rest_is_followed_once_it_was_sent_often(backend: str) -> None:
    both = twins(backend=backend)
    for _ in range(12):
        both.told(reschedule(0, 1))
        both.run(lambda twin: twin.run())

    assert both.paths >= 4
    both.end()


CHANGES: dict[str, Stimulus] = {
    "another priority": WriteCr8(1, 15),
    "another price": SetCostSheet("skylake-sp?vm_exit=900"),
    "another back end": SetBackend("vmi"),
    "a disabled APIC": WriteRegister(1, Register.SVR, 0xFF),
    "another logical ID": WriteRegister(1, Register.LDR, 0x80 << 24),
    "another line of the vector table": WriteRegister(0, Register.LVT_ERROR, 0xFE),
    "a timer that goes off in between": WriteRegister(1, Register.TIMER_INITIAL_COUNT, 400),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_path_depends_on_is_looked_at_each_time(change: Stimulus) -> None:
    both = twins()
    both.told(WriteRegister(1, Register.LVT_TIMER, 0xEF))
    assert alone(both) > 0
    both.told(change)
    alone(both)

    both.end()


def test_a_second_message_under_way_leaves_all_to_the_model() -> None:
    both = twins()
    alone(both)
    before = both.paths

    both.told(reschedule(0, 1))
    both.told(SendMsi(0xFEE0_1000, 0x51))
    both.run(lambda twin: twin.run())

    assert both.paths == before
    both.end()


@pytest.mark.parametrize("stops", range(1, 30))
def test_a_run_may_end_anywhere_inside_a_path(stops: int) -> None:
    both = twins(backend="trap-emulate")
    alone(both)

    both.told(reschedule(0, 1))
    both.run(lambda twin: twin.run(operations=stops))
    both.look()
    both.run(lambda twin: twin.run(to_tick=twin.ticks + stops))
    both.look()
    both.run(lambda twin: twin.run())
    both.end()


def test_a_run_of_some_operations_goes_to_the_end_of_a_path_only_when_it_may() -> None:
    both = twins(backend="trap-emulate")
    alone(both)
    paths = both.follows._fast_paths
    assert paths is not None
    longest = paths.known()[0].outcome.operations

    both.told(reschedule(0, 1))
    assert both.follows.run(operations=5, whole_paths=True) == longest > 5
    both.model.run_to(both.follows.moment)
    both.look()
    both.told(reschedule(0, 1))
    both.run(lambda twin: twin.run(operations=5))
    both.look()


def test_a_call_that_spins_for_ever_ends_where_the_operations_of_a_run_do() -> None:
    both = twins(10, profile=PROFILES["intel-p6"])
    call = CallGuest(0, "send_ipi_mask")
    for _ in range(5):
        both.told(call)
        both.run(lambda twin: twin.run())
    # A P6 takes no third request of a vector, and whoever sends it waits for its ICR to be idle.
    both.told(SetInterruptFlag(1, False))
    both.told(call)
    both.run(lambda twin: twin.run())
    both.told(call)

    done = both.follows.run(operations=100, whole_paths=True)

    assert 100 <= done <= _MOST_OPERATIONS
    assert not both.follows.idle
    both.model.run_to(both.follows.moment)
    both.look()


def test_a_path_that_is_too_long_for_a_run_hides_no_shorter_one() -> None:
    both = twins()
    call = reschedule(0, 1)
    alone(both)
    paths = both.follows._fast_paths
    assert paths is not None
    (called,) = paths._calls.values()
    (path,) = called.paths
    longer = path._replace(outcome=path.outcome._replace(operations=path.outcome.operations + 1_000))
    called.paths = [longer, path]
    before = both.paths

    both.told(call)
    both.run(lambda twin: twin.run(operations=500, until_idle=True))

    assert both.paths == before + 1
    both.end()


def test_what_is_called_often_is_known_however_many_others_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.fast_paths._CALLS", 4)
    both = twins()
    alone(both)
    paths = both.follows._fast_paths
    assert paths is not None
    ((often, called),) = paths._calls.items()

    for sender, target in [(0, 2), (0, 3), (1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]:
        both.told(reschedule(sender, target))
        both.run(lambda twin: twin.run(until_idle=True))

    assert len(paths._calls) <= 4
    assert paths._calls[often] is called
    assert alone(both, times=3) > 0
    both.end()


# What is told of it


def test_what_nobody_asks_for_is_counted_and_not_made() -> None:
    followed, model = Simulation(2), Simulation(2, fast_paths=False)
    for simulation in (followed, model):
        for _ in range(500):
            simulation.apply(reschedule(0, 1))
            simulation.run()

    assert followed.happened == model.happened > 2 * EVENTS_KEPT
    assert state(followed) == state(model)
    newest = followed.happened - EVENTS_KEPT
    assert len(followed.events_since(newest)) == EVENTS_KEPT
    assert followed.events_since(newest) == model.events_since(newest)


def test_a_path_can_be_read() -> None:
    both = twins()
    alone(both)
    paths = both.follows._fast_paths
    assert paths is not None

    known = paths.known()
    assert known
    assert all(path.source.startswith("def follow(base):") for path in known)
    assert all(path.outcome.ticks >= path.outcome.operations > 0 for path in known)


def test_a_log_that_is_forgotten_holds_no_path_either() -> None:
    both = twins()
    alone(both)
    log: EventLog = both.follows._log

    log.forget(7)

    assert (log.happened, log.take()) == (7, [])


# What is looked at


class Part:
    """Has one field, which is anything."""

    STATE = ("field",)

    def __init__(self, field: object) -> None:
        self.field = field


BEFORE: list[tuple[object, object]] = [(1000, None), (None, 1000), (1000, True), ("word", None), (True, 1000)]


@pytest.mark.parametrize(("then", "now"), BEFORE, ids=repr)
def test_path_leads_from_where_a_field_stood_whatever_stands_there_when_it_is_written(
    then: object, now: object
) -> None:
    part = Part(now)
    run = Run({(0, "field"): then}, {(0, "field"): now}, Outcome(9, 1, 1, 0, (), ()), (), 0)
    path = _fast_path(run, run, [part], 0, Counters())
    assert path is not None

    assert not path.follow(0)
    part.field = int(str(then)) if type(then) is int else then  # equal, and not the same
    assert path.follow(0)
    assert part.field == now


def test_field_that_was_true_and_then_false_is_no_number_of_a_message() -> None:
    part = Part(False)
    one, other = (Run({}, {(0, "field"): bool(base)}, Outcome(9, 1, 1, 0, (), ()), (), base) for base in (0, 1))

    assert _fast_path(one, other, [part], 0, Counters()) is None
