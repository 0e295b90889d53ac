"""Follows a simulation and writes its course: what happens (``event_scribe``), and what is seen of the CPUs after each
tick (``stands``). It can begin at any tick: what is open there begins for it then, and gets its true beginning by
``Course.adopt``.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from app.engine import events as engine
from app.engine.frames import Call
from app.engine.performable import Performable
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.engine.tick_watch import TickWatch
from app.guest.steps import NextEvent
from app.hw import events as hw
from app.hw.cpu import RunState
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.score.course import ID, LANE, NONE, SOURCE, Course, Row
from app.score.event_scribe import BROADCAST, NO_TARGET, VECTORS, ScribeOfEvents, lint_name
from app.score.numbers import Mark
from app.score.passage import Abreast, Passage, passage_since
from app.score.signals import signals_of
from app.score.span_kinds import CALL, HANDLER, IN_SERVICE, REQUESTED, SIPI
from app.score.stands import Stand

#: Those of a stand's open spans that a path may end, and may leave open.
_OF_STANDS = ("host", "priority")


@dataclass(frozen=True)
class Noted:
    """What a scribe has written of a path."""

    passage: Passage
    #: The tick of each event, counted from where the path begins.
    event_ticks: tuple[int, ...]
    #: How each CPU stood that the path is about.
    stood: tuple[tuple[int, tuple[bool, int] | None], ...]
    #: The open spans that end, by CPU and name.
    ends: tuple[tuple[int, str], ...]
    #: What stands are left with: CPU, name, and the span in the passage, -1 for none.
    left: tuple[tuple[int, str, int], ...]

    @cached_property
    def ticks(self) -> Abreast:
        """Those of the events."""
        return Abreast("I", self.event_ticks)


class _Begun(NamedTuple):
    """Where a scribe stood when it began to note."""

    mark: Mark
    events: int
    tick: int
    time: int
    base: int
    stood: list[tuple[bool, int] | None]
    rows: list[dict[str, Row | None]]


class _Looking(list[Stand]):
    """Stands, and the CPUs of those that somebody has looked at."""

    def __init__(self, stands: list[Stand]) -> None:
        super().__init__(stands)
        self.cpus = set[int]()

    def __getitem__(self, cpu: Any) -> Any:
        self.cpus.add(cpu)
        return super().__getitem__(cpu)


class Scribe(TickWatch, ScribeOfEvents):
    """Follows *simulation* from now on, and writes what it sees into *course*."""

    def __init__(self, course: Course, simulation: Simulation) -> None:
        TickWatch.__init__(self)
        ScribeOfEvents.__init__(self, course, simulation.machine)
        self.since = simulation.moment
        self._first_tick = int(self.since.tick)
        #: The tick of each event since then, by how many ticks later it is.
        self.event_ticks = array("I")
        self._processors = simulation.processors
        self._turn: Processor | None = None
        self._stands = [Stand(course, processor) for processor in simulation.processors]
        self._begun: _Begun | None = None
        self._tick, self._time = simulation.ticks, simulation.time
        self._open_at_first(simulation)
        course.inherited = len(course) if self.since.tick else 0
        simulation.follow(self)

    def attend(self, simulation: Simulation) -> None:
        """Goes on with *simulation*, which stands where the one before did."""
        self.machine = simulation.machine
        self._processors = simulation.processors
        for stand, processor in zip(self._stands, simulation.processors, strict=True):
            stand.attend(processor)
        self.heard.clear()
        simulation.follow(self)

    def addresses_learnt(self) -> None:
        """The course has learnt to whom the messages were sent that were under way where it began."""
        self._flights = {
            number: {row[LANE]: row for row in flights.values()} for number, flights in self._flights.items()
        }

    def events_before(self, tick: int) -> int:
        """How many events there were from where it began to before *tick*, of those that it still knows of."""
        return bisect_left(self.event_ticks, max(0, tick - self.since.tick))

    def forget_events_before(self, tick: int) -> None:
        """So many are no longer known of."""
        del self.event_ticks[: self.events_before(tick)]

    # What is open where it begins

    def _open_at_first(self, simulation: Simulation) -> None:
        machine = simulation.machine
        for pin, level in enumerate(machine.io_apic.lines):
            self._line_changed(f"pin {pin}", pin, level)
        for line in sorted(machine.legacy_pic.up):
            self._line_changed(f"line {line} of the 8259", line, 1)
        for cpu in machine.cpus:
            for pin, level in enumerate(cpu.apic.lint_lines):
                self._line_changed(lint_name(cpu.number, pin), pin, level)
        for processor in simulation.processors:
            self._open_at(processor)
        for flight in simulation.in_flight.values():
            self._sent(hw.MessageSent(flight.message))
        for stand in self._stands:
            stand.look(self._time, self._tick)

    def _open_at(self, processor: Processor) -> None:
        cpu = processor.cpu
        number, time, tick = cpu.number, self._time, self._tick
        for vector in cpu.apic.irr:
            self._requested[number * VECTORS + vector] = self._begin(REQUESTED, number, time, tick, vector)
        for vector in cpu.event_channels.pending if cpu.event_channels else ():
            self._pending[number * VECTORS + vector] = self._begin(REQUESTED, number, time, tick, vector)
        for vector in cpu.apic.isr:
            self._in_service[number * VECTORS + vector] = self._begin(IN_SERVICE, number, time, tick, vector)
        for name, value in signals_of(processor):
            self._latch(number, name, value)
        if cpu.run_state is RunState.WAIT_FOR_SIPI:
            self._waiting_for_startup[number] = self._begin(SIPI, number, time, tick)
        for frame in processor.frames:
            if type(frame.code) is Call:
                self._calls[number] = self._begin(CALL, number, time, tick, NONE, frame.name)
            elif frame.returns_from and frame.name:
                self._enter(number, NONE if frame.vector is None else frame.vector, frame.name, None)

    # Tick by tick

    def turned(self, tick: int, time: int, processor: Processor) -> None:
        heard = self.heard
        if heard:
            self._turn = processor
            self._tick, self._time = tick, time
            self._just.clear()
            writers, late = self._writers, tick - self._first_tick
            for event in heard:
                self.event_ticks.append(late)
                writers[type(event)](event)
            heard.clear()
        if processor.stirred:
            self._stands[processor.cpu.number].look(time, tick)

    def arrived(self, tick: int, time: int, message: BusMessage) -> None:
        self._arriving = message.number
        self._hear(tick, time)
        self._arriving = NONE
        self._message_gone(message.number, BROADCAST if isinstance(message, EoiBroadcast) else NO_TARGET)
        if isinstance(message, InterruptMessage) and message.origin is Origin.IPI and message.source is not None:
            self._stands[message.source].arrived(time, tick)

    def expired(self, tick: int, time: int) -> None:
        self._hear(tick, time)

    def acted(self, tick: int, time: int, command: Performable | None) -> None:
        """A command for a CPU touches that one alone."""
        self._hear(tick, time)
        cpu: int | None = getattr(command, "cpu", None)
        for stand in self._stands if cpu is None else (self._stands[cpu],):
            stand.look(time, tick)

    def switched(self, tick: int, time: int) -> None:
        if self.heard:
            self._hear(tick, time)
        for stand in self._stands:
            stand.look(time, tick)

    def _hear(self, tick: int, time: int) -> None:
        heard = self.heard
        if heard:
            self.event_ticks.extend([tick - self._first_tick] * len(heard))
            self.happened(tick, time, heard)
            heard.clear()
        else:
            self._tick, self._time = tick, time

    def _handler_entered(self, event: engine.HandlerEntered) -> None:
        """A guest with event channels looks for the next event itself: its handler follows in the same upcall."""
        if self._event_channels and self._turn is not None and type(self._turn.last_step) is NextEvent:
            self._handler_left(event)
        cpu = event.cpu
        cause = self._taken.pop(cpu, None)
        row = self._begin(HANDLER, cpu, self._time, self._tick, event.vector, event.function, NONE, NONE, cause)
        self._handlers[cpu].append(row)

    def _guest_left(self, event: engine.GuestExited) -> None:
        self._stands[event.cpu].left_guest(event.reason, self._time, self._tick)

    # Path by path

    @property
    def follows_paths(self) -> bool:
        """Where nothing is open but what stands have open."""
        places = self._requested, self._in_service, self._pending, self._flights, self._calls, self._taken, self._lines
        return not (any(places) or any(self._latched.values()))

    def note(self, tick: int, time: int, base: int) -> None:
        if self.follows_paths and not any(self._handlers):
            stood = [stand.plain for stand in self._stands]
            self._begun = _Begun(
                self.course.mark(), len(self.event_ticks), tick, time, base, stood, list(map(_rows_of, self._stands))
            )
            self._stands = _Looking(self._stands)

    def noted(self) -> Noted | None:
        begun, self._begun = self._begun, None
        if begun is None:
            return None
        looked = self._stands
        assert isinstance(looked, _Looking)
        self._stands = list(looked)
        written = passage_since(self.course, begun.mark, begun.time, begun.tick, begun.base)
        if written is None or not self.follows_paths or any(self._handlers):
            return None
        passage, ended = written
        cpus = sorted({*looked.cpus, *(row[place] for row in passage.rows for place in (LANE, SOURCE))} - {NONE})
        places = {row[ID]: (cpu, name) for cpu, rows in enumerate(begun.rows) for name, row in rows.items() if row}
        left = [
            (cpu, name, row[ID] - begun.mark.next_id if row else NONE)
            for cpu in cpus
            for name, row in _rows_of(self._stands[cpu]).items()
            if row is not begun.rows[cpu][name]
        ]
        stood = tuple((cpu, begun.stood[cpu]) for cpu in cpus)
        if (
            any(span not in places for span in ended)
            or any(self._stands[cpu].plain is None or begun.stood[cpu] is None for cpu in cpus)
            or {span for _, _, span in left} - {NONE} != set(passage.left_open)
        ):
            return None
        late = begun.tick - self._first_tick
        ticks = tuple(tick - late for tick in self.event_ticks[begun.events :])
        return Noted(passage, ticks, stood, tuple(places[span] for span in ended), tuple(left))

    def can_play(self, noted: Noted) -> bool:
        stands, handlers = self._stands, self._handlers
        return all(stands[cpu].plain == stood and not handlers[cpu] for cpu, stood in noted.stood)

    def play(self, noted: Noted, tick: int, time: int, base: int) -> None:
        stands, course = self._stands, self.course
        earlier = [getattr(stands[cpu], name) for cpu, name in noted.ends]
        first = noted.passage.play(course, earlier, time, tick, base)
        for cpu, name, span in noted.left:
            setattr(stands[cpu], name, course.opened(first + span) if span >= 0 else None)
        self.event_ticks.frombytes(noted.ticks.at(tick - self._first_tick))


def _rows_of(stand: Stand) -> dict[str, Row | None]:
    return {name: getattr(stand, name) for name in _OF_STANDS}
