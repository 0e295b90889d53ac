"""Two courses of one session at one time: what each had come to, and what differs."""

from typing import NamedTuple

from app.engine.journal import Moment
from app.history.branches import Branch
from app.history.slices import Slices
from app.history.timeline import Timeline
from app.session.drive import Drive, NotPossible
from app.session.looking_back import MomentState, in_slices
from app.session.simulated import SimulatedDrive
from app.state.differences import Difference, differences


class Course(NamedTuple):
    """One of the two: its branch, what was to be seen of it, and what was done first in it that the other has not."""

    branch: int
    name: str
    head: Moment
    seen: MomentState
    #: "" where it only went on.
    acted: str

    @property
    def tick(self) -> int:
        """The last tick that had happened then."""
        return self.seen.machine["tick"]


class Compared(NamedTuple):
    """Two courses at *time*, in TSC cycles. A course that has not come so far is shown at its head."""

    time: int
    #: The last moment that both have; None where both are one.
    shared: Moment | None
    a: Course
    b: Course
    differences: list[Difference]

    @property
    def courses(self) -> tuple[Course, Course]:
        return self.a, self.b

    @property
    def one_moment(self) -> bool:
        """It is one moment of both."""
        return self.shared is None or self.time <= self.shared.time

    @property
    def equal(self) -> bool:
        """The states are the same, also in what no table shows."""
        return self.a.seen.machine["hash"] == self.b.seen.machine["hash"]

    @property
    def last(self) -> int:
        """The time up to which there is something to compare."""
        return max(self.a.head.time, self.b.head.time)


async def compared(drive: Drive, a: int, b: int, time: int | None) -> Compared:
    """Branches *a* and *b* at *time*; without one, when the first of them had come to its head. NotPossible when there
    is no such branch, or nobody acts on what *drive* plays. It moves nobody."""
    drive, pair = _pair(drive, a, b)
    at = min(branch.head.time for branch in pair) if time is None else time
    shared = pair[0].shared_with(pair[1])
    courses = [
        Course(one.number, one.name, one.head, await in_slices(_seen(drive, one, at, shared)), _acted(one, other))
        for one, other in (pair, pair[::-1])
    ]
    found = differences(courses[0].seen.machine, courses[1].seen.machine, drive.vector_names)
    return Compared(at, shared, courses[0], courses[1], found)


def last_shared(drive: Drive, a: int, b: int) -> Moment:
    """The last moment that branches *a* and *b* share; the head where they are one. NotPossible as in ``compared``."""
    _, (one, other) = _pair(drive, a, b)
    return one.shared_with(other) or one.head


def is_on_course(drive: Drive, branch: int, tick: int, course: int) -> bool:
    """Whether a *tick* of *branch* is one of the *course* of another, or of the same: of its whole past, too. There
    must be both branches."""
    if not isinstance(drive, SimulatedDrive):
        return True
    branches = drive.timeline.branches
    there = branches[course]
    return tick <= there.head.tick and there.owner(tick) is branches[branch].owner(tick)


def _pair(drive: Drive, a: int, b: int) -> tuple[SimulatedDrive, tuple[Branch, Branch]]:
    if not isinstance(drive, SimulatedDrive):
        raise NotPossible("a recording has one course, and nothing to compare it with")
    return drive, (_branch(drive.timeline, a, "a"), _branch(drive.timeline, b, "b"))


def _branch(timeline: Timeline, number: int, field: str) -> Branch:
    if not 0 <= number < len(timeline.branches):
        raise NotPossible(f"there is no branch {number}: there are 0 to {len(timeline.branches) - 1}", field)
    return timeline.branches[number]


def _seen(drive: SimulatedDrive, branch: Branch, time: int, shared: Moment | None) -> Slices[MomentState]:
    """What was to be seen of *branch* at *time*, or at its head where it has not come so far. As long as time stands
    at the last moment that is *shared*, nothing that happened behind it counts."""
    if time >= branch.head.time:
        return (yield from drive.state_finder(branch.number, *branch.head))
    tick = yield from drive.timeline.tick_finder(time, branch.number)
    if shared is not None and time <= shared.time:
        tick = min(tick, shared.tick)
    return (yield from drive.state_finder(branch.number, tick, time))


def _acted(branch: Branch, other: Branch) -> str:
    """What was done where *branch* left the course that it shares with *other*."""
    shared = branch.shared_with(other)
    if shared is None:
        return ""
    entry = branch.next_entry(shared.tick)
    return entry.command.words if entry is not None and entry.moment == shared else ""
