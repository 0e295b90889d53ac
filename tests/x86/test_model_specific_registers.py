"""MSR numbers and layouts against the manual."""

import pytest

from app.x86.bitfields import Layout
from app.x86.model_specific_registers import (
    APIC_BASE,
    APIC_ENABLE,
    BOOTSTRAP_PROCESSOR,
    PAGE_SIZE,
    PHYSICAL_ADDRESS_BITS,
    RESET_BASE,
    TSC_DEADLINE,
    X2APIC_ENABLE,
    X2APIC_MSRS,
    Msr,
    x2apic_msr,
    x2apic_offset,
)
from app.x86.registers import Register


def test_numbers_are_those_of_the_manual() -> None:
    assert (Msr.IA32_APIC_BASE, Msr.IA32_TSC_DEADLINE) == (0x1B, 0x6E0)
    assert (X2APIC_MSRS[0], X2APIC_MSRS[-1]) == (0x800, 0x8FF)


@pytest.mark.parametrize(
    ("msr", "register"),
    [
        (0x802, Register.ID),
        (0x808, Register.TPR),
        (0x80B, Register.EOI),
        (0x82F, Register.LVT_CMCI),
        (0x830, Register.ICR_LOW),
        (0x83F, Register.SELF_IPI),
    ],
)
def test_x2apic_msr_stands_for_the_register_at_sixteen_times_its_distance(msr: int, register: Register) -> None:
    assert x2apic_offset(msr) == register
    assert x2apic_msr(register) == msr


def test_there_and_back_is_the_same_msr() -> None:
    assert [x2apic_msr(x2apic_offset(msr)) for msr in X2APIC_MSRS] == list(X2APIC_MSRS)


def test_apic_base_has_three_switches_and_the_address_of_a_page() -> None:
    address = (1 << PHYSICAL_ADDRESS_BITS) - PAGE_SIZE

    assert (BOOTSTRAP_PROCESSOR, X2APIC_ENABLE, APIC_ENABLE) == (1 << 8, 1 << 10, 1 << 11)
    assert APIC_BASE.defined_mask == BOOTSTRAP_PROCESSOR | X2APIC_ENABLE | APIC_ENABLE | address
    assert APIC_BASE.writable_mask == APIC_BASE.defined_mask & ~BOOTSTRAP_PROCESSOR
    assert APIC_BASE.field("base").mask == address
    assert RESET_BASE == 0xFEE0_0000


def test_deadline_is_all_64_bits() -> None:
    assert TSC_DEADLINE.defined_mask == TSC_DEADLINE.writable_mask == (1 << 64) - 1


@pytest.mark.parametrize("layout", [APIC_BASE, TSC_DEADLINE])
def test_fields_do_not_overlap_and_have_words(layout: Layout) -> None:
    assert sum(field.mask for field in layout.fields) == layout.defined_mask
    assert sum(field.mask.bit_count() for field in layout.fields) == layout.defined_mask.bit_count()
    assert all(field.meaning for field in layout.fields)
