"""The score of one machine of a pair, up to where the pair stands."""

from collections.abc import Sequence

from app.pair.lock_step import Side
from app.score.line import Line, Part
from app.score.numbers import Changes, Position
from app.session.score import Covered


class PairedScore:
    """The spans of *side*, whose course is written from its beginning on: after a step back, that is another one."""

    def __init__(self, side: Side) -> None:
        assert side.course is not None, "a pair's timeline has it written"
        self._course = side.course
        self._clock = side.simulation.clock

    def filler(self) -> None:
        """Nothing is ever missing."""

    def line(self, branch: int) -> Line:
        """All of it. LookupError for another branch than 0: a pair has none."""
        if branch:
            raise LookupError(f"there is no branch {branch}: a pair has one course")
        return Line([Part(self._course)])

    def covered(self, branch: int) -> Covered:
        """Up to now."""
        return Covered(0, self._clock.now)

    def filling(self, branch: int) -> None:
        """Nothing is ever missing."""

    @property
    def position(self) -> Position:
        """How many changes there have been."""
        return self._course.position

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed since; None, too, when the pair has gone back since."""
        return self._course.changes_since(position)

    def event_counts(self, branch: int, edges: Sequence[int]) -> None:
        """Nobody has counted them."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self._course.size
