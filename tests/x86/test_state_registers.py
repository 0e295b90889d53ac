"""The error bits against the fields of ESR."""

import pytest

from app.x86 import state_registers
from app.x86.register_map import REGISTERS
from app.x86.registers import Register

BITS = {name: value for name, value in vars(state_registers).items() if name.startswith("ESR_")}


@pytest.mark.parametrize(("name", "bit"), BITS.items(), ids=BITS)
def test_bit_is_that_of_its_field(name: str, bit: int) -> None:
    field = REGISTERS[Register.ESR].layout.field(name.removeprefix("ESR_").lower())

    assert field.mask == bit


def test_there_are_errors_of_sender_receiver_and_software() -> None:
    assert sorted(BITS.values()) == [1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7]


def test_errors_are_named_bit_0_first() -> None:
    status = state_registers.ESR_ILLEGAL_REGISTER_ADDRESS | state_registers.ESR_SEND_ILLEGAL_VECTOR

    assert state_registers.errors_in(status) == ["send illegal vector", "illegal register address"]
    assert state_registers.errors_in(0) == []
