"""What a recorded machine did, one operation after the other, whatever wrote the recording.

``line`` is the line of the recording, from 1; ``time`` counts virtual TSC cycles from its start, one a nanosecond.
"""

from collections.abc import Sequence
from typing import NamedTuple


class RegisterRead(NamedTuple):
    """A CPU read its own local APIC's register and got *value*."""

    line: int
    time: int
    cpu: int
    offset: int
    value: int
    size: int


class RegisterWrite(NamedTuple):
    """A CPU wrote its own local APIC's register."""

    line: int
    time: int
    cpu: int
    offset: int
    value: int
    size: int


class DeviceMessage(NamedTuple):
    """An interrupt message on its way from a device, which may be the I/O APIC."""

    line: int
    time: int
    address: int
    data: int


class IoApicRead(NamedTuple):
    """Somebody read the I/O APIC at *offset* of its page (0 IOREGSEL, 0x10 IOWIN) and got *value*."""

    line: int
    time: int
    offset: int
    value: int


class IoApicWrite(NamedTuple):
    """Somebody wrote to the I/O APIC's page (0 IOREGSEL, 0x10 IOWIN, 0x40 EOI)."""

    line: int
    time: int
    offset: int
    value: int


class PinDriven(NamedTuple):
    """A device set an I/O APIC input."""

    line: int
    time: int
    pin: int
    level: int


class LocalSourceFired(NamedTuple):
    """A source of some CPU's local vector table fired: entry 0 is the timer, 3 is LINT0. Which CPU's is not known."""

    line: int
    time: int
    entry: int
    delivery_mode: int


class EoiBroadcastSeen(NamedTuple):
    """A local APIC told the I/O APICs that level-triggered *vector* has ended."""

    line: int
    time: int
    vector: int


class VectorTaken(NamedTuple):
    """A CPU took *vector*. ``cpu`` is None where the recording does not say."""

    line: int
    time: int
    vector: int
    cpu: int | None


Operation = (
    RegisterRead
    | RegisterWrite
    | DeviceMessage
    | IoApicRead
    | IoApicWrite
    | PinDriven
    | LocalSourceFired
    | EoiBroadcastSeen
    | VectorTaken
)


class Recording(NamedTuple):
    """A whole recording, read and understood, not yet replayed."""

    name: str
    format: str
    operations: Sequence[Operation]
    #: The APIC ID of each CPU; its length is the number of CPUs.
    apic_ids: tuple[int, ...]
    #: Lines of no known kind: other devices, CPU registers.
    ignored_lines: int
    lines: int

    @property
    def cpu_count(self) -> int:
        return len(self.apic_ids)
