"""I/O APIC registers (82093AA data sheet, "I/O APIC Registers"; ICH9 data sheet, "Advanced Interrupt Controller")."""

from enum import IntEnum

from app.x86.bitfields import Field, Layout
from app.x86.definitions import OtherRegister, one, word
from app.x86.icr import (
    DESTINATION_MODE_NAMES,
    MASK_NAMES,
    POLARITY_NAMES,
    SOURCE_DELIVERY_MODE,
    STATUS_NAMES,
    TRIGGER_MODE_NAMES,
)
from app.x86.registers import Access

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


#: Offsets in the I/O APIC's page. The EOI register is there from version 0x20 on.
SELECT_OFFSET = 0x00
WINDOW_OFFSET = 0x10
EOI_OFFSET = 0x40
FIRST_VERSION_WITH_EOI = 0x20
#: The I/O APIC of the data sheet, without an EOI register.
VERSION_82093AA = 0x11


ENTRY = Layout(
    (
        Field("vector", 7, 0, "The vector that this pin raises. 0-15 are illegal: the target sets ESR bit 6."),
        SOURCE_DELIVERY_MODE,
        Field(
            "destination_mode",
            11,
            11,
            "0 physical: the destination is an APIC ID. 1 logical: compared with LDR.",
            values=DESTINATION_MODE_NAMES,
        ),
        Field(
            "delivery_status",
            12,
            12,
            "0 idle. 1 send pending: set by hardware while a message of this pin is on its way.",
            writable=False,
            values=STATUS_NAMES,
        ),
        Field("polarity", 13, 13, "0: the pin is active high. 1: active low.", values=POLARITY_NAMES),
        Field(
            "remote_irr",
            14,
            14,
            "Level pins: set by hardware when a target accepts, cleared by its EOI; no further message meanwhile.",
            writable=False,
        ),
        Field(
            "trigger_mode",
            15,
            15,
            "0 edge. 1 level: means something for fixed and lowest priority only.",
            values=TRIGGER_MODE_NAMES,
        ),
        Field("mask", 16, 16, "1: the pin is cut off.", values=MASK_NAMES),
        Field(
            "destination", 63, 56, "Physical: an APIC ID. Logical: what LDR is compared with. 0xff: all, either way."
        ),
    )
)

_SELECT = one(
    "index", 7, 0, "Which register IOWIN is: 0x00 ID, 0x01 version, 0x02 arbitration, from 0x10 on the entries."
)
_ID = one("io_apic_id", 27, 24, "The number of this I/O APIC.")
_VERSION = Layout(
    (
        Field("version", 7, 0, "0x11: the 82093AA. 0x20 and later: there is an EOI register.", writable=False),
        Field("max_redirection_entry", 23, 16, "The number of pins less one.", writable=False),
    )
)
_ARBITRATION = Layout((Field("arbitration_id", 27, 24, "The same as the ID.", writable=False),))

#: The I/O APIC's registers; all pins share the definition of their entry.
IO_APIC: tuple[OtherRegister, ...] = (
    OtherRegister(
        "IOREGSEL",
        "Register select",
        f"I/O APIC page, offset {SELECT_OFFSET:#04x}",
        Access.READ_WRITE,
        32,
        _SELECT,
        0,
        "The index of the register that IOWIN shows.",
        ("A write chooses the register for the accesses to IOWIN that follow.",),
        '82093AA, "I/O Register Select Register (IOREGSEL)"',
    ),
    OtherRegister(
        "IOWIN",
        "Register window",
        f"I/O APIC page, offset {WINDOW_OFFSET:#04x}",
        Access.READ_WRITE,
        32,
        word("data", "The register that IOREGSEL names."),
        None,
        "Reads and writes the register that IOREGSEL names.",
        ("Where IOREGSEL names no register, a read gives 0 and a write does nothing.",),
        '82093AA, "I/O Window Register (IOWIN)"',
    ),
    OtherRegister(
        "IOAPICID",
        "I/O APIC ID",
        f"IOREGSEL {IoApicRegister.ID:#04x}",
        Access.READ_WRITE,
        32,
        _ID,
        0,
        "The number of the I/O APIC.",
        ("A write sets the four bits of the ID, and with them the arbitration register; the rest reads 0.",),
        '82093AA, "I/O APIC Identification Register (IOAPICID)"',
    ),
    OtherRegister(
        "IOAPICVER",
        "I/O APIC version",
        f"IOREGSEL {IoApicRegister.VERSION:#04x}",
        Access.READ,
        32,
        _VERSION,
        (PIN_COUNT - 1) << 16 | VERSION_82093AA,
        "What kind of I/O APIC this is and how many pins it has.",
        ("Nothing changes it; a write is ignored.",),
        '82093AA, "I/O APIC Version Register (IOAPICVER)"',
        "Other chips have other values.",
    ),
    OtherRegister(
        "IOAPICARB",
        "I/O APIC arbitration",
        f"IOREGSEL {IoApicRegister.ARBITRATION:#04x}",
        Access.READ,
        32,
        _ARBITRATION,
        0,
        "The priority of the I/O APIC on the serial APIC bus of old.",
        ("It follows the ID; a write is ignored.",),
        '82093AA, "I/O APIC Arbitration Register (IOAPICARB)"',
    ),
    OtherRegister(
        "IOREDTBL",
        f"Redirection entries of pins 0 to {PIN_COUNT - 1}",
        f"IOREGSEL {IoApicRegister.REDIRECTION:#04x} + 2 × pin (bits 31:0) and + 1 (bits 63:32)",
        Access.READ_WRITE,
        64,
        ENTRY,
        RESET,
        "What message a pin sends, to whom, and whether at all.",
        (
            "An edge pin sends when its line rises; a rise while it is masked is lost.",
            "A level pin sends while its line is up, unless it is masked, waits for an EOI or has a message under way.",
            "So unmasking a level pin whose line is up sends at once; a fall of the line does not clear remote IRR.",
            "An EOI clears remote IRR of every level pin with its vector; a pin whose line is still up sends again.",
            "A write leaves delivery status and remote IRR as they are, but switching to edge clears remote IRR.",
        ),
        '82093AA, "I/O Redirection Table Registers (IOREDTBL)"',
    ),
    OtherRegister(
        "EOIR",
        "End of interrupt at the I/O APIC",
        f"I/O APIC page, offset {EOI_OFFSET:#04x}",
        Access.WRITE,
        32,
        one("vector", 7, 0, "The vector whose interrupt ends."),
        None,
        "Ends a level-triggered interrupt here, where local APICs do not broadcast their EOI.",
        (
            f"It is there from version {FIRST_VERSION_WITH_EOI:#x} on; before, a write does nothing.",
            "A write does what the EOI broadcast of that vector does: it clears remote IRR of every level pin with it.",
            "Software needs it when SVR bit 12 suppresses the broadcasts.",
        ),
        'ICH9, "EOIR: EOI Register"; SDM vol. 3, "Directed EOI"',
    ),
)
