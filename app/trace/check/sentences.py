"""A recorded operation in words, for people who step through a recording."""

from app.trace.check.findings import Difference, ReadDifference, VectorDifference
from app.trace.operations import (
    DeviceMessage,
    EoiBroadcastSeen,
    IoApicRead,
    IoApicWrite,
    LocalSourceFired,
    MachineReset,
    Operation,
    PinDriven,
    RegisterRead,
    RegisterWrite,
    VectorTaken,
    X2ApicEntered,
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
        case X2ApicEntered():
            return f"CPU {operation.cpu} switches to x2APIC mode"
        case MachineReset():
            return "the machine is reset"


def difference_words(difference: ReadDifference | VectorDifference | Difference) -> str:
    """What was recorded, what the model says, and why that is so as far as it knows."""
    match difference:
        case ReadDifference(cpu=cpu, register=register):
            what = f"CPU {cpu} reads {register_name(register)}"
            if cpu is None:
                what = f"the I/O APIC's register {register:#04x}"
            return f"{what}: recorded {difference.recorded:#010x}, model {difference.model:#010x}"
        case VectorDifference():
            model = "nothing" if difference.model is None else f"{difference.model:#04x}"
            return f"CPU {difference.cpu} takes {difference.vector:#04x}, the model {model} ({difference.why})"
        case Difference():
            return difference.what


def register_name(offset: int) -> str:
    """The manual's short name with the offset: ``ICR_LOW (0x300)``."""
    definition = REGISTERS.get(offset)
    return f"{definition.register.name} ({offset:#05x})" if definition else f"{offset:#05x}"
