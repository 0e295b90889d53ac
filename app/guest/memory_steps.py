"""What the steps that touch words of memory do there."""

from app.guest.memory import NOBODY, CallSingleQueue
from app.guest.steps import (
    AtomicAdd,
    AtomicClear,
    AtomicOr,
    MemoryStep,
    MemoryWrite,
    QueueAdd,
    QueueTakeAll,
    TestAndClear,
    TryLock,
)


def touch_memory(step: MemoryStep, cpu: int) -> int:
    """CPU *cpu* does *step*, as one operation that no other CPU comes between. Returns what it gives."""
    match step:
        case MemoryWrite(word, value):
            word.write(cpu, value)
        case AtomicAdd(word, value):
            word.write(cpu, word.value + value)
        case AtomicOr(word, bits):
            word.write(cpu, word.value | bits)
        case AtomicClear(word, bits):
            word.write(cpu, word.value & ~bits)
        case TestAndClear(word):
            held = word.value
            word.write(cpu, 0)
            return held
        case TryLock(word):
            if word.value:
                return 0
            word.write(cpu, 1)
            return 1
        case QueueAdd(queue, request):
            queue.requests.append(request)
            return int(len(queue.requests) == 1)
        case QueueTakeAll(queue):
            return _taken(queue)
    return 0


def _taken(queue: CallSingleQueue) -> int:
    """Links the requests, the oldest first (``llist_reverse_order``), and gives the source of that one."""
    requests, queue.requests = queue.requests, []
    following = NOBODY
    for request in reversed(requests):
        request.next = following
        following = request.source
    return following
