"""What each handler does, in order: the place of the EOI decides which class can come in meanwhile."""

import pytest

from app.guest.apic_ops import Context
from app.guest.device_interrupts import do_irq
from app.guest.linux_2_6_22.interrupts import handler_of
from app.guest.linux_2_6_22.irq_vectors import (
    CALL_FUNCTION_VECTOR,
    ERROR_APIC_VECTOR,
    INVALIDATE_TLB_VECTOR,
    LOCAL_TIMER_VECTOR,
    RESCHEDULE_VECTOR,
    SPURIOUS_APIC_VECTOR,
)
from app.guest.steps import AtomicAdd, Load, Step, Store
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of

EOI = Store(Register.EOI, 0)


def handle(context: Context, vector: int, *reads: int) -> list[Step]:
    return steps_of(handler_of(vector)(context, vector), *reads)


def kinds(steps: list[Step]) -> list[str]:
    """EOI, or the kind of step."""
    return ["EOI" if step == EOI else type(step).__name__ for step in steps]


@pytest.mark.parametrize("vector", [RESCHEDULE_VECTOR, LOCAL_TIMER_VECTOR])
def test_reschedule_and_timer_send_the_eoi_before_they_work(vector: int) -> None:
    assert kinds(handle(context_of(), vector)) == ["EOI", "Work"]


def test_called_function_says_that_it_began_works_and_says_that_it_ended() -> None:
    context = context_of()
    data = context.kernel.call_data
    data.wait.value = 1

    steps = handle(context, CALL_FUNCTION_VECTOR)

    assert kinds(steps) == ["EOI", "AtomicAdd", "Work", "AtomicAdd"]
    assert (steps[1], steps[3]) == (AtomicAdd(data.started, 1), AtomicAdd(data.finished, 1))


def test_called_function_does_not_say_that_it_ended_when_nobody_waits() -> None:
    context = context_of()

    assert kinds(handle(context, CALL_FUNCTION_VECTOR)) == ["EOI", "AtomicAdd", "Work"]
    assert context.kernel.call_data.finished.value == 0


def test_called_function_counts_on_from_those_that_began_before() -> None:
    context = context_of()
    context.kernel.call_data.wait.value = 1

    for _ in range(3):
        handle(context, CALL_FUNCTION_VECTOR)

    assert (context.kernel.call_data.started.value, context.kernel.call_data.finished.value) == (3, 3)


def test_tlb_flush_sends_the_eoi_after_the_flush_and_then_clears_its_own_bit() -> None:
    context = context_of(cpu=2)
    context.kernel.flush_cpumask.value = 0b1110

    steps = handle(context, INVALIDATE_TLB_VECTOR)

    assert kinds(steps) == ["Work", "EOI", "AtomicClear"]
    assert context.kernel.flush_cpumask.value == 0b1010


def test_tlb_flush_that_nobody_asked_for_is_left_without_an_eoi_as_the_kernel_does() -> None:
    assert kinds(handle(context_of(), INVALIDATE_TLB_VECTOR)) == []


def test_spurious_interrupt_is_not_ended() -> None:
    assert handle(context_of(), SPURIOUS_APIC_VECTOR, 0) == [Load(Register.ISR7)]


def test_spurious_vector_that_is_in_service_is_ended() -> None:
    assert handle(context_of(), SPURIOUS_APIC_VECTOR, 1 << 31) == [Load(Register.ISR7), EOI]


def test_error_handler_latches_esr_between_two_reads() -> None:
    esr = Register.ESR

    assert handle(context_of(), ERROR_APIC_VECTOR) == [Load(esr), Store(esr, 0), Load(esr), EOI]


def test_only_device_handlers_let_others_in() -> None:
    openers = [vector for vector in range(0x30, 0x100) if "EnableInterrupts" in kinds(handle(context_of(), vector))]

    assert openers == [vector for vector in range(0x30, 0x100) if handler_of(vector) is do_irq]
    assert {vector for vector in range(0x30, 0x100) if vector not in openers} == {0xEF, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF}
