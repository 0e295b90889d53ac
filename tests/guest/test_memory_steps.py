"""What each operation on memory does, and who did it."""

import pytest

from app.guest import steps
from app.guest.memory import NOBODY, CallFunctionData, CallSingleQueue, Word
from app.guest.memory_steps import touch_memory
from app.guest.steps import (
    AtomicAdd,
    AtomicClear,
    AtomicOr,
    MemoryStep,
    MemoryWrite,
    QueueAdd,
    QueueTakeAll,
    TryLock,
)

WORD = Word("word")


@pytest.mark.parametrize(
    ("step", "before", "after", "gives"),
    [
        (MemoryWrite(WORD, 7), 1, 7, 0),
        (AtomicAdd(WORD, 2), 5, 7, 0),
        (AtomicOr(WORD, 0b0110), 0b0011, 0b0111, 0),
        (AtomicClear(WORD, 0b0110), 0b0011, 0b0001, 0),
        (steps.TestAndClear(WORD), 5, 0, 5),
        (TryLock(WORD), 0, 1, 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, tuple) else None,
)
def test_operation_changes_the_word_in_the_name_of_its_cpu(
    step: MemoryStep, before: int, after: int, gives: int
) -> None:
    WORD.prepare(before)

    assert touch_memory(step, 3) == gives
    assert (WORD.value, WORD.written_by, WORD.written_last) == (after, 0b1000, 3)


def test_lock_that_is_taken_stays_its_holders() -> None:
    lock = Word("lock")
    touch_memory(TryLock(lock), 1)

    assert touch_memory(TryLock(lock), 2) == 0
    assert (lock.value, lock.written_last) == (1, 1)


def test_list_tells_the_first_who_adds_and_is_taken_the_oldest_first() -> None:
    queue = CallSingleQueue(0)
    requests = {source: CallFunctionData(source).request_to(0) for source in (2, 1, 3)}

    assert [touch_memory(QueueAdd(queue, request), source) for source, request in requests.items()] == [1, 0, 0]
    assert touch_memory(QueueTakeAll(queue), 0) == 2
    assert [requests[source].next for source in (2, 1, 3)] == [1, 3, NOBODY]
    assert touch_memory(QueueTakeAll(queue), 0) == NOBODY


def test_request_to_a_cpu_is_always_the_same() -> None:
    data = CallFunctionData(0)

    assert data.request_to(1) is data.request_to(1)
    assert data.request_to(1) is not data.request_to(2)
