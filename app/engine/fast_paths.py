"""Interrupts that come alone, done again as the model did them before.

When a machine at rest is asked for a guest function, all that follows is decided by what the model looks at on the way.
So the model does it while each part notes which of its fields are read and which are set. Two such runs that agree give
a *path*: what must stand where it stood, and what stands otherwise behind it. From then on the path is followed as
one piece of straight code, as long as everything that the model would look at is as it was.

What the parts are made of they say themselves (``STATE`` of each class), and nothing here says it again: a new field
is noted like all others. What has a past or a future of its own, timers, requests in queues, the choice of a target by
lowest priority, is left to the model; so is everything while somebody looks on step by step, or where a run is to end
in between. Who follows tick by tick (``tick_watch``) notes what it makes of a path, and does that as a whole, too.
"""

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.counters import TAKEN, Counters
from app.engine.endings import MAY_END
from app.engine.events import Event
from app.guest.memory import CallFunctionData, CallSingleQueue
from app.hw.services import Clock, Ledger, MessageNumbers
from app.hw.timer import Timer
from app.x86.vectors import VectorBitmap

if TYPE_CHECKING:
    from app.engine.guest_calls import GuestCall
    from app.engine.processor import Processor
    from app.engine.simulation import Simulation
    from app.engine.tick_watch import TickWatch

#: So many paths of one call are kept: when its CPUs come from elsewhere, they stand otherwise.
_PATHS_PER_CALL = 4
#: What was called so often is worth to be learnt: that takes as long as some hundred interrupts.
_OFTEN = 4
#: A call that has given no new path in so many tries is left to the model where those that are known do not lead.
_TRIES = 16
#: Of so many calls it is known how often they were called.
_CALLS = 1024
#: What depends on more fields than this takes as long to compare as to do.
_MOST_FIELDS = 200
#: What every run moves on, and nothing that the model does depends on.
_BOOKS = (Clock, MessageNumbers, Ledger)
#: Requests of one CPU to another, which come and go.
_REQUESTS = (CallFunctionData, CallSingleQueue)

#: A field of a part: the part's place among all of them, and the field's name.
Place = tuple[int, str]
#: Told the number of the last message so far, it leaves everything as it stands behind the path, and is True; or it
#: is False, and has done nothing, where something does not stand as it stood.
Follow = Callable[[int], bool]
_Events = tuple[tuple[int, Event], ...]


class FastPath(NamedTuple):
    """What follows from one call: *source* is *follow* as text. *counted* is what is counted otherwise than by events,
    *told* how many of the events each counter counts."""

    follow: Follow
    source: str
    cycles: int
    ticks: int
    operations: int
    messages: int
    counted: tuple[tuple[str, int], ...]
    told: tuple[tuple[str, int], ...]
    #: Which interrupts are taken: how many cycles after the beginning, and on which CPU.
    taken: tuple[tuple[int, int], ...]
    #: How many events happen on it; and what makes them of the time at which it begins and the last message's number.
    happened: int
    events: "Callable[[int, int], list[tuple[int, Event]]]"
    #: What who follows has noted of it (``TickWatch.noted``); None where nobody does.
    noted: Any = None


class _Run(NamedTuple):
    """What one run of the model has shown. Fields are frozen values."""

    reads: dict[Place, Any]
    writes: dict[Place, Any]
    cycles: int
    ticks: int
    operations: int
    messages: int
    counted: tuple[tuple[str, int], ...]
    told: tuple[tuple[str, int], ...]
    events: _Events
    #: The number of the last message before it.
    base: int
    #: What who follows has noted; None where nobody does.
    noted: Any = None


class _Called:
    """What is known of one call on one CPU."""

    STATE = ()
    WIRES = ("before", "paths", "times", "tries")
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        #: The newest first.
        self.paths: list[FastPath] = []
        self.times = 0
        self.tries = 0
        #: What the last try has shown, for the next one to agree with.
        self.before: _Run | None = None


