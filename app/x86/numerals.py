"""Whole numbers as people and recorders write them. Python's ``int`` also takes other alphabets' digits, underscores,
signs and blanks: in what comes from outside those are mistakes, or damage."""

from functools import lru_cache

_SIGNED_NOTHING = "-1"


@lru_cache(4096)
def decimal(text: str) -> int:
    """``236``. ValueError for anything but ASCII digits."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a decimal number")
    return int(text)


@lru_cache(4096)
def cpu_number(text: str) -> int:
    """``3``, or ``-1`` for no CPU."""
    return -1 if text == _SIGNED_NOTHING else decimal(text)


@lru_cache(4096)
def hexadecimal(text: str) -> int:
    """``0xec``. ValueError for anything but ``0x`` and ASCII digits."""
    if text[:2] != "0x":
        raise ValueError(f"{text!r} is not a hexadecimal number")
    return bare_hexadecimal(text[2:])


def bare_hexadecimal(text: str) -> int:
    """``ec``. ValueError for anything but ASCII digits."""
    if not (text.isascii() and text.isalnum()):
        raise ValueError(f"{text!r} is not a hexadecimal number")
    return int(text, 16)
