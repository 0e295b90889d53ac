"""Steps: the smallest things a CPU does on the way of an interrupt. Guest functions and back ends yield them.

A step is what a person single-steps, what the page draws, and what a cost sheet prices.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

from app.guest.asks import Ask
from app.guest.host_steps import (
    Decode,
    EmulatedMsrWrite,
    EmulatedRead,
    EmulatedWrite,
    HostEndEvent,
    HostSend,
    HostStep,
    HostWork,
    OfferEoiWord,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
)
from app.guest.memory import CallSingleData, CallSingleQueue, Word

#: What comes from the two modules below this one: whoever uses steps finds all of them here.
__all__ = [
    "Decode",
    "EmulatedMsrWrite",
    "EmulatedRead",
    "EmulatedWrite",
    "HostEndEvent",
    "HostSend",
    "HostStep",
    "HostWork",
    "OfferEoiWord",
    "VirtualRead",
    "VirtualWrite",
    "VmEntry",
    "VmExit",
    "Word",
]

Result = TypeVar("Result")


# What the guest does


class Load(NamedTuple):
    """A load from a register of the APIC page."""

    register: int


class Dereference(NamedTuple):
    """A load from a register of the APIC page that *function* does by itself, past ``apic_read``: whoever replaces that
    does not see it."""

    register: int
    function: str


class Store(NamedTuple):
    """A store to a register of the APIC page."""

    register: int
    value: int


class ReadMsr(NamedTuple):
    """RDMSR."""

    msr: int


class WriteMsr(NamedTuple):
    """WRMSR of a 64-bit value."""

    msr: int
    value: int


class NextEvent(NamedTuple):
    """The guest looks for a further pending event in the same upcall. Gives its port, or -1."""


class Fence(NamedTuple):
    """MFENCE and LFENCE before a WRMSR that does not serialise (``weak_wrmsr_fence``)."""


class TestAndClear(NamedTuple):
    """An atomic test-and-clear of a word that the CPU shares with its hypervisor. Gives what it held."""

    word: Word


class Hypercall(NamedTuple):
    """A call that the guest makes into its hypervisor, with its arguments; *price* says by which instruction."""

    name: str
    arguments: tuple[int, ...]
    price: str = "hypercall"

    @property
    def argument_list(self) -> str:
        """The arguments in words."""
        return ", ".join(f"{argument:#x}" for argument in self.arguments)


class Delay(NamedTuple):
    """Waits by the clock (``mdelay``, ``udelay``), in microseconds. Waiting is no work."""

    microseconds: int


class HypervisorCall(NamedTuple):
    """A call that the guest makes into its hypervisor, with a register and, for a write, a value."""

    name: str
    register: int
    value: int | None

    @property
    def written(self) -> str:
        """What it writes, in words; empty for a read."""
        return "" if self.value is None else f" = {self.value:#010x}"


class Work(NamedTuple):
    """Work that is no business of the APIC; ``price`` is its entry in the cost sheet."""

    price: str
    what: str


class MemoryWrite(NamedTuple):
    """A locked write to a word that other CPUs watch."""

    word: Word
    value: int


class AtomicAdd(NamedTuple):
    """LOCK ADD (``atomic_inc``)."""

    word: Word
    value: int


class AtomicOr(NamedTuple):
    """LOCK OR (``atomic_set_mask``)."""

    word: Word
    bits: int


class AtomicClear(NamedTuple):
    """LOCK AND with all other bits (``atomic_clear_mask``, ``cpu_clear``)."""

    word: Word
    bits: int


class TryLock(NamedTuple):
    """LOCK DEC of a spin lock, whose old value says who has it (``__raw_spin_lock``). Gives 1 when it was free, and is
    taken now; 0, and nothing has changed, when it was not."""

    word: Word


class QueueAdd(NamedTuple):
    """LOCK CMPXCHG of the head of a list (``llist_add``). Gives 1 when the list was empty."""

    queue: CallSingleQueue
    request: CallSingleData


class QueueTakeAll(NamedTuple):
    """XCHG of the head of a list for nothing (``llist_del_all``). Gives the source of the oldest request that was in
    it, or NOBODY; each request leads to the next."""

    queue: CallSingleQueue


class SpinUntil(NamedTuple):
    """Reads *word* until it is *value*. Interrupts are taken meanwhile. The time spent here is waiting, not work.

    ``answers`` and ``vector`` say what the value cannot: the CPUs (a mask) that are to write the word, and the
    interrupt that tells them to.
    """

    word: Word
    value: int
    answers: int = 0
    vector: int | None = None

    @property
    def unanswered(self) -> int:
        """The CPUs (a mask) whose writes are still to come, as far as that is known."""
        return self.word.value if self.word.names_cpus else self.answers & ~self.word.written_by


class EnableInterrupts(NamedTuple):
    """STI in a handler that lets higher classes in."""


class DisableInterrupts(NamedTuple):
    """CLI at the end of that part."""


class Halt(NamedTuple):
    """HLT with interrupts on: the idle loop."""


class Acknowledge(NamedTuple):
    """The CPU takes the interrupt: IRR to ISR, then through the gate, which turns interrupts off."""


class EnterNmi(NamedTuple):
    """The CPU takes a non-maskable interrupt."""


class EnterSmm(NamedTuple):
    """The CPU takes a system-management interrupt: it saves its state and runs the firmware's handler."""


class ReturnFromInterrupt(NamedTuple):
    """IRET."""


class ResumeFromSmm(NamedTuple):
    """RSM, at the end of the firmware's handler."""


#: How something comes in: the step that takes it.
Arriving = Acknowledge | EnterNmi | EnterSmm


#: Steps that touch nothing but a word, or a list, of memory.
MemoryStep = MemoryWrite | AtomicAdd | AtomicOr | AtomicClear | TryLock | TestAndClear | QueueAdd | QueueTakeAll

GuestStep = (
    Load
    | Dereference
    | Store
    | ReadMsr
    | WriteMsr
    | NextEvent
    | Fence
    | Hypercall
    | Delay
    | HypervisorCall
    | Work
    | MemoryStep
    | SpinUntil
    | EnableInterrupts
    | DisableInterrupts
    | Halt
    | Acknowledge
    | EnterNmi
    | EnterSmm
    | ReturnFromInterrupt
    | ResumeFromSmm
)
Step = GuestStep | HostStep


#: A function that runs as steps: it is sent the value of each load, and the answer to each ask between two steps, and
#: returns its own result. It knows its arguments and these replies alone, and changes nothing but by steps.
Steps = Generator[Step | Ask, int, Result]
