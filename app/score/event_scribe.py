"""Writes what happens into a course: turns events into spans.

Events alone tell of requests, service, handlers, calls, flights, lines and marks, and so they do for a recording
(``recorded``). What a simulation shows beside them is written by ``scribe``.
"""

from collections.abc import Callable, Iterable
from typing import Any

from app.backends.catalogue import BACKENDS
from app.engine import events as engine
from app.engine.events import EVENTS, Event
from app.hw import events as hw
from app.hw.local_vector_table import LINT_REGISTERS
from app.hw.machine import Machine
from app.hw.messages import BusMessage, EoiBroadcast, Origin
from app.score.course import NONE, Course, Row
from app.score.signals import EXTINT, INIT, NMI, SIGNALS, SMI, STARTUP
from app.score.span_kinds import CALL, FLIGHT, HANDLER, IN_SERVICE, LATCHED, LINE, MARK, REQUESTED, SIPI
from app.x86.icr import DeliveryMode

_FIXED, _LOWEST_PRIORITY = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY
_IO_APIC, _MSI = Origin.IO_APIC, Origin.MSI
#: What becomes of a message, by the name of the event that says so: of an EOI broadcast, and of one whose targets
#: have gone.
_ACCEPTED = hw.Accepted.usual_kind.name
BROADCAST, NO_TARGET = hw.InterruptEnded.usual_kind.name, hw.NoTarget.usual_kind.name
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
#: What something that has just come may have led to: a request of a CPU's own APIC, an error, a rising INTR.
_LOCAL, _ERROR, _INTR = "local", "error", "INTR"


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
        #: What has just come in this tick and may have an effect in it, by what that would be and by CPU.
        self._just: dict[tuple[str, int], Row] = {}
        #: The message that arrives in this tick, where that is known.
        self._arriving = NONE
        self._event_channels = bool(machine.cpus and machine.cpus[0].event_channels)
        self._writers = self._all_writers()

    # What happens

    def happened(self, tick: int, time: int, events: Iterable[Event]) -> None:
        """*events* have happened in this tick, in their order."""
        self._tick, self._time = tick, time
        self._just.clear()
        writers = self._writers
        for event in events:
            writers[type(event)](event)

    def _all_writers(self) -> dict[type[Event], Writer]:
        """Who writes each class of events."""
        own: dict[type[Event], Writer] = {
            hw.MessageSent: self._sent,
            hw.Accepted: self._accepted,
            hw.Merged: self._merged,
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
        } | self._writers_of_marks_with_causes()

    def _writers_of_marks_with_causes(self) -> dict[type[Event], Writer]:
        return {
            hw.Refused: self._ended_at,
            hw.Retried: self._ended_at,
            hw.NoTarget: self._no_target,
            hw.SendRefused: self._send_refused,
            hw.RegisterFaulted: self._register_faulted,
            hw.LocalSourceDropped: self._source_dropped,
            hw.ErrorNoticed: self._error_noticed,
            hw.LineStillUp: self._line_still_up,
        }

    def _with_mark(self, write: Writer) -> Writer:
        """Writes what *write* does, and a mark."""

        def both(event: Event) -> None:
            write(event)
            self._mark(event, None)

        return both

    def _mark(self, event: Event, cause: Row | None) -> Row | None:
        kind, place = event.kind, event.place
        if not (kind.ended or type(event) in _MARKED):  # a pin that did send
            return None
        cpu, vector, time, tick = _number(place.cpu), _number(place.vector), self._time, self._tick
        row = self._begin(MARK, cpu, time, tick, vector, kind.name, NONE, NONE, cause)
        self._end(row, time, tick)
        return row

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
            return self._just.pop((_LOCAL, cpu), None)
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

    def _merged(self, event: hw.Merged) -> None:
        self._arrives(event.message, event.cpu, event.vector, event.usual_kind.name)

    def _ended_at(self, event: hw.Refused | hw.Retried) -> None:
        self._mark(event, self._arrives(event.message, event.cpu, event.vector, event.usual_kind.name))

    def _no_target(self, event: hw.NoTarget) -> None:
        self._mark(event, next(iter(self._flights.get(event.message, {}).values()), None))

    # What comes of an error, or of nothing

    def _send_refused(self, event: hw.SendRefused) -> None:
        """What a handler does not send has no cause: it would make one interrupt of it and the handler's own."""
        cpu = event.cpu
        row = self._mark(event, None if self._handlers[cpu] else self._calls.get(cpu))
        if row is not None:
            self._just[_ERROR, cpu] = row

    def _register_faulted(self, event: hw.RegisterFaulted) -> None:
        row = self._mark(event, None)
        if row is not None:
            self._just[_ERROR, event.cpu] = row

    def _error_noticed(self, event: hw.ErrorNoticed) -> None:
        """It is of what the CPU did wrong just now, or of the message that arrives; and may ask for an interrupt."""
        cpu, flights = event.cpu, self._flights.get(self._arriving, {})
        row = self._mark(event, self._just.get((_ERROR, cpu)) or flights.get(cpu) or flights.get(NONE))
        if row is not None:
            self._just[_LOCAL, cpu] = row

    def _source_dropped(self, event: hw.LocalSourceDropped) -> None:
        self._mark(event, self._just.get((_LOCAL, event.cpu)) if event.register in LINT_REGISTERS else None)

    def _line_still_up(self, event: hw.LineStillUp) -> None:
        """The pin sends again by the EOI that arrives."""
        self._mark(event, self._flights.get(self._arriving, {}).get(NONE))

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
        row = self._line_changed(f"line {event.line} of the 8259", event.line, event.level)
        if row is not None:
            self._just[_INTR, NONE] = row

    def _lint_changed(self, event: hw.LintChanged) -> None:
        cause = None if event.pin else self._just.get((_INTR, NONE))
        row = self._line_changed(lint_name(event.cpu, event.pin), event.pin, event.level, cause)
        if row is not None:
            self._just[_LOCAL, event.cpu] = row

    def _line_changed(self, name: str, number: int, level: int, cause: Row | None = None) -> Row | None:
        """Returns what has begun."""
        row = self._lines.get(name)
        if level and row is None:
            row = self._lines[name] = self._begin(LINE, NONE, self._time, self._tick, number, name, cause=cause)
            return row
        if not level and row is not None:
            self._end(self._lines.pop(name), self._time, self._tick)
        return None


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
