"""The score of a session that people steer: followed while it goes on, and filled in where nobody did."""

from collections.abc import Sequence
from contextlib import suppress

from app.history.slices import Slices
from app.history.timeline import Timeline
from app.history.units import Diverged
from app.score.followed import FollowedScore
from app.score.line import Line
from app.score.numbers import Changes, Position
from app.session.score import Covered, Filling


class SimulatedScore:
    """What *timeline* has done, as spans. What was before it was followed, after a restart, is filled in as soon as
    somebody asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._followed = FollowedScore(timeline)
        #: The branches that somebody has asked for, and those that cannot be done again.
        self._wanted: set[int] = set()
        self._broken: set[int] = set()

    def line(self, branch: int) -> Line:
        """The whole course of a branch, as far back as it is known without a gap. LookupError when there is none."""
        line = self._followed.line(branch)
        self._wanted.add(branch)
        return line

    def covered(self, branch: int) -> Covered:
        """For which times all of it is known."""
        covered = self._followed.covered(branch)
        return Covered(covered.begin.time, covered.end.time)

    def filling(self, branch: int) -> Filling | None:
        """How far what was before is; None when no more will come of it."""
        if branch in self._broken or self._followed.whole(branch):
            return None
        covered = self._followed.covered(branch)
        done, of = covered.filling or (0, covered.begin.tick)
        return Filling(done, of, f"What was before is being done again: tick {done:,} of {of:,}.")

    @property
    def position(self) -> Position:
        """How many changes there have been in the branch that grows, and in all before it."""
        return self._followed.position

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed in the branch that grows; None where that is too long ago to be told."""
        return self._followed.changes_since(position)

    def event_counts(self, branch: int, edges: Sequence[int]) -> list[int] | None:
        """How many events there were from each of the ticks *edges* to before the next; None where not all are known.
        LookupError when there is no such branch."""
        return self._followed.event_counts(branch, edges)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self._followed.size

    def filler(self) -> Slices[None] | None:
        """What is to be done in the background for those who have asked; None when there is nothing to do now."""
        for branch in sorted(self._wanted - self._broken):
            if not self._followed.whole(branch):
                return self._filling_in(branch)
        return None

    def _filling_in(self, branch: int) -> Slices[None]:
        with suppress(Diverged):  # the session says so where it is shown
            yield from self._followed.filler(branch)
        if not self._followed.whole(branch):
            self._broken.add(branch)
