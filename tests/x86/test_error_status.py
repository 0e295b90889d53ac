"""The error bits against the fields of ESR."""

import pytest

from app.x86 import error_status
from app.x86.register_map import REGISTERS
from app.x86.registers import Register

BITS = {name: value for name, value in vars(error_status).items() if name.startswith("ESR_")}


@pytest.mark.parametrize(("name", "bit"), BITS.items(), ids=BITS)
def test_bit_is_that_of_its_field(name: str, bit: int) -> None:
    field = REGISTERS[Register.ESR].layout.field(name.removeprefix("ESR_").lower())

    assert field.mask == bit


def test_there_are_errors_of_sender_receiver_and_software() -> None:
    assert sorted(BITS.values()) == [1 << 2, 1 << 4, 1 << 5, 1 << 6, 1 << 7]


def test_errors_are_named_bit_0_first() -> None:
    found = error_status.errors_in(error_status.ESR_ILLEGAL_REGISTER_ADDRESS | error_status.ESR_SEND_ILLEGAL_VECTOR)

    assert found == ["send illegal vector", "illegal register address"]
    assert error_status.errors_in(0) == []