class FastPaths:
    """Those of one simulation."""

    STATE = ()
    WIRES = ("_calls", "_follower", "_readdressed", "_simulation")

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        self.follow(None)

    def follow(self, follower: "TickWatch | None") -> None:
        """From now on *follower* is told, or nobody is: a path is another for each."""
        self._follower = follower
        self.forget()

    def forget(self) -> None:
        """What every path depends on is another: the guest's way to its APIC, the prices, the addresses."""
        self._calls: dict[tuple[int, GuestCall], _Called] = {}
        self._readdressed = self._simulation.machine.bus.readdressed

    def known(self) -> list[FastPath]:
        """All that were learnt and not forgotten since."""
        return [path for called in self._calls.values() for path in called.paths]

    def of(self, processor: "Processor") -> list[FastPath]:
        """Those of what *processor* is to call now, which is one time more that it is called."""
        if self._readdressed != self._simulation.machine.bus.readdressed:
            self.forget()
        called = self._calls.get((processor.cpu.number, processor.calls[0]))
        if called is None:
            if len(self._calls) >= _CALLS:
                self._calls.clear()
            called = self._calls[processor.cpu.number, processor.calls[0]] = _Called()
        called.times += 1
        return called.paths

    def is_worth_learning(self, processor: "Processor") -> bool:
        """Whether what *processor* is to call now was called often, and not tried in vain too often."""
        called = self._calls[processor.cpu.number, processor.calls[0]]
        return called.times > _OFTEN and called.tries < _TRIES

    def learn(self, processor: "Processor", go: Callable[[], int]) -> int:
        """Lets the model *go* on to rest, and learns from it. Returns the operations done."""
        called = self._calls[processor.cpu.number, processor.calls[0]]
        called.tries += 1
        watch = _Watch(self._simulation, self._follower)
        try:
            done = go()
        finally:
            watch.end()
        before, run = called.before, watch.run(done)
        path = None
        if run is not None and before is not None:
            path = _fast_path(before, run, watch.parts, watch.parts.index(processor.cpu))
        if path is None:
            called.before = run
        else:
            called.before = None
            called.tries = 0 if len(called.paths) < _PATHS_PER_CALL else called.tries
            called.paths = [path, *called.paths][:_PATHS_PER_CALL]
        return done


# What a run of the model reads and sets


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


