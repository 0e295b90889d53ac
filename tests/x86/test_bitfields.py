import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.x86.bitfields import Field, Layout

MODE = Field("mode", 10, 8, "three bits")
FLAG = Field("flag", 16, 16, "one bit", writable=False)


@given(st.integers(0, 7), st.integers(0, (1 << 32) - 1))
def test_extract_finds_what_insert_placed_whatever_lies_around_it(value: int, around: int) -> None:
    raw = around & ~MODE.mask | MODE.insert(value)

    assert MODE.extract(raw) == value


@pytest.mark.parametrize("value", [8, 0x100, -1])
def test_insert_refuses_what_does_not_fit_and_names_the_field(value: int) -> None:
    with pytest.raises(ValueError, match=r"mode \(bits 10:8\)"):
        MODE.insert(value)


def test_mask_covers_the_bits_from_high_to_low() -> None:
    assert (MODE.mask, FLAG.mask) == (0x700, 0x1_0000)


def test_bits_read_as_the_manual_prints_them() -> None:
    assert (MODE.bits, FLAG.bits) == ("10:8", "16")


def test_read_only_fields_are_defined_and_not_writable() -> None:
    layout = Layout((MODE, FLAG))

    assert layout.defined_mask == 0x1_0700
    assert layout.writable_mask == 0x700


def test_a_field_is_found_by_its_name() -> None:
    assert Layout((MODE, FLAG)).field("flag") is FLAG


NAMED = Field("kind", 2, 1, "two bits", values=("none", "one", "two", "three"))
WIDE = Field("vector", 23, 12, "twelve bits")


def test_up_to_three_bits_are_shown_one_by_one_and_wider_fields_in_hexadecimal() -> None:
    assert [field.is_narrow for field in (FLAG, MODE, NAMED, WIDE)] == [True, True, True, False]
    assert [field.digits(0x0001_2304) for field in (FLAG, MODE, NAMED, WIDE)] == ["1", "011", "10", "012"]


def test_value_is_called_by_its_name_or_by_its_number() -> None:
    assert NAMED.word(0b100) == "two"
    assert WIDE.word(0xABC << 12) == "0xabc"
