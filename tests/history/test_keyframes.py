"""Keyframes change nothing but how long a way is. They are kept by cost, thinned evenly, and many where people step."""

from itertools import pairwise
from random import Random

import pytest

from app.commands.registers import WriteRegister
from app.engine.journal import Beginning, Journalled, Moment
from app.engine.simulation import Simulation
from app.history.keyframes import COSTS_BETWEEN, LEAST_SPACING, Keyframes, Pack
from app.history.record import state
from app.history.simulation_keyframes import SIMULATION_PACK
from app.history.timeline import Timeline
from app.history.units import UNITS
from app.session.simulated import SimulatedDrive
from app.x86.registers import Register
from tests.engine.random_sessions import Choose
from tests.engine.runs import reschedule
from tests.history.courses import difference, far_away, go_on, new_session, reference
from tests.history.test_timeline import random_sessions

pytestmark = pytest.mark.slow

_SIZE = 1_000

Asked = tuple[Beginning, tuple[Journalled, ...], Moment]


def asked(simulation: Simulation) -> Asked:
    return simulation.beginning, tuple(simulation.journal), simulation.moment


def again(record: Asked) -> Simulation:
    beginning, journal, moment = record
    simulation = Simulation(*beginning)
    for entry in journal:
        simulation.run_to(entry.moment)
        simulation.apply(entry.command)
    simulation.run_to(moment)
    return simulation


#: What was asked up to there, for a state: enough to try when keyframes are kept, found and dropped.
PACK = Pack(asked, again, lambda _: _SIZE)


class Spent:
    """What a process has spent, as far as a test wants it to."""

    def __init__(self, a_look: float = 0.0) -> None:
        self.sum = 0.0
        self._a_look = a_look

    def __call__(self) -> float:
        self.sum += self._a_look
        return self.sum


def ticking(keyframes: Keyframes[Simulation] | None) -> Timeline:
    """Two CPUs whose timers never stop."""
    timeline = Timeline(Simulation(2), keyframes)
    for cpu in range(2):
        timeline.apply(WriteRegister(cpu, Register.LVT_TIMER, 0x2_00EF))
        timeline.apply(WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, 90 + cpu))
    return timeline


def spacings(keyframes: Keyframes[Simulation]) -> list[int]:
    return [after - before for before, after in pairwise([0, *(keyframe.tick for keyframe in keyframes.kept)])]


