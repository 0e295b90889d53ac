"""The table of operations through which the kernel reaches its APIC, and what a guest function is given to work with.

The bottom two entries are the ones that 2.6.20's ``paravirt_ops`` could replace; the ones above them are where later
kernels let a hypervisor in (``struct genapic``, ``struct apic``). A back end starts from the native table and replaces
entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from app.guest.memory import CallData, CallFunctionData, CallSingleQueue, Word
from app.guest.places import Places
from app.guest.steps import Steps
from app.hw.cpu import Cpu
from app.x86.model_specific_registers import ApicMode

if TYPE_CHECKING:
    from app.guest.functions import KernelFunction


@dataclass(frozen=True, slots=True)
class ApicOperations:
    """What a back end may replace. Every entry is a generator function; a kernel that has no such entry has ``absent``.

    From the register upwards: register operations (``paravirt_ops`` of 2.6.20, ``struct apic`` today), sends (``struct
    genapic``, ``struct apic``), what the rest of the kernel asks for (``smp_ops``, ``flush_tlb_others``), and the hook
    in the start of another CPU (``paravirt_ops`` of 2.6.21).
    """

    apic_read: Callable[[int], Steps[int]]
    apic_write: Callable[[int, int], Steps[None]]
    icr_write: "Callable[[Context, int, int], Steps[None]]"
    eoi: "Callable[[Context], Steps[None]]"
    send_ipi: "Callable[[Context, int, int], Steps[None]]"
    send_ipi_mask: "Callable[[Context, int, int], Steps[None]]"
    send_ipi_mask_allbutself: "Callable[[Context, int, int], Steps[None]]"
    send_ipi_allbutself: "Callable[[Context, int], Steps[None]]"
    send_ipi_all: "Callable[[Context, int], Steps[None]]"
    send_ipi_self: "Callable[[Context, int], Steps[None]]"
    smp_send_reschedule: "Callable[[Context, int], Steps[None]]"
    smp_call_function_mask: "Callable[[Context, int, bool], Steps[None]]"
    flush_tlb_others: "Callable[[Context, int], Steps[None]]"
    #: Before the start-up IPI to that CPU: where a hypervisor is told in what state the CPU is to begin.
    startup_ipi_hook: "Callable[[Context, int], Steps[None]]"

    def replaced_against(self, native: "ApicOperations") -> tuple[str, ...]:
        """Names of the entries that differ from *native*."""
        return tuple(name for name in ENTRIES if getattr(self, name) is not getattr(native, name))

    def where_present_in(self, native: "ApicOperations") -> "ApicOperations":
        """This table without the entries that *native* does not have."""
        present = native.entries()
        kept: dict[str, Any] = {name: getattr(self, name) if name in present else absent for name in ENTRIES}
        return ApicOperations(**kept)

    def entries(self) -> tuple[str, ...]:
        """Names of the entries that this kernel has."""
        return tuple(name for name in ENTRIES if getattr(self, name) is not absent)


#: The names of the table's entries, from the register upwards.
ENTRIES = tuple(field.name for field in fields(ApicOperations))


def absent(*_: object) -> Steps[None]:
    """Stands where a kernel has no such entry. AssertionError when it is called all the same."""
    raise AssertionError("this kernel has no such operation")


class KernelState:
    """What the CPUs of one guest share: the locks and words of ``arch/i386/kernel/smp.c`` (2.6.22) and ``kernel/smp.c``
    (today), and the words that a CPU shares with its hypervisor. They are the same objects for ever; what they hold,
    guest code learns by asks, and changes by steps."""

    STATE = ()
    WIRES = (
        *("call_data", "call_lock", "call_single_queues", "cfd_data", "eoi_words", "flush_cpumask", "tlbstate_lock"),
        *("cpu_count", "generation"),
    )
    __slots__ = (*STATE, *WIRES)

    #: The flat logical model has one bit a CPU; above that the kernel is built for physical mode (``bigsmp``).
    LARGEST_FLAT_SYSTEM = 8

    def __init__(self, cpu_count: int, generation: "Generation") -> None:
        self.cpu_count = cpu_count
        self.generation = generation
        self.call_lock = Word("call_lock")
        self.call_data = CallData()
        self.tlbstate_lock = Word("tlbstate_lock")
        self.flush_cpumask = Word("flush_cpumask", names_cpus=True)
        self.call_single_queues = [CallSingleQueue(cpu) for cpu in range(cpu_count)]
        self.cfd_data = [CallFunctionData(cpu) for cpu in range(cpu_count)]
        #: Bit 0: the hypervisor needs no EOI of this CPU (``kvm_apic_eoi``, Hyper-V's assist page).
        self.eoi_words = [Word(f"eoi word[{cpu}]") for cpu in range(cpu_count)]

    def words(self) -> list[Word]:
        """All but those of requests, always in the same order."""
        data = self.call_data
        own = (self.call_lock, data.started, data.finished, data.wait, self.tlbstate_lock, self.flush_cpumask)
        return [*own, *self.eoi_words]

    @property
    def bigsmp(self) -> bool:
        return self.cpu_count > self.LARGEST_FLAT_SYSTEM

    @property
    def online_mask(self) -> int:
        """``cpu_online_map``: one bit a CPU."""
        return (1 << self.cpu_count) - 1


class Context:
    """Where a guest function runs: on which CPU, in which kernel, over which table of operations. Of the CPU it holds
    what never changes."""

    STATE = ()
    WIRES = ("bootstrap", "kernel", "number", "operations", "tsc_deadline")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, cpu: Cpu, kernel: KernelState, operations: ApicOperations) -> None:
        self.number = cpu.number
        self.bootstrap = cpu.bootstrap
        #: CPUID says that the timer has the mode (``X86_FEATURE_TSC_DEADLINE_TIMER``).
        self.tsc_deadline = cpu.apic.profile.tsc_deadline
        self.kernel = kernel
        self.operations = operations

    @property
    def reads_by_msr(self) -> bool:
        """Whether the kernel runs with its x2APIC driver, as was decided when it booted."""
        driver = self.kernel.generation.x2apic
        return driver is not None and self.operations.apic_read is driver.apic_read


Handler = Callable[[Context, int], Steps[None]]
SetNextEvent = Callable[[Context, int], Steps[None]]


@dataclass(frozen=True, slots=True, eq=False)  # each is one of a kind, and a key of caches
class Generation:
    """One kernel: its native tables, its handlers, its set-up, and the functions that people can have called."""

    name: str
    title: str
    #: The table of a kernel on an APIC in xAPIC mode.
    xapic: ApicOperations
    #: The same in x2APIC mode, where the kernel knows it: on a machine that remaps interrupts, and on one that does
    #: not. It is the kernel that chooses, for what devices can address.
    x2apic: ApicOperations | None
    x2apic_phys: ApicOperations | None
    handler_of: Callable[[int], Handler]
    start_secondary: Callable[[Context], Steps[None]]
    #: The local timer's, as a clock event device: to fire after so many of its clocks.
    set_next_event: "SetNextEvent"
    io_apic_entries: Callable[[KernelState], dict[int, int]]
    functions: "Mapping[str, KernelFunction]"
    reschedule_vector: int
    vector_names: Mapping[int, str]
    #: What it sends to CPUs by itself: the vectors to which a Xen guest maps event channels.
    ipi_vectors: frozenset[int]
    #: 32 or 64.
    bits: int
    #: The text that it is written after, and where each of its functions stands there.
    text: str
    places: Places

    def native_operations(self, mode: ApicMode, *, interrupt_remapping: bool) -> ApicOperations | None:
        """The kernel's own table on a machine of that kind; None when it does not know the mode."""
        if mode is not ApicMode.X2APIC:
            return self.xapic
        return self.x2apic if interrupt_remapping else self.x2apic_phys
