"""Two machines that are told the same: one may follow fast paths, the other's model does everything itself."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.engine.event_log import WholeLog
from app.engine.fast_paths import FastPath
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.history.record import state
from app.hw.profile import PROFILES
from app.x86.icr import Icr
from tests.engine.random_sessions import anything, storm
from tests.engine.runs import reschedule
from tests.engine.whole_state import first_difference, whole_state

Run = Callable[[Simulation], int]
#: Of each pair a session of 40 acts that follows paths, also with a scribe; 0 where none is given.
SEEDS = {
    ("linux-2.6.22", "native-xapic"): 2,
    ("linux-2.6.22", "trap-emulate"): 2,
    ("linux-2.6.22", "vmi"): 14,
    ("linux-6", "native-xapic"): 2,
    ("linux-6", "native-x2apic"): 11,
    ("linux-6", "trap-emulate"): 5,
    ("linux-6", "apicv"): 1,
    ("linux-6", "kvm-pv"): 10,
}
#: Begins with two machines that have just booted; what it returns is called at some places of their session.
Compare = Callable[["Twins"], Callable[[], None]]


class Listening(WholeLog):
    """Knows how often a path was followed."""

    paths = 0

    def follow(self, path: FastPath, base: int) -> None:
        """One more."""
        self.paths += 1
        super().follow(path, base)


class Twins(NamedTuple):
    """Two machines that are told the same: one may follow paths."""

    follows: Simulation
    model: Simulation

    def told(self, command: Stimulus) -> None:
        answers = []
        for twin in self:
            try:
                answers.append(twin.apply(command))
            except (ValueError, KeyError) as refused:
                answers.append(str(refused))  # type: ignore[arg-type]  # either will do to be compared
        assert answers[0] == answers[1], command

    def run(self, run: Run) -> None:
        done = [run(twin) for twin in self]
        assert done[0] == done[1]
        assert self.follows.moment == self.model.moment
        assert self.follows.happened == self.model.happened

    def look(self) -> None:
        assert state(self.follows) == state(self.model)
        assert first_difference(whole_state(self.follows), whole_state(self.model)) == ""

    @property
    def paths(self) -> int:
        """How often a path was followed."""
        log = self.follows._log
        assert isinstance(log, Listening)
        assert self.model._fast_paths is None
        return log.paths

    def end(self) -> None:
        self.look()
        assert self.follows.take_log() == self.model.take_log()
        assert self.follows.counters.as_dict() == self.model.counters.as_dict()


def twins(cpus: int = 4, backend: str = "native-xapic", **made: object) -> Twins:
    return Twins(
        Simulation(cpus, backend, log=Listening, **made),  # type: ignore[arg-type]  # as they are named there
        Simulation(cpus, backend, log=Listening, fast_paths=False, **made),  # type: ignore[arg-type]
    )


def alone(both: Twins, times: int = 10) -> int:
    """An IPI of CPU 0 to CPU 1, alone, so many times. Returns how many of them were followed."""
    before = both.paths
    for _ in range(times):
        both.told(reschedule(0, 1))
        both.run(lambda twin: twin.run(until_idle=True))
    return both.paths - before


def by_chance(chance: Random) -> Run:
    """To rest, mostly; else to any place, so that it may lie inside a path."""
    count, cycles = chance.randrange(60), chance.randrange(6000)
    runs: list[Run] = [
        *[lambda twin: twin.run(operations=2000, until_idle=True)] * 4,
        lambda twin: twin.run(operations=count, until_idle=True),
        lambda twin: twin.run(to_tick=twin.ticks + count, operations=1000),
        lambda twin: twin.run(until=twin.time + cycles, operations=400),
        lambda twin: twin.run(until=twin.time + cycles),
    ]
    return chance.choice(runs)


def session(
    generation: str, backend: str, seed: int, acts: int, looks: float, compare: Compare = lambda both: both.look
) -> int:
    """A few calls over and over, each mostly alone, and now and then something else; a look at that share of places.
    Returns how often a path was followed."""
    chance = Random(f"{generation} {backend} {seed}")
    cpus, functions = chance.randint(1, 6), sorted(GENERATIONS[generation].functions)
    profile = PROFILES[chance.choice(["intel-sdm", "intel-sdm", *sorted(PROFILES)])]
    both = twins(cpus, backend, profile=profile, generation=generation)
    look = compare(both)
    few: list[Stimulus] = [
        *(CallGuest(chance.randrange(cpus), chance.choice(functions), target=chance.randrange(cpus)) for _ in range(3)),
        reschedule(chance.randrange(cpus), chance.randrange(cpus)),
        SendIpi(chance.randrange(cpus), Icr(0x61, destination=chance.randrange(cpus))),
    ]
    for _ in range(acts):
        seldom = chance.choice([anything, storm])
        both.told(seldom(chance, both.follows) if chance.random() < 0.06 else chance.choice(few))
        both.run(by_chance(chance))
        if chance.random() < looks:
            look()
    look()
    both.end()
    return both.paths
