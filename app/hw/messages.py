"""What travels between devices: interrupt messages and EOI broadcasts.

Every message carries a number, unique in its machine, so that a watcher can follow it from send to acceptance.
"""

from enum import Enum
from typing import NamedTuple

from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.units import Vector


class Origin(Enum):
    """What kind of device sent a message."""

    IPI = "ipi"
    IO_APIC = "io_apic"
    MSI = "msi"
    HYPERVISOR = "hypervisor"
    EVENT_CHANNEL = "event_channel"


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


class EoiBroadcast(NamedTuple):
    """A CPU ended level-triggered *vector*: every I/O APIC entry with that vector may send again."""

    number: int
    source: int
    vector: Vector

    @property
    def is_ipi(self) -> bool:
        return False


BusMessage = InterruptMessage | EoiBroadcast
