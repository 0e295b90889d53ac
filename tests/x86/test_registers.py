import pytest

from app.x86.registers import Access, Register


def test_registers_stand_on_16_byte_boundaries_of_the_page() -> None:
    assert all(register % 16 == 0 and 0x20 <= register < 0x400 for register in Register)


@pytest.mark.parametrize(
    ("access", "readable", "writable"),
    [
        (Access.NONE, False, False),
        (Access.READ, True, False),
        (Access.WRITE, False, True),
        (Access.READ_WRITE, True, True),
    ],
)
def test_access_says_what_software_may_do(access: Access, readable: bool, writable: bool) -> None:
    assert (access.readable, access.writable) == (readable, writable)
