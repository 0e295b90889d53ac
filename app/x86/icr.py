"""The interrupt command register (SDM vol. 3, "Interrupt Command Register (ICR)", "ICR Operation in x2APIC Mode")."""

from enum import Enum, IntEnum
from functools import lru_cache
from typing import NamedTuple

from app.x86.bitfields import Field, Layout


class DeliveryMode(IntEnum):
    """What an interrupt message asks its target to do: bits 10:8 of ICR, LVT, redirection entries and MSI data."""

    FIXED = 0
    LOWEST_PRIORITY = 1
    SMI = 2
    RESERVED_3 = 3
    NMI = 4
    INIT = 5
    STARTUP = 6
    EXTINT = 7


class DestinationMode(IntEnum):
    """Whether the destination is an APIC ID or a set of logical IDs (bit 11)."""

    PHYSICAL = 0
    LOGICAL = 1


class Shorthand(IntEnum):
    """Destinations that need no destination field (bits 19:18)."""

    NONE = 0
    SELF = 1
    ALL_INCLUDING_SELF = 2
    ALL_EXCLUDING_SELF = 3


class TriggerMode(IntEnum):
    """Edge or level (bit 15)."""

    EDGE = 0
    LEVEL = 1


DELIVERY_STATUS = 1 << 12

#: What the values of fields are called that ICR shares with LVT, redirection entries and interrupt messages of devices.
MODE_NAMES = ("fixed", "lowest priority", "SMI", "reserved", "NMI", "INIT", "start-up", "reserved")
#: Of what comes from a device or a source inside the CPU: no start-up, but ExtINT.
SOURCE_MODE_NAMES = ("fixed", "lowest priority", "SMI", "reserved", "NMI", "INIT", "reserved", "ExtINT")
DESTINATION_MODE_NAMES = ("physical", "logical")
STATUS_NAMES = ("idle", "send pending")
LEVEL_NAMES = ("de-assert", "assert")
TRIGGER_MODE_NAMES = ("edge", "level")
POLARITY_NAMES = ("active high", "active low")
MASK_NAMES = ("open", "masked")

VECTOR = Field("vector", 7, 0, "The vector that the target is to take; of a start-up IPI, the page where it begins.")
DELIVERY_MODE = Field(
    "delivery_mode",
    10,
    8,
    "What the target is to do. 000 fixed: take the vector. 001 lowest priority: one of those addressed takes it. "
    "010 SMI. 100 NMI. 101 INIT. 110 start-up. 011 and 111 are reserved.",
    values=MODE_NAMES,
)
#: Of a redirection entry and of a device's message.
SOURCE_DELIVERY_MODE = Field(
    "delivery_mode",
    10,
    8,
    "000 fixed. 001 lowest priority. 010 SMI. 100 NMI. 101 INIT. 111 ExtINT. 011 and 110 are reserved.",
    values=SOURCE_MODE_NAMES,
)
DESTINATION_MODE = Field(
    "destination_mode",
    11,
    11,
    "0 physical: the destination is an APIC ID. 1 logical: it is compared with LDR.",
    values=DESTINATION_MODE_NAMES,
)
STATUS = Field(
    "delivery_status",
    12,
    12,
    "0 idle. 1 send pending: hardware sets it with the send and clears it when the message has arrived (xAPIC only).",
    writable=False,
    values=STATUS_NAMES,
)
LEVEL = Field(
    "level",
    14,
    14,
    "1 assert. 0 de-assert: means something with INIT and trigger mode level only.",
    values=LEVEL_NAMES,
)
TRIGGER_MODE = Field(
    "trigger_mode", 15, 15, "0 edge. 1 level: for INIT level de-assert only.", values=TRIGGER_MODE_NAMES
)
SHORTHAND = Field(
    "shorthand",
    19,
    18,
    "00 none: the destination field counts. 01 self. 10 all including self. 11 all excluding self.",
    values=("none", "self", "all including self", "all excluding self"),
)
XAPIC_DESTINATION = Field(
    "destination", 63, 56, "Physical: an APIC ID of 8 bits. Logical: what LDR is compared with. 0xff: all, either way."
)
X2APIC_DESTINATION = Field(
    "destination",
    63,
    32,
    "Physical: an APIC ID of 32 bits. Logical: 63:48 the cluster, 47:32 one bit a member. 0xffffffff: all, either way.",
)
#: The destinations that stand for everyone, in each mode.
XAPIC_BROADCAST = 0xFF
X2APIC_BROADCAST = 0xFFFF_FFFF

_LOW = (VECTOR, DELIVERY_MODE, DESTINATION_MODE, STATUS, LEVEL, TRIGGER_MODE, SHORTHAND)
XAPIC_ICR = Layout((*_LOW, XAPIC_DESTINATION))
X2APIC_ICR = Layout((*(field for field in _LOW if field is not STATUS), X2APIC_DESTINATION))
ICR_LOW = Layout(_LOW)
ICR_HIGH = Layout((Field("destination", 31, 24, XAPIC_DESTINATION.meaning),))


