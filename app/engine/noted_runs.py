"""One run of the model from rest to rest, with all that it looks at and all that it sets (``fast_paths``).

What the parts are made of they say themselves (``STATE`` of each class), and nothing here says it again: a new field
is noted like all others.
"""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.counters import Counters
from app.engine.endings import MAY_END
from app.engine.events import Event
from app.guest.memory import CallFunctionData, CallSingleQueue
from app.hw.services import Clock, Ledger, MessageNumbers
from app.hw.timer import Timer
from app.x86.vectors import VectorBitmap

if TYPE_CHECKING:
    from app.engine.simulation import Simulation
    from app.engine.tick_watch import TickWatch

#: What depends on more fields than this takes as long to compare as to do.
_MOST_FIELDS = 200
#: What every run moves on, and nothing that the model does depends on.
_BOOKS = (Clock, MessageNumbers, Ledger)
#: Requests of one CPU to another, which come and go.
_REQUESTS = (CallFunctionData, CallSingleQueue)

#: A field of a part: the part's place among all of them, and the field's name.
Place = tuple[int, str]
Events = tuple[tuple[int, Event], ...]


class Outcome(NamedTuple):
    """What a run comes to, whenever it begins. *counted* is what is counted otherwise than by events, *told* how many
    of the events each counter counts."""

    cycles: int
    ticks: int
    operations: int
    messages: int
    counted: tuple[tuple[str, int], ...]
    told: tuple[tuple[str, int], ...]
    #: What who follows has noted (``TickWatch.noted``); None where nobody does.
    noted: Any = None


class Run(NamedTuple):
    """What one run of the model has shown. Fields are frozen values."""

    reads: dict[Place, Any]
    writes: dict[Place, Any]
    outcome: Outcome
    #: Each with how many cycles later it happened.
    events: Events
    #: The number of the last message before it.
    base: int


def _parts(simulation: "Simulation") -> list[Any]:
    """All that has state, but for what is under way and who waits, of which there is nothing at rest."""
    machine, kernel = simulation.machine, simulation.execution.kernel
    of_cpus = [part for cpu in machine.cpus for part in machine.parts_of(cpu)]
    memory = [*kernel.words(), *kernel.cfd_data, *kernel.call_single_queues]
    return [*machine.common_parts(), *of_cpus, *simulation.processors, *memory]


def _frozen(value: Any) -> Any:
    """*value* as it is now, whatever becomes of it."""
    match value:
        case VectorBitmap():
            return value.bits
        case deque() | list():
            return tuple(value)
        case set():
            return frozenset(value)
        case dict():
            return dict(value)
        case _:
            return value


def _fields(part: Any, *, followed: bool) -> tuple[str, ...]:
    """What may decide how a path goes, or what who follows makes of it."""
    fields: tuple[str, ...] = part.STATE
    return (*fields, *getattr(part, "SIGNS", ())) if followed else fields


def _noting(kind: Any, fields: tuple[str, ...], places: dict[int, int], read: set[Place], written: set[Place]) -> type:
    """*kind*, of which each of *fields* notes what becomes of it."""
    names = frozenset(fields)

    class Noting(kind):  # type: ignore[misc]
        __slots__ = ()
        of = kind

        def __getattribute__(self, name: str) -> Any:
            if name in names:
                read.add((places[id(self)], name))
            return object.__getattribute__(self, name)

        def __setattr__(self, name: str, value: Any) -> None:
            if name in names:
                written.add((places[id(self)], name))
            object.__setattr__(self, name, value)

    return Noting


class Watch:
    """From now on every part notes which of its fields are read and set, until ``end``; and so does *follower* what it
    makes of it."""

    def __init__(self, simulation: "Simulation", follower: "TickWatch | None") -> None:
        self._simulation = simulation
        self._follower = follower
        self.parts = _parts(simulation)
        self._before = self._values()
        self._counted = simulation.counters.as_dict()
        self._time, self._ticks, self._happened = simulation.clock.now, simulation.ticks, simulation.happened
        self._base = simulation.machine.services.numbers.last
        self._alarm = simulation.queue.alarm
        self._read: set[Place] = set()
        self._written: set[Place] = set()
        self._noted: Any = None
        if follower is not None:
            follower.note(self._ticks, self._time, self._base)
        self._replace_classes()

    def _replace_classes(self) -> None:
        places = {id(part): place for place, part in enumerate(self.parts)}
        kinds: dict[type, type] = {}
        for part in self.parts:
            kind = type(part)
            if kind not in kinds:
                kinds[kind] = _noting(kind, self._fields(part), places, self._read, self._written)
            part.__class__ = kinds[kind]

    def _fields(self, part: Any) -> tuple[str, ...]:
        return _fields(part, followed=self._follower is not None)

    def _values(self) -> list[dict[str, Any]]:
        return [{name: _frozen(getattr(part, name)) for name in self._fields(part)} for part in self.parts]

    def end(self) -> None:
        """Every part is what it was."""
        for part in self.parts:
            part.__class__ = type(part).of
        if self._follower is not None:
            self._noted = self._follower.noted()

    def run(self, operations: int) -> Run | None:
        """What has been shown; None when that says nothing about other times."""
        simulation = self._simulation
        after = self._values()
        read, written = self._others(self._read), self._written | self._changed(after)
        events = simulation.events_since(self._happened)
        told = Counters()
        for time, event in events:
            told.count(event, time)
        if (
            not simulation.at_rest
            or simulation.queue.alarm != self._alarm
            or len(events) != simulation.happened - self._happened
            or any(type(event) in MAY_END for _, event in events)
            or len(read) > _MOST_FIELDS
            or any(self._goes_on(place) for place in read)
            or any(isinstance(self.parts[place], Timer) for place, _ in written)
            or (self._follower is not None and self._noted is None)
        ):
            return None
        counted = simulation.counters.as_dict()
        moved = {name: counted[name] - self._counted[name] - by_events for name, by_events in told.as_dict().items()}
        return Run(
            {(place, name): self._before[place][name] for place, name in sorted(read)},
            {(place, name): after[place][name] for place, name in sorted(written)},
            Outcome(
                simulation.clock.now - self._time,
                simulation.ticks - self._ticks,
                operations,
                simulation.machine.services.numbers.last - self._base,
                tuple((name, more) for name, more in moved.items() if more),
                tuple((name, many) for name, many in told.as_dict().items() if many),
                self._noted,
            ),
            tuple((time - self._time, event) for time, event in events),
            self._base,
        )

    def _others(self, places: Iterable[Place]) -> set[Place]:
        return {place for place in places if not isinstance(self.parts[place[0]], _BOOKS)}

    def _changed(self, after: list[dict[str, Any]]) -> set[Place]:
        return {
            (place, name)
            for place, (one, other) in enumerate(zip(self._before, after, strict=True))
            for name in one
            if one[name] != other[name]
        }

    def _goes_on(self, place: Place) -> bool:
        """Whether what was read there has a past or a future of its own."""
        part = self.parts[place[0]]
        armed = isinstance(part, Timer) and self._before[place[0]]["deadline"] is not None
        return armed or isinstance(part, _REQUESTS)
