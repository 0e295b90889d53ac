"""Writes the course of a recording: it is played once more, from its beginning, and each operation is a tick.

A recording tells of lines, messages, requests and service, start-up and task priorities. Whether IF is set, which
functions run, when a handler returns, what a CPU waits for and when it is in a hypervisor it does not tell: of these
there are no spans. A replay puts the model right where the recording shows it to be wrong, without an event; so each
CPU is looked at after what may have changed it.
"""

from array import array
from typing import NamedTuple

from app.engine.events import Event
from app.hw import events as hw
from app.hw.cpu import RunState
from app.hw.messages import EoiBroadcast, Origin
from app.score.course import NONE, VALUE, Course, Row
from app.score.event_scribe import BROADCAST, NO_TARGET, VECTORS, ScribeOfEvents, Writer
from app.score.signals import EXTINT, NMI
from app.score.span_kinds import FLIGHT, MARK, PRIORITY, REQUESTED, SIPI
from app.trace.check.replay import Replay
from app.trace.facts import Fact
from app.trace.operations import RegisterRead, RegisterWrite

_TAKEN = hw.ExternalAcknowledged.usual_kind.name
#: An IOMMU alone knows where such a message goes, and what has become of it.
_UNKNOWN = ""


class _Sight(NamedTuple):
    """What can be seen of a CPU, and may change without an event."""

    irr: int
    isr: int
    waits_for_startup: bool
    external_pending: bool
    priority: int


class RecordedScribe(ScribeOfEvents):
    """Writes what happens in *replay*, which nobody has touched yet, into *course*."""

    def __init__(self, course: Course, replay: Replay) -> None:
        super().__init__(course, replay.machine)
        self.replay = replay
        self._remapped = Fact.DESTINATIONS not in replay.recording.facts
        #: What becomes of messages that reach no CPU, where that is known.
        self._outcomes: dict[int, str] = {}
        self._priorities: dict[int, Row] = {}
        #: The operation of each event, in their order, from 1.
        self.event_ticks = array("I")
        self._sights = [_Sight(0, 0, False, False, 0) for _ in self.machine.cpus]
        self._look(range(len(self._sights)))

    def go_on(self, operations: int) -> int:
        """Plays on by so many operations, or to the end, and writes what they do. Returns how many there were."""
        replay, machine = self.replay, self.machine
        last = min(replay.position + operations, replay.length)
        before = replay.position
        while replay.position < last:
            operation = replay.recording.operations[replay.position]
            replay.step()
            events = machine.take_events()
            self.event_ticks.extend([replay.position] * len(events))
            self.happened(replay.position, replay.time, events)
            self._settle()
            if isinstance(operation, RegisterRead | RegisterWrite):
                self._look({operation.cpu, *_cpus_of(events)})
            else:
                self._look(range(len(self._sights)))
        return replay.position - before

    def _all_writers(self) -> dict[type[Event], Writer]:
        return {**super()._all_writers(), hw.ExternalAcknowledged: self._external_taken}

    # Messages arrive in the operation that sends them

    def _sent(self, event: hw.MessageSent) -> None:
        message = event.message
        if isinstance(message, EoiBroadcast):
            self._outcomes[message.number] = BROADCAST
        elif self._remapped and message.origin is Origin.IO_APIC:
            self._outcomes[message.number] = _UNKNOWN
            cause = self._lines.get(f"pin {message.source}")
            row = self._begin(FLIGHT, NONE, self._time, self._tick, message.vector, "", message.number, NONE, cause)
            self._flights[message.number] = {NONE: row}
            return
        super()._sent(event)

    def _settle(self) -> None:
        for number in list(self._flights):
            self._message_gone(number, self._outcomes.pop(number, NO_TARGET))
        self._outcomes.clear()

    # What is over at once

    def _nmi_taken(self, event: hw.NmiTaken) -> None:
        """That a CPU takes one is not recorded, nor when its handler ends."""
        self._unlatch(event.cpu, NMI)

    def _external_taken(self, event: hw.ExternalAcknowledged) -> None:
        """It by-passes IRR and ISR, and needs no EOI: there is nothing that lasts."""
        self._unlatch(event.cpu, EXTINT)
        self.course.instant(MARK, event.cpu, self._time, self._tick, event.vector, _TAKEN)

    # What has no event

    def _look(self, cpus: "range | set[int]") -> None:
        for number in cpus:
            cpu = self.machine.cpus[number]
            apic = cpu.apic
            waits = cpu.run_state is RunState.WAIT_FOR_SIPI
            sight = _Sight(apic.irr.bits, apic.isr.bits, waits, cpu.external_pending, apic.tpr)
            if sight != self._sights[number]:
                self._sights[number] = sight
                self._put_right(number, sight)

    def _put_right(self, cpu: int, sight: _Sight) -> None:
        """Ends what is not so any more, and begins what is."""
        for rows, bits in ((self._requested, sight.irr), (self._in_service, sight.isr)):
            for place in [place for place in rows if place // VECTORS == cpu]:
                if not bits >> place % VECTORS & 1:
                    self._over(rows, place)
        for vector in self.machine.cpus[cpu].apic.irr:
            place = cpu * VECTORS + vector
            if place not in self._requested:
                self._requested[place] = self._begin(REQUESTED, cpu, self._time, self._tick, vector)
        while not sight.external_pending and self._unlatch(cpu, EXTINT):
            pass
        self._look_at_startup(cpu, waits=sight.waits_for_startup)
        self._look_at_priority(cpu, sight.priority)

    def _look_at_startup(self, cpu: int, *, waits: bool) -> None:
        if waits and cpu not in self._waiting_for_startup:
            self._waiting_for_startup[cpu] = self._begin(SIPI, cpu, self._time, self._tick)
        elif not waits and cpu in self._waiting_for_startup:
            self._end(self._waiting_for_startup.pop(cpu), self._time, self._tick)

    def _look_at_priority(self, cpu: int, priority: int) -> None:
        row = self._priorities.get(cpu)
        if row is not None and row[VALUE] != priority:
            self._end(self._priorities.pop(cpu), self._time, self._tick)
            row = None
        if row is None and priority:
            self._priorities[cpu] = self._begin(PRIORITY, cpu, self._time, self._tick, priority)


def _cpus_of(events: list[Event]) -> set[int]:
    """The CPUs that *events* are about."""
    return {event.place.cpu for event in events if event.place.cpu is not None}
