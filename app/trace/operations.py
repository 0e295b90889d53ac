"""What a recorded machine did, one operation after the other, whatever wrote the recording.

``line`` is the line of the recording, from 1; ``time`` counts virtual TSC cycles from its start, one a nanosecond.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.trace.facts import EVERY_FACT, Fact, Limit


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


class X2ApicEntered(NamedTuple):
    """*cpu* switched to x2APIC mode: from here on its registers are MSRs."""

    line: int
    time: int
    cpu: int


class MachineReset(NamedTuple):
    """The whole machine was reset, or rebooted: what comes next begins from reset values."""

    line: int
    time: int


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
    | X2ApicEntered
    | MachineReset
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
    facts: frozenset[Fact] = EVERY_FACT
    limits: tuple[Limit, ...] = ()

    @property
    def accesses_out_of_sight(self) -> bool:
        """Whether CPUs use their local APICs in ways that the recording does not show, for a part of it at least."""
        return Fact.REGISTER_WRITES not in self.facts or any(
            isinstance(operation, X2ApicEntered) for operation in self.operations
        )

    @property
    def cpu_count(self) -> int:
        return len(self.apic_ids)
