"""A register drawn as a strip of bits: rows of 16, so that it fits a phone, each cut into fields and reserved bits."""

from collections.abc import Iterator
from typing import NamedTuple

from app.x86.bitfields import Field, Layout
from app.x86.registers import Access
from app.x86.words import name_words

ROW = 16
#: How a cell is drawn, and why.
BIT_KINDS = (("write", "software writes it"), ("read", "software only reads it"), ("reserved", "reserved"))


class Cell(NamedTuple):
    """Bits *high* to *low* of one row. ``kind`` is one of ``BIT_KINDS``."""

    high: int
    low: int
    name: str
    kind: str

    @property
    def width(self) -> int:
        """In bits, 1 to 16."""
        return self.high - self.low + 1


def strip(layout: Layout, width: int, access: Access) -> list[list[Cell]]:
    """The rows of a register of *width* bits, the highest bits first."""
    cells = list(_cells(layout, width, access))
    rows = [[_cut(cell, top) for cell in cells if _overlaps(cell, top)] for top in range(width - 1, 0, -ROW)]
    return [row for row in rows if row]


def reserved_bits(defined: int, width: int) -> list[str]:
    """The stretches of bits that *defined* leaves out, as the manual prints them, the highest first."""
    stretches: list[Field] = []
    for bit in range(width):
        if defined >> bit & 1:
            continue
        if stretches and stretches[-1].high == bit - 1:
            stretches[-1] = stretches[-1]._replace(high=bit)
        else:
            stretches.append(Field("reserved", bit, bit, ""))
    return [stretch.bits for stretch in reversed(stretches)]


def _cells(layout: Layout, width: int, access: Access) -> Iterator[Cell]:
    """Fields and the gaps between them, from the highest bit to bit 0."""
    above = width
    for field in sorted(layout.fields, key=lambda field: field.high, reverse=True):
        if field.high < above - 1:
            yield Cell(above - 1, field.high + 1, "", "reserved")
        kind = "write" if field.writable and access.writable else "read"
        yield Cell(field.high, field.low, name_words(field.name), kind)
        above = field.low
    if above:
        yield Cell(above - 1, 0, "", "reserved")


def _overlaps(cell: Cell, top: int) -> bool:
    return cell.low <= top and cell.high > top - ROW


def _cut(cell: Cell, top: int) -> Cell:
    return cell._replace(high=min(cell.high, top), low=max(cell.low, top - ROW + 1))