@pytest.mark.slow
@random_sessions
@pytest.mark.parametrize("pack", [PACK, SIMULATION_PACK], ids=["asked", "record"])
def test_a_moment_is_the_same_from_keyframes_as_from_the_beginning(
    choose: Choose, generation: str, backend: str, seed: int, pack: Pack[Simulation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.history.keyframes.LEAST_SPACING", 15)
    monkeypatch.setattr("app.history.keyframes._SHORTEST_HALF", 4)
    chance = Random(f"keyframes {choose.__name__} {generation} {backend} {seed}")
    keyframes = Keyframes(pack, Spent(), budget=30 * _SIZE)
    timeline = Timeline(new_session(choose, generation, backend, chance), keyframes)
    for _ in range(4):
        go_on(timeline, choose, chance, chance.randint(2, 4))
        far_away(timeline, chance)
        timeline.step_back(chance.choice(list(UNITS)), chance.choice([1, 3]))
    for _ in range(5):
        branch = chance.choice(timeline.branches)
        tick = chance.randint(0, branch.head.tick)
        found, expected = timeline.at(tick, branch=branch.number), reference(timeline, tick, branch.number)
        assert found.ticks == tick
        if tick < branch.head.tick:
            assert state(found) == state(expected.simulation)
            assert SimulatedDrive(found).state() == SimulatedDrive(expected.simulation).state()
        log = [(time, event) for _, time, event in timeline.records(1, tick, branch.number)]
        assert log == expected.log


def test_a_session_keeps_one_after_the_least_spacing_where_they_cost_nothing() -> None:
    keyframes = Keyframes(PACK, Spent())
    timeline = ticking(keyframes)

    while timeline.moment.tick < 5 * LEAST_SPACING:
        timeline.run(operations=20)

    assert keyframes.size == 4 * _SIZE
    assert all(LEAST_SPACING <= spacing < LEAST_SPACING + 100 for spacing in spacings(keyframes))


@pytest.mark.slow
def test_what_keyframes_cost_is_at_most_a_fiftieth_of_the_work() -> None:
    spent = Spent(a_look=1.0)  # keeping one costs as much as a run of 20 operations
    keyframes = Keyframes(Pack(asked, again, lambda _: _SIZE), spent)
    timeline = ticking(keyframes)

    runs = 0
    while timeline.moment.tick < 12 * LEAST_SPACING:
        timeline.run(operations=200)
        runs += 1

    assert len(keyframes.kept) >= 2
    assert len(keyframes.kept) <= 3 + runs / COSTS_BETWEEN
    assert max(spacings(keyframes)[1:]) > LEAST_SPACING + 1_000


def test_one_that_was_dear_by_chance_does_not_open_a_wide_gap() -> None:
    spent = Spent(a_look=0.001)

    def dear_at_first(simulation: Simulation) -> Asked:
        spent.sum += 0.0 if keyframes.kept else 1_000.0
        return asked(simulation)

    keyframes = Keyframes(Pack(dear_at_first, again, lambda _: _SIZE), spent)
    timeline = ticking(keyframes)

    while timeline.moment.tick < 6 * LEAST_SPACING:
        timeline.run(operations=20)

    assert max(spacings(keyframes)) < 2 * LEAST_SPACING


def test_a_budget_is_kept_to_with_gaps_that_are_alike() -> None:
    keyframes = Keyframes(PACK, Spent(), budget=40 * _SIZE)
    timeline = ticking(keyframes)
    for _ in range(130):
        timeline.simulation.ticks += LEAST_SPACING  # as if so much had happened: only the numbers count here
        keyframes.keep(timeline.branch, timeline.simulation)

    old, newest = spacings(keyframes)[:-25], spacings(keyframes)[-24:]
    assert keyframes.size <= 40 * _SIZE
    assert set(newest) == {LEAST_SPACING}
    assert max(old) <= 2 * sorted(old)[len(old) // 2]


@pytest.mark.slow
def test_whoever_steps_back_again_and_again_has_short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[int] = []

    def counted(record: Asked) -> Simulation:
        ways.append(timeline.moment.tick - record[2].tick)
        return again(record)

    timeline = ticking(Keyframes(Pack(asked, counted, lambda _: _SIZE), Spent()))
    timeline.run(to_tick=2_000)
    for _ in range(40):
        timeline.step_back("operation")

    assert max(ways) < 250
    assert sum(ways) / len(ways) < 100


@pytest.mark.slow
def test_the_ways_of_one_branch_do_not_lead_over_another() -> None:
    keyframes = Keyframes(PACK, Spent())
    timeline = ticking(keyframes)
    timeline.run(to_tick=3 * LEAST_SPACING)
    timeline.seek(LEAST_SPACING // 2)
    timeline.apply(reschedule(0, 1))
    timeline.run(to_tick=3 * LEAST_SPACING)

    assert {keyframe.branch for keyframe in keyframes.kept} == {0, 1}
    for number in (0, 1):
        tick = 2 * LEAST_SPACING + 17
        assert difference(timeline.at(tick, branch=number), reference(timeline, tick, number).simulation) == ""


def test_a_keyframe_that_is_due_lets_nothing_happen_that_nobody_asked_for() -> None:
    moments = []
    for timeline in (ticking(Keyframes(PACK, Spent())), ticking(None)):
        timeline.run(until_idle=True)
        timeline.simulation.ticks += LEAST_SPACING  # as if so much had happened
        asked = [{"operations": 0}, {"until": timeline.moment.time}, {"until_idle": True}, {"operations": 3}]
        moments.append([(timeline.run(**ends), timeline.moment) for ends in asked])  # type: ignore[arg-type]

    assert moments[0] == moments[1]