class Icr(NamedTuple):
    """One interrupt command, decoded. ``destination`` is 8 bits wide in xAPIC mode and 32 in x2APIC mode."""

    vector: int
    delivery_mode: DeliveryMode = DeliveryMode.FIXED
    destination_mode: DestinationMode = DestinationMode.PHYSICAL
    shorthand: Shorthand = Shorthand.NONE
    destination: int = 0
    level: int = 1
    trigger_mode: TriggerMode = TriggerMode.EDGE

    def low(self) -> int:
        """Bits 31:0, as written to ICR low (offset 0x300)."""
        return (
            VECTOR.insert(self.vector)
            | DELIVERY_MODE.insert(self.delivery_mode)
            | DESTINATION_MODE.insert(self.destination_mode)
            | LEVEL.insert(self.level)
            | TRIGGER_MODE.insert(self.trigger_mode)
            | SHORTHAND.insert(self.shorthand)
        )

    def encode(self, *, x2apic: bool = False) -> int:
        """All 64 bits. ValueError when the destination does not fit the mode."""
        return self.low() | _destination_field(x2apic).insert(self.destination)

    def misfit(self, *, x2apic: bool) -> str:
        """Why no guest that has its APIC in that mode can write this command; empty when one can."""
        field = _destination_field(x2apic)
        if self.destination <= field.highest:
            return ""
        width = field.high - field.low + 1
        mode = "x2APIC" if x2apic else "xAPIC"
        return (
            f"{self.destination:#x} does not fit: the guest has its APIC in {mode} mode, where a destination has "
            f"{width} bits ({field.bits})"
        )


def _destination_field(x2apic: bool) -> Field:
    return X2APIC_DESTINATION if x2apic else XAPIC_DESTINATION


@lru_cache(maxsize=4096)
def decode_icr(raw: int, *, x2apic: bool = False) -> Icr:
    """The command that the 64-bit value *raw* holds."""
    return Icr(
        raw & 0xFF,
        _DELIVERY_MODES[raw >> 8 & 7],
        _DESTINATION_MODES[raw >> 11 & 1],
        _SHORTHANDS[raw >> 18 & 3],
        raw >> 32 if x2apic else raw >> 56,
        raw >> 14 & 1,
        _TRIGGER_MODES[raw >> 15 & 1],
    )


# Looking an enum member up by value costs three times as much as indexing a tuple.
_DELIVERY_MODES = tuple(DeliveryMode)
_DESTINATION_MODES = tuple(DestinationMode)
_SHORTHANDS = tuple(Shorthand)
_TRIGGER_MODES = tuple(TriggerMode)

_ANY_SHORTHAND = frozenset({DeliveryMode.FIXED})
_ALL_EXCLUDING = frozenset(
    {
        DeliveryMode.FIXED,
        DeliveryMode.LOWEST_PRIORITY,
        DeliveryMode.SMI,
        DeliveryMode.NMI,
        DeliveryMode.INIT,
        DeliveryMode.STARTUP,
    }
)
#: Delivery modes that each shorthand may carry (SDM vol. 3, "Valid Combinations for the Pentium 4 … ICR").
VALID_DELIVERY_MODES = {
    Shorthand.NONE: _ALL_EXCLUDING,
    Shorthand.SELF: _ANY_SHORTHAND,
    Shorthand.ALL_INCLUDING_SELF: _ANY_SHORTHAND,
    Shorthand.ALL_EXCLUDING_SELF: _ALL_EXCLUDING,
}


class IcrBreach(Enum):
    """What the manual forbids, and processors send all the same (SDM vol. 3, "Interrupt Command Register (ICR)")."""

    LEVEL_0 = (
        "level is 0 (de-assert): the manual demands 1 for everything but INIT level de-assert; processors since the "
        "Pentium 4 take it for 1, and some hypervisors do not"
    )
    VECTOR_NOT_0 = "the manual demands vector 0 with this delivery mode"
    TRIGGER_LEVEL = "trigger mode level means something for INIT level de-assert only; this one is sent as an edge"


@lru_cache(maxsize=4096)
def breaches(icr: Icr) -> tuple[IcrBreach, ...]:
    """Every way in which the manual forbids *icr* that does not keep processors from sending it."""
    mode = icr.delivery_mode
    found = []
    if not icr.level and not is_init_level_deassert(icr):
        found.append(IcrBreach.LEVEL_0)
    if mode in (DeliveryMode.SMI, DeliveryMode.INIT) and icr.vector:
        found.append(IcrBreach.VECTOR_NOT_0)
    if icr.trigger_mode is TriggerMode.LEVEL and mode is not DeliveryMode.INIT:
        found.append(IcrBreach.TRIGGER_LEVEL)
    return tuple(found)


def is_init_level_deassert(icr: Icr) -> bool:
    """INIT with level 0 and trigger mode level: does nothing since the Pentium 4 (SDM vol. 3, "ICR", mode 101)."""
    return icr.delivery_mode is DeliveryMode.INIT and icr.level == 0 and icr.trigger_mode is TriggerMode.LEVEL
