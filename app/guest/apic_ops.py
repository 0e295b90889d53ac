"""The table of operations through which the kernel reaches its APIC, and what a guest function is given to work with.

The bottom two entries are the ones that 2.6.20's ``paravirt_ops`` could replace; the ones above them are where later
kernels let a hypervisor in (``struct genapic``, ``struct apic``). A back end starts from the native table and replaces
entries.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from app.guest.steps import Steps, Word
from app.hw.cpu import Cpu


@dataclass(frozen=True, slots=True)
class ApicOperations:
    """What a back end may replace. Every entry is a generator function."""

    apic_read: Callable[[int], Steps[int]]
    apic_write: Callable[[int, int], Steps[None]]
    send_ipi_mask: "Callable[[Context, int, int], Steps[None]]"
    send_ipi_allbutself: "Callable[[Context, int], Steps[None]]"
    send_ipi_self: "Callable[[Context, int], Steps[None]]"
    ack_apic_irq: "Callable[[Context], Steps[None]]"

    def replaced_against(self, native: "ApicOperations") -> tuple[str, ...]:
        """Names of the entries that differ from *native*."""
        names = [field.name for field in fields(self)]
        return tuple(name for name in names if getattr(self, name) is not getattr(native, name))


class CallData:
    """``struct call_data_struct``: one request of ``smp_call_function`` and how far its receivers are."""

    __slots__ = ("finished", "started", "wait")

    def __init__(self, wait: bool) -> None:
        self.started = Word("call_data.started")
        self.finished = Word("call_data.finished")
        self.wait = wait


class Kernel:
    """What the CPUs of one guest share: the locks and words of ``arch/i386/kernel/smp.c``."""

    __slots__ = ("call_data", "call_lock", "cpu_count", "flush_cpumask", "tlbstate_lock")

    #: The flat logical model has one bit a CPU; above that the kernel is built for physical mode (``bigsmp``).
    LARGEST_FLAT_SYSTEM = 8

    def __init__(self, cpu_count: int) -> None:
        self.cpu_count = cpu_count
        self.call_lock = Word("call_lock")
        self.call_data = CallData(wait=False)
        self.tlbstate_lock = Word("tlbstate_lock")
        self.flush_cpumask = Word("flush_cpumask")

    @property
    def bigsmp(self) -> bool:
        return self.cpu_count > self.LARGEST_FLAT_SYSTEM

    @property
    def online_mask(self) -> int:
        """``cpu_online_map``: one bit a CPU."""
        return (1 << self.cpu_count) - 1


class Context:
    """Where a guest function runs: on which CPU, in which kernel, over which table of operations."""

    __slots__ = ("cpu", "kernel", "number", "operations")

    def __init__(self, cpu: Cpu, kernel: Kernel, operations: ApicOperations) -> None:
        self.cpu = cpu
        self.number = cpu.number
        self.kernel = kernel
        self.operations = operations
