"""What the kernel asks of other CPUs, step by step."""

from app.guest.linux_2_6_22 import smp
from app.guest.memory import Word
from app.guest.steps import AtomicOr, DisableInterrupts, Load, MemoryWrite, SpinUntil, Step, Store, TryLock
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of, walk

SHORTHAND = 3 << 18


def sent(steps: list[Step]) -> list[int]:
    """What was written to ICR low."""
    return [step.value for step in steps if isinstance(step, Store) and step.register == Register.ICR_LOW]


def destinations(steps: list[Step]) -> list[int]:
    return [step.value >> 24 for step in steps if isinstance(step, Store) and step.register == Register.ICR_HIGH]


def waits(steps: list[Step]) -> list[tuple[str, int]]:
    return [(step.word.name, step.value) for step in steps if isinstance(step, SpinUntil)]


# Locks


def test_free_lock_is_taken_at_once() -> None:
    lock = Word("lock")

    assert steps_of(smp.spin_lock(lock)) == [TryLock(lock)]
    assert lock.value == 1


def test_held_lock_is_waited_for_and_then_taken() -> None:
    lock = Word("lock", 1)

    assert steps_of(smp.spin_lock(lock)) == [TryLock(lock), SpinUntil(lock, 0), TryLock(lock)]
    assert lock.value == 1


def test_lock_that_somebody_else_took_first_is_waited_for_again() -> None:
    lock = Word("lock", 1)
    steps = walk(smp.spin_lock(lock))
    assert [next(steps), next(steps)] == [TryLock(lock), SpinUntil(lock, 0)]

    lock.value = 1

    assert [next(steps), next(steps)] == [TryLock(lock), SpinUntil(lock, 0)]


def test_unlocking_clears_the_word() -> None:
    lock = Word("lock", 1)

    assert steps_of(smp.spin_unlock(lock)) == [MemoryWrite(lock, 0)]


# smp_call_function


def test_call_of_all_others_uses_the_shorthand_and_waits_for_begin_and_end() -> None:
    context = context_of(cpus=4)

    steps = steps_of(smp.smp_call_function(context))

    assert [value & ~(1 << 11) for value in sent(steps)] == [SHORTHAND | 0xFB]
    assert waits(steps) == [("call_data.started", 3), ("call_data.finished", 3)]


def test_call_without_waiting_waits_for_the_begin_alone() -> None:
    steps = steps_of(smp.smp_call_function(context_of(cpus=4), wait=False))

    assert waits(steps) == [("call_data.started", 3)]


def test_call_holds_the_lock_from_first_to_last_step() -> None:
    context = context_of()
    lock = context.kernel.call_lock

    steps = steps_of(smp.smp_call_function(context))

    assert (steps[0], steps[-1]) == (TryLock(lock), MemoryWrite(lock, 0))


def test_call_of_one_cpu_goes_to_that_cpu() -> None:
    steps = steps_of(smp.smp_call_function_single(context_of(), 2))

    assert destinations(steps) == [0b0100]
    assert waits(steps) == [("call_data.started", 1), ("call_data.finished", 1)]


def test_call_of_the_only_other_cpu_uses_the_shorthand() -> None:
    steps = steps_of(smp.smp_call_function_single(context_of(cpus=2), 1))

    assert destinations(steps) == []
    assert len(sent(steps)) == 1


def test_call_of_nobody_does_nothing() -> None:
    steps = steps_of(smp.smp_call_function(context_of(cpus=1)))

    assert [type(step) for step in steps] == [TryLock, MemoryWrite]  # under the lock it finds that nobody is there
    assert steps_of(smp.smp_call_function_single(context_of(cpu=1), 1)) == []


def test_every_call_begins_to_count_anew() -> None:
    context = context_of()
    data = context.kernel.call_data
    steps_of(smp.smp_call_function(context))
    assert (data.started.value, data.finished.value, data.wait.value) == (3, 3, 1)
    steps = walk(smp.smp_call_function(context, wait=False))

    while not isinstance(next(steps), Store):
        pass

    assert (data.started.value, data.finished.value, data.wait.value) == (0, 0, 0)


# Reschedule and flush


def test_reschedule_is_a_send_and_nothing_else() -> None:
    steps = steps_of(smp.smp_send_reschedule(context_of(), 3))

    assert [type(step) for step in steps] == [DisableInterrupts, Load, Store, Store]
    assert (destinations(steps), sent(steps)) == ([0b1000], [0xFC | 1 << 11])


def test_flush_names_who_is_to_flush_sends_and_waits_until_none_is_left() -> None:
    context = context_of()
    mask = context.kernel.flush_cpumask

    steps = steps_of(smp.flush_tlb_others(context, 0b1110))

    assert steps[:2] == [TryLock(context.kernel.tlbstate_lock), AtomicOr(mask, 0b1110)]
    assert (destinations(steps), sent(steps)) == ([0b1110], [0xFD | 1 << 11])
    assert steps[-2:] == [SpinUntil(mask, 0), MemoryWrite(context.kernel.tlbstate_lock, 0)]


def test_flush_leaves_out_the_cpu_that_asks_and_those_that_are_not_there() -> None:
    steps = steps_of(smp.flush_tlb_others(context_of(cpu=1), 0b11_1111))

    assert destinations(steps) == [0b1101]


def test_flush_of_nobody_else_does_nothing() -> None:
    assert steps_of(smp.flush_tlb_others(context_of(cpu=1), 0b0010)) == []
