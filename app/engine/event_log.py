"""What happened in a simulation, with its time, and how often each kind of it did."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.engine.counters import COUNTED, Counters
from app.engine.endings import MAY_END, Ending, note
from app.engine.events import Event
from app.hw.services import Clock

if TYPE_CHECKING:
    from app.engine.fast_paths import FastPath

#: Of what nobody takes, so many of the newest events are kept at least, and fewer than twice as many.
EVENTS_KEPT = 500


class EventLog:
    """The newest events in their order, each with the virtual time at which it happened. All are counted; whoever
    needs all of them takes them often, or has a ``WholeLog``."""

    #: Of what happened, how much, and what ended; these and ``counters`` are up to date in a record.
    STATE = ("_gone", "_endings")
    WIRES = ("_clock", "_counted", "_counters", "_events", "_followed", "_late", "heard")

    #: With so many, all but the newest EVENTS_KEPT are dropped.
    most: int | None = 2 * EVENTS_KEPT

    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters
        self._events: list[tuple[int, Event]] = []
        self._counted = 0
        self._gone = 0
        self._endings: list[Ending] = []
        #: What happened behind ``_events``, as the path that was followed, when that began, and the number of the
        #: last message before; and how many events that is. They are made when somebody asks.
        self._followed: deque[tuple[FastPath, int, int]] = deque()
        self._late = 0
        #: Somebody follows: gets every event, too.
        self.heard: list[Event] | None = None

    @property
    def happened(self) -> int:
        """How many events there were since the log began, or was last forgotten: kept, taken or dropped."""
        return self._gone + len(self._events) + self._late

    def record(self, event: Event) -> None:
        """*event* has happened, now."""
        if self._late:
            self._make()
        events = self._events
        events.append((self._clock.now, event))
        if self.heard is not None:
            self.heard.append(event)
        if len(events) == self.most:
            self._drop(len(events) - EVENTS_KEPT)

    def follow(self, path: "FastPath", base: int) -> None:
        """From now on all of *path* happens, behind message number *base*."""
        self._followed.append((path, self._clock.now, base))
        self._late += path.happened
        if self.most is not None and self._late >= self.most:
            self._drop_followed()

    def _drop_followed(self) -> None:
        """Of what nobody has asked for the newest is kept, and the rest counted alone."""
        self._drop(len(self._events))
        dropped = []
        while self._late - self._followed[0][0].happened >= EVENTS_KEPT:
            dropped.append(self._followed.popleft())
            self._late -= dropped[-1][0].happened
            self._gone += dropped[-1][0].happened
        self._count_followed(dropped)

    def _make(self) -> None:
        """Makes the events of what was followed."""
        self._count()
        events = self._events
        for path, began, base in self._followed:
            events += path.events(began, base)
        self._count_followed(self._followed)
        self._counted = len(events)
        self._followed.clear()
        self._late = 0
        if self.most is not None and len(events) >= self.most:
            self._drop(len(events) - EVENTS_KEPT)

    def _count_followed(self, followed: Iterable[tuple["FastPath", int, int]]) -> None:
        """Counts what has happened on paths, each as a whole."""
        counters = self._counters
        paths: dict[int, FastPath] = {}
        times: Counter[int] = Counter()
        for path, began, _ in followed:
            paths[id(path)] = path
            times[id(path)] += 1
            for after, cpu in path.taken:
                counters.taken(cpu, began + after)
        for number, path in paths.items():
            for name, many in path.outcome.told:
                setattr(counters, name, getattr(counters, name) + many * times[number])

    def count(self) -> None:
        """Brings the counters, and what ended, up to date."""
        if self._late:
            self._make()
        self._count()

    def _count(self) -> None:
        events = self._events
        if self._counted:
            events = events[self._counted :]
        for time, event in events:
            if type(event) in COUNTED:
                self._counters.count(event, time)
            if type(event) in MAY_END:
                note(self._endings, event)
        self._counted = len(self._events)

    @property
    def endings(self) -> tuple[Ending, ...]:
        """The newest of what ended otherwise than by acceptance, the newest last. On a path nothing ends so."""
        self._count()
        return tuple(self._endings)

    def somebody_acts(self) -> tuple[Ending, ...]:
        """What has ended by now was before that. Returns it as it was known."""
        self.count()
        before = tuple(self._endings)
        if before:
            self._endings[:] = [ending._replace(fresh=False) if ending.fresh else ending for ending in before]
        return before

    def put_endings(self, endings: Iterable[Ending]) -> None:
        """It is known that these have ended, and nothing else."""
        self.count()
        self._endings[:] = endings

    def take(self) -> list[tuple[int, Event]]:
        """What is kept of what happened since the last call."""
        if self._late:
            self._make()
        taken = self._events[:]
        self._drop(len(taken))
        return taken

    def since(self, number: int) -> list[tuple[int, Event]]:
        """What is kept of what happened after the first *number* events, for whoever looks and takes nothing."""
        if self._late:
            self._make()
        return self._events[max(0, number - self._gone) :]

    def forget(self, happened: int = 0) -> None:
        """Begins anew, after so many events; what was not counted yet is not counted any more."""
        self._events.clear()
        self._endings.clear()
        self._followed.clear()
        self._late = 0
        self._counted, self._gone = 0, happened

    def _drop(self, oldest: int) -> None:
        self._count()
        del self._events[:oldest]
        self._counted -= oldest
        self._gone += oldest


class WholeLog(EventLog):
    """Keeps every event until somebody takes it: for a run that comes to an end, and is read then."""

    most: int | None = None
