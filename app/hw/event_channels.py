"""Interrupts of a guest that has no APIC: event channels, words that it shares with its hypervisor.

The hypervisor sets a pending bit where an APIC would set IRR; the guest clears it when it handles the event. There is
no in-service register and no priority: the lowest port goes first. A port is named here by the vector that the same
interrupt has with an APIC. Source: Xen ``public/event_channel.h``, ``xen/common/event_2l.c``.
"""

from app.hw.events import Accepted, EventTaken, Merged, Outcome, Reason, Refused
from app.hw.messages import InterruptMessage
from app.hw.services import Services
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.units import Vector
from app.x86.vectors import FIRST_LEGAL_VECTOR, VECTORS, VectorBitmap

#: Ports in a word of the pending and mask arrays, as a 64-bit guest has them: a bit of the selector stands for so many.
WORD_BITS = 64


class EventChannels:
    """``evtchn_pending`` and ``evtchn_mask`` of one virtual CPU; ``level`` are ports that need an EOI by hypercall.

    The guests here mask no port, but the word is theirs to write, and what is set in it counts.
    """

    STATE = ("coalesced", "level", "masked", "pending", "selector", "upcall_pending")
    WIRES = ("_cpu", "_services")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, cpu: int, services: Services) -> None:
        self._cpu = cpu
        self._services = services
        self.pending = VectorBitmap()
        self.masked = VectorBitmap()
        self.level = VectorBitmap()
        #: Ports that were asked for again while pending, and how often: for watchers only.
        self.coalesced: dict[int, int] = {}
        #: ``evtchn_pending_sel``: the words in which the guest has to look, since it looked last.
        self.selector = 0
        #: ``evtchn_upcall_pending``: the guest is to be called up.
        self.upcall_pending = False

    def adopt(self, pending: int, level: int) -> None:
        """Takes requests over from another kind of interrupt controller."""
        self.pending.bits, self.level.bits = pending, level
        for port in self.pending:
            self._notify(port)

    def _notify(self, port: Vector) -> None:
        """``vcpu_mark_events_pending``, unless the port is masked."""
        if port not in self.masked:
            self.selector |= 1 << port // WORD_BITS
            self.upcall_pending = True

    def accept(self, message: InterruptMessage) -> Outcome:
        """``evtchn_set_pending`` for the port of the message's vector. What no APIC could take has no port either."""
        port = message.vector
        if port < FIRST_LEGAL_VECTOR:
            refused = Refused(self._cpu, port, message.delivery_mode, Reason.ILLEGAL_VECTOR, message.number)
            self._services.ledger.book(refused)
            return Outcome.REFUSED
        merged = port in self.pending
        self.pending.set(port)
        self.level.assign(port, message.trigger_mode is TriggerMode.LEVEL)
        mode: DeliveryMode = message.delivery_mode
        if merged:
            self.coalesced[port] = self.coalesced.get(port, 0) + 1
            self._services.ledger.book(Merged(self._cpu, port, mode, message.number, event_channel=True))
            return Outcome.MERGED
        self._notify(port)
        self._services.ledger.book(
            Accepted(self._cpu, port, mode, message.trigger_mode, message.number, event_channel=True)
        )
        return Outcome.ACCEPTED

    def deliverable(self) -> Vector | None:
        """The port that the next upcall handles first."""
        wanted = self.pending.bits & ~self.masked.bits
        return VECTORS[(wanted & -wanted).bit_length() - 1] if wanted else None

    def acknowledge(self) -> Vector | None:
        """The guest looks: it takes the selector, clears the pending bit of the next port and gives that; None when
        there is none."""
        self.upcall_pending = False
        self.selector = 0
        port = self.deliverable()
        if port is not None:
            self.pending.clear(port)
            self.coalesced.pop(port, None)
            self._services.record(EventTaken(self._cpu, port))
        return port
