"""Alone on the hardware: what the guest does is what happens."""

import pytest

from app.backends.catalogue import backend
from app.guest.generations import GENERATIONS
from app.guest.linux_2_6_22.kernel import NATIVE_OPERATIONS
from app.guest.linux_6.kernel import X2APIC_CLUSTER_OPERATIONS, XAPIC_OPERATIONS
from app.guest.steps import Load, ReadMsr, Store, WriteMsr
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.backends.by_hand import context_of, done, result

PAGE = backend("native-xapic")
MSRS = backend("native-x2apic", "linux-6")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_nothing_is_overridden_on_the_page(generation: str) -> None:
    bound = backend("native-xapic", generation)

    assert bound.overrides == ()
    assert bound.operations in (NATIVE_OPERATIONS, XAPIC_OPERATIONS)
    assert bound.hypervisor is None


def test_nothing_is_overridden_over_msrs() -> None:
    assert (MSRS.overrides, MSRS.hypervisor, MSRS.apic_mode) == ((), None, ApicMode.X2APIC)
    assert MSRS.operations is X2APIC_CLUSTER_OPERATIONS


def test_the_old_kernel_knows_no_msrs() -> None:
    with pytest.raises(ValueError, match="knows no x2APIC mode"):
        backend("native-x2apic", "linux-2.6.22")


def test_a_write_is_one_store() -> None:
    assert done(PAGE, PAGE.operations.apic_write(Register.TPR, 0x20)) == [Store(Register.TPR, 0x20)]


def test_a_read_is_one_load_and_returns_what_it_found() -> None:
    read = PAGE.operations.apic_read

    assert done(PAGE, read(Register.ICR_LOW)) == [Load(Register.ICR_LOW)]
    assert result(PAGE, read(Register.TPR), reads=0x35) == 0x35


def test_an_eoi_is_one_store() -> None:
    assert done(PAGE, PAGE.operations.eoi(context_of(PAGE))) == [Store(Register.EOI, 0)]


def test_over_msrs_each_access_is_one_instruction() -> None:
    operations = MSRS.operations

    assert done(MSRS, operations.apic_write(Register.TPR, 0x20)) == [WriteMsr(0x808, 0x20)]
    assert done(MSRS, operations.apic_read(Register.TPR)) == [ReadMsr(0x808)]
    assert done(MSRS, operations.eoi(context_of(MSRS))) == [WriteMsr(0x80B, 0)]
    assert result(MSRS, operations.apic_read(Register.TPR), reads=0x35) == 0x35
