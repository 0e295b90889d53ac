from dataclasses import fields, replace

import pytest

from app.guest.apic_driver import NATIVE_OPERATIONS, send_ipi_self
from app.guest.apic_ops import ApicOperations, Context, Kernel
from app.guest.steps import Steps, Work
from app.hw.machine import Machine


def other_eoi(context: Context) -> Steps[None]:
    yield Work("handler_device", "something else")


def test_a_table_replaces_nothing_of_itself() -> None:
    assert NATIVE_OPERATIONS.replaced_against(NATIVE_OPERATIONS) == ()


def test_what_a_table_replaces_is_named() -> None:
    other = replace(NATIVE_OPERATIONS, ack_apic_irq=other_eoi, send_ipi_self=send_ipi_self)

    assert other.replaced_against(NATIVE_OPERATIONS) == ("ack_apic_irq",)


def test_operations_are_named_as_in_the_kernel() -> None:
    assert [field.name for field in fields(ApicOperations)] == [
        "apic_read",
        "apic_write",
        "send_ipi_mask",
        "send_ipi_allbutself",
        "send_ipi_self",
        "ack_apic_irq",
    ]


@pytest.mark.parametrize(("cpus", "bigsmp"), [(1, False), (8, False), (9, True), (255, True)])
def test_kernel_for_more_than_eight_cpus_is_built_for_physical_mode(cpus: int, bigsmp: bool) -> None:
    assert Kernel(cpus).bigsmp is bigsmp


def test_online_mask_has_a_bit_for_each_cpu() -> None:
    assert Kernel(6).online_mask == 0b11_1111


def test_context_knows_the_number_of_its_cpu() -> None:
    context = Context(Machine(3).cpus[2], Kernel(3), NATIVE_OPERATIONS)

    assert context.number == 2


def test_everyone_shares_the_words_of_one_kernel() -> None:
    kernel = Kernel(2)
    one, other = (Context(cpu, kernel, NATIVE_OPERATIONS) for cpu in Machine(2).cpus)

    one.kernel.call_lock.value = 1

    assert other.kernel.call_lock.value == 1
