"""What each of today's handlers does, in order."""

import pytest

from app.guest.apic_ops import Context
from app.guest.device_interrupts import do_irq
from app.guest.linux_6.interrupts import handler_of
from app.guest.linux_6.irq_vectors import (
    EOI_FIRST_VECTORS,
    EOI_LAST_VECTORS,
    UNUSED_SYSTEM_VECTORS,
    VECTOR_NAMES,
)
from app.guest.linux_6.smp import smp_call_function_single
from app.guest.steps import Load, MemoryWrite, Step, Store
from app.x86.registers import Register
from tests.guest.by_hand import ContextOnCpu, steps_of, xapic

EOI = Store(Register.EOI, 0)


def handle(context: Context, vector: int, *reads: int) -> list[Step]:
    return steps_of(handler_of(vector)(context, vector), *reads)


def kinds(steps: list[Step]) -> list[str]:
    """EOI, or the kind of step."""
    return ["EOI" if step == EOI else type(step).__name__ for step in steps]


@pytest.mark.parametrize("vector", [0xFD, 0xEC], ids=["reschedule", "timer"])
def test_reschedule_and_timer_send_the_eoi_before_they_work(vector: int) -> None:
    assert kinds(handle(xapic(), vector)) == ["EOI", "Work"]


@pytest.mark.parametrize("vector", [0xFB, 0xFC])
@pytest.mark.parametrize("requests", [0, 1, 3])
def test_either_call_vector_flushes_the_whole_queue(vector: int, requests: int) -> None:
    context = xapic()
    for cpu in (3, 0, 1)[:requests]:
        sender = ContextOnCpu(xapic(cpu).cpu, context.kernel, context.operations)
        steps_of(smp_call_function_single(sender, 2, wait=False))
    queue = context.kernel.call_single_queues[2]
    locks = [request.lock for request in queue.requests]
    assert [lock.value for lock in locks] == [1] * requests

    steps = handle(ContextOnCpu(xapic(cpu=2).cpu, context.kernel, context.operations), vector)

    assert kinds(steps) == ["EOI", "QueueTakeAll", *["Work", "MemoryWrite"] * requests]
    assert [step.word for step in steps if isinstance(step, MemoryWrite)] == locks  # the oldest first
    assert queue.requests == []
    assert [lock.value for lock in locks] == [0] * requests


def test_0xff_is_neither_looked_up_nor_ended() -> None:
    assert handle(xapic(), 0xFF, 1 << 31) == []


@pytest.mark.parametrize("vector", UNUSED_SYSTEM_VECTORS)
def test_other_spurious_interrupt_is_ended_only_if_it_is_in_service(vector: int) -> None:
    assert handle(xapic(), vector, 0) == [Load(Register.ISR7)]
    assert handle(xapic(), vector, 1 << (vector & 31)) == [Load(Register.ISR7), EOI]


def test_error_handler_latches_esr_before_it_reads() -> None:
    assert handle(xapic(), 0xFE) == [Load(Register.VERSION), Store(Register.ESR, 0), Load(Register.ESR), EOI]


def test_some_system_vectors_are_ended_first_and_some_last() -> None:
    assert {tuple(kinds(handle(xapic(), vector))) for vector in EOI_FIRST_VECTORS} == {("EOI", "Work")}
    assert {tuple(kinds(handle(xapic(), vector))) for vector in EOI_LAST_VECTORS} == {("Work", "EOI")}


def test_every_other_vector_is_a_devices() -> None:
    own = {vector for vector in range(0x20, 0x100) if handler_of(vector) is not do_irq}

    named = {0xEC, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF}
    assert own == named | {*EOI_FIRST_VECTORS, *EOI_LAST_VECTORS, *UNUSED_SYSTEM_VECTORS}
    assert named < set(VECTOR_NAMES)
