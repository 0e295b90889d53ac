"""Steps in words: what a CPU does, without who does it."""

from app.guest.steps import (
    Acknowledge,
    AtomicAdd,
    AtomicClear,
    AtomicOr,
    Decode,
    Delay,
    Dereference,
    DisableInterrupts,
    EmulatedMsrWrite,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    EnterNmi,
    EnterSmm,
    Fence,
    Halt,
    HostEndEvent,
    HostSend,
    HostStep,
    HostWork,
    Hypercall,
    HypervisorCall,
    Load,
    MemoryStep,
    MemoryWrite,
    NextEvent,
    OfferEoiWord,
    QueueAdd,
    QueueTakeAll,
    ReadMsr,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    TestAndClear,
    TryLock,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
    Work,
    WriteMsr,
)
from app.x86.words import register_words

#: Steps with which the guest reaches a register, in whichever way.
_Access = Load | Dereference | Store | ReadMsr | WriteMsr | HypervisorCall
#: Steps that are one instruction, with nothing to say about what it works on.
_Bare = (
    Fence
    | NextEvent
    | EnableInterrupts
    | DisableInterrupts
    | Halt
    | Acknowledge
    | EnterNmi
    | EnterSmm
    | ReturnFromInterrupt
    | ResumeFromSmm
)
_BARE_WORDS: dict[type[_Bare], str] = {
    Fence: "fences, since WRMSR does not",
    NextEvent: "looks for a further pending event",
    EnableInterrupts: "turns interrupts on",
    DisableInterrupts: "turns interrupts off",
    Halt: "halts until an interrupt",
    Acknowledge: "takes the interrupt through its gate",
    EnterNmi: "takes the NMI through its gate",
    EnterSmm: "saves its state and enters system-management mode",
    ReturnFromInterrupt: "returns from the interrupt",
    ResumeFromSmm: "resumes from system-management mode",
}


#: What differs for a guest without an APIC: Xen calls it up instead of going through a gate, and its interrupt flag is
#: a word (Xen ``public/xen.h``, ``struct vcpu_info``).
_UPCALL_WORDS: dict[type[_Bare], str] = {
    EnableInterrupts: "clears evtchn_upcall_mask",
    DisableInterrupts: "sets evtchn_upcall_mask",
    Acknowledge: "begins its upcall: takes the selector, then the first pending port",
    ReturnFromInterrupt: "returns from the upcall",
}


def step_words(step: Step, *, event_channels: bool = False) -> str:
    """What a step does, without who does it; *event_channels*: by a guest that has those instead of an APIC."""
    if isinstance(step, _Bare):
        kind = type(step)
        return _UPCALL_WORDS.get(kind, _BARE_WORDS[kind]) if event_channels else _BARE_WORDS[kind]
    if isinstance(step, _Access):
        return _access_words(step)
    match step:
        case Work(_, what):
            return what
        case Delay(microseconds):
            return f"waits {microseconds:,} µs"
        case Hypercall(name, arguments, _):
            return f"{name}({', '.join(f'{argument:#x}' for argument in arguments)})"
        case (
            MemoryWrite()
            | AtomicAdd()
            | AtomicOr()
            | AtomicClear()
            | TryLock()
            | TestAndClear()
            | QueueAdd()
            | QueueTakeAll()
        ):
            return _memory_words(step)
        case SpinUntil(word, value):
            return f"spins until {word.name} is {value:#x}"
        case _:
            return _host_step_words(step)


def _memory_words(step: MemoryStep) -> str:
    match step:
        case MemoryWrite(word, value):
            return f"writes {value:#x} to {word.name}"
        case AtomicAdd(word, value):
            return f"adds {value} to {word.name}, locked"
        case AtomicOr(word, bits):
            return f"sets {bits:#x} in {word.name}, locked"
        case AtomicClear(word, bits):
            return f"clears {bits:#x} in {word.name}, locked"
        case TryLock(word):
            return f"tries to take {word.name}"
        case TestAndClear(word):
            return f"tests and clears {word.name}"
        case QueueAdd(queue):
            return f"adds a request to {queue.name}, locked"
        case QueueTakeAll(queue):
            return f"takes all that is in {queue.name}"


def _access_words(step: _Access) -> str:
    match step:
        case Load(register):
            return f"load from {register_words(register)}"
        case Dereference(register, function):
            return f"{function}() dereferences {register_words(register)}, past apic_read"
        case Store(register, value):
            return f"store {value:#010x} to {register_words(register)}"
        case ReadMsr(msr):
            return f"RDMSR {msr:#x}"
        case WriteMsr(msr, value):
            return f"WRMSR {msr:#x} = {value:#x}"
        case HypervisorCall(name, register, value):
            return f"{name} {register_words(register)}" + ("" if value is None else f" = {value:#010x}")


def _host_step_words(step: HostStep) -> str:  # noqa: C901 - one branch a kind of step
    match step:
        case VmExit(reason):
            return f"leaves the guest: {reason}"
        case Decode():
            return "fetches and decodes the instruction"
        case EmulatedRead(register):
            return f"reads the virtual {register_words(register)}"
        case EmulatedWrite(register, value):
            return f"writes {value:#010x} to the virtual {register_words(register)}"
        case EmulatedMsrWrite(msr, value):
            return f"writes {value:#x} to the virtual MSR {msr:#x}"
        case VmEntry():
            return "enters the guest"
        case HostWork(_, what):
            return what
        case HostSend():
            return _send_words(step)
        case HostEndEvent(port):
            return f"tells the I/O APIC that port {port:#04x} has been served"
        case OfferEoiWord(word):
            return f"sets {word.name}, if this interrupt needs no EOI"
        case VirtualRead(register):
            return f"hardware reads the virtual {register_words(register)}"
        case VirtualWrite(register, value):
            return f"hardware writes {value:#010x} to the virtual {register_words(register)}"


def _send_words(step: HostSend) -> str:
    if step.price == "evtchn_send":
        return f"sets the pending bit of port {step.vector:#04x} of virtual CPU {step.apic_id}"
    return f"sends {step.vector:#04x} to virtual APIC {step.apic_id}"
