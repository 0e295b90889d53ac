"""Interrupts that come alone, done again as the model did them before.

When a machine at rest is asked for a guest function, all that follows is decided by what the model looks at on the way.
So the model does it while each part notes which of its fields are read and which are set. Two such runs that agree give
a *path*: what must stand where it stood, and what stands otherwise behind it. From then on the path is followed as
one piece of straight code, as long as everything that the model would look at is as it was.

What has a past or a future of its own, timers, requests in queues, the choice of a target by lowest priority, is left
to the model; so is everything while somebody looks on step by step, or where a run is to end in between. Who follows
tick by tick (``tick_watch``) notes what it makes of a path, and does that as a whole, too.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from app.engine.counters import TAKEN, Counters
from app.engine.event_log import EventLog
from app.engine.event_queue import Priority
from app.engine.events import Event
from app.engine.noted_runs import Events, Outcome, Place, Run, Watch
from app.hw.services import Clock, MessageNumbers
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
#: What takes more operations than this to come to rest is left to the model: it may never do so.
_MOST_OPERATIONS = 2_000

#: Told the number of the last message so far, it leaves everything as it stands behind the path, counts what is counted
#: otherwise than by events, and is True; or it is False, and has done nothing, where something does not stand as it
#: stood.
Follow = Callable[[int], bool]


class FastPath(NamedTuple):
    """What follows from one call: *source* is *follow* as text."""

    follow: Follow
    source: str
    outcome: Outcome
    #: Which interrupts are taken: how many cycles after the beginning, and on which CPU.
    taken: tuple[tuple[int, int], ...]
    #: How many events happen on it; and what makes them of the time at which it begins and the last message's number.
    happened: int
    events: "Callable[[int, int], list[tuple[int, Event]]]"


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
        self.before: Run | None = None


class FastPaths:
    """Those of one simulation."""

    STATE = ()
    WIRES = ("_calls", "_follower", "_go", "_learning", "_log", "_readdressed", "_simulation")

    def __init__(self, simulation: "Simulation", log: EventLog, go: Callable[..., int]) -> None:
        """*go* lets the model go on, as ``Simulation.run``, but leaves the clock where something happened last."""
        self._simulation = simulation
        self._log = log
        self._go = go
        self._learning = False
        self.follower(None)

    def follower(self, watch: "TickWatch | None") -> None:
        """From now on *watch* is told what happens, or nobody is: a path is another for each."""
        self._follower = watch
        self.forget()

    def forget(self) -> None:
        """What every path depends on is another: the guest's way to its APIC, the prices, the addresses."""
        self._calls: dict[tuple[int, GuestCall], _Called] = {}
        self._readdressed = self._simulation.machine.bus.readdressed

    def known(self) -> list[FastPath]:
        """All that were learnt and not forgotten since."""
        return [path for called in self._calls.values() for path in called.paths]

    def go(self, processor: "Processor", until: int | None, operations: int | None, to_tick: int | None) -> int | None:
        """Follows a path from what *processor* is to call now to the rest behind it, or learns one. Returns the
        operations done; None when nothing was: the model is to do it. The limits are those of ``Simulation.run``."""
        simulation, watch = self._simulation, self._follower
        if (
            self._learning
            or processor.frames
            or len(processor.calls) != 1
            or not (watch is None or watch.follows_paths)
            or simulation.execution.probes
            or not simulation.at_rest
        ):
            return None
        called = self._called(processor)
        now, ticks, alarm = simulation.clock.now, simulation.ticks, simulation.queue.alarm
        one_too_long = False
        for path in called.paths:
            outcome = path.outcome
            end = now + outcome.cycles
            if (
                (until is not None and end > until)
                or (operations is not None and outcome.operations >= operations)
                or (to_tick is not None and ticks + outcome.ticks >= to_tick)
                or (alarm is not None and alarm <= end)
            ):
                one_too_long = True
            elif self._follow(path):
                return outcome.operations
        if one_too_long or called.times <= _OFTEN or called.tries >= _TRIES:
            return None
        simulation.queue.push(now, Priority.PROCESSOR, processor)
        return self._learn(called, processor, until, operations, to_tick)

    def _called(self, processor: "Processor") -> _Called:
        """What is known of what *processor* is to call now, which is one time more that it is called."""
        if self._readdressed != self._simulation.machine.bus.readdressed:
            self.forget()
        called = self._calls.get((processor.cpu.number, processor.calls[0]))
        if called is None:
            if len(self._calls) >= _CALLS:
                self._forget_rarest()
            called = self._calls[processor.cpu.number, processor.calls[0]] = _Called()
        called.times += 1
        return called

    def _forget_rarest(self) -> None:
        """Forgets the half that was called least, and of those that were called as often the oldest."""
        by_times = sorted(self._calls.items(), key=lambda known: known[1].times)
        self._calls = dict(by_times[(len(by_times) + 1) // 2 :])

    def _follow(self, path: FastPath) -> bool:
        """False, and nothing has changed, where something does not stand as it stood."""
        simulation, watch = self._simulation, self._follower
        numbers, now = simulation.machine.services.numbers, simulation.clock.now
        base, outcome = numbers.last, path.outcome
        if not ((watch is None or watch.can_play(outcome.noted)) and path.follow(base)):
            return False
        if watch is not None:
            watch.play(outcome.noted, simulation.ticks, now, base)
        self._log.follow(path, base)
        numbers.last = base + outcome.messages
        simulation.ticks += outcome.ticks
        simulation.clock.now = now + outcome.cycles
        return True

    def _learn(
        self,
        called: _Called,
        processor: "Processor",
        until: int | None,
        operations: int | None,
        to_tick: int | None,
    ) -> int:
        """Lets the model go on to rest, and learns from it; nothing where that takes too long. Returns the operations
        done."""
        called.tries += 1
        most = _MOST_OPERATIONS if operations is None else min(operations, _MOST_OPERATIONS)
        self._learning = True
        watch = Watch(self._simulation, self._follower)
        try:
            done = self._go(until, most, until_idle=True, to_tick=to_tick, whole_paths=False)
        finally:
            watch.end()
            self._learning = False
        before, run = called.before, watch.run(done)
        path = None
        if run is not None and before is not None:
            caller = watch.parts.index(processor.cpu)
            path = _fast_path(before, run, watch.parts, caller, self._simulation.execution.counters)
        if path is None:
            called.before = run
        else:
            called.before = None
            called.tries = 0 if len(called.paths) < _PATHS_PER_CALL else called.tries
            called.paths = [path, *called.paths][:_PATHS_PER_CALL]
        return done


# A path as code


class _Differs(Exception):
    """Two runs that began alike have not ended alike."""


def _fast_path(one: Run, other: Run, parts: list[Any], caller: int, counters: Counters) -> FastPath | None:
    """The path of two runs after the same call on CPU *caller*; None when they went different ways."""
    if one.outcome != other.outcome:
        return None
    try:
        return _Writer(one.base, other.base, parts, caller, counters).path(one, other)
    except _Differs:
        return None


def _stays(place: Place, run: Run) -> bool:
    """Whether a field that was set is what it had to be before."""
    return place in run.reads and run.reads[place] == run.writes[place]


class _Writer:
    """Writes a path as a function of the number of the last message, which was *base* and *other* in two runs."""

    def __init__(self, base: int, other: int, parts: list[Any], caller: int, counters: Counters) -> None:
        self._bases = base, other
        self._parts = parts
        self._caller = caller
        self._counters = counters
        self._named: dict[str, Any] = {}

    def path(self, one: Run, other: Run) -> FastPath:
        """_Differs when the runs went different ways."""
        if one.reads.keys() != other.reads.keys() or one.writes.keys() != other.writes.keys():
            raise _Differs
        guards = [self._guard(place, one.reads[place], other.reads[place]) for place in one.reads]
        set_anew = [place for place in one.writes if not _stays(place, one) or not _stays(place, other)]
        writes = [line for place in set_anew for line in self._write(place, one.writes[place], other.writes[place])]
        counts = [f"{self._name(self._counters, 'c')}.{name} += {more}" for name, more in one.outcome.counted]
        lines = [f"if {' or '.join(filter(None, guards))}:", "    return False", *writes, *counts, "return True"]
        source = "\n".join(["def follow(base):", *(f"    {line}" for line in lines)])
        return FastPath(
            self._made(source, "follow"),
            source,
            one.outcome,
            tuple((after, event.cpu) for after, event in one.events if isinstance(event, TAKEN)),
            len(one.events),
            self._made(self._events(one.events, other.events), "events"),
        )

    def _events(self, ones: Events, others: Events) -> str:
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
