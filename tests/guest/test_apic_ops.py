from dataclasses import fields, replace

import pytest

from app.guest.apic_ops import ApicOperations, Context, KernelState, absent
from app.guest.linux_2_6_22.apic_driver import send_ipi_self
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.steps import Steps, Work
from app.hw.machine import Machine


def other_eoi(context: Context) -> Steps[None]:
    yield Work("handler_device", "something else")


def test_a_table_replaces_nothing_of_itself() -> None:
    assert NATIVE_OPERATIONS.replaced_against(NATIVE_OPERATIONS) == ()


def test_what_a_table_replaces_is_named() -> None:
    other = replace(NATIVE_OPERATIONS, eoi=other_eoi, send_ipi_self=send_ipi_self)

    assert other.replaced_against(NATIVE_OPERATIONS) == ("eoi",)


def test_operations_are_named_as_in_the_kernel() -> None:
    assert [field.name for field in fields(ApicOperations)] == [
        "apic_read",
        "apic_write",
        "icr_write",
        "eoi",
        "send_ipi",
        "send_ipi_mask",
        "send_ipi_mask_allbutself",
        "send_ipi_allbutself",
        "send_ipi_all",
        "send_ipi_self",
        "smp_send_reschedule",
        "smp_call_function_mask",
        "flush_tlb_others",
        "startup_ipi_hook",
    ]


@pytest.mark.parametrize(("cpus", "bigsmp"), [(1, False), (8, False), (9, True), (255, True)])
def test_kernel_for_more_than_eight_cpus_is_built_for_physical_mode(cpus: int, bigsmp: bool) -> None:
    assert KernelState(cpus, LINUX_2_6_22).bigsmp is bigsmp


def test_online_mask_has_a_bit_for_each_cpu() -> None:
    assert KernelState(6, LINUX_2_6_22).online_mask == 0b11_1111


def test_context_knows_the_number_of_its_cpu() -> None:
    context = Context(Machine(3).cpus[2], KernelState(3, LINUX_2_6_22), NATIVE_OPERATIONS)

    assert context.number == 2


def test_everyone_shares_the_words_of_one_kernel() -> None:
    kernel = KernelState(2, LINUX_2_6_22)
    one, other = (Context(cpu, kernel, NATIVE_OPERATIONS) for cpu in Machine(2).cpus)

    one.kernel.call_lock.value = 1

    assert other.kernel.call_lock.value == 1


def test_what_a_kernel_lacks_is_no_entry_and_cannot_be_called() -> None:
    assert set(missing_from(NATIVE_OPERATIONS)) == {"icr_write", "send_ipi", "send_ipi_mask_allbutself", "send_ipi_all"}
    with pytest.raises(AssertionError, match="no such operation"):
        absent()


def missing_from(operations: ApicOperations) -> list[str]:
    return [field.name for field in fields(ApicOperations) if field.name not in operations.entries()]