class _Watch:
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

    def run(self, operations: int) -> _Run | None:
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
        return _Run(
            {(place, name): self._before[place][name] for place, name in sorted(read)},
            {(place, name): after[place][name] for place, name in sorted(written)},
            simulation.clock.now - self._time,
            simulation.ticks - self._ticks,
            operations,
            simulation.machine.services.numbers.last - self._base,
            tuple((name, more) for name, more in moved.items() if more),
            tuple((name, many) for name, many in told.as_dict().items() if many),
            tuple((time - self._time, event) for time, event in events),
            self._base,
            self._noted,
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


# A path as code


class _Differs(Exception):
    """Two runs that began alike have not ended alike."""


def _fast_path(one: _Run, other: _Run, parts: list[Any], caller: int) -> FastPath | None:
    """The path of two runs after the same call on CPU *caller*; None when they went different ways."""
    alike = ("cycles", "ticks", "operations", "messages", "counted", "told", "noted")
    if any(getattr(one, name) != getattr(other, name) for name in alike):
        return None
    try:
        return _Writer(one.base, other.base, parts, caller).path(one, other)
    except _Differs:
        return None


def _stays(place: Place, run: _Run) -> bool:
    """Whether a field that was set is what it had to be before."""
    return place in run.reads and run.reads[place] == run.writes[place]


class _Writer:
    """Writes a path as a function of the number of the last message, which was *base* and *other* in two runs."""

    def __init__(self, base: int, other: int, parts: list[Any], caller: int) -> None:
        self._bases = base, other
        self._parts = parts
        self._caller = caller
        self._named: dict[str, Any] = {}

    def path(self, one: _Run, other: _Run) -> FastPath:
        """_Differs when the runs went different ways."""
        if one.reads.keys() != other.reads.keys() or one.writes.keys() != other.writes.keys():
            raise _Differs
        guards = [self._guard(place, one.reads[place], other.reads[place]) for place in one.reads]
        set_anew = [place for place in one.writes if not _stays(place, one) or not _stays(place, other)]
        writes = [line for place in set_anew for line in self._write(place, one.writes[place], other.writes[place])]
        lines = [f"if {' or '.join(filter(None, guards))}:", "    return False", *writes, "return True"]
        source = "\n".join(["def follow(base):", *(f"    {line}" for line in lines)])
        return FastPath(
            self._made(source, "follow"),
            source,
            *(one.cycles, one.ticks, one.operations, one.messages, one.counted, one.told),
            tuple((after, event.cpu) for after, event in one.events if isinstance(event, TAKEN)),
            len(one.events),
            self._made(self._events(one.events, other.events), "events"),
            one.noted,
        )

    def _events(self, ones: _Events, others: _Events) -> str:
        if [after for after, _ in ones] != [after for after, _ in others]:
            raise _Differs
        made = [
            f"(began + {after}, {self._value(one, other)})"
            for (after, one), (_, other) in zip(ones, others, strict=True)
        ]
        return f"def events(began, base):\n    return [{', '.join(made)}]"

    def _made(self, source: str, name: str) -> Any:
        """What *source*, which is written here of numbers and of names for the model's values, defines as *name*."""
        names = dict(self._named)
        exec(source, names)
        return names[name]

    def _name(self, value: Any, letter: str) -> str:
        for name, known in self._named.items():
            if known is value:
                return name
        name = f"{letter}{len(self._named)}"
        self._named[name] = value
        return name

    def _field(self, place: Place) -> tuple[str, Any]:
        """The field as text, and what lies there now."""
        part = self._parts[place[0]]
        return f"{self._name(part, 'p')}.{place[1]}", getattr(part, place[1])

    def _guard(self, place: Place, one: Any, other: Any) -> str:
        """Is true when the field is otherwise than it was; "" where that cannot be."""
        field, now = self._field(place)
        if place[1] == "calls" and getattr(self._parts[place[0]], "cpu", None) is self._parts[self._caller]:
            return ""  # the one call by which the path was found
        value = self._value(one, other)
        match now:
            case VectorBitmap():
                return f"{field}.bits != {value}"
            case deque() | list():
                return f"tuple({field}) != {value}" if one else field
            case _:  # what it was decides: where None is now, a number may have been, which is equal and not the same
                is_itself = one is None or isinstance(one, bool | Enum)
                return f"{field} {'is not' if is_itself else '!='} {value}"

    def _write(self, place: Place, one: Any, other: Any) -> list[str]:
        if isinstance(self._parts[place[0]], Clock | MessageNumbers):
            return []  # whoever follows moves them on
        field, now = self._field(place)
        value = self._value(one, other)
        match now:
            case VectorBitmap():
                return [f"{field}.bits = {value}"]
            case deque() | list():
                return [f"{field}.clear()", *([f"{field}.extend({value})"] if one else [])]
            case set() | dict():
                return [f"{field}.clear()", *([f"{field}.update({value})"] if one else [])]
            case _:
                return [f"{field} = {value}"]

    def _value(self, one: Any, other: Any) -> str:
        """What is *one* in the one run and *other* in the other: the same, or as much above the last message's
        number."""
        if type(one) is not type(other):
            raise _Differs
        if one == other:
            return (
                repr(one)
                if type(one) in (int, bool) or one is None or (type(one) is tuple and not one)
                else self._name(one, "k")
            )
        if type(one) is int and one - self._bases[0] == other - self._bases[1]:
            return f"base + {one - self._bases[0]}"
        if isinstance(one, Event):
            parts = [self._value(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True)]
            return f"{self._name(type(one), 'k')}({', '.join(parts)})"
        if isinstance(one, tuple) and len(one) == len(other):
            parts = [self._value(a, b) for a, b in zip(one, other, strict=True)]
            kind = "" if type(one) is tuple else self._name(type(one), "k")
            return f"{kind}({', '.join(parts)}{',' if not kind else ''})"
        raise _Differs
