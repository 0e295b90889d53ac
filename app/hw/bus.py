"""Which APICs a message is for (SDM vol. 3, "Determining IPI Destination", "Logical x2APIC Destination Mode").

Each APIC compares the destination in its own mode.
"""

from collections.abc import Sequence

from app.hw.cpu import Cpu
from app.hw.local_apic import ApicMode, LocalApic
from app.hw.messages import InterruptMessage
from app.x86.icr import DestinationMode, Shorthand

_XAPIC_BROADCAST = 0xFF
_X2APIC_BROADCAST = 0xFFFF_FFFF
_FLAT_MODEL = 0xF


#: What decides which APICs a message names.
Address = tuple[Shorthand, int | None, DestinationMode, int, bool]


def address_of(message: InterruptMessage) -> Address:
    """The part of *message* that names its targets."""
    shorthand = message.shorthand
    source = message.source if shorthand else None
    return shorthand, source, message.destination_mode, message.destination, message.x2apic


def addressed(message: InterruptMessage, cpus: Sequence[Cpu]) -> list[Cpu]:
    """The CPUs that *message* names."""
    match message.shorthand:
        case Shorthand.NONE:
            return [cpu for cpu in cpus if matches(cpu.apic, message)]
        case Shorthand.SELF:
            return [cpu for cpu in cpus if cpu.number == message.source]
        case Shorthand.ALL_INCLUDING_SELF:
            return [cpu for cpu in cpus if cpu.apic.mode is not ApicMode.DISABLED]
        case Shorthand.ALL_EXCLUDING_SELF:
            return [cpu for cpu in cpus if cpu.number != message.source and cpu.apic.mode is not ApicMode.DISABLED]


def matches(apic: LocalApic, message: InterruptMessage) -> bool:
    """Whether the destination field of *message* names *apic*."""
    destination = message.destination
    match apic.mode:
        case ApicMode.DISABLED:
            return False
        case ApicMode.X2APIC:
            return _matches_x2apic(apic, destination, message)
        case ApicMode.XAPIC:
            if message.x2apic and destination > _XAPIC_BROADCAST:
                return destination == _X2APIC_BROADCAST
            if destination == _XAPIC_BROADCAST and not message.x2apic:
                return True
            if message.destination_mode is DestinationMode.PHYSICAL:
                return destination == apic.apic_id
            return _matches_logical(apic, destination)


def _matches_x2apic(apic: LocalApic, destination: int, message: InterruptMessage) -> bool:
    if destination == _X2APIC_BROADCAST:
        return True
    if message.destination_mode is DestinationMode.PHYSICAL:
        return destination == apic.apic_id
    logical_id = apic.logical_id
    return destination >> 16 == logical_id >> 16 and bool(destination & logical_id & 0xFFFF)


def _matches_logical(apic: LocalApic, destination: int) -> bool:
    """Flat model: any common bit. Cluster model: the same cluster (bits 7:4) and a common bit of 3:0."""
    logical_id = apic.ldr >> 24
    if apic.dfr >> 28 == _FLAT_MODEL:
        return bool(destination & logical_id)
    return destination >> 4 == logical_id >> 4 and bool(destination & logical_id & 0xF)


def lowest_priority(candidates: Sequence[Cpu], turn: int) -> Cpu:
    """The chipset's choice: of those that are enabled, the lowest task priority; among equals *turn* decides."""
    enabled = [cpu for cpu in candidates if cpu.apic.software_enabled] or candidates
    lowest = min(cpu.apic.tpr >> 4 for cpu in enabled)
    draw = [cpu for cpu in enabled if cpu.apic.tpr >> 4 == lowest]
    return draw[turn % len(draw)]
