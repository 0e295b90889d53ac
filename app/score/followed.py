"""The score of a session: a course for each stretch of each branch, written while the branch grows, and for what was
before that by doing it again, a little at a time.

A branch has one or more *stretches*. The first of a branch begins where that leaves its parent; one that begins later
has been followed from there on only, as after a restart. The stretch behind it is *joined* to what comes before once
that is known up to there.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from app.engine.journal import Moment, moment_at
from app.engine.simulation import Simulation
from app.history.branches import Branch
from app.history.slices import Slices
from app.history.timeline import Timeline
from app.score.course import Course
from app.score.line import Line, Part
from app.score.numbers import Changes, Numbers, Position
from app.score.scribe import Scribe

#: Bytes that the score of a session may take; beyond that the oldest spans are dropped.
BUDGET = 64_000_000
#: Of the longest course one in so many spans is dropped at a time.
_DROPPED = 16
BYTES_AN_EVENT = 4
#: Measured: a stretch without any spans.
_BYTES_A_STRETCH, _BYTES_A_CPU = 17_000, 200
#: So many times the score is told of growth between two looks at how much it takes.
_LOOKS = 100
#: Ids of what is followed from a later tick on begin here: below is room for what was before.
_LATER_IDS = 1 << 29


class Stretch:
    """A part of *branch* from one moment on."""

    def __init__(self, branch: Branch, numbers: Numbers, simulation: Simulation) -> None:
        self.branch = branch
        self.course = Course(numbers)
        self.scribe = Scribe(self.course, simulation)
        self.since = simulation.moment
        #: Where it ends; while it grows, where it began to.
        self.until = simulation.moment
        #: Everything is known from the session's beginning up to it.
        self.joined = not self.since.tick
        #: The simulation by which it is done again; None where that is over.
        self.behind: Simulation | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self.course.size + BYTES_AN_EVENT * len(self.scribe.event_ticks)


class Covered(NamedTuple):
    """For which times all spans are known, in TSC cycles, and the ticks of the same; and of what is still to be done
    again, where that has come to; None where nothing is."""

    begin: Moment
    end: Moment
    filling: tuple[int, int] | None


class FollowedScore:
    """Follows *timeline* from now on."""

    def __init__(self, timeline: Timeline, budget: int = BUDGET) -> None:
        self._timeline = timeline
        self._budget = budget
        self._numbers = Numbers(_LATER_IDS if timeline.simulation.ticks or timeline.head.tick else 1)
        self._numbers_before = Numbers()
        self._numbers_before.names = self._numbers.names
        self._stretches: dict[int, list[Stretch]] = {}
        #: The stretch that grows, and by what.
        self._growing: tuple[Stretch, Simulation] | None = None
        self._looks = 0
        #: Of what is done again: the tick to which that has come, and the one to which it goes.
        self._progress: tuple[int, int] | None = None
        timeline.onlooker = self

    # While branches grow (``history/onlooker``)

    def attend(self, branch: Branch, simulation: Simulation) -> None:
        growing = self._growing
        if growing is not None and growing[1] is simulation and growing[0].branch is branch:
            self._looks += 1
            if self._looks % _LOOKS == 0:
                self._make_room()
            return
        self.leave()
        stretches = self._stretches.setdefault(branch.number, [])
        if stretches and stretches[-1].until.tick == simulation.ticks and stretches[-1].behind is None:
            stretch = stretches[-1]
            stretch.scribe.attend(simulation)
        else:
            stretch = Stretch(branch, self._numbers, simulation)
            stretches.append(stretch)
        stretch.course.grow()
        self._growing = stretch, simulation

    def leave(self) -> None:
        if self._growing is not None:
            stretch, simulation = self._growing
            stretch.until = simulation.moment
            stretch.course.rest()
            simulation.follow(None)
            self._growing = None

    def conceive(self, parent: Branch, simulation: Simulation) -> None:
        self.leave()
        stretch = Stretch(parent, self._numbers, simulation)
        self._join(stretch, self._known_at(parent, simulation.ticks))
        self._growing = stretch, simulation

    def give_birth(self, branch: Branch | None) -> None:
        assert self._growing is not None
        stretch, simulation = self._growing
        if branch is None:
            simulation.follow(None)
            self._growing = None
            return
        stretch.branch = branch
        self._stretches[branch.number] = [stretch]
        stretch.course.grow()

    @staticmethod
    def _join(stretch: Stretch, before: Stretch | None) -> None:
        """What is open where *stretch* begins gets its true beginning by *before*, when that is known."""
        if before is not None and before.joined:
            stretch.course.adopt(before.course.open_at(stretch.since.tick))
            stretch.scribe.addresses_learnt()
            stretch.joined = True
            stretch.course.grow()

    def _known_at(self, branch: Branch, tick: int) -> Stretch | None:
        """The stretch that knows what was open at a tick of *branch*'s own part; None where none does."""
        for stretch in self._stretches.get(branch.number, ()):
            if stretch.joined and stretch.since.tick <= tick <= self._until(stretch).tick:
                return stretch
        return None

    def _make_room(self) -> None:
        """Drops the oldest spans while there are too many."""
        while self._size_of_spans > self._budget:
            longest = max((each for every in self._stretches.values() for each in every), key=lambda each: each.size)
            if not longest.course.drop(len(longest.course) // _DROPPED):
                return
            longest.scribe.forget_events_before(longest.course.kept_tick)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        empty = _BYTES_A_STRETCH + _BYTES_A_CPU * self._timeline.beginning.cpu_count
        return self._size_of_spans + empty * sum(len(stretches) for stretches in self._stretches.values())

    @property
    def _size_of_spans(self) -> int:
        return sum(stretch.size for stretches in self._stretches.values() for stretch in stretches)

    # What was before

    def filler(self, branch: int | None = None) -> Slices[None]:
        """Does again what nobody has followed, a little at each ``next``, until a branch is known as a whole; the
        present one without a number. LookupError when there is none, Diverged when it cannot be done again."""
        timeline = self._timeline
        if timeline.live:
            self.attend(timeline.branch, timeline.simulation)
        for part, limit in reversed(self._branch(branch).line()):
            yield from self._fill(part, part.head.tick if limit is None else limit)
        self._progress = None

    def _fill(self, branch: Branch, limit: int) -> Slices[None]:
        """Makes *branch*'s own part known up to tick *limit*."""
        stretches = self._stretches.setdefault(branch.number, [])
        parent = branch.parent
        if not stretches or stretches[0].since.tick > branch.leaves_at:
            simulation = yield from self._at_beginning(branch)
            stretches.insert(0, Stretch(branch, self._numbers_before, simulation))
            stretches[0].behind = simulation
        first = stretches[0]
        if not first.joined and parent is not None:
            self._join(first, self._known_at(parent, branch.leaves_at))
        if first.behind is not None:
            yield from self._go_on(first, first.behind, limit)

    def _at_beginning(self, branch: Branch) -> Slices[Simulation]:
        """A simulation that stands where *branch* leaves its parent."""
        if branch.parent is None:
            return Simulation(*self._timeline.beginning)
        return (yield from self._timeline.finder(branch.leaves_at, branch=branch.number))

    def _go_on(self, first: Stretch, simulation: Simulation, limit: int) -> Slices[None]:
        """Takes the first stretch of a branch on by *simulation* until the next one begins."""
        stretches = self._stretches[first.branch.number]
        goal = min(limit, stretches[1].since.tick) if len(stretches) > 1 else limit
        for _ in self._timeline.goer_on(simulation, goal, first.branch.number):
            first.until = simulation.moment
            self._progress = simulation.ticks, goal
            self._make_room()
            yield
        first.until = simulation.moment
        if len(stretches) > 1:
            if stretches[1].since.tick > goal:
                return
            self._join(stretches[1], first)
        elif goal < first.branch.head.tick:
            return
        simulation.follow(None)
        first.behind = None

    # Reading

    def _branch(self, number: int | None) -> Branch:
        """LookupError when there is none of that number."""
        timeline = self._timeline
        if number is None:
            return timeline.branch
        if not 0 <= number < len(timeline.branches):
            raise LookupError(f"there is no branch {number}: there are 0 to {len(timeline.branches) - 1}")
        return timeline.branches[number]

    def _until(self, stretch: Stretch) -> Moment:
        """Where it ends now."""
        growing = self._growing
        return growing[1].moment if growing is not None and growing[0] is stretch else stretch.until

    def _chain(self, branch: Branch, limit: int | None = None) -> list[Stretch]:
        """The stretches, the oldest first, that lead without a gap to tick *limit* of *branch*, or to its end."""
        chain: list[Stretch] = []
        for part, leaves_at in reversed(branch.line()):
            last = limit if leaves_at is None else leaves_at
            known = part.leaves_at
            for stretch in self._stretches.get(part.number, ()):
                if last is not None and stretch.since.tick > last:
                    break
                if not stretch.joined:
                    chain.clear()
                chain.append(stretch)
                known = self._until(stretch).tick
            if last is not None and known < last:
                chain.clear()
        return chain

    def line(self, branch: int | None = None) -> Line:
        """The course of a branch, of the present one without a number, as far back as it is known without a gap."""
        wanted = self._branch(branch)
        chain = self._chain(wanted)
        untils: list[Moment | None] = [stretch.since for stretch in chain[1:]]
        if chain:
            untils.append(None if chain[-1].branch is wanted else _leaves(wanted))
        return Line([Part(stretch.course, until) for stretch, until in zip(chain, untils, strict=True)])

    def covered(self, branch: int | None = None) -> Covered:
        """What is known of a branch, of the present one without a number. LookupError when there is none."""
        wanted = self._branch(branch)
        chain = self._chain(wanted)
        if not chain:
            return Covered(wanted.head, wanted.head, self._progress)
        begin = chain[0].since
        end = self._until(chain[-1]) if chain[-1].branch is wanted else _leaves(wanted)
        dropped = max(stretch.course.kept_from for stretch in chain)
        return Covered(moment_at(begin.tick, max(begin.time, dropped)), end, self._progress)

    def whole(self, branch: int | None = None) -> bool:
        """Whether a branch is known from its beginning to its head, but for what was dropped."""
        wanted = self._branch(branch)
        chain = self._chain(wanted)
        return bool(chain) and chain[0].since.tick == 0 and self.covered(branch).end.tick == wanted.head.tick

    def event_counts(self, branch: int, edges: Sequence[int]) -> list[int] | None:
        """How many events there were from each of the ticks *edges* to before the next, in a branch; None where that is
        not known of all."""
        wanted = self._branch(branch)
        chain = self._chain(wanted)
        covered = self.covered(branch)
        dropped = max((each.course.kept_tick for each in chain), default=0)
        if not chain or edges[0] <= covered.begin.tick or edges[0] < dropped or edges[-1] > covered.end.tick + 1:
            return None
        ends = [each.since.tick for each in chain[1:]] + [covered.end.tick]
        before = [
            sum(each.scribe.events_before(min(edge, end + 1)) for each, end in zip(chain, ends, strict=True))
            for edge in edges
        ]
        return [after - count for count, after in pairwise(before)]

    @property
    def position(self) -> Position:
        """How far the course of the present branch is."""
        stretches = self._stretches.get(self._timeline.branch.number)
        return stretches[-1].course.position if stretches else Position(0, 0)

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed in the present branch since then; None where that cannot be told."""
        stretches = self._stretches.get(self._timeline.branch.number)
        return stretches[-1].course.changes_since(position) if stretches else None


def _leaves(branch: Branch) -> Moment:
    """Where *branch* leaves its parent: with its first command."""
    return branch.journal[0].moment if branch.journal else branch.head
