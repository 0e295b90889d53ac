"""The kinds of steps, in one table: what each is, where it stands in a cost sheet, and what it is in words."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, NamedTuple

from app.guest import steps
from app.guest.steps import HostSend, HostWork, Step


class Side(Enum):
    """Who is at work with a step."""

    GUEST = auto()
    #: The hypervisor; a call into it begins there.
    HOST = auto()
    #: The processor, in place of the hypervisor.
    HARDWARE = auto()


class StepKind(NamedTuple):
    """One kind. *words* are a format: ``step`` is the step, ``register`` the name of its register; where they depend on
    the step, they are a function that gives the format."""

    step: type[Step]
    side: Side
    #: Under which entry of a cost sheet it stands; None: each step brings its own, in ``price``.
    entry: str | None
    words: str | Callable[[Any], str]
    #: By it the guest reaches for its APIC, whatever comes of it.
    is_access: bool = False
    #: With it the CPU leaves the guest,
    is_exit: bool = False
    #: because the guest called.
    is_hypercall: bool = False
    #: It touches nothing but a word, or a list, of memory.
    is_memory: bool = False
    #: In words where the guest has event channels instead of an APIC: Xen calls it up instead of going through a gate,
    #: and its interrupt flag is a word (Xen ``public/xen.h``, ``struct vcpu_info``).
    upcall_words: str = ""


#: The entry of what takes time and is no work.
NO_WORK = ""
#: Work of the host that needs no hypervisor, by its entry.
_BY_HARDWARE = frozenset({"posted_delivery", "ipi_virtualization"})


def _send_words(step: HostSend) -> str:
    if step.price == "evtchn_send":
        return "sets the pending bit of port {step.vector:#04x} of virtual CPU {step.apic_id}"
    return "sends {step.vector:#04x} to virtual APIC {step.apic_id}"


_GUEST, _HOST, _HARDWARE = Side.GUEST, Side.HOST, Side.HARDWARE


def _access(step: type[Step], entry: str, words: str) -> StepKind:
    return StepKind(step, _GUEST, entry, words, is_access=True)


def _memory(step: type[Step], words: str) -> StepKind:
    return StepKind(step, _GUEST, "memory_write", words, is_memory=True)


#: Every kind of step.
STEPS: tuple[StepKind, ...] = (
    _access(steps.Load, "mmio_read", "load from {register}"),
    _access(steps.Dereference, "mmio_read", "{step.function}() dereferences {register}, past apic_read"),
    _access(steps.Store, "mmio_write", "store {step.value:#010x} to {register}"),
    _access(steps.ReadMsr, "msr_read", "RDMSR {step.msr:#x}"),
    _access(steps.WriteMsr, "msr_write", "WRMSR {step.msr:#x} = {step.value:#x}"),
    StepKind(
        steps.HypervisorCall,
        _HOST,
        "hypervisor_call",
        "{step.name} {register}{step.written}",
        is_access=True,
        is_exit=True,
        is_hypercall=True,
    ),
    StepKind(steps.Hypercall, _HOST, None, "{step.name}({step.argument_list})", is_exit=True, is_hypercall=True),
    StepKind(steps.NextEvent, _GUEST, "memory_read", "looks for a further pending event"),
    StepKind(steps.Fence, _GUEST, "fence", "fences, since WRMSR does not"),
    StepKind(steps.Delay, _GUEST, NO_WORK, "waits {step.microseconds:,} µs"),
    StepKind(steps.Work, _GUEST, None, "{step.what}"),
    _memory(steps.MemoryWrite, "writes {step.value:#x} to {step.word.name}"),
    _memory(steps.AtomicAdd, "adds {step.value} to {step.word.name}, locked"),
    _memory(steps.AtomicOr, "sets {step.bits:#x} in {step.word.name}, locked"),
    _memory(steps.AtomicClear, "clears {step.bits:#x} in {step.word.name}, locked"),
    _memory(steps.TryLock, "tries to take {step.word.name}"),
    _memory(steps.TestAndClear, "tests and clears {step.word.name}"),
    _memory(steps.QueueAdd, "adds a request to {step.queue.name}, locked"),
    _memory(steps.QueueTakeAll, "takes all that is in {step.queue.name}"),
    StepKind(steps.SpinUntil, _GUEST, "spin_exit", "spins until {step.word.name} is {step.value:#x}"),
    StepKind(
        steps.EnableInterrupts,
        _GUEST,
        "enable_interrupts",
        "turns interrupts on",
        upcall_words="clears evtchn_upcall_mask",
    ),
    StepKind(
        steps.DisableInterrupts,
        _GUEST,
        "disable_interrupts",
        "turns interrupts off",
        upcall_words="sets evtchn_upcall_mask",
    ),
    StepKind(steps.Halt, _GUEST, "halt", "halts until an interrupt"),
    StepKind(
        steps.Acknowledge,
        _GUEST,
        "interrupt_entry",
        "takes the interrupt through its gate",
        upcall_words="begins its upcall: takes the selector, then the first pending port",
    ),
    StepKind(steps.EnterNmi, _GUEST, "interrupt_entry", "takes the NMI through its gate"),
    StepKind(steps.EnterSmm, _GUEST, "smm_entry", "saves its state and enters system-management mode"),
    StepKind(
        steps.ReturnFromInterrupt,
        _GUEST,
        "interrupt_return",
        "returns from the interrupt",
        upcall_words="returns from the upcall",
    ),
    StepKind(steps.ResumeFromSmm, _GUEST, "smm_return", "resumes from system-management mode"),
    StepKind(steps.VmExit, _HOST, None, "leaves the guest: {step.reason}", is_exit=True),
    StepKind(steps.VmEntry, _HOST, None, "enters the guest"),
    StepKind(steps.Decode, _HOST, None, "fetches and decodes the instruction"),
    StepKind(steps.EmulatedRead, _HOST, "emulate_read", "reads the virtual {register}"),
    StepKind(steps.EmulatedWrite, _HOST, "emulate_write", "writes {step.value:#010x} to the virtual {register}"),
    StepKind(steps.EmulatedMsrWrite, _HOST, "emulate_write", "writes {step.value:#x} to the virtual MSR {step.msr:#x}"),
    StepKind(steps.HostWork, _HOST, None, "{step.what}"),
    StepKind(steps.HostSend, _HOST, None, _send_words),
    StepKind(
        steps.HostEndEvent, _HOST, "emulate_write", "tells the I/O APIC that port {step.port:#04x} has been served"
    ),
    StepKind(steps.OfferEoiWord, _HOST, "memory_read", "sets {step.word.name}, if this interrupt needs no EOI"),
    StepKind(steps.VirtualRead, _HARDWARE, "virtual_apic_access", "hardware reads the virtual {register}"),
    StepKind(steps.VirtualWrite, _HARDWARE, None, "hardware writes {step.value:#010x} to the virtual {register}"),
)

#: The same, by what they are.
KIND_OF: dict[type[Step], StepKind] = {kind.step: kind for kind in STEPS}
#: Parts of the table, for ``isinstance``.
ACCESSES = tuple(kind.step for kind in STEPS if kind.is_access)
EXITS = tuple(kind.step for kind in STEPS if kind.is_exit)
HYPERCALLS = tuple(kind.step for kind in STEPS if kind.is_hypercall)
MEMORY_STEPS = tuple(kind.step for kind in STEPS if kind.is_memory)


def price_of(step: Step) -> str:
    """The entry of a cost sheet under which *step* stands; ``NO_WORK`` for none."""
    entry = KIND_OF[type(step)].entry
    return step.price if entry is None else entry  # type: ignore[union-attr]  # a kind without an entry has the field


def side_of(step: Step) -> Side:
    """Who is at work with *step*."""
    if isinstance(step, HostWork) and step.price in _BY_HARDWARE:
        return _HARDWARE
    return KIND_OF[type(step)].side
