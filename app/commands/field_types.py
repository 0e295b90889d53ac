"""The types that fields of commands have: bounds and units, how each is read, and how it is written back to JSON.

A field of a command is annotated with one of the names at the end: ``cpu: CpuNumber``.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

from app.commands.fields import Fields
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register

Value = TypeVar("Value")
Chosen = TypeVar("Chosen", bound=Hashable)


class FieldType(Protocol[Value]):
    """What a field may hold. Whatever ``read`` gives, ``write`` turns into JSON that reads as the same."""

    def read(self, fields: Fields, name: str, default: Value) -> Value:
        """The field *name* of *fields*, which note what is wrong with it; *default* where it may be absent and is."""

    def write(self, value: Value) -> Any:
        """*value* in JSON. ValueError when no caller could have asked for it."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """The number of a CPU of the machine."""

    def read(self, fields: Fields, name: str, default: int) -> int:
        return fields.cpu(name)

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from *lowest* to *highest*."""

    lowest: int
    highest: int

    def read(self, fields: Fields, name: str, default: int) -> int:
        return fields.number(name, self.lowest, self.highest, default)

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of *numbers*."""

    numbers: Collection[int]

    def read(self, fields: Fields, name: str, default: int) -> int:
        return fields.number_of(name, self.numbers)

    def write(self, value: int) -> int:
        return value


@dataclass(frozen=True, slots=True)
class Choice(Generic[Chosen]):
    """One of *choices*, which JSON has by name; *transform* makes a name of what was written."""

    choices: Mapping[str, Chosen]
    transform: Callable[[str], str] = lambda text: text

    def read(self, fields: Fields, name: str, default: Chosen) -> Chosen:
        return fields.choice(name, self.choices, default, self.transform)

    def write(self, value: Chosen) -> str:
        for name, choice in self.choices.items():
            if choice == value:
                return name
        raise ValueError(f"{value!r} is none of {', '.join(self.choices)}")


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, fields: Fields, name: str, default: bool) -> bool:
        return fields.boolean(name, default)

    def write(self, value: bool) -> bool:
        return bool(value)


@dataclass(frozen=True, slots=True)
class Speed:
    """Virtual cycles per second of wall time, from *slowest* to *fastest*; None is as fast as it goes."""

    slowest: float
    fastest: float

    def read(self, fields: Fields, name: str, default: float | None) -> float | None:
        return fields.speed(name, self.slowest, self.fastest)

    def write(self, value: float | None) -> float | None:
        return value


@dataclass(frozen=True, slots=True)
class CostSheet:
    """The text that names a cost sheet, in its shortest form."""

    def read(self, fields: Fields, name: str, default: str) -> str:
        return fields.cost_sheet(name)

    def write(self, value: str) -> str:
        return value


def named(names: Collection[str]) -> Choice[str]:
    """One of *names*."""
    return Choice({name: name for name in names})


CpuNumber = Annotated[int, Cpu()]
Vector = Annotated[int, Whole(0, 255)]
#: What a register or an entry of 64 bits can hold; a narrower register keeps the lowest bits, or faults.
Word64 = Annotated[int, Whole(0, 0xFFFF_FFFF_FFFF_FFFF)]
Word32 = Annotated[int, Whole(0, 0xFFFF_FFFF)]
#: An offset in the APIC page, which JSON has by the register's name in the manual.
RegisterOffset = Annotated[int, Choice({register.name: register for register in Register}, str.upper)]
#: An input of the I/O APIC.
Pin = Annotated[int, Whole(0, PIN_COUNT - 1)]
