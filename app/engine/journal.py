"""What was asked of a simulation, and at which moment: enough to repeat it exactly.

Time alone does not say when: several things may be due at one time, and a command may have come between any two of
them. A *tick* is one thing that happens: a turn of a CPU, the arrival of a message, the expiry of timers, an act of the
demonstration, a command. Nothing else changes a simulation, so it does not matter into which pieces a run is cut.
"""

from typing import NamedTuple

from app.costs.sheet import CostSheet
from app.engine.performable import Performable
from app.hw.profile import Profile
from app.x86.units import Cycles, Tick


class Beginning(NamedTuple):
    """What a simulation was when it began: what ``Simulation`` is made of, in that order."""

    cpu_count: int
    backend: str
    sheet: CostSheet
    profile: Profile
    generation: str


class Moment(NamedTuple):
    """After so many ticks, at virtual *time* in TSC cycles, which may have gone on since the last of them."""

    tick: Tick
    time: Cycles


def moment_at(tick: int, time: int) -> Moment:
    """The moment that two plain numbers say, a count of ticks and a time in TSC cycles."""
    return Moment(Tick(tick), Cycles(time))


class Journalled(NamedTuple):
    """A command that was done, with the moment at which it was: the ticks before it, and the time."""

    tick: Tick
    time: Cycles
    command: Performable

    @property
    def moment(self) -> Moment:
        """When the command was done."""
        return Moment(self.tick, self.time)
