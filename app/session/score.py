"""What is asked of a score, be it of a session, of a recording that is played, or of one machine of a pair."""

import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from app.history.slices import Slices
from app.score.line import Line
from app.score.numbers import Changes, Position


class Filling(NamedTuple):
    """How far a score is that is still being made: ``done`` of ``of``, in ticks, and that in words."""

    done: int
    of: int
    words: str


class Covered(NamedTuple):
    """From when to when a score has all spans, in TSC cycles."""

    begin: int
    end: int


class Score(Protocol):
    """The spans of one owner's whole history."""

    def filler(self) -> Slices[None] | None:
        """Makes what is missing, a little at each slice, which whoever owns the machine does in the background; None
        when nothing is to be done now. While one is under way nobody asks for another."""

    def line(self, branch: int) -> Line:
        """The whole course of a branch, its parents' part included. LookupError when there is no such branch."""

    def covered(self, branch: int) -> Covered:
        """For which times all of it is known."""

    def filling(self, branch: int) -> Filling | None:
        """How far it is; None when no more will come of what happened."""

    @property
    def position(self) -> Position:
        """How many changes there have been in the branch that grows, and in all before it."""

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed in the branch that grows; None where that is too long ago to be told, or was in another."""

    def event_counts(self, branch: int, edges: Sequence[int]) -> list[int] | None:
        """How many events there were from each of the ticks *edges* to before the next; None where that takes a look at
        all of them. LookupError when there is no such branch."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""


#: What ``next`` answers at the end.
_OVER = object()


class Filler:
    """Makes what is missing in *score*, a little at a time."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._slices: Slices[None] | None = None

    def go_on(self, seconds: float) -> bool:
        """Goes on for so many seconds of wall time, where there is anything to do. Whether it did."""
        end = time.monotonic() + seconds
        self._slices = self._slices or self._score.filler()
        worked = self._slices is not None
        while self._slices is not None and time.monotonic() < end:
            if next(self._slices, _OVER) is _OVER:
                self._slices = None
        return worked
