"""Watches what the model reports while it replays: where it refuses what QEMU would not, QEMU's shadow takes it."""

from collections.abc import Callable
from typing import Any

from app.hw.events import (
    Accepted,
    EoiWithoutInterrupt,
    ErrorNoticed,
    InitPerformed,
    InterruptEnded,
    Reason,
    Refused,
    SendRefused,
)
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.trace.check import deviations
from app.trace.check.findings import Difference, Findings
from app.trace.check.local_sources import LocalSources
from app.trace.check.qemu_shadow import ShadowApic
from app.trace.check.unseen import Unseen
from app.x86.icr import DeliveryMode, Icr, Shorthand, TriggerMode, decode_icr
from app.x86.registers import Register
from app.x86.units import Vector

#: Why the manual's APIC refuses a message that QEMU's takes.
_REFUSALS = {
    Reason.SOFTWARE_DISABLED: deviations.DISABLED_APIC_COLLECTS,
    Reason.ILLEGAL_VECTOR: deviations.LOW_VECTORS_ACCEPTED,
}
_SEND_REFUSALS = {
    Reason.ILLEGAL_VECTOR: deviations.LOW_VECTORS_ACCEPTED,
    Reason.RESERVED_DELIVERY_MODE: deviations.EXTINT_LIKE_FIXED,
    Reason.INVALID_COMBINATION: deviations.ANY_SHORTHAND,
}
_ALL_ONES = 0xFF
_REQUESTING = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.EXTINT)

_Watcher = Callable[[Any], None]


class ModelWatch:
    """Follows the model's events from one operation to the next."""

    def __init__(
        self, machine: Machine, findings: Findings, sources: LocalSources, shadows: list[ShadowApic], unseen: Unseen
    ) -> None:
        self._machine = machine
        self._findings = findings
        self._sources = sources
        self._shadows = shadows
        self._unseen = unseen
        self._line = 0
        self._level = False
        #: The lowest APIC ID that no CPU has, when there are CPUs with higher ones.
        self._behind_hole = _first_hole({cpu.apic.apic_id for cpu in machine.cpus})
        self._watchers: dict[type, _Watcher] = {
            Accepted: self._accepted,
            Refused: self._refused,
            SendRefused: self._send_refused,
            InitPerformed: self._init_performed,
            ErrorNoticed: self._error_noticed,
            EoiWithoutInterrupt: self._eoi_without_interrupt,
            InterruptEnded: self._interrupt_ended,
        }

    def look(self, start: int, line: int, *, level: bool = False) -> None:
        """At what has happened since event number *start*. ``level``: the message was sent as level-triggered."""
        self._line = line
        self._level = level
        watchers = self._watchers
        events = self._machine.events
        for place in range(start, len(events)):
            event = events[place]
            watcher = watchers.get(type(event))
            if watcher is not None:
                watcher(event)

    def unreached(self, start: int, message: InterruptMessage, line: int) -> None:
        """QEMU's logical destinations name fewer APICs. Takes *message* back from those since event number *start*."""
        if message.shorthand is not Shorthand.NONE:
            return
        level = message.trigger_mode is TriggerMode.LEVEL
        if self._unseen.starts and self._unseen.requested_if_named(message.vector, level=level):
            return
        if self._behind_hole is None and message.destination != _ALL_ONES:
            return
        events = self._machine.events
        for event in [event for event in events[start:] if isinstance(event, Accepted)]:
            apic = self._machine.cpus[event.cpu].apic
            if self._behind_hole is not None and apic.apic_id >= self._behind_hole:
                deviation = deviations.LOGICAL_STOPS_AT_HOLE
            elif message.destination == _ALL_ONES and not apic.ldr:
                deviation = deviations.LOGICAL_ALL_ONES
            else:
                continue
            apic.irr.clear(event.vector)
            what = f"{event.vector:#04x} reaches CPU {event.cpu} in the model, not in the recording"
            self._findings.others.checked += 1
            self._findings.others.differ(Difference(line, what, deviation))

    def _accepted(self, event: Accepted) -> None:
        if event.delivery_mode is DeliveryMode.EXTINT:
            self._machine.cpus[event.cpu].external_pending = False  # the recording says itself when the 8259 answers
            self._shadows[event.cpu].request(event.vector, self._level, deviations.EXTINT_LIKE_FIXED)
            return
        triggers = self._shadows[event.cpu].triggers
        if self._level and event.trigger_mode is TriggerMode.EDGE and event.message is not None:
            triggers[event.vector] = (True, deviations.IPI_TRIGGER_MODE_KEPT)
        elif triggers:
            triggers.pop(event.vector, None)

    def _refused(self, event: Refused) -> None:
        deviation = _REFUSALS.get(event.reason)
        if deviation is not None:
            self._shadows[event.cpu].request(event.vector, self._level, deviation)

    def _send_refused(self, event: SendRefused) -> None:
        """QEMU sends it all the same."""
        deviation = _SEND_REFUSALS.get(event.reason)
        if deviation is None or event.delivery_mode is DeliveryMode.RESERVED_3:
            return
        icr = decode_icr(self._machine.cpus[event.cpu].apic.icr)
        message = _message(event.cpu, icr)
        reached = [self._machine.cpus[number] for number in self._machine.targets(message)]
        if icr.delivery_mode is DeliveryMode.LOWEST_PRIORITY:
            reached = sorted(reached, key=lambda cpu: cpu.apic.apic_id)[:1]
        for cpu in reached:
            if icr.delivery_mode in _REQUESTING:
                self._shadows[cpu.number].request(icr.vector, self._level, deviation)
            else:
                start = len(self._machine.events)
                cpu.receive(message)
                self._machine.take_resets([cpu])
                self.look(start, self._line)

    def _init_performed(self, event: InitPerformed) -> None:
        self._shadows[event.cpu].reset()
        self._sources.reset(event.cpu)
        self._unseen.reset(event.cpu)

    def _error_noticed(self, event: ErrorNoticed) -> None:
        """QEMU has no interrupt for APIC errors, so no recorded CPU can take the one that the model requests."""
        apic = self._machine.cpus[event.cpu].apic
        apic.irr.clear(apic.lvt[Register.LVT_ERROR] & 0xFF)

    def _interrupt_ended(self, event: InterruptEnded) -> None:
        self._shadows[event.cpu].interrupt_ended()

    def _eoi_without_interrupt(self, event: EoiWithoutInterrupt) -> None:
        shadow = self._shadows[event.cpu]
        if shadow.legacy_ended() or self._unseen.may_end(event.cpu):
            return
        if shadow.low_in_service:
            shadow.low_in_service -= 1
            return
        what = f"CPU {event.cpu} ends an interrupt, but none is in service: is the line missing that says it was taken?"
        self._findings.others.checked += 1
        self._findings.others.differ(Difference(self._line, what, None))


def _first_hole(apic_ids: set[int]) -> int | None:
    first = next(apic_id for apic_id in range(len(apic_ids) + 1) if apic_id not in apic_ids)
    return first if first < max(apic_ids) else None


def _message(cpu: int, icr: Icr) -> InterruptMessage:
    """The message of *icr* as QEMU sends it. Fixed delivery, for the sake of who gets it, where only that is asked."""
    return InterruptMessage(
        0,
        Origin.IPI,
        cpu,
        Vector(icr.vector),
        DeliveryMode.FIXED if icr.delivery_mode in _REQUESTING else icr.delivery_mode,
        icr.destination_mode,
        icr.shorthand,
        icr.destination,
        TriggerMode.EDGE,
    )
