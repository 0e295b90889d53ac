"""How a register is divided into fields: the one place where bit positions are turned into masks."""

from typing import NamedTuple


class Field(NamedTuple):
    """Bits *high* down to *low* of a register, with the manual's name and what they mean in words.

    ``values`` are what the single values are called, 0 first; empty where the number says it all.
    """

    name: str
    high: int
    low: int
    meaning: str
    writable: bool = True
    values: tuple[str, ...] = ()

    @property
    def mask(self) -> int:
        return ((1 << (self.high - self.low + 1)) - 1) << self.low

    @property
    def bits(self) -> str:
        """Bit positions as the manual prints them: ``7:0`` or ``16``."""
        return str(self.low) if self.high == self.low else f"{self.high}:{self.low}"

    @property
    def highest(self) -> int:
        """The greatest number that it holds."""
        return self.mask >> self.low

    def extract(self, raw: int) -> int:
        return (raw & self.mask) >> self.low

    @property
    def is_narrow(self) -> bool:
        """Whether people read it bit by bit, and not as a number."""
        return self.high - self.low < 3

    def digits(self, raw: int) -> str:
        """The field's value as a register's picture shows it: up to three bits as such, wider ones in hexadecimal."""
        width = self.high - self.low + 1
        return f"{self.extract(raw):0{width}b}" if self.is_narrow else f"{self.extract(raw):0{(width + 3) // 4}x}"

    def word(self, raw: int) -> str:
        """What the field's value is called; where single values have no name, the number."""
        value = self.extract(raw)
        return self.values[value] if self.values else f"0x{self.digits(raw)}"

    def insert(self, value: int) -> int:
        """*value* moved to the field's position. ValueError when it does not fit."""
        placed = value << self.low
        if placed & ~self.mask or value < 0:
            raise ValueError(f"{value:#x} does not fit into {self.name} (bits {self.bits})")
        return placed


class Layout(NamedTuple):
    """The fields of one register. Bits that no field names are reserved."""

    fields: tuple[Field, ...]

    @property
    def writable_mask(self) -> int:
        """Bits that a write can change."""
        return sum(field.mask for field in self.fields if field.writable)

    @property
    def defined_mask(self) -> int:
        """Bits that are not reserved."""
        return sum(field.mask for field in self.fields)

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)
