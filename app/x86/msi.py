"""Message-signalled interrupts: address and data (SDM vol. 3, "Message Signalled Interrupts")."""

from typing import NamedTuple

from app.x86.bitfields import Field, Layout
from app.x86.icr import DeliveryMode, DestinationMode, TriggerMode

#: Bits 31:20 of the address that a chipset takes for an interrupt message.
ADDRESS_BASE = 0xFEE0_0000

ADDRESS = Layout(
    (
        Field("prefix", 31, 20, "0xfee: this write is an interrupt message."),
        Field("destination", 19, 12, "The 8-bit APIC ID or logical destination."),
        Field("redirection_hint", 3, 3, "1: the message may go to the lowest-priority CPU of those addressed."),
        Field("destination_mode", 2, 2, "0 physical, 1 logical."),
    )
)
DATA = Layout(
    (
        Field("vector", 7, 0, "The vector that the target is to take."),
        Field("delivery_mode", 10, 8, "Fixed, lowest priority, SMI, NMI, INIT, ExtINT."),
        Field("level", 14, 14, "1 assert, 0 de-assert; counts only for level trigger."),
        Field("trigger_mode", 15, 15, "0 edge, 1 level."),
    )
)


class Msi(NamedTuple):
    """An interrupt message of a device, decoded."""

    destination: int
    destination_mode: DestinationMode
    redirection_hint: bool
    vector: int
    delivery_mode: DeliveryMode
    level: int
    trigger_mode: TriggerMode


def decode_msi(address: int, data: int) -> Msi:
    """The message that a write of *data* to *address* is. ValueError when the address is not 0xFEExxxxx."""
    if address & ~0x000F_FFFF != ADDRESS_BASE:
        raise ValueError(f"MSI address {address:#010x} is not 0xfeexxxxx")
    return Msi(
        address >> 12 & 0xFF,
        DestinationMode(address >> 2 & 1),
        bool(address >> 3 & 1),
        data & 0xFF,
        DeliveryMode(data >> 8 & 7),
        data >> 14 & 1,
        TriggerMode(data >> 15 & 1),
    )
