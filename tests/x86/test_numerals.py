import pytest

from app.x86.numerals import bare_hexadecimal, cpu_number, decimal, hexadecimal


def test_numbers_in_ascii_digits_are_read() -> None:
    assert (decimal("236"), cpu_number("3"), cpu_number("-1")) == (236, 3, -1)
    assert (hexadecimal("0xec"), hexadecimal("0xEC"), bare_hexadecimal("ec")) == (0xEC, 0xEC, 0xEC)


@pytest.mark.parametrize("text", ["", "\u0663", "1_0", "+1", "-1", " 1", "1 ", "\uff11", "\u00b2", "1.0", "0x1"])
def test_what_else_python_takes_is_no_decimal_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number"):
        decimal(text)


@pytest.mark.parametrize("text", ["", "0x", "ec", "0xe_c", "0x+1", "0x 1", "-0x1", "0x\u0663", "0xeg"])
def test_what_else_python_takes_is_no_hexadecimal_number(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        hexadecimal(text)
