import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.x86 import lvt
from app.x86.lvt import TimerMode, timer_divisor, timer_mode

DIVISORS = {0b0000: 2, 0b0001: 4, 0b0010: 8, 0b0011: 16, 0b1000: 32, 0b1001: 64, 0b1010: 128, 0b1011: 1}


@pytest.mark.parametrize(("configuration", "divisor"), DIVISORS.items())
def test_divisor_is_the_one_in_the_manual(configuration: int, divisor: int) -> None:
    assert timer_divisor(configuration) == divisor


@given(st.integers(0, 15))
def test_bit_2_of_the_divide_configuration_does_not_count(configuration: int) -> None:
    assert timer_divisor(configuration ^ 0b0100) == timer_divisor(configuration)


@pytest.mark.parametrize("mode", TimerMode)
def test_timer_mode_is_bits_18_and_17(mode: TimerMode) -> None:
    assert timer_mode(mode << 17 | 0x1_00EF) is mode


def test_entries_are_masked_after_reset() -> None:
    assert lvt.RESET == 1 << 16


def test_timer_and_error_entries_have_no_delivery_mode() -> None:
    for layout in (lvt.TIMER, lvt.ERROR):
        assert layout.defined_mask & 0x700 == 0


def test_writes_change_neither_delivery_status_nor_remote_irr() -> None:
    for layout in (lvt.TIMER, lvt.SOURCE, lvt.LINT, lvt.ERROR):
        assert layout.writable_mask & (1 << 12 | lvt.REMOTE_IRR) == 0


@pytest.mark.parametrize(
    ("name", "writable"), [("TIMER", 0x7_00FF), ("SOURCE", 0x1_07FF), ("LINT", 0x1_A7FF), ("ERROR", 0x1_00FF)]
)
def test_writable_bits_are_those_of_the_manual(name: str, writable: int) -> None:
    assert getattr(lvt, name).writable_mask == writable
