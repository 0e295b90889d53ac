"""Steps: the smallest things a CPU does on the way of an interrupt. Guest functions and back ends yield them.

A step is what a person single-steps, what the page draws, and what a cost sheet prices.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

from app.x86.icr import DeliveryMode

Result = TypeVar("Result")


class Word:
    """A word of guest memory that several CPUs watch."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: int = 0) -> None:
        self.name = name
        self.value = value


# What the guest does


class Load(NamedTuple):
    """A load from a register of the APIC page."""

    register: int


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


class Delay(NamedTuple):
    """Waits by the clock (``mdelay``, ``udelay``), in microseconds. Waiting is no work."""

    microseconds: int


class HypervisorCall(NamedTuple):
    """A call that the guest makes into its hypervisor, with a register and, for a write, a value."""

    name: str
    register: int
    value: int | None


class Work(NamedTuple):
    """Work that is no business of the APIC; ``price`` is its entry in the cost sheet."""

    price: str
    what: str


class MemoryWrite(NamedTuple):
    """A locked write to a word that other CPUs watch."""

    word: Word
    value: int


class SpinUntil(NamedTuple):
    """Reads *word* until it is *value*. Interrupts are taken meanwhile. The time spent here is waiting, not work."""

    word: Word
    value: int


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


# What the hypervisor does


class VmExit(NamedTuple):
    """The CPU leaves the guest."""

    reason: str


class Decode(NamedTuple):
    """The hypervisor fetches and decodes the guest's instruction, to learn what it wanted."""


class EmulatedRead(NamedTuple):
    """The hypervisor reads its model of the guest's APIC. *by_page*: the guest used the page, which may be dead."""

    register: int
    by_page: bool = True


class EmulatedWrite(NamedTuple):
    """The hypervisor writes its model of the guest's APIC. *by_page* as in EmulatedRead."""

    register: int
    value: int
    by_page: bool = True


class HostWork(NamedTuple):
    """Work of the hypervisor; ``price`` is its entry in the cost sheet."""

    price: str
    what: str


class HostSend(NamedTuple):
    """The hypervisor sends an interrupt to the guest's APIC *apic_id*, for one of its CPUs."""

    apic_id: int
    vector: int
    delivery_mode: DeliveryMode
    price: str = "send_ipi_target"


class HostEndEvent(NamedTuple):
    """The hypervisor tells the I/O APIC that the guest has served a level-triggered event."""

    port: int


class OfferEoiWord(NamedTuple):
    """The hypervisor sets the EOI word of this CPU if the guest may end its interrupt without telling."""

    word: Word


class VirtualRead(NamedTuple):
    """Hardware answers a read from the virtual-APIC page; the CPU stays in the guest."""

    register: int


class VirtualWrite(NamedTuple):
    """Hardware carries a write out on the virtual APIC; the CPU stays in the guest. ``price`` says which kind."""

    register: int
    value: int
    price: str


class VmEntry(NamedTuple):
    """The CPU goes back to the guest."""


GuestStep = (
    Load
    | Store
    | ReadMsr
    | WriteMsr
    | NextEvent
    | Fence
    | TestAndClear
    | Hypercall
    | Delay
    | HypervisorCall
    | Work
    | MemoryWrite
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
HostStep = (
    VmExit
    | Decode
    | EmulatedRead
    | EmulatedWrite
    | HostWork
    | HostSend
    | HostEndEvent
    | OfferEoiWord
    | VirtualRead
    | VirtualWrite
    | VmEntry
)
Step = GuestStep | HostStep

#: Steps that bring the name of their entry of a cost sheet.
PRICED = (Work, Hypercall, HostWork, HostSend, VirtualWrite)
#: Under which entry every other kind of step stands.
PRICES: dict[type[Step], str] = {
    Load: "mmio_read",
    Store: "mmio_write",
    ReadMsr: "msr_read",
    WriteMsr: "msr_write",
    NextEvent: "memory_read",
    Fence: "fence",
    TestAndClear: "memory_write",
    HypervisorCall: "hypervisor_call",
    MemoryWrite: "memory_write",
    SpinUntil: "spin_exit",
    EnableInterrupts: "enable_interrupts",
    DisableInterrupts: "disable_interrupts",
    Halt: "halt",
    Acknowledge: "interrupt_entry",
    EnterNmi: "interrupt_entry",
    EnterSmm: "smm_entry",
    ReturnFromInterrupt: "interrupt_return",
    ResumeFromSmm: "smm_return",
    VmExit: "vm_exit",
    Decode: "decode",
    EmulatedRead: "emulate_read",
    EmulatedWrite: "emulate_write",
    HostEndEvent: "emulate_write",
    OfferEoiWord: "memory_read",
    VirtualRead: "virtual_apic_access",
    VmEntry: "vm_entry",
}

#: Steps with which a CPU leaves the guest.
EXITS = (VmExit, HypervisorCall, Hypercall)


def price_of(step: Step) -> str:
    """The entry of a cost sheet under which *step* stands."""
    return step.price if isinstance(step, PRICED) else PRICES[type(step)]


#: A function that runs as steps: it is sent the value of each load and returns its own result.
Steps = Generator[Step, int, Result]
