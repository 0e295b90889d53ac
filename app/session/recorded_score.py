"""The score of a whole recording, whichever moment of it is shown: it is played once more for it, in the background."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from app.history.slices import Slices
from app.hw.profile import INTEL_SDM, Profile
from app.score.course import BYTES_A_SPAN, Course
from app.score.line import Line, Part
from app.score.numbers import Changes, Position
from app.score.recorded import RecordedScribe
from app.score.span_kinds import IN_SERVICE
from app.session.score import Covered, Filling
from app.trace.check.replay import Replay
from app.trace.operations import Recording

#: A slice is so many operations: about a millisecond.
_OPERATIONS_A_SLICE = 50
#: A recording of so many spans is not drawn any further: 140 MB.
MOST_SPANS = 2_000_000
#: Measured: an operation of a recorded Linux leads to 0.2 to 0.7 spans.
_BYTES_AN_OPERATION = BYTES_A_SPAN


class RecordedScore:
    """The spans of *recording*, as *profile* has them."""

    def __init__(self, recording: Recording, profile: Profile = INTEL_SDM) -> None:
        self._recording = recording
        self._profile = profile
        self.course = Course(busy=IN_SERVICE)
        self._done = 0
        #: Up to this time all spans are there.
        self._until = 0
        self._full = False
        #: The operation of each event of the model, in their order.
        self._event_ticks = array("I")
        self._filler = self._fill()

    def line(self, branch: int) -> Line:
        """All of it that there is; a recording has one branch."""
        if branch:
            raise LookupError(f"there is no branch {branch}: a recording has one")
        return Line([Part(self.course)])

    def covered(self, branch: int) -> Covered:
        """For which times it has all spans."""
        return Covered(0, self._until)

    def filling(self, branch: int) -> Filling | None:
        """How far it is; None when it is as it will be."""
        length = len(self._recording.operations)
        if self._full or self._done == length:
            return None
        return Filling(self._done, length, f"The recording is being read: {self._done:,} of {length:,} operations.")

    @property
    def position(self) -> Position:
        """How many changes there have been."""
        return self.course.position

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed since."""
        return self.course.changes_since(position)

    def event_counts(self, branch: int, edges: Sequence[int]) -> list[int] | None:
        """How many events there were from each of the operations *edges* to before the next; None while not all of them
        are known."""
        if branch or self._done < len(self._recording.operations):
            return None
        places = [bisect_left(self._event_ticks, edge) for edge in edges]
        return [last - first for first, last in pairwise(places)]

    @property
    def size(self) -> int:
        """About how many bytes it takes, or will take."""
        expected = 0 if self.filling(0) is None else len(self._recording.operations) * _BYTES_AN_OPERATION
        return max(self.course.size, expected) + len(self._event_ticks) * self._event_ticks.itemsize

    def filler(self) -> Slices[None] | None:
        """Makes it, a little at each slice; None when it is made. It goes on where it has come to."""
        return None if self.filling(0) is None else self._filler

    def _fill(self) -> Slices[None]:
        scribe = RecordedScribe(self.course, Replay(self._recording, self._profile))
        self._event_ticks = scribe.event_ticks
        while self._done < scribe.replay.length and not self._full:
            self._done += scribe.go_on(_OPERATIONS_A_SLICE)
            self._until = _known_until(scribe.replay)
            self._full = len(self.course) >= MOST_SPANS
            yield


def _known_until(replay: Replay) -> int:
    """To which time nothing more can come."""
    following = replay.next_time
    return replay.time if following is None else max(0, following - 1)
