"""Writes a course: turns what happens, and what is seen of the CPUs after each tick, into spans.

Events alone tell of requests, service, handlers, calls, flights, lines and marks (``ScribeOfEvents.happened``), and so
they do for a recording (``recorded``). A ``Scribe`` follows a simulation and sees the rest, too (``stands``). It can
begin at any tick: what is open there begins for it then, and gets its true beginning by ``Course.adopt``.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from app.backends.catalogue import BACKENDS
from app.engine import events as engine
from app.engine.events import EVENTS, Event
from app.engine.frames import Call
from app.engine.performable import Performable
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.engine.tick_watch import TickWatch
from app.guest.steps import NextEvent
from app.hw import events as hw
from app.hw.cpu import RunState
from app.hw.machine import Machine
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.score.course import LANE, NONE, Course, Row
from app.score.signals import EXTINT, INIT, NMI, SIGNALS, SMI, STARTUP, signals_of
from app.score.span_kinds import CALL, FLIGHT, HANDLER, IN_SERVICE, LATCHED, LINE, MARK, REQUESTED, SIPI
from app.score.stands import Stand
from app.x86.icr import DeliveryMode

_FIXED, _LOWEST_PRIORITY = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY
_IPI, _IO_APIC, _MSI = Origin.IPI, Origin.IO_APIC, Origin.MSI
#: What becomes of a message, by the name of the event that says so: of an EOI broadcast, and of one whose targets
#: have gone.
_ACCEPTED = hw.Accepted.usual_kind.name
_BROADCAST, _NO_TARGET = hw.InterruptEnded.usual_kind.name, hw.NoTarget.usual_kind.name
#: Events that are marks beside those whose kind is ``ended``.
_MARKED: tuple[type[Event], ...] = (
    *(hw.SpuriousDelivered, hw.CommandQuestioned, hw.InitPerformed, hw.Started, hw.ApicModeChanged),
    *(hw.EoiWithoutInterrupt, hw.EoiBroadcastSuppressed, hw.LineStillUp),
    *(hw.InterruptFlagChanged, hw.InterruptsHeldOff, engine.RegisterSet, engine.BackendSwitched, engine.AccessLeaked),
)
Writer = Callable[[Any], None]
#: Spans by CPU and vector, which make one number: a tuple would cost as much as all else.
Places = dict[int, Row]
VECTORS = 256


def _nothing(event: Event) -> None:
    """Of this event other spans tell."""


class ScribeOfEvents:
    """Turns the events of *machine* into spans of *course*."""

    def __init__(self, course: Course, machine: Machine) -> None:
        self.course = course
        self.machine = machine
        self._begin, self._end = course.begin, course.end
        self._time = self._tick = 0
        #: By CPU and vector: IRR, ISR, and the pending ports of event channels.
        self._requested: Places = {}
        self._in_service: Places = {}
        self._pending: Places = {}
        self._latched: dict[tuple[int, str], list[Row]] = {}
        self._waiting_for_startup: dict[int, Row] = {}
        #: The handlers of each CPU, the innermost last.
        self._handlers: list[list[Row]] = [[] for _ in machine.cpus]
        self._calls: dict[int, Row] = {}
        #: By message: the flight to each target; to -1 where nobody knows it yet.
        self._flights: dict[int, dict[int, Row]] = {}
        self._lines: dict[str, Row] = {}
        #: What the handler that is entered next is of.
        self._taken: dict[int, Row | None] = {}
        #: The line of a CPU that has changed in this tick.
        self._lint: tuple[int, Row | None] = NONE, None
        self._event_channels = bool(machine.cpus and machine.cpus[0].event_channels)
        self._writers = self._all_writers()

    # What happens

    def happened(self, tick: int, time: int, events: Iterable[Event]) -> None:
        """*events* have happened in this tick, in their order."""
        self._tick, self._time = tick, time
        writers = self._writers
        for event in events:
            writers[type(event)](event)
        self._lint = NONE, None

    def _all_writers(self) -> dict[type[Event], Writer]:
        """Who writes each class of events."""
        own: dict[type[Event], Writer] = {
            hw.MessageSent: self._sent,
            hw.Accepted: self._accepted,
            hw.Merged: self._ended_at,
            hw.Refused: self._ended_at,
            hw.Retried: self._ended_at,
            hw.Acknowledged: self._acknowledged,
            hw.EventTaken: self._event_taken,
            hw.SpuriousDelivered: self._spurious,
            hw.ExternalAcknowledged: self._external,
            hw.InterruptEnded: self._interrupt_ended,
            hw.NmiTaken: self._nmi_taken,
            hw.SmiTaken: self._smi_taken,
            hw.SmmLeft: self._handler_left,
            hw.InitPerformed: self._reset,
            hw.Started: self._started,
            hw.ApicModeChanged: self._mode_changed,
            hw.PinChanged: self._pin_changed,
            hw.LegacyLineChanged: self._legacy_line_changed,
            hw.LintChanged: self._lint_changed,
            engine.CallStarted: self._call_started,
            engine.CallFinished: self._call_finished,
            engine.HandlerEntered: self._handler_entered,
            engine.HandlerReturned: self._handler_left,
            engine.GuestExited: self._guest_left,
            engine.BackendSwitched: self._switched,
        }
        marked = {kind for kind in EVENTS if kind in _MARKED or any(each.ended for each in kind.kinds())}
        return {
            kind: self._with_mark(own.get(kind, _nothing)) if kind in marked else own.get(kind, _nothing)
            for kind in EVENTS
        }

    def _with_mark(self, write: Writer) -> Writer:
        """Writes what *write* does, and a mark."""

        def both(event: Event) -> None:
            write(event)
            self._mark(event)

        return both

    def _mark(self, event: Event) -> None:
        kind, place = event.kind, event.place
        if kind.ended or type(event) in _MARKED:  # not a pin that did send
            self.course.instant(MARK, _number(place.cpu), self._time, self._tick, _number(place.vector), kind.name)

    # Messages

    def _sent(self, event: hw.MessageSent) -> None:
        message = event.message
        sender, cause = NONE, None
        if _is_of_cpu(message) and message.source is not None:
            sender = message.source
            handlers = self._handlers[sender]
            cause = handlers[-1] if handlers else self._calls.get(sender)
        elif message.origin is _IO_APIC:  # type: ignore[union-attr]  # an EOI broadcast is of a CPU
            cause = self._lines.get(f"pin {message.source}")
        begin, time, tick, vector, number = self._begin, self._time, self._tick, message.vector, message.number
        self._flights[number] = {
            target: begin(FLIGHT, target, time, tick, vector, "", number, sender, cause)
            for target in targets(self.machine, message)
        }

    def _arrives(self, number: int | None, cpu: int, vector: int, outcome: str) -> Row | None:
        """The flight of a message has ended at *cpu*. Returns it; for a local source the line that made it."""
        if number is None:
            return self._lint[1] if self._lint[0] == cpu else None
        flights = self._flights.get(number, {})
        row = flights.pop(cpu, None) or flights.pop(NONE, None)
        if row is None:  # the address has come to mean another CPU since it was sent
            row = self._begin(FLIGHT, cpu, self._time, self._tick, vector, "", number)
        self._end(row, self._time, self._tick, outcome)
        return row

    def _message_gone(self, number: int, outcome: str) -> None:
        """The message is not under way any more: whom it has not reached, it reaches no more."""
        for row in self._flights.pop(number, {}).values():
            self._end(row, self._time, self._tick, outcome)

    def _ended_at(self, event: hw.Merged | hw.Refused | hw.Retried) -> None:
        self._arrives(event.message, event.cpu, event.vector, event.usual_kind.name)

    def _accepted(self, event: hw.Accepted) -> None:
        cpu, vector, mode, number = event.cpu, event.vector, event.delivery_mode, event.message
        cause = self._arrives(number, cpu, vector, _ACCEPTED)
        message = NONE if number is None else number
        if mode is _FIXED or mode is _LOWEST_PRIORITY:
            waiting = self._pending if event.event_channel else self._requested
            waiting[cpu * VECTORS + vector] = self._begin(
                REQUESTED, cpu, self._time, self._tick, vector, "", message, NONE, cause
            )
            return
        name = SIGNALS[mode]
        if name == INIT:
            self._unlatch(cpu, STARTUP)
        self._latch(cpu, name, vector if name == STARTUP else NONE, message, cause)

    def _latch(self, cpu: int, name: str, value: int, message: int = NONE, cause: Row | None = None) -> None:
        row = self._begin(LATCHED, cpu, self._time, self._tick, value, name, message, NONE, cause)
        self._latched.setdefault((cpu, name), []).append(row)

    def _unlatch(self, cpu: int, name: str) -> Row | None:
        """The oldest signal of that name waits no more. Returns it."""
        latched = self._latched.get((cpu, name))
        if not latched:
            return None
        row = latched.pop(0)
        self._end(row, self._time, self._tick)
        return row

    # From request to IRET

    def _acknowledged(self, event: hw.Acknowledged) -> None:
        cpu, vector = event.cpu, event.vector
        place, time, tick = cpu * VECTORS + vector, self._time, self._tick
        requested = self._requested.pop(place, None)
        if requested is not None:
            self._end(requested, time, tick)
        self._taken[cpu] = self._in_service[place] = self._begin(
            IN_SERVICE, cpu, time, tick, vector, "", NONE, NONE, requested
        )

    def _event_taken(self, event: hw.EventTaken) -> None:
        self._taken[event.cpu] = self._over(self._pending, event.cpu * VECTORS + event.vector)

    def _spurious(self, event: hw.SpuriousDelivered) -> None:
        self._taken.pop(event.cpu, None)

    def _external(self, event: hw.ExternalAcknowledged) -> None:
        signal = self._unlatch(event.cpu, EXTINT)
        self._taken[event.cpu] = signal or self._lines.get(lint_name(event.cpu, 0))

    def _interrupt_ended(self, event: hw.InterruptEnded) -> None:
        row = self._in_service.pop(event.cpu * VECTORS + event.vector, None)
        if row is not None:
            self._end(row, self._time, self._tick)

    def _over(self, rows: Places, place: int) -> Row | None:
        row = rows.pop(place, None)
        if row is not None:
            self._end(row, self._time, self._tick)
        return row

    def _handler_entered(self, event: engine.HandlerEntered) -> None:
        self._enter(event.cpu, event.vector, event.function, self._taken.pop(event.cpu, None))

    def _nmi_taken(self, event: hw.NmiTaken) -> None:
        self._enter(event.cpu, NONE, "do_nmi", self._unlatch(event.cpu, NMI))

    def _smi_taken(self, event: hw.SmiTaken) -> None:
        self._enter(event.cpu, NONE, "smi_handler", self._unlatch(event.cpu, SMI))

    def _enter(self, cpu: int, vector: int, function: str, cause: Row | None) -> None:
        row = self._begin(HANDLER, cpu, self._time, self._tick, vector, function, NONE, NONE, cause)
        self._handlers[cpu].append(row)

    def _handler_left(self, event: hw.SmmLeft | engine.HandlerReturned | engine.HandlerEntered) -> None:
        handlers = self._handlers[event.cpu]
        if handlers:
            self._end(handlers.pop(), self._time, self._tick)

    def _call_started(self, event: engine.CallStarted) -> None:
        self._calls[event.cpu] = self._begin(CALL, event.cpu, self._time, self._tick, NONE, event.function)

    def _call_finished(self, event: engine.CallFinished) -> None:
        self._end_call(event.cpu)

    def _end_call(self, cpu: int) -> None:
        row = self._calls.pop(cpu, None)
        if row is not None:
            self._end(row, self._time, self._tick)

    def _guest_left(self, event: engine.GuestExited) -> None:
        """Of a recording nobody knows when the CPU is back."""

    # Resets, modes, back ends

    def _reset(self, event: hw.InitPerformed) -> None:
        cpu = event.cpu
        self._registers_gone(cpu)
        for name in SIGNALS.values():
            while name != STARTUP and self._unlatch(cpu, name):
                pass
        self._thrown_away(cpu)
        if event.waits_for_sipi and cpu not in self._waiting_for_startup:
            self._waiting_for_startup[cpu] = self._begin(SIPI, cpu, self._time, self._tick)

    def _started(self, event: hw.Started) -> None:
        self._unlatch(event.cpu, STARTUP)
        row = self._waiting_for_startup.pop(event.cpu, None)
        if row is not None:
            self._end(row, self._time, self._tick)
        self._thrown_away(event.cpu)

    def _mode_changed(self, event: hw.ApicModeChanged) -> None:
        if event.mode == "disabled":
            self._registers_gone(event.cpu)

    def _registers_gone(self, cpu: int) -> None:
        """IRR and ISR are empty now."""
        for rows in (self._requested, self._in_service):
            for place in [place for place in rows if place // VECTORS == cpu]:
                self._over(rows, place)

    def _thrown_away(self, cpu: int) -> None:
        """The CPU runs nothing of what it ran."""
        while self._handlers[cpu]:
            self._end(self._handlers[cpu].pop(), self._time, self._tick)
        self._end_call(cpu)
        self._taken.pop(cpu, None)

    def _switched(self, event: engine.BackendSwitched) -> None:
        """What waits comes along into another kind of interrupt controller."""
        definition = BACKENDS.get(event.backend)
        channels = definition is not None and definition.event_channels
        if channels and not self._event_channels:
            self._pending, self._requested = self._requested, {}
        elif self._event_channels and not channels:
            for place in [place for place in self._pending if place in self._requested]:
                self._over(self._pending, place)
            self._requested |= self._pending
            self._pending = {}
        self._event_channels = channels

    # Lines

    def _pin_changed(self, event: hw.PinChanged) -> None:
        self._line_changed(f"pin {event.pin}", event.pin, event.level)

    def _legacy_line_changed(self, event: hw.LegacyLineChanged) -> None:
        self._line_changed(f"line {event.line} of the 8259", event.line, event.level)

    def _lint_changed(self, event: hw.LintChanged) -> None:
        row = self._line_changed(lint_name(event.cpu, event.pin), event.pin, event.level)
        self._lint = event.cpu, row

    def _line_changed(self, name: str, number: int, level: int) -> Row | None:
        row = self._lines.get(name)
        if level and row is None:
            row = self._lines[name] = self._begin(LINE, NONE, self._time, self._tick, number, name)
        elif not level and row is not None:
            self._end(self._lines.pop(name), self._time, self._tick)
        return row


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
                self._enter(number, _number(frame.vector), frame.name, None)

    # Tick by tick

    def turned(self, tick: int, time: int, processor: Processor) -> None:
        heard = self.heard
        if heard:
            self._turn = processor
            self._tick, self._time = tick, time
            writers, late = self._writers, tick - self._first_tick
            for event in heard:
                self.event_ticks.append(late)
                writers[type(event)](event)
            heard.clear()
        if processor.stirred:
            self._stands[processor.cpu.number].look(time, tick)

    def arrived(self, tick: int, time: int, message: BusMessage) -> None:
        self._hear(tick, time)
        self._message_gone(message.number, _BROADCAST if isinstance(message, EoiBroadcast) else _NO_TARGET)
        if isinstance(message, InterruptMessage) and message.origin is _IPI and message.source is not None:
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


def targets(machine: Machine, message: BusMessage) -> list[int]:
    """The CPUs to which a message is under way; -1 for none, the I/O APIC, and where the bus chooses when it
    arrives."""
    if isinstance(message, EoiBroadcast) or message.delivery_mode is _LOWEST_PRIORITY:
        return [NONE]
    return machine.targets(message) or [NONE]


def lint_name(cpu: int, pin: int) -> str:
    """What the line of a local interrupt pin is called."""
    return f"LINT{pin} of CPU {cpu}"


def _is_of_cpu(message: BusMessage) -> bool:
    """Whether ``source`` is a CPU."""
    return isinstance(message, EoiBroadcast) or message.origin not in (_IO_APIC, _MSI)


def _number(value: int | None) -> int:
    return NONE if value is None else value
