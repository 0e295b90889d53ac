"""Sessions that go their ways by chance, and what they are held against: their journals, done again by the engine."""

from contextlib import suppress
from random import Random
from typing import NamedTuple

from app.engine.event_log import WholeLog
from app.engine.simulation import Simulation
from app.history.timeline import Timeline
from app.history.units import UNITS
from app.hw.profile import PROFILES
from tests.engine.random_sessions import Choose
from tests.engine.runs import Log
from tests.engine.whole_state import first_difference, whole_state

#: Cycles that a clock may stand behind the last tick.
_WAIT = 2_000


def new_session(choose: Choose, generation: str, backend: str, chance: Random) -> Simulation:
    profile = PROFILES[chance.choice(["intel-sdm", "intel-sdm", *sorted(PROFILES)])]
    return Simulation(chance.randint(1, 5), backend, profile=profile, generation=generation)


def go_on(timeline: Timeline, choose: Choose, chance: Random, rounds: int) -> None:
    """Commands by chance, and runs of every kind between them, from the present moment on."""
    for _ in range(rounds):
        for _ in range(chance.choice([1, 1, 1, 4])):
            with suppress(ValueError, KeyError):
                timeline.apply(choose(chance, timeline.simulation), chance.choice(["", "a", "b"]))
        match chance.randrange(4):
            case 0:
                timeline.run(operations=chance.randrange(4))
            case 1:
                timeline.run(until=timeline.moment.time + chance.randrange(_WAIT), operations=300)
            case 2:
                timeline.run(operations=chance.randrange(60), until_idle=True)
            case _:
                timeline.step(chance.choice(list(UNITS)), chance.randrange(1, 4))


class Reference(NamedTuple):
    """What the engine makes of a journal up to a tick."""

    simulation: Simulation
    log: Log


def reference(timeline: Timeline, tick: int, branch: int | None = None) -> Reference:
    """The same moment, done again from the beginning by the engine alone."""
    simulation = Simulation(*timeline.beginning, log=WholeLog)
    for entry in timeline.journal(branch):
        if entry.tick >= tick:
            break
        simulation.run_to(entry.moment)
        simulation.apply(entry.command)
    simulation.run(to_tick=tick)
    return Reference(simulation, simulation.take_log())


def difference(simulation: Simulation, other: Simulation) -> str:
    """In what the two differ; empty when they do not."""
    return first_difference(_but_for_the_log(other), _but_for_the_log(simulation))


def _but_for_the_log(simulation: Simulation) -> list[str]:
    """How much a log keeps is nothing that the machine does."""
    return [line for line in whole_state(simulation) if not line.startswith("._log = ")]


def times(timeline: Timeline) -> list[int]:
    """When each tick of the present branch happened, from the beginning on."""
    simulation = Simulation(*timeline.beginning)
    found: list[int] = [simulation.time]
    commands = {int(entry.tick): entry for entry in timeline.journal()}
    while simulation.ticks < timeline.head.tick:
        if entry := commands.get(simulation.ticks):
            simulation.run_to(entry.moment)
            simulation.apply(entry.command)
        else:
            simulation.run(to_tick=simulation.ticks + 1)
        found.append(simulation.time)
    return found


def far_away(timeline: Timeline, chance: Random) -> None:
    """Some moment of some branch becomes the present one."""
    branch = chance.choice(timeline.branches)
    timeline.seek(chance.randint(0, branch.head.tick), branch=branch.number)
