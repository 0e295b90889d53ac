"""Steps: the smallest things a CPU does on the way of an interrupt. Guest functions and back ends yield them.

A step is what a person single-steps, what the page draws, and what a cost sheet prices.
"""

from collections.abc import Generator
from typing import NamedTuple, TypeVar

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


class VmEntry(NamedTuple):
    """The CPU goes back to the guest."""


GuestStep = (
    Load
    | Store
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
HostStep = VmExit | Decode | EmulatedRead | EmulatedWrite | VmEntry
Step = GuestStep | HostStep

#: Under which entry of a cost sheet each kind of step stands; Work brings its own.
PRICES: dict[type[Step], str] = {
    Load: "mmio_read",
    Store: "mmio_write",
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
    VmEntry: "vm_entry",
}

#: A function that runs as steps: it is sent the value of each load and returns its own result.
Steps = Generator[Step, int, Result]
