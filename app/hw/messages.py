"""What travels between devices: interrupt messages and EOI broadcasts.

Every message carries a number, unique in its machine, so that a watcher can follow it from send to acceptance.
"""

from enum import Enum
from typing import NamedTuple

from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.units import Vector
from app.x86.words import VectorNames, interrupt_words, vector_words


class Origin(Enum):
    """What kind of device sent a message."""

    IPI = "ipi"
    IO_APIC = "io_apic"
    MSI = "msi"
    HYPERVISOR = "hypervisor"
    EVENT_CHANNEL = "event_channel"


#: Where a shorthand sends to, as its sender would say it.
_SHORTHANDS = {
    Shorthand.SELF: "itself",
    Shorthand.ALL_INCLUDING_SELF: "all CPUs including itself",
    Shorthand.ALL_EXCLUDING_SELF: "all CPUs but itself",
}
#: The subject of a sentence about a message, with the number of its source.
_SENDERS = {
    Origin.IPI: "CPU {}",
    Origin.IO_APIC: "I/O APIC pin {}",
    Origin.MSI: "A device",
    Origin.HYPERVISOR: "The hypervisor, for CPU {},",
}


class InterruptMessage(NamedTuple):
    """A request to every APIC that matches the destination. ``source`` is a CPU for an IPI, a pin for the I/O APIC."""

    number: int
    origin: Origin
    source: int | None
    vector: Vector
    delivery_mode: DeliveryMode
    destination_mode: DestinationMode
    shorthand: Shorthand
    destination: int
    trigger_mode: TriggerMode
    #: The sender used the 32-bit destinations of x2APIC mode.
    x2apic: bool = False
    #: A further attempt, for these CPUs alone: the others have had it (P6 family).
    remaining: tuple[int, ...] | None = None
    #: Somebody has taken an earlier attempt.
    accepted_before: bool = False
    #: Which of its targets this message is for, from 0, where a hypervisor brings one write of ICR to each by itself.
    part: int | None = None

    @property
    def is_ipi(self) -> bool:
        return self.origin is Origin.IPI

    @property
    def sender(self) -> int | None:
        """The CPU that sent it by a write of ICR; None where something else did."""
        return self.source if self.is_ipi else None

    def destination_words(self) -> str:
        """Where it goes, as its sender said it."""
        if self.shorthand is not Shorthand.NONE:
            return _SHORTHANDS[self.shorthand]
        mode = "APIC ID" if self.destination_mode is DestinationMode.PHYSICAL else "logical"
        return f"{mode} {self.destination:#04x}"

    def words(self, names: VectorNames) -> str:
        """What was sent, by whom, and where to, in a sentence. *names* are what the kernel calls its vectors."""
        what = interrupt_words(self.vector, self.delivery_mode, names)
        if self.origin is Origin.EVENT_CHANNEL:
            return f"CPU {self.source} has Xen send an event to port {what} of CPU {self.destination}."
        level = ", level" if self.trigger_mode is TriggerMode.LEVEL else ""
        sender = _SENDERS[self.origin].format(self.source)
        return f"{sender} sends {what}{level} to {self.destination_words()}."


class EoiBroadcast(NamedTuple):
    """A CPU ended level-triggered *vector*: every I/O APIC entry with that vector may send again."""

    number: int
    source: int
    vector: Vector

    @property
    def is_ipi(self) -> bool:
        return False

    @property
    def sender(self) -> int:
        """The CPU that wrote EOI."""
        return self.source

    def words(self, names: VectorNames) -> str:
        """What was sent, by whom, and where to, in a sentence. *names* are what the kernel calls its vectors."""
        return f"CPU {self.source} tells the I/O APIC: {vector_words(self.vector, names)} has ended."


BusMessage = InterruptMessage | EoiBroadcast
