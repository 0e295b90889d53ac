"""A recorded operation in words, for people who step through a recording."""

from app.traces.operations import (
    DeviceMessage,
    EoiBroadcastSeen,
    IoApicRead,
    IoApicWrite,
    LocalSourceFired,
    Operation,
    PinDriven,
    RegisterRead,
    RegisterWrite,
    VectorTaken,
)
from app.x86.register_map import REGISTERS

_SOURCES = ("timer", "thermal sensor", "performance counter", "LINT0", "LINT1", "error")
_IO_APIC_REGISTERS = {0x00: "IOREGSEL", 0x10: "IOWIN", 0x40: "EOI"}


def sentence(operation: Operation, note: str) -> str:
    """*operation* with its line, and *note*, what the model makes of it."""
    said = f"line {operation.line}: {_what(operation)}"
    return f"{said} ({note})" if note else said


def _what(operation: Operation) -> str:
    match operation:
        case RegisterRead():
            return f"CPU {operation.cpu} reads {register_name(operation.offset)} = {operation.value:#010x}"
        case RegisterWrite():
            return f"CPU {operation.cpu} writes {register_name(operation.offset)} = {operation.value:#010x}"
        case DeviceMessage():
            return f"a device writes {operation.data:#06x} to {operation.address:#010x}, an interrupt message"
        case IoApicRead() | IoApicWrite():
            name = _IO_APIC_REGISTERS.get(operation.offset, f"{operation.offset:#04x}")
            verb = "gives" if isinstance(operation, IoApicRead) else "is set to"
            return f"the I/O APIC's {name} {verb} {operation.value:#010x}"
        case PinDriven():
            return f"a device {'raises' if operation.level else 'lowers'} I/O APIC pin {operation.pin}"
        case LocalSourceFired():
            known = 0 <= operation.entry < len(_SOURCES)
            return f"a CPU's {_SOURCES[operation.entry] if known else 'local source'} fires"
        case EoiBroadcastSeen():
            return f"the EOI of {operation.vector:#04x} is broadcast to the I/O APICs"
        case VectorTaken():
            return f"a CPU takes {operation.vector:#04x}"


def register_name(offset: int) -> str:
    """The manual's short name with the offset: ``ICR_LOW (0x300)``."""
    definition = REGISTERS.get(offset)
    return f"{definition.register.name} ({offset:#05x})" if definition else f"{offset:#05x}"
