"""The types that fields of commands have: bounds and units, how each is read, written back to JSON, and described.

A field of a command is annotated with one of the names at the end: ``cpu: CpuNumber``.
"""

import math
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar, cast

from app.breakpoints.condition import NEVER, Condition
from app.breakpoints.reading import LONGEST as LONGEST_CONDITION
from app.breakpoints.reading import UnreadableCondition, read_condition
from app.breakpoints.words import WORDS
from app.commands.fields import MISSING, Fields, shown
from app.costs.reference import UnusableReference, cost_sheet_of, reference_of
from app.hw.machine import MAX_CPUS
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register

Value = TypeVar("Value")
Chosen = TypeVar("Chosen", bound=Hashable)
Schema = dict[str, Any]

_LONGEST_NUMBER = 66
_TRUE = frozenset({"true", "1", "on", "yes"})
_FALSE = frozenset({"false", "0", "off", "no"})
_WRITTEN_BOOLEANS = ["true", "false", "on", "off", "yes", "no", "1", "0"]
#: A whole number as text: 81, 0x51.
_WRITTEN_NUMBER: Schema = {"type": "string", "pattern": r"^\s*-?(0[xX][0-9a-fA-F]+|[0-9]+)\s*$"}


class FieldType(Protocol[Value]):
    """What a field may hold. Whatever ``read`` gives, ``write`` turns into JSON that reads as the same."""

    def read(self, fields: Fields, name: str, default: Value = MISSING) -> Value:
        """The field *name* of *fields*, which note what is wrong with it; *default* where it may be absent and is."""

    def write(self, value: Value) -> Any:
        """*value* in JSON. ValueError when no caller could have asked for it."""

    def schema(self) -> Schema:
        """What ``read`` takes, in JSON Schema, on a machine of any number of CPUs."""


def described(field: FieldType[Value], default: Value = MISSING) -> Schema:
    """The schema of a field; with a *default* it may be null, too."""
    if default is MISSING:
        return field.schema()
    return {"anyOf": [field.schema(), {"type": "null"}], "default": field.write(default)}


def _plain(raw: str) -> bool:
    """Whether a number may be written so. Python also takes other alphabets' digits, and underscores."""
    return raw.isascii() and "_" not in raw


