"""I/O APIC registers (82093AA data sheet, "I/O APIC Registers"; ICH9 data sheet, "Advanced Interrupt Controller")."""

from enum import IntEnum

from app.x86.bitfields import Field, Layout

PIN_COUNT = 24
REMOTE_IRR = 1 << 14
LEVEL = 1 << 15
MASKED = 1 << 16
#: A redirection entry after reset: masked.
RESET = MASKED


class IoApicRegister(IntEnum):
    """Index values for IOREGSEL. The entry of pin *n* is at ``REDIRECTION + 2n`` (low) and ``+ 2n + 1`` (high)."""

    ID = 0x00
    VERSION = 0x01
    ARBITRATION = 0x02
    REDIRECTION = 0x10


ENTRY = Layout(
    (
        Field("vector", 7, 0, "The vector that this pin raises."),
        Field("delivery_mode", 10, 8, "Fixed, lowest priority, SMI, NMI, INIT, ExtINT."),
        Field("destination_mode", 11, 11, "0 physical, 1 logical."),
        Field("delivery_status", 12, 12, "1 while a message of this pin is on its way.", writable=False),
        Field("polarity", 13, 13, "0: the pin is active high. 1: active low."),
        Field(
            "remote_irr",
            14,
            14,
            "Level pins: 1 from acceptance to EOI; no further message meanwhile.",
            writable=False,
        ),
        Field("trigger_mode", 15, 15, "0 edge, 1 level."),
        Field("mask", 16, 16, "1: the pin is cut off."),
        Field("destination", 63, 56, "The 8-bit APIC ID or logical destination."),
    )
)
