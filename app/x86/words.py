"""Vectors, interrupts and registers as a sentence names them."""

from collections.abc import Mapping

from app.x86.icr import DeliveryMode
from app.x86.register_map import REGISTERS

#: What a kernel calls its vectors; a vector that it has no name for is not there.
VectorNames = Mapping[int, str]

#: What a delivery mode is called where the vector follows, or instead of a vector.
_MODES = {
    DeliveryMode.FIXED: "",
    DeliveryMode.LOWEST_PRIORITY: "lowest-priority ",
    DeliveryMode.SMI: "SMI",
    DeliveryMode.RESERVED_3: "reserved",
    DeliveryMode.NMI: "NMI",
    DeliveryMode.INIT: "INIT",
    DeliveryMode.STARTUP: "start-up IPI",
    DeliveryMode.EXTINT: "ExtINT",
}


_ABBREVIATIONS = {"io": "I/O"} | {word: word.upper() for word in ("apic", "eoi", "id", "ipi", "irr", "lvt", "x2apic")}


def name_words(name: str) -> str:
    """A field's name as it is read: ``remote_irr`` as "remote IRR"."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in name.split("_"))


def register_words(offset: int) -> str:
    """``ICR LOW (0x300)``: the manual's name of the register at *offset* of the APIC page, and the offset."""
    definition = REGISTERS.get(offset)
    return f"{definition.register.name.replace('_', ' ') if definition else 'offset'} ({offset:#05x})"


def vector_words(vector: int, names: VectorNames) -> str:
    """``0xfc (reschedule)`` for a vector that the kernel has a name for."""
    name = names.get(vector)
    return f"{vector:#04x} ({name})" if name else f"{vector:#04x}"


def interrupt_words(vector: int, mode: DeliveryMode, names: VectorNames) -> str:
    """What is delivered: a vector, or one of the signals that have none. A start-up IPI's vector is the page where the
    CPU begins."""
    if mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        return f"{_MODES[mode]}{vector_words(vector, names)}"
    return f"{_MODES[mode]} to {vector << 12:#07x}" if mode is DeliveryMode.STARTUP else _MODES[mode]


def level_words(level: int) -> str:
    """The level that a line goes to."""
    return "up" if level else "down"
