"""Guest and host code that goes by what it came to before does what its generators would do."""

from collections.abc import Callable, Hashable
from itertools import count
from typing import Any

import pytest

from app.engine import programs
from app.engine.alone import Alone, NoApic
from app.engine.programs import Code, Point, Program, Programs
from app.engine.simulation import Simulation
from app.guest.apic_ops import Context
from app.guest.asks import LOCK_AGAIN, LOCK_LOOP
from app.guest.steps import Delay, Load, MemoryWrite, Steps, TryLock, Word
from app.hw.machine import Machine
from tests.engine.random_sessions import Choose, anything, play, storm
from tests.engine.runs import reschedule, under_every_pair

pytestmark = pytest.mark.slow

_SESSIONS = 2
_LOCK = Word("lock")


def alone(known: Programs, key: Hashable, make: Callable[[], Code]) -> Point:
    """Every frame has a program of its own, whose generator nobody else has run."""
    return Program(make, known).begins


@under_every_pair
@pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)
def test_sessions_are_what_they_are_by_generators_alone(
    choose: Choose, generation: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = [play(choose, generation, backend, seed, looks=True) for seed in range(_SESSIONS)]
    monkeypatch.setattr(Programs, "beginning", alone)
    by_generators = [play(choose, generation, backend, seed, looks=True) for seed in range(_SESSIONS)]

    assert by_generators == shared


@pytest.mark.parametrize("most", [1, 40])
def test_sessions_are_the_same_however_few_points_are_kept(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = play(storm, "linux-6", "apicv", 1, looks=True)
    monkeypatch.setattr(programs, "_MOST", most)

    assert play(storm, "linux-6", "apicv", 1, looks=True) == kept


def test_code_that_has_run_does_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(2, "trap-emulate", fast_paths=False)
    grown = count()
    grow = Program.grow
    monkeypatch.setattr(Program, "grow", lambda *arguments: (next(grown), grow(*arguments))[1])
    for _ in range(2):
        simulation.apply(reschedule(0, 1))
        simulation.run()

    first = next(grown)
    for _ in range(10):
        simulation.apply(reschedule(0, 1))
        simulation.run()

    assert first > 10
    assert next(grown) == first + 1  # this question alone


def test_replies_without_bound_are_not_kept_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_MOST", 50)
    known = Programs()
    for reply in range(500):
        known.beginning("read", lambda: _reads_twice()).on(None).on(reply)

    assert known.points <= 52
    assert known.beginning("read", lambda: _reads_twice()).on(None).on(7).yielded == Load(7)


def _reads_twice() -> Steps[None]:
    value = yield Load(0x390)
    yield Load(value)


def takes_the_lock() -> Steps[int]:
    yield LOCK_LOOP
    while not (yield TryLock(_LOCK)):
        yield Delay(1)
        yield LOCK_AGAIN
    yield MemoryWrite(_LOCK, 0)
    return 5


def test_round_of_a_loop_leads_back_to_its_head_and_is_no_reply() -> None:
    head = Program(takes_the_lock, Programs()).begins.on(None)
    waits = head.on(0)

    assert (head.yielded, waits.yielded) == (TryLock(_LOCK), Delay(1))
    assert waits.on(0) is head
    assert head.replies == [None, "lock"]
    assert waits.replies == [None, "lock", 0]


def test_round_leads_back_to_the_head_whoever_passed_it_with_many_replies_at_once() -> None:
    waits = Program(takes_the_lock, Programs()).come_to([None, "lock", 0])
    head = waits.on(0)

    assert (waits.yielded, waits.replies) == (Delay(1), [None, "lock", 0])
    assert (head.yielded, head.replies) == (TryLock(_LOCK), [None, "lock"])
    assert head.on(0).on(0) is head
    assert head.on(1).yielded == MemoryWrite(_LOCK, 0)


def test_point_goes_on_from_where_it_is_whoever_went_on_before() -> None:
    """The generator of a program stands where somebody came last; for any other point there is a new one."""
    head = Program(takes_the_lock, Programs()).begins.on(None)
    waits = head.on(0)
    taken = head.on(1)

    assert waits.on(0) is head
    assert taken.yielded == MemoryWrite(_LOCK, 0)
    assert taken.on(0).ended
    assert taken.on(0).result == 5


def test_code_that_fails_fails_again() -> None:
    def fails() -> Steps[None]:
        yield Load(0)
        raise AssertionError("absent")

    begins = Program(fails, Programs()).begins
    loads = begins.on(None)

    for _ in range(2):
        with pytest.raises(AssertionError, match="absent"):
            loads.on(0)


def test_impure_loop_is_noticed() -> None:
    rounds = count(1)

    def counts_its_rounds() -> Steps[None]:
        yield LOCK_LOOP
        while True:
            yield Delay(next(rounds))
            yield LOCK_AGAIN

    head = Program(counts_its_rounds, Programs()).begins.on(None)

    with pytest.raises(AssertionError, match="a round that begins at"):
        head.on(0)


def test_code_begun_past_the_guest_is_never_another_ones() -> None:
    machine = Machine(1)
    backend = Simulation(1).execution.backend
    alone = Alone(machine, backend, dict.fromkeys(_PRICES, 1), NoApic(machine, 0))  # type: ignore[arg-type]

    def writes(value: int) -> Callable[[Context], Steps[Any]]:
        return lambda context: context.operations.apic_write(0x80, value)

    assert alone.run(0, writes(1)).steps != alone.run(0, writes(2)).steps
    assert alone.execution.programs.points == 0  # nothing of it is kept


_PRICES = ("mmio_write",)
