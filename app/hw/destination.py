"""Whether a destination names an APIC (SDM vol. 3, "Determining IPI Destination", "Logical x2APIC Destination Mode").

Each APIC compares the destination in its own mode.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from app.hw.cpu import Cpu
from app.hw.local_apic import LocalApic
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import DeviceBroadcast, LogicalAllOnes
from app.x86.icr import X2APIC_BROADCAST, XAPIC_BROADCAST, DestinationMode, Shorthand
from app.x86.model_specific_registers import ApicMode

_FLAT_MODEL = 0xF


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
        case unknown:
            assert_never(unknown)


def is_physical_broadcast(message: InterruptMessage) -> bool:
    """Whether the destination field of *message* names every APIC by its physical ID."""
    everyone = X2APIC_BROADCAST if message.x2apic else XAPIC_BROADCAST
    none_or_field = message.shorthand is Shorthand.NONE and message.destination_mode is DestinationMode.PHYSICAL
    return none_or_field and message.destination == everyone


def disabled_targets(message: InterruptMessage, cpus: Sequence[Cpu]) -> tuple[int, ...]:
    """The CPUs that *message* would name if their APIC were not disabled in IA32_APIC_BASE. Disabling forgets a logical
    ID, so by its physical ID or a shorthand only (SDM vol. 3, "Enabling or Disabling the Local APIC")."""
    disabled = [cpu for cpu in cpus if cpu.apic.mode is ApicMode.DISABLED]
    match message.shorthand:
        case Shorthand.NONE if is_physical_broadcast(message):
            meant = disabled
        case Shorthand.NONE if message.destination_mode is DestinationMode.PHYSICAL:
            meant = [cpu for cpu in disabled if cpu.apic.initial_id == message.destination]
        case Shorthand.NONE | Shorthand.SELF:
            meant = []
        case Shorthand.ALL_INCLUDING_SELF | Shorthand.ALL_EXCLUDING_SELF:
            meant = [cpu for cpu in disabled if cpu.number != message.source]
        case unknown:
            assert_never(unknown)
    return tuple(cpu.number for cpu in meant)


def matches(apic: LocalApic, message: InterruptMessage) -> bool:
    """Whether the destination field of *message* names *apic*."""
    match apic.mode:
        case ApicMode.DISABLED:
            return False
        case ApicMode.X2APIC:
            return _matches_x2apic(apic, message)
        case ApicMode.XAPIC:
            return _matches_xapic(apic, message)
        case unknown:
            assert_never(unknown)


def _matches_x2apic(apic: LocalApic, message: InterruptMessage) -> bool:
    destination = message.destination
    if destination == X2APIC_BROADCAST:
        return True
    if (
        destination == XAPIC_BROADCAST
        and message.origin is not Origin.IPI
        and apic.profile.device_broadcast is DeviceBroadcast.BROADCAST
    ):
        return True
    if message.destination_mode is DestinationMode.PHYSICAL:
        return destination == apic.apic_id
    logical_id = apic.logical_id
    return destination >> 16 == logical_id >> 16 and bool(destination & logical_id & 0xFFFF)


def _matches_xapic(apic: LocalApic, message: InterruptMessage) -> bool:
    destination = message.destination
    if destination > XAPIC_BROADCAST:
        return destination == X2APIC_BROADCAST
    physical = message.destination_mode is DestinationMode.PHYSICAL
    if destination == XAPIC_BROADCAST and not message.x2apic:
        return physical or _names_all_ones(apic)
    return destination == apic.apic_id & 0xFF if physical else _matches_logical(apic, destination)


def _names_all_ones(apic: LocalApic) -> bool:
    match apic.profile.logical_all_ones:
        case LogicalAllOnes.BROADCAST:
            return True
        case LogicalAllOnes.BITWISE:
            return _matches_logical(apic, XAPIC_BROADCAST)
        case unknown:
            assert_never(unknown)


def _matches_logical(apic: LocalApic, destination: int) -> bool:
    """Flat model: any common bit. Cluster model: the same cluster (bits 7:4) and a common bit of 3:0."""
    logical_id = apic.ldr >> 24
    if apic.dfr >> 28 == _FLAT_MODEL:
        return bool(destination & logical_id)
    return destination >> 4 == logical_id >> 4 and bool(destination & logical_id & 0xF)


class Address(NamedTuple):
    """What one writes into ICR's destination field to name an APIC: its ID, or its logical bits. Two logical
    destinations can be one where ``group`` (the bits that name a cluster) is the same."""

    physical: int
    logical: int
    group: int


def address_of(apic: LocalApic) -> Address:
    """How *apic* is named now."""
    if apic.mode is ApicMode.X2APIC:
        return Address(apic.apic_id, apic.logical_id, 0xFFFF_0000)
    return Address(apic.apic_id, apic.logical_id >> 24, 0 if apic.dfr >> 28 == _FLAT_MODEL else 0xF0)
