"""A strip shows every bit of a register once, in rows of 16."""

import pytest

from app.web.pages.registers.bit_strips import ROW, reserved_bits, strip
from app.x86.bitfields import Field, Layout
from app.x86.icr import X2APIC_ICR
from app.x86.redirection import ENTRY
from app.x86.register_map import REGISTERS
from app.x86.registers import Access, Register
from app.x86.words import name_words


@pytest.mark.parametrize(
    ("layout", "width"),
    [(X2APIC_ICR, 64), (ENTRY, 64), *((REGISTERS[register].layout, 32) for register in (Register.SVR, Register.EOI))],
)
def test_every_bit_is_shown_once_from_the_highest_down(layout: Layout, width: int) -> None:
    rows = strip(layout, width, Access.READ_WRITE)

    bits = [bit for row in rows for cell in row for bit in range(cell.high, cell.low - 1, -1)]
    assert bits == list(range(width - 1, -1, -1))
    assert [sum(cell.width for cell in row) for row in rows] == [ROW] * (width // ROW)


def test_a_field_across_rows_is_named_in_each() -> None:
    rows = strip(Layout((Field("deadline", 63, 0, ""),)), 64, Access.READ_WRITE)

    assert [[cell.name for cell in row] for row in rows] == [["deadline"]] * 4


@pytest.mark.parametrize(
    ("access", "writable", "kind"),
    [
        (Access.READ_WRITE, True, "write"),
        (Access.WRITE, True, "write"),
        (Access.READ_WRITE, False, "read"),
        (Access.READ, True, "read"),
    ],
)
def test_a_field_is_drawn_as_software_finds_it(access: Access, writable: bool, kind: str) -> None:
    ((_, (reserved, cell)),) = [strip(Layout((Field("vector", 7, 0, "", writable),)), 32, access)]

    assert (reserved.kind, cell.kind) == ("reserved", kind)


def test_reserved_bits_are_what_no_field_names() -> None:
    assert reserved_bits(0xF000_13FF, 32) == ["27:13", "11:10"]
    assert reserved_bits(0xFFFF_FFFE, 32) == ["0"]
    assert reserved_bits(0xFFFF_FFFF, 32) == []


def test_names_are_words_and_abbreviations_stay_such() -> None:
    assert name_words("suppress_eoi_broadcast") == "suppress EOI broadcast"
    assert name_words("io_apic_id") == "I/O APIC ID"
