"""States that are kept now and then, so that the way to a moment need not begin at the beginning.

Keyframes are a cache: without any of them every moment is the same, and takes longer.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from app.history.branches import Branch

#: Ticks from one keyframe to the next, at least.
LEAST_SPACING = 5_000
#: So many times what a keyframe has cost is spent before the next one: keeping them is at most a fiftieth of all.
COSTS_BETWEEN = 50
#: Bytes of all keyframes of a session.
BUDGET = 64_000_000
#: The cheapest of so many counts: the first of a process reads what all others need, and any may be interrupted.
_COSTS_COMPARED = 3
#: Where one is not due yet, nobody looks again before so many further ticks.
_NEXT_LOOK = 250
#: So many of the newest are never thinned out.
_NEWEST = 25
#: No session comes to so many ticks: where gaps would have to be as wide, those that are left stay.
_WIDEST_GAP = 1 << 62
#: On the last stretch of a way, one is kept at each half of the rest, as long as a half has so many ticks.
_SHORTEST_HALF = 50
#: So many of those.
_PASSING_KEPT = 40


class Keyframe(NamedTuple):
    """The state behind *tick* of *branch*, with the time at which that tick happened."""

    branch: int
    tick: int
    time: int
    record: Any
    size: int


class Ticking(Protocol):
    """What goes on tick by tick: a simulation, or a recording that is played."""

    @property
    def ticks(self) -> int:
        """How many there have been."""

    @property
    def time(self) -> int:
        """In TSC cycles."""


AnyTicking = TypeVar("AnyTicking", bound=Ticking)


class Pack(NamedTuple, Generic[AnyTicking]):
    """How such a one becomes a record and is made from it again, and how many bytes a record takes. The record of one
    that cannot be kept is None."""

    state: Callable[[AnyTicking], Any]
    from_state: Callable[[Any], AnyTicking]
    size: Callable[[Any], int]


_tick_of = attrgetter("tick")
_time_of = attrgetter("time")


class Keyframes(Generic[AnyTicking]):
    """Those of one session. *spent* gives what the process has spent so far, in any unit, CPU seconds for one: by it
    keeping and all else are compared."""

    def __init__(self, pack: Pack[AnyTicking], spent: Callable[[], float], budget: int = BUDGET) -> None:
        self._pack = pack
        self._budget = budget
        self._spent = spent
        self._kept: dict[int, list[Keyframe]] = {}
        #: Those of a way's last stretch, and not for long: whoever steps back once does so again.
        self._passing: deque[Keyframe] = deque(maxlen=_PASSING_KEPT)
        self._order: deque[tuple[int, int]] = deque()
        self._size = 0
        self._costs: deque[float] = deque(maxlen=_COSTS_COMPARED)
        #: When that much has been spent, another may be kept.
        self._enough = 0.0
        self._gap = 2 * LEAST_SPACING
        #: On this branch, between these two ticks, none is due: nobody has to look for the nearest.
        self._quiet: tuple[Branch | None, int, int] = None, 0, 0

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._size

    @property
    def kept(self) -> list[Keyframe]:
        """Each, by branch and tick."""
        return [keyframe for _, kept in sorted(self._kept.items()) for keyframe in kept]

    def due(self, branch: Branch, tick: int) -> bool:
        """Whether the state behind *tick* is to be kept."""
        on, first, behind = self._quiet
        if branch is on and first <= tick < behind:
            return False
        nearest = self._nearest(branch, tick, None, ())
        earliest = (nearest.tick if nearest else 0) + LEAST_SPACING
        enough = tick >= earliest and self._spent() >= self._enough
        self._quiet = branch, tick, max(earliest, tick + _NEXT_LOOK)
        return enough

    def keep(self, branch: Branch, subject: AnyTicking) -> None:
        """Keeps the present state of *subject*, whose clock stands at its last tick."""
        began = self._spent()
        if keyframe := self._taken(branch, subject):
            self.add(keyframe)
        ended = self._spent()
        self._costs.append(ended - began)
        if len(self._costs) == _COSTS_COMPARED:
            self._enough = ended + COSTS_BETWEEN * min(self._costs)

    def add(self, keyframe: Keyframe) -> None:
        """Keeps one that was taken before, by another process of the same program for one."""
        kept = self._kept.setdefault(keyframe.branch, [])
        place = bisect_right(kept, keyframe.tick, key=_tick_of)
        if place and kept[place - 1].tick == keyframe.tick:
            return
        kept.insert(place, keyframe)
        self._order.append((keyframe.branch, keyframe.tick))
        self._size += keyframe.size
        if self._size > self._budget:
            self._thin()

    def _taken(self, branch: Branch, subject: AnyTicking) -> Keyframe | None:
        record = self._pack.state(subject)
        if record is None:
            return None
        tick = subject.ticks
        return Keyframe(branch.owner(tick).number, tick, subject.time, record, self._pack.size(record))

    def pass_by(self, branch: Branch, subject: AnyTicking) -> None:
        """Keeps the present state for as long as somebody is likely to come back here."""
        if keyframe := self._taken(branch, subject):
            self._passing.append(keyframe)

    @staticmethod
    def halves(begin: int, end: int) -> deque[int]:
        """At which ticks between the two, in their order, a way to *end* has a state kept for a little while."""
        places: deque[int] = deque()
        rest = (end - begin) // 2
        while rest >= _SHORTEST_HALF:
            places.append(end - rest)
            rest //= 2
        return places

    def nearest(self, branch: Branch, tick: int, time: int | None = None) -> AnyTicking | None:
        """One that stands at the last keyframe of *branch*'s course up to *tick*, and up to *time*; None when
        there is none."""
        keyframe = self._nearest(branch, tick, time, self._passing)
        return self._pack.from_state(keyframe.record) if keyframe else None

    def _nearest(self, branch: Branch, tick: int, time: int | None, others: Iterable[Keyframe]) -> Keyframe | None:
        for part, limit in branch.line():
            last = tick if limit is None else min(limit, tick)
            kept = self._kept.get(part.number, [])
            place = bisect_right(kept, last, key=_tick_of)
            if time is not None:
                place = min(place, bisect_right(kept, time, key=_time_of))
            found = kept[max(0, place - 1) : place]
            found += [
                other
                for other in others
                if other.branch == part.number and other.tick <= last and (time is None or other.time <= time)
            ]
            if found:
                return max(found, key=_tick_of)
        return None

    # The budget

    def _thin(self) -> None:
        """Drops old ones until the rest keeps to the budget, so that no gap becomes much wider than any other: the
        worst way to a moment is as long as the widest."""
        newest = set(list(self._order)[-_NEWEST:])
        while self._size > self._budget and self._gap < _WIDEST_GAP:
            before = self._size
            for branch, kept in self._kept.items():
                self._kept[branch] = self._with_wider_gaps(kept, newest)
            left = {(branch, keyframe.tick) for branch, kept in self._kept.items() for keyframe in kept}
            self._order = deque(place for place in self._order if place in left)
            self._size = sum(keyframe.size for kept in self._kept.values() for keyframe in kept)
            if self._size == before:
                self._gap *= 2

    def _with_wider_gaps(self, kept: list[Keyframe], newest: set[tuple[int, int]]) -> list[Keyframe]:
        left: list[Keyframe] = []
        before = 0
        for keyframe, following in zip(kept, [*kept[1:], None], strict=True):
            old = (keyframe.branch, keyframe.tick) not in newest
            if old and following is not None and following.tick - before <= self._gap:
                continue
            left.append(keyframe)
            before = keyframe.tick
        return left
