"""Looking for the ticks in which a condition comes true: on from the present moment, or back from it.

Backwards each stretch from one kept state to the next is run forward, and its last hit remembered. Stretches in which
there is none are remembered, too: nothing of a branch's past ever changes.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import NamedTuple, Protocol

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Hit, Looked, Lookout, RequestTimes, Search, hit_of
from app.breakpoints.seen import Request, Requests, requested_on
from app.history.branches import Branch
from app.history.slices import End, Slices
from app.history.watch import Watch
from app.x86.words import VectorNames

#: So many ticks are looked at in a slice.
_TICKS_A_SLICE = 40
#: Of so many conditions it is remembered where they do not come true.
_CONDITIONS = 16


class Past(Protocol):
    """A course whose known ticks can be looked at again, without moving anybody."""

    @property
    def branch(self) -> Branch:
        """The course."""

    def watch(self, tick: int) -> Watch:
        """A machine of its own on that course, that stands at *tick* or before."""


class FreeStretches:
    """In which stretches of which branches a condition does not come true."""

    def __init__(self) -> None:
        self._free: dict[tuple[str, int], list[tuple[int, int]]] = {}

    def add(self, condition: Condition, branch: Branch, first: int, last: int) -> None:
        """The condition comes true in none of the ticks from *first* to *last*."""
        while last >= first:
            owner = branch.owner(last)
            begin = max(first, owner.leaves_at + 1 if owner.parent is not None else 1)
            self._add((condition.text, owner.number), begin, last)
            last = begin - 1

    def _add(self, key: tuple[str, int], first: int, last: int) -> None:
        stretches = self._free.pop(key, [])
        apart = [one for one in stretches if one[1] < first - 1 or one[0] > last + 1]
        joined = [one for one in stretches if one not in apart]
        low = min([first, *(one[0] for one in joined)])
        self._free[key] = sorted([*apart, (low, max([last, *(one[1] for one in joined)]))])
        while len(self._free) > _CONDITIONS:
            del self._free[next(iter(self._free))]  # the one that was added to least recently

    def before(self, condition: Condition, branch: Branch, tick: int) -> int:
        """The lowest tick so that none from there to before *tick* is a hit, as far as that is known: *tick*, where
        nothing is."""
        while tick > 1:
            stretches = self._free.get((condition.text, branch.owner(tick - 1).number), ())
            begin = next((first for first, last in stretches if first < tick <= last + 1), tick)
            if begin == tick:
                break
            tick = begin
        return tick


class Found(NamedTuple):
    """The number of the condition that has come true, and the hit."""

    number: int
    hit: Hit


class Guard:
    """Lets a machine go on tick by tick, and tells when one of some conditions comes true."""

    def __init__(self, watch: Watch, conditions: Mapping[int, Condition], known: Requests, names: VectorNames) -> None:
        here = watch.here()
        #: The machine that it looks at.
        self.machine = here.machine
        self._watch = watch
        self._names = names
        self._lookouts = [(number, one, Lookout(one, here, known)) for number, one in conditions.items()]

    def close(self) -> None:
        """It looks no more."""
        self._watch.close()

    def tick(self) -> Found | None:
        """Lets one thing happen. Returns what comes true by that, the first of them; None for nothing."""
        seen = self._watch.tick()
        if seen is None:
            return None
        true = [(number, one) for number, one, lookout in self._lookouts if lookout.comes_true(seen)]
        return Found(true[0][0], hit_of(true[0][1], seen, self._names)) if true else None


class Searches:
    """All that is looked for in one session."""

    def __init__(self) -> None:
        self.free = FreeStretches()

    def back(self, past: Past, condition: Condition, tick: int, names: VectorNames) -> Search:
        """The last hit before *tick*."""
        branch = past.branch
        looked = 0
        end = self.free.before(condition, branch, tick)
        while end > 1:
            with closing(past.watch(end - 2)) as watch:
                begin = watch.ticks
                lookout = yield from self._lookout(past, condition, watch, Looked(looked, end, tick - 1))
                hit = None
                while watch.ticks < end - 1 and (seen := watch.tick()) is not None:
                    if lookout.comes_true(seen):
                        hit = hit_of(condition, seen, names)
                    looked += 1
                    if looked % _TICKS_A_SLICE == 0:
                        yield Looked(looked, end, tick - 1)
            first = hit.tick + 1 if hit else begin + 1
            self.free.add(condition, branch, first, end - 1)
            if hit is not None:
                return Looked(tick - hit.tick, hit.tick, tick - 1, hit)
            end = self.free.before(condition, branch, begin + 1)
        return Looked(max(0, tick - 1), 1, tick - 1)

    def on(
        self, past: Callable[[], Past], watch: Watch, condition: Condition, limit: int, names: VectorNames
    ) -> Search:
        """The next hit from where *watch* stands, within *limit* ticks: the machine goes on to it, or as far as it
        was looked at. *past* is the course up to here; it becomes another one when somebody acts in the past."""
        begin = watch.ticks
        lookout = yield from self._lookout(past(), condition, watch, Looked(0, begin + 1, begin))
        hit: Hit | None = None
        while hit is None and watch.ticks - begin < limit and (seen := watch.tick()) is not None:
            if lookout.comes_true(seen):
                hit = hit_of(condition, seen, names)
            elif watch.ticks % _TICKS_A_SLICE == 0:
                yield Looked(watch.ticks - begin, begin + 1, watch.ticks)
        self.free.add(condition, past().branch, begin + 1, watch.ticks - (hit is not None))
        return Looked(watch.ticks - begin, begin + 1, watch.ticks, hit)

    @staticmethod
    def guard(past: Past, watch: Watch, conditions: Mapping[int, Condition], names: VectorNames) -> Slices[Guard]:
        """One that goes on from where *watch* stands, at the end of *past*."""
        known: dict[Request, int] = {}
        if any(condition.asks_latency for condition in conditions.values()):
            try:
                known = yield from requested_since(past, watch)
            except GeneratorExit:
                watch.close()
                raise
        return Guard(watch, conditions, known, names)

    def _lookout(
        self, past: Past, condition: Condition, watch: Watch, looked: Looked
    ) -> Generator[Looked, None, Lookout]:
        """One that looks on from where *watch* stands, and knows when what is requested there was requested."""
        here, known = watch.here(), dict[Request, int]()
        if condition.asks_latency:
            known = yield from showing(requested_since(past, watch), looked)
        return Lookout(condition, here, known)


def showing(slices: Slices[End], looked: Looked) -> Generator[Looked, None, End]:
    """*slices*, with how far the search is after each."""
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            result: End = stop.value
            return result
        yield looked


def requested_since(past: Past, watch: Watch) -> Slices[dict[Request, int]]:
    """When each vector was requested that is requested where *watch* stands, in TSC cycles."""
    wanted = requested_on(watch.here().machine)
    found: dict[Request, int] = {}
    end = watch.ticks
    while wanted and end > 0:
        with closing(past.watch(end - 1)) as before:
            begin, times = before.ticks, RequestTimes({})
            while before.ticks < end and (seen := before.tick()) is not None:
                times.follow(seen.events, seen.time)
                if before.ticks % _TICKS_A_SLICE == 0:
                    yield
        known = times.of(wanted)
        found |= known
        wanted -= known.keys()
        end = begin
    return found
