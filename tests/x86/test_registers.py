import pytest

from app.x86.registers import Access, Register, register_by_name


@pytest.mark.parametrize("register", Register)
def test_every_register_is_found_by_its_name_in_any_case(register: Register) -> None:
    assert register_by_name(register.name.lower()) is register


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        register_by_name("CR8")


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