def _whole_number(raw: object) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    if isinstance(raw, str) and len(raw) <= _LONGEST_NUMBER and _plain(raw):
        try:
            return int(raw.strip(), 16 if raw.strip().lower().startswith("0x") else 10)
        except ValueError:
            return None
    return None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from *lowest* to *highest*, or a string that is one. Of *bits*, as vectors and registers
    have them, people know the limits in hexadecimal."""

    lowest: int
    highest: int
    bits: bool = False

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        raw = fields.get(name, default)
        if raw is MISSING:
            return self.lowest
        value = _whole_number(raw)
        if value is None:
            fields.refuse(name, f"{shown(raw)} is not a whole number (write 81 or 0x51)")
            return self.lowest
        if not self.lowest <= value <= self.highest:
            limits = f"{self.lowest:,} to {self.highest:,}"
            if self.bits:
                written = f"{self.lowest:#x} to {self.highest:#x}"
                limits = f"{limits} ({written})" if self.highest <= 0xFFFF else written
            fields.refuse(name, f"{shown(raw)} is not in {limits}")
            return self.lowest
        return value

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer", "minimum": self.lowest, "maximum": self.highest}, _WRITTEN_NUMBER]}


@dataclass(frozen=True, slots=True)
class Cpu:
    """The number of a CPU of the machine."""

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        raw = fields.get(name, default)
        return 0 if raw is MISSING else self.number(fields, name, raw)

    def number(self, fields: Fields, name: str, raw: object) -> int:
        """The CPU that *raw* names, which stands in the field *name*."""
        value = _whole_number(raw)
        if value is None or not 0 <= value < fields.cpu_count:
            fields.refuse(name, f"there is no CPU {shown(raw)}; this machine has 0 to {fields.cpu_count - 1}")
            return 0
        return value

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return Whole(0, MAX_CPUS - 1).schema()


@dataclass(frozen=True, slots=True)
class CpuMask:
    """A set of CPUs as a number whose bits they are; it is not empty."""

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        return Whole(1, (1 << fields.cpu_count) - 1, bits=True).read(fields, name, default)

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer"}, _WRITTEN_NUMBER], "description": "The CPUs as bits."}


@dataclass(frozen=True, slots=True)
class CpuList:
    """The same set as a list, or as text with commas."""

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        raw = fields.get(name, default)
        numbers = raw.split(",") if isinstance(raw, str) else raw
        if not isinstance(numbers, list) or not numbers:
            fields.refuse(name, "must be a list of CPU numbers")
            return 1
        return sum(1 << cpu for cpu in {Cpu().number(fields, name, number) for number in numbers})

    def write(self, value: int) -> list[int]:
        return [cpu for cpu in range(value.bit_length()) if value >> cpu & 1]

    def schema(self) -> Schema:
        listed = {"type": "array", "items": {"anyOf": [{"type": "integer"}, _WRITTEN_NUMBER]}, "minItems": 1}
        return {
            "anyOf": [listed, {"type": "string"}],
            "description": "The CPUs as a list, or as text with commas.",
        }


@dataclass(frozen=True, slots=True)
class WholeButZero:
    """A whole number from *lowest* to *highest* other than 0."""

    lowest: int
    highest: int

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        value = Whole(self.lowest, self.highest).read(fields, name, default)
        if value == 0:
            fields.refuse(name, "is 0, which would be nothing")
        return value

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {**Whole(self.lowest, self.highest).schema(), "not": {"const": 0}}


@dataclass(frozen=True, slots=True)
class Perhaps:
    """A whole number from *lowest* to *highest*; None where the field is absent."""

    lowest: int
    highest: int

    def read(self, fields: Fields, name: str, default: int | None = None) -> int | None:
        if fields.get(name, None) is None:
            return default
        return Whole(self.lowest, self.highest).read(fields, name)

    def write(self, value: int | None) -> int | None:
        return value

    def schema(self) -> Schema:
        return Whole(self.lowest, self.highest).schema()


@dataclass(frozen=True, slots=True)
class Text:
    """Something for people to read: one line of at most *longest* characters."""

    longest: int

    def read(self, fields: Fields, name: str, default: str = MISSING) -> str:
        raw = fields.get(name, default)
        if raw is MISSING:
            return ""
        text = raw.strip() if isinstance(raw, str) else ""
        if not text:
            fields.refuse(name, "is empty" if isinstance(raw, str) else f"{shown(raw)} is not a text")
        elif len(text) > self.longest:
            fields.refuse(name, f"has {len(text)} characters, {self.longest} at most")
        elif not text.isprintable():
            fields.refuse(name, "has characters that cannot be printed")
        return text

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of *numbers*, or a string that is one."""

    numbers: Collection[int]

    def read(self, fields: Fields, name: str, default: int = MISSING) -> int:
        raw = fields.get(name, default)
        value = _whole_number(raw)
        if value is not None and value in self.numbers:
            return value
        if raw is not MISSING:
            fields.refuse(name, f"{shown(raw)} is none of {', '.join(map(str, sorted(self.numbers)))}")
        return next(iter(self.numbers))

    def write(self, value: int) -> int:
        return value

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "integer", "enum": sorted(self.numbers)}, _WRITTEN_NUMBER]}


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Choice(Generic[Chosen]):
    """One of *choices*, which JSON has by name; *transform* makes a name of what was written."""

    choices: Mapping[str, Chosen]
    transform: Callable[[str], str] = _as_it_is

    def read(self, fields: Fields, name: str, default: Chosen = MISSING) -> Chosen:
        raw = fields.get(name, default)
        fallback = next(iter(self.choices.values())) if default is MISSING else default
        if raw is default or raw is MISSING:
            return fallback
        found = self.choices.get(self.transform(raw), MISSING) if isinstance(raw, str) else MISSING
        if found is MISSING:
            fields.refuse(name, f"{shown(raw)} is none of {', '.join(self.choices)}")
            return fallback
        return cast("Chosen", found)

    def write(self, value: Chosen) -> str:
        for name, choice in self.choices.items():
            if choice == value:
                return name
        raise ValueError(f"{value!r} is none of {', '.join(self.choices)}")

    def schema(self) -> Schema:
        if self.transform is _as_it_is:
            return {"type": "string", "enum": list(self.choices)}
        return {"type": "string", "description": f"One of {', '.join(self.choices)}, in any case."}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false, or a string that says so."""

    def read(self, fields: Fields, name: str, default: bool = MISSING) -> bool:
        raw = fields.get(name, default)
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in _TRUE:
            return True
        if isinstance(raw, str) and raw.lower() in _FALSE:
            return False
        if raw is not MISSING:
            fields.refuse(name, f"{shown(raw)} is neither true nor false")
        return False

    def write(self, value: bool) -> bool:
        return bool(value)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": _WRITTEN_BOOLEANS}]}


@dataclass(frozen=True, slots=True)
class Speed:
    """Virtual cycles per second of wall time, from *slowest* to *fastest*; null, "max" or an empty string, which is
    None, is as fast as it goes."""

    slowest: float
    fastest: float

    def read(self, fields: Fields, name: str, default: float | None = MISSING) -> float | None:
        if not fields.there(name):
            fields.refuse(name, "is missing")
            return None
        raw = fields.get(name, None)
        if raw is None or raw in ("", "max"):
            return None
        try:
            number = _plain(raw) if isinstance(raw, str) else isinstance(raw, int | float) and not isinstance(raw, bool)
            value = float(raw) if number else math.nan
        except (ValueError, OverflowError):
            value = math.nan
        if not self.slowest <= value <= self.fastest:
            limits = f"from {self.slowest:g} to {self.fastest:g} cycles a second, or max"
            fields.refuse(name, f"{shown(raw)} is not a speed {limits}")
            return None
        return value

    def write(self, value: float | None) -> float | None:
        return value

    def schema(self) -> Schema:
        number = {"type": "number", "minimum": self.slowest, "maximum": self.fastest}
        return {"anyOf": [number, {"type": "string"}, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class CostSheet:
    """The text that names a cost sheet, in its shortest form."""

    def read(self, fields: Fields, name: str, default: str = MISSING) -> str:
        raw = fields.get(name, default)
        if raw is MISSING:
            return ""
        if not isinstance(raw, str):
            fields.refuse(name, f"{shown(raw)} is no name of a cost sheet")
            return ""
        try:
            return reference_of(cost_sheet_of(raw))
        except UnusableReference as unusable:
            fields.refuse(name, str(unusable))
            return ""

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class OfCondition:
    """A condition at which something stops, as text (``breakpoints/reading``)."""

    def read(self, fields: Fields, name: str, default: Condition = MISSING) -> Condition:
        raw = fields.get(name, default)
        if isinstance(raw, str):
            try:
                condition = read_condition(raw)
            except UnreadableCondition as unreadable:
                fields.refuse(name, str(unreadable))
                return NEVER
            absent = next((cpu for cpu in condition.cpus if cpu >= fields.cpu_count), None)
            if absent is not None:
                fields.refuse(name, f"there is no CPU {absent}; this machine has 0 to {fields.cpu_count - 1}")
            return condition
        if raw is not MISSING:
            fields.refuse(name, f"{shown(raw)} is not a text")
        return NEVER

    def write(self, value: Condition) -> str:
        return value.text

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": LONGEST_CONDITION, "examples": [word.example for word in WORDS]}


def named(names: Collection[str]) -> Choice[str]:
    """One of *names*."""
    return Choice({name: name for name in names})


CpuNumber = Annotated[int, Cpu()]
Vector = Annotated[int, Whole(0, 255, bits=True)]
#: What a register or an entry of 64 bits can hold; a narrower register keeps the lowest bits, or faults.
Word64 = Annotated[int, Whole(0, 0xFFFF_FFFF_FFFF_FFFF, bits=True)]
Word32 = Annotated[int, Whole(0, 0xFFFF_FFFF, bits=True)]
#: An offset in the APIC page, which JSON has by the register's name in the manual.
RegisterOffset = Annotated[int, Choice({register.name: register for register in Register}, str.upper)]
#: An input of the I/O APIC.
Pin = Annotated[int, Whole(0, PIN_COUNT - 1)]
