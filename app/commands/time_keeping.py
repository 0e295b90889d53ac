"""Whom the commands of ``transport`` ask to move a machine's time, and how far that has come."""

from collections.abc import Generator
from typing import NamedTuple, Protocol

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Looked, Search

#: Something that does a little at each ``next``, and ends with how many units it has gone.
Slices = Generator[None, None, int]


class Traveller(Protocol):
    """Whoever can show other moments of a machine."""

    @property
    def moment_words(self) -> str:
        """Which moment is shown."""

    def stands(self, unit: str) -> None:
        """A step of *unit* is made from the moment that is shown: a step back will end there, too."""

    def stepper(self, unit: str, count: int) -> Slices:
        """Goes on by *count* of *unit*, or back where *count* is below zero."""

    def seeker(self, tick: int | None, time: int | None, branch: int | None) -> Slices:
        """Goes to a tick, or to the last one at *time* or before; with neither to the head of *branch*."""

    def searcher(self, condition: Condition, limit: int) -> Search:
        """Goes on to where *condition* comes true, or as far as *limit* ticks."""

    def searcher_back(self, condition: Condition) -> Search:
        """Goes back to where *condition* came true last, if it did."""


class Stops(Protocol):
    """Where time that runs stops by itself."""

    def add(self, condition: Condition) -> int:
        """It stops where *condition* comes true. Returns the number of that breakpoint. It raises what there is to say
        against it."""

    def remove(self, number: int) -> str:
        """It does not stop there any more. Returns the condition. It raises what there is to say against it."""


class TimeKeeper(Protocol):
    """Whoever moves a machine's time on."""

    @property
    def breakpoints(self) -> Stops:
        """Where it stops by itself."""

    def hold(self) -> None:
        """Time stands still from now on."""

    def let_run(self) -> None:
        """Time runs from now on."""

    def set_speed(self, speed: float | None) -> None:
        """Virtual cycles per second of wall time; None: as fast as it goes."""

    def end_run(self) -> None:
        """What runs to a goal gives it up, whoever began it."""

    def quieten(self) -> None:
        """The machine's own activity ends: it would never let it come to rest."""

    def name_branch(self, branch: int, name: str) -> None:
        """Gives a branch another name. It raises what there is to say against that."""


class Progress(NamedTuple):
    """How far a run to a goal is: what it has done, the interrupts taken meanwhile, whether nothing is left, how many
    units of a step it has gone, in words the moment that is shown, and how far it has looked for a hit."""

    operations: int
    interrupts: int
    idle: bool
    gone: int = 0
    moment: str = ""
    looked: Looked | None = None
