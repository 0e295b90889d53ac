"""What a device's write to the message region asks for (SDM vol. 3, "Message Signalled Interrupts").

With redirection hint 0 the message goes to its destination "independent of the destination mode": read here, as
hardware and every hypervisor do, as an ordinary logical or physical destination.
"""

from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import DeviceDeassert, Profile, WideDestinations
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.msi import Msi, decode_msi
from app.x86.units import Vector

_LOW = 0xFFFF_FFFF
_EXTENDED = (WideDestinations.EXTENDED_ID, WideDestinations.BOTH)
_HIGH = (WideDestinations.ADDRESS_HIGH, WideDestinations.BOTH)


def asks_nothing(msi: Msi, profile: Profile) -> bool:
    """A level-triggered message that says that the line is down. Trigger and level count for fixed, lowest priority
    and INIT; others are edges. Some implementations deliver it all the same."""
    if profile.device_deassert is DeviceDeassert.DELIVERED:
        return False
    counts = msi.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.INIT)
    return counts and msi.trigger_mode is TriggerMode.LEVEL and not msi.level


def interrupt_message(msi: Msi, address: int, profile: Profile, number: int) -> InterruptMessage:
    """The message number *number* that *msi*, written to *address*, becomes."""
    mode = msi.delivery_mode
    logical = msi.destination_mode is DestinationMode.LOGICAL
    if msi.redirection_hint and mode is DeliveryMode.FIXED and logical:
        mode = DeliveryMode.LOWEST_PRIORITY
    level = msi.trigger_mode is TriggerMode.LEVEL and mode <= DeliveryMode.LOWEST_PRIORITY
    return InterruptMessage(
        number,
        Origin.MSI,
        None,
        msi.vector,
        mode,
        msi.destination_mode,
        Shorthand.NONE,
        wide_destination(msi.destination, address, profile),
        TriggerMode.LEVEL if level else TriggerMode.EDGE,
    )


def hypervisor_message(
    number: int, origin: Origin, cpu: int, apic_id: int, vector: Vector, mode: DeliveryMode, trigger: TriggerMode
) -> InterruptMessage:
    """The message number *number* that a hypervisor sends for *cpu* to one APIC, past every ICR."""
    return InterruptMessage(
        number,
        origin,
        cpu,
        vector,
        mode,
        DestinationMode.PHYSICAL,
        Shorthand.NONE,
        apic_id,
        trigger,
        x2apic=True,
    )


def wide_destination(destination: int, address: int, profile: Profile) -> int:
    """The 8-bit *destination* with what the profile takes from address bits 11:5 and 63:40."""
    if profile.wide_destinations in _HIGH and address >> 40:
        return destination | address >> 40 << 8
    if profile.wide_destinations in _EXTENDED:
        return destination | (address >> 5 & 0x7F) << 8
    return destination


def decode(address: int, data: int, profile: Profile) -> Msi:
    """The message. ValueError when *address* is no message address under *profile*."""
    high = address >> 32
    if high and (profile.wide_destinations not in _HIGH or high & 0xFF):
        raise ValueError(f"MSI address {address:#x}: under profile {profile.name} bits 63:32 must be 0")
    return decode_msi(address & _LOW, data)
