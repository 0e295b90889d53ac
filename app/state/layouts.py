"""The words that people write by their fields: one table of their layouts, from which forms are made.

A word is a register, an entry of a table, or the address or data of a message. ``together`` are fields that mean
something only together, such as the two bits that select an APIC's mode: they are offered as one choice.
"""

from typing import Any, NamedTuple

from app.commands.lines import ConfigurePin, SendMsi
from app.commands.registers import WriteRegister, Wrmsr
from app.x86.bitfields import Field, Layout
from app.x86.lvt import timer_divisor
from app.x86.model_specific_registers import BITS_OF_MODE, IA32_APIC_BASE, MODE_BITS, ApicMode, Msr
from app.x86.msi import MSI
from app.x86.redirection import ENTRY
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, Register
from app.x86.timer_registers import DIVIDE_CONFIGURATIONS
from app.x86.words import name_words


class Together(NamedTuple):
    """Fields of a word that are one choice: what it is of, where they are as the manual prints it, their mask, and
    (words, bits) of each value."""

    words: str
    bits: str
    mask: int
    choices: tuple[tuple[str, int], ...]


class Written(NamedTuple):
    """A word that people write: its title, how many bits it has, its fields, and which command writes it: what stands
    in that besides the word and its owner, and the field that the word is."""

    title: str
    width: int
    layout: Layout
    command: dict[str, str | int]
    field: str = "value"
    together: Together | None = None


def _of_message(name: str, field: str) -> Written:
    register = next(each for each in MSI if each.name == name)
    return Written(register.title, register.width, register.layout, {"type": SendMsi.kind}, field)


def _of_apic(register: Register) -> Written:
    definition = REGISTERS[register]
    command: dict[str, str | int] = {"type": WriteRegister.kind, "register": register.name}
    together = _DIVIDE if register is Register.TIMER_DIVIDE else None
    return Written(definition.title, 32, definition.layout, command, together=together)


_MODE_WORDS = {ApicMode.DISABLED: "off", ApicMode.XAPIC: "xAPIC", ApicMode.X2APIC: "x2APIC"}
_MODE = Together("mode", "11:10", MODE_BITS, tuple((words, BITS_OF_MODE[mode]) for mode, words in _MODE_WORDS.items()))
_DIVIDE = Together(
    "divide by",
    "3, 1:0",
    REGISTERS[Register.TIMER_DIVIDE].layout.defined_mask,
    tuple(sorted(((str(timer_divisor(each)), each) for each in DIVIDE_CONFIGURATIONS), key=lambda each: int(each[0]))),
)
_TIMER = (Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE)

_BASE_COMMAND: dict[str, str | int] = {"type": Wrmsr.kind, "msr": Msr.IA32_APIC_BASE}

#: By the names that the page's code has for them; those of the APIC's page by the manual's.
WRITTEN: dict[str, Written] = {
    "redirection_entry": Written("Redirection entry", 64, ENTRY, {"type": ConfigurePin.kind}, "entry"),
    "message_address": _of_message("MSI_ADDRESS", "address"),
    "message_data": _of_message("MSI_DATA", "data"),
    "apic_base": Written(IA32_APIC_BASE.name, 64, IA32_APIC_BASE.layout, _BASE_COMMAND, together=_MODE),
    **{register.name: _of_apic(register) for register in (*LVT_REGISTERS, *_TIMER)},
}


def field_json(field: Field) -> dict[str, Any]:
    """A field as a page shows it, and asks for it."""
    return {
        "name": field.name,
        "called": name_words(field.name),
        "high": field.high,
        "low": field.low,
        "bits": field.bits,
        "radix": 2 if field.is_narrow else 16,
        "places": len(field.digits(0)),
        "values": field.values,
        "meaning": field.meaning,
        "writable": field.writable,
    }


def layout_json(layout: Layout) -> list[dict[str, Any]]:
    """A register's fields, the highest bits first, as a ruler shows them."""
    return [field_json(field) for field in sorted(layout.fields, key=lambda field: -field.low)]


def written_json() -> dict[str, Any]:
    """All of ``WRITTEN``, as JSON values: bits as text, for some are more than a script's number holds."""
    return {
        name: {
            "title": written.title,
            "width": written.width,
            "command": written.command,
            "field": written.field,
            "fields": [field_json(field) for field in sorted(written.layout.fields, key=lambda field: field.low)],
            "together": _together_json(written.together) if written.together else None,
        }
        for name, written in WRITTEN.items()
    }


def _together_json(together: Together) -> dict[str, Any]:
    return {
        "words": together.words,
        "bits": together.bits,
        "mask": f"{together.mask:#x}",
        "choices": [{"words": words, "bits": f"{bits:#x}"} for words, bits in together.choices],
    }
