"""What today's kernel asks of other CPUs: queues first, and an IPI only where a queue was empty."""

import pytest

from app.guest.apic_ops import Context
from app.guest.cpumask import cpus_of
from app.guest.linux_6 import smp
from app.guest.memory_steps import touch_memory
from app.guest.steps import QueueAdd, SpinUntil, Step, WriteMsr
from tests.guest.by_hand import steps_of, x2apic

LOGICAL = 1 << 11
SINGLE, MANY = 0xFB, 0xFC


def sent(steps: list[Step]) -> list[tuple[int, int]]:
    """Destination and low half of each send."""
    return [(step.value >> 32, step.value & 0xFFFF_FFFF) for step in steps if isinstance(step, WriteMsr)]


def waited(steps: list[Step]) -> list[str]:
    return [step.word.name for step in steps if isinstance(step, SpinUntil)]


def call(context: Context, mask: int, *, wait: bool = False) -> list[Step]:
    return steps_of(smp.smp_call_function_many_cond(context, mask, wait))


def test_every_target_gets_a_request_before_anyone_is_told() -> None:
    context = x2apic()

    steps = call(context, 0b0110)

    queues, requests = context.kernel.call_single_queues, context.kernel.cfd_data[0]
    assert steps[:2] == [QueueAdd(queues[cpu], requests.request_to(cpu)) for cpu in (1, 2)]
    assert [len(queue.requests) for queue in queues] == [0, 1, 1, 0]
    assert sent(steps) == [(0b0110, LOGICAL | MANY)]


def test_everyone_else_is_told_by_shorthand() -> None:
    assert sent(steps_of(smp.smp_call_function(x2apic(), wait=False))) == [(0, 3 << 18 | MANY)]


def test_one_target_is_told_by_the_single_vector() -> None:
    assert sent(steps_of(smp.smp_call_function_single(x2apic(), 2, wait=False))) == [(0b0100, LOGICAL | SINGLE)]


@pytest.mark.parametrize(
    ("busy", "told"),
    [(0b0010, [(0b1100, LOGICAL | MANY)]), (0b0110, [(0b1000, LOGICAL | SINGLE)]), (0b1110, [])],
)
def test_only_empty_queues_are_told(busy: int, told: list[tuple[int, int]]) -> None:
    context = x2apic()
    kernel = context.kernel
    for cpu in cpus_of(busy):  # somebody else has asked them already
        touch_memory(QueueAdd(kernel.call_single_queues[cpu], kernel.cfd_data[3].request_to(cpu)), 3)

    assert sent(call(context, 0b1110)) == told
    assert all(queue.requests for queue in context.kernel.call_single_queues[1:])


def test_waiting_is_for_each_request_and_only_when_asked() -> None:
    assert waited(call(x2apic(), 0b0110, wait=True)) == ["csd lock[1]", "csd lock[2]"]
    assert waited(call(x2apic(), 0b0110)) == []


def test_sender_and_cpus_that_are_not_there_are_left_out() -> None:
    assert call(x2apic(cpu=1), 0b11_0010) == []


def test_reschedule_is_a_send_and_nothing_else() -> None:
    assert sent(steps_of(smp.smp_send_reschedule(x2apic(), 3))) == [(0b1000, LOGICAL | 0xFD)]


def test_flush_is_a_call_that_waits() -> None:
    steps = steps_of(smp.flush_tlb_multi(x2apic(), 0b0110))

    assert sent(steps) == [(0b0110, LOGICAL | MANY)]
    assert waited(steps) == ["csd lock[1]", "csd lock[2]"]


def test_request_that_is_still_under_way_is_waited_for_before_it_is_used_again() -> None:
    context = x2apic()
    call(context, 0b0010)
    call(context, 0b0100)

    steps = call(context, 0b0010)

    request = context.kernel.cfd_data[0].request_to(1)
    assert steps[0] == SpinUntil(request.lock, 0, 0b0010, MANY)
    assert steps[1] == QueueAdd(context.kernel.call_single_queues[1], request)
