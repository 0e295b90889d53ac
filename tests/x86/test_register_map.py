"""The table of registers against the manual's two maps (SDM vol. 3, "Local APIC Register Address Map" and
"x2APIC Register Address Space")."""

import pytest

from app.x86.bitfields import Layout
from app.x86.icr import ICR_HIGH, ICR_LOW, X2APIC_ICR, XAPIC_ICR
from app.x86.msi import ADDRESS, DATA
from app.x86.redirection import ENTRY
from app.x86.register_map import REGISTERS, RegisterDefinition
from app.x86.registers import Access, Register

pytestmark = pytest.mark.slow  # many together

LVT = (0x2F0, *range(0x320, 0x380, 0x10))
VECTOR_WORDS = range(0x100, 0x280, 0x10)

READ_ONLY = {0x020, 0x030, 0x0A0, 0x390, *VECTOR_WORDS}
READ_WRITE = {0x080, 0x0F0, 0x280, 0x300, 0x380, 0x3E0, *LVT}
X2APIC = {
    **dict.fromkeys(READ_ONLY | {0x0D0}, Access.READ),
    **dict.fromkeys(READ_WRITE, Access.READ_WRITE),
    **dict.fromkeys({0x0B0, 0x3F0}, Access.WRITE),
}
XAPIC = {
    **dict.fromkeys(READ_ONLY | {0x090, 0x0C0}, Access.READ),
    **dict.fromkeys(READ_WRITE | {0x0D0, 0x0E0, 0x310}, Access.READ_WRITE),
    0x0B0: Access.WRITE,
}
RESET = {0x030: 0x0005_0014, 0x0E0: 0xFFFF_FFFF, 0x0F0: 0xFF, **dict.fromkeys(LVT, 0x1_0000)}
WRITABLE_BITS = {
    0x080: 0xFF,
    0x0D0: 0xFF00_0000,
    0x0E0: 0xF000_0000,
    0x0F0: 0x13FF,
    0x2F0: 0x1_07FF,
    0x300: 0xC_CFFF,
    0x310: 0xFF00_0000,
    0x320: 0x7_00FF,
    0x350: 0x1_A7FF,
    0x370: 0x1_00FF,
    0x380: 0xFFFF_FFFF,
    0x3E0: 0xB,
    0x3F0: 0xFF,
}

definitions = pytest.mark.parametrize(
    "definition", REGISTERS.values(), ids=[definition.register.name for definition in REGISTERS.values()]
)
layouts = pytest.mark.parametrize(
    "layout",
    [
        *(definition.layout for definition in REGISTERS.values()),
        *(XAPIC_ICR, X2APIC_ICR, ICR_LOW, ICR_HIGH, ADDRESS, DATA, ENTRY),
    ],
)


def test_every_register_is_defined_once_at_its_own_offset() -> None:
    assert {offset: definition.register for offset, definition in REGISTERS.items()} == {
        int(register): register for register in Register
    }


@definitions
def test_access_is_that_of_the_manual_in_both_modes(definition: RegisterDefinition) -> None:
    offset = definition.register

    assert definition.xapic is XAPIC.get(offset, Access.NONE)
    assert definition.x2apic is X2APIC.get(offset, Access.NONE)


@definitions
def test_reset_value_is_that_of_the_manual(definition: RegisterDefinition) -> None:
    assert definition.reset == RESET.get(definition.register, 0)


@definitions
def test_titles_are_not_shared(definition: RegisterDefinition) -> None:
    same = [other.register for other in REGISTERS.values() if other.title == definition.title]

    assert same == [definition.register]


@layouts
def test_fields_do_not_overlap(layout: Layout) -> None:
    bits = sum(field.mask.bit_count() for field in layout.fields)

    assert layout.defined_mask.bit_count() == bits


@layouts
def test_field_names_are_unique_and_bits_lie_within_64(layout: Layout) -> None:
    names = [field.name for field in layout.fields]

    assert len(set(names)) == len(names)
    assert all(63 >= field.high >= field.low >= 0 for field in layout.fields)


@pytest.mark.parametrize(("offset", "mask"), WRITABLE_BITS.items())
def test_writable_bits_are_those_of_the_manual(offset: int, mask: int) -> None:
    assert REGISTERS[offset].layout.writable_mask == mask


@pytest.mark.parametrize("offset", sorted(READ_ONLY & {0x020, 0x030, 0x390, *VECTOR_WORDS}))
def test_registers_for_reading_have_no_writable_bits(offset: int) -> None:
    assert REGISTERS[offset].layout.writable_mask == 0
