"""Message-signalled interrupts: address and data (SDM vol. 3, "Message Signalled Interrupts")."""

from typing import NamedTuple

from app.x86.bitfields import Field, Layout
from app.x86.definitions import OtherRegister
from app.x86.icr import (
    DESTINATION_MODE_NAMES,
    LEVEL_NAMES,
    SOURCE_DELIVERY_MODE,
    TRIGGER_MODE_NAMES,
    DeliveryMode,
    DestinationMode,
    TriggerMode,
)
from app.x86.registers import Access
from app.x86.units import Vector
from app.x86.vectors import VECTORS

#: Bits 31:20 of the address that a chipset takes for an interrupt message.
ADDRESS_BASE = 0xFEE0_0000

ADDRESS = Layout(
    (
        Field("prefix", 31, 20, "0xfee: this write is an interrupt message. Anything else: it is a write to memory."),
        Field(
            "destination", 19, 12, "Physical: an APIC ID. Logical: what LDR is compared with. 0xff: all, either way."
        ),
        Field(
            "redirection_hint",
            3,
            3,
            "0: to all that the destination names. 1: with logical destination mode, to the one of them with the "
            "lowest priority.",
        ),
        Field(
            "destination_mode",
            2,
            2,
            "0 physical: the destination is an APIC ID. 1 logical: compared with LDR.",
            values=DESTINATION_MODE_NAMES,
        ),
    )
)
DATA = Layout(
    (
        Field("vector", 7, 0, "The vector that the target is to take. 0-15 are illegal: the target sets ESR bit 6."),
        SOURCE_DELIVERY_MODE,
        Field("level", 14, 14, "1 assert. 0 de-assert. Counts only with trigger mode level.", values=LEVEL_NAMES),
        Field(
            "trigger_mode",
            15,
            15,
            "0 edge. 1 level: TMR is set, and the EOI is broadcast.",
            values=TRIGGER_MODE_NAMES,
        ),
    )
)

MSI: tuple[OtherRegister, ...] = (
    OtherRegister(
        "MSI_ADDRESS",
        "Address of a message-signalled interrupt",
        f"address of a device's write, {ADDRESS_BASE:#x} to {ADDRESS_BASE | 0xF_FFFF:#x}",
        Access.WRITE,
        32,
        ADDRESS,
        None,
        "Where a device writes to interrupt: it names the targets.",
        (
            "Software puts it into the device; the device's write to it is the interrupt, and no I/O APIC takes part.",
            "A physical destination of 8 bits reaches the APIC IDs 0 to 254.",
        ),
        'SDM vol. 3, "Message Address Register Format"',
    ),
    OtherRegister(
        "MSI_DATA",
        "Data of a message-signalled interrupt",
        "data of that write",
        Access.WRITE,
        32,
        DATA,
        None,
        "What a device writes to interrupt: it says what the targets are to do.",
        (
            "An edge-triggered message needs no EOI at any I/O APIC.",
            "A level-triggered de-assert is a message that asks for nothing.",
            "A message for a vector that its target has in IRR already merges with it.",
        ),
        'SDM vol. 3, "Message Data Register Format"',
    ),
)


class Msi(NamedTuple):
    """An interrupt message of a device, decoded."""

    destination: int
    destination_mode: DestinationMode
    redirection_hint: bool
    vector: Vector
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
        VECTORS[data & 0xFF],
        DeliveryMode(data >> 8 & 7),
        data >> 14 & 1,
        TriggerMode(data >> 15 & 1),
    )
