"""Which CPU is which in a QEMU log: who took each vector, how many CPUs there are, and their APIC IDs.

The log does not name the CPU that takes a vector, but dumps its registers. The task register's base differs from CPU to
CPU. Which base is which CPU's follows from who uses its local APIC next: nearly always the CPU that took the vector.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from app.hw.machine import MAX_XAPIC_CPUS
from app.trace.errors import UnusableRecording
from app.trace.operations import Operation, RegisterRead, RegisterWrite, VectorTaken
from app.x86.registers import Register


class _Taken:
    """A vector taken, as far as it is known."""

    __slots__ = ("alone", "base", "line", "next_cpu", "place", "time", "vector")

    def __init__(self, line: int, time: int, vector: int, place: int) -> None:
        self.line = line
        self.time = time
        self.vector = vector
        #: How many operations there were before it: when there are more, its dump is over.
        self.place = place
        self.base: int | None = None
        self.next_cpu: int | None = None
        #: No other vector was taken before the next access, so that ``next_cpu`` is good evidence.
        self.alone = True


class TakenVectors:
    """Collects the vectors taken and what tells their CPUs."""

    def __init__(self) -> None:
        self.entries: list[_Taken] = []
        #: Those after which nobody has used a local APIC yet.
        self._open: list[_Taken] = []
        #: The one whose registers are being dumped.
        self._current: _Taken | None = None

    def begin(self, line: int, time: int, vector: int, place: int) -> None:
        """A CPU takes *vector*; *place* operations came before."""
        if not 0 <= vector <= 0xFF:
            raise UnusableRecording(f"{vector:#x} is not an interrupt vector", line)
        entry = _Taken(line, time, vector, place)
        self.entries.append(entry)
        self._current = entry
        if self._open:
            entry.alone = False
            for other in self._open:
                other.alone = False
        self._open.append(entry)

    def dump(self, vector: int, place: int) -> None:
        """A register dump begins. It is another interrupt's or exception's unless it has the same vector."""
        current = self._current
        if current is not None and (current.vector != vector or current.place != place):
            self._current = None

    def task_register(self, base: int, place: int) -> None:
        """The dump's task register. Base 0 is that of every CPU that has not set one up."""
        if self._current is not None and self._current.place == place and base:
            self._current.base = base
        self._current = None

    def access(self, cpu: int) -> None:
        """*cpu* uses its local APIC."""
        if self._open:
            for entry in self._open:
                entry.next_cpu = cpu
            self._open.clear()

    def assigned(self, operations: Sequence[Operation]) -> Iterator[VectorTaken]:
        """The vectors taken, each with its CPU where the task register tells it."""
        cpus = self._cpu_of_each_base()
        for entry in self.entries:
            cpu = None if entry.base is None else cpus.get(entry.base)
            yield VectorTaken(entry.line, entry.time, entry.vector, cpu)

    @property
    def cpu_count(self) -> int:
        """How many task registers' bases appear: so many CPUs there are at least."""
        return min(len({entry.base for entry in self.entries if entry.base is not None}), MAX_XAPIC_CPUS)

    def _cpu_of_each_base(self) -> dict[int, int]:
        """By majority, the clearest first: a CPU has one base, and a base is one CPU's."""
        evidence: defaultdict[int, Counter[int]] = defaultdict(Counter)
        for entry in self.entries:
            if entry.base is not None and entry.next_cpu is not None:
                # What a CPU in between took may have been answered first, so such evidence only decides a draw.
                evidence[entry.base][entry.next_cpu] += 100 if entry.alone else 1
        votes = [(count, base, cpu) for base, counts in evidence.items() for cpu, count in counts.items()]
        found: dict[int, int] = {}
        for _, base, cpu in sorted(votes, reverse=True):
            if base not in found and cpu not in found.values():
                found[base] = cpu
        return found


def first_to_end(candidates: Sequence[int], coming: Iterable[Operation]) -> int:
    """Of *candidates*, the CPU that has taken a vector, judged by what is *coming*.

    A handler's first access is its EOI. Whoever ends first must have taken first; but not who takes another before.
    """
    waiting = set(candidates)
    doubtful: list[int] = []
    taken_again: set[int] = set()
    for operation in coming:
        if isinstance(operation, VectorTaken) and operation.cpu is not None:
            taken_again.add(operation.cpu)
        elif isinstance(operation, RegisterRead | RegisterWrite) and operation.cpu in waiting:
            waiting.remove(operation.cpu)
            if isinstance(operation, RegisterWrite) and operation.offset == Register.EOI:
                if operation.cpu not in taken_again:
                    return operation.cpu
                doubtful.append(operation.cpu)
            if not waiting:
                break
    return next(iter([*doubtful, *sorted(waiting), *candidates]))


def apic_ids(operations: Sequence[Operation], at_least: int) -> tuple[int, ...]:
    """The APIC ID of each CPU that appears: what it reads from its ID register, otherwise its number. There are
    *at_least* so many CPUs."""
    highest = max(at_least, 1) - 1
    written: set[int] = set()
    read: defaultdict[int, set[int]] = defaultdict(set)
    for operation in operations:
        if isinstance(operation, RegisterRead | RegisterWrite):
            cpu = operation.cpu
            if cpu > highest:
                highest = cpu
                if cpu >= MAX_XAPIC_CPUS:
                    raise UnusableRecording(f"CPU {cpu} is more than an xAPIC machine can have", operation.line)
            if operation.offset == Register.ID:
                if isinstance(operation, RegisterWrite):
                    written.add(cpu)  # from here on it may read what it has written
                elif cpu not in written:
                    read[cpu].add(operation.value >> 24)
    identifiers = [read[cpu].pop() if len(read[cpu]) == 1 else cpu for cpu in range(highest + 1)]
    return tuple(identifiers if len(set(identifiers)) == len(identifiers) else range(highest + 1))
