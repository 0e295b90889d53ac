"""Steps in words: what a CPU does, without who does it."""

from app.guest.steps import (
    Acknowledge,
    Decode,
    Delay,
    DisableInterrupts,
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
    MemoryWrite,
    NextEvent,
    OfferEoiWord,
    ReadMsr,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    TestAndClear,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
    Work,
    WriteMsr,
)
from app.wire.words import register_words


def step_words(step: Step) -> str:  # noqa: C901 - one branch a kind of step
    """What a step does, without who does it."""
    match step:
        case Load(register):
            return f"load from {register_words(register)}"
        case Store(register, value):
            return f"store {value:#010x} to {register_words(register)}"
        case HypervisorCall(name, register, value):
            return f"{name} {register_words(register)}" + ("" if value is None else f" = {value:#010x}")
        case Work(_, what):
            return what
        case Delay(microseconds):
            return f"waits {microseconds:,} µs"
        case ReadMsr(msr):
            return f"RDMSR {msr:#x}"
        case WriteMsr(msr, value):
            return f"WRMSR {msr:#x} = {value:#x}"
        case Fence():
            return "fences, since WRMSR does not"
        case TestAndClear(word):
            return f"tests and clears {word.name}"
        case NextEvent():
            return "looks for a further pending event"
        case Hypercall(name, arguments, _):
            return f"{name}({', '.join(f'{argument:#x}' for argument in arguments)})"
        case MemoryWrite(word, value):
            return f"writes {value:#x} to {word.name}"
        case SpinUntil(word, value):
            return f"spins until {word.name} is {value:#x}"
        case EnableInterrupts():
            return "turns interrupts on"
        case DisableInterrupts():
            return "turns interrupts off"
        case Halt():
            return "halts until an interrupt"
        case Acknowledge():
            return "takes the interrupt through its gate"
        case EnterNmi():
            return "takes the NMI through its gate"
        case EnterSmm():
            return "saves its state and enters system-management mode"
        case ReturnFromInterrupt():
            return "returns from the interrupt"
        case ResumeFromSmm():
            return "resumes from system-management mode"
        case _:
            return _host_step_words(step)


def _host_step_words(step: HostStep) -> str:
    match step:
        case VmExit(reason):
            return f"leaves the guest: {reason}"
        case Decode():
            return "fetches and decodes the instruction"
        case EmulatedRead(register):
            return f"reads the virtual {register_words(register)}"
        case EmulatedWrite(register, value):
            return f"writes {value:#010x} to the virtual {register_words(register)}"
        case VmEntry():
            return "enters the guest"
        case HostWork(_, what):
            return what
        case HostSend(apic_id, vector, _, _):
            return f"sends {vector:#04x} to virtual APIC {apic_id}"
        case HostEndEvent(port):
            return f"tells the I/O APIC that {port:#04x} has ended"
        case OfferEoiWord(word):
            return f"sets {word.name}, if this interrupt needs no EOI"
        case VirtualRead(register):
            return f"hardware reads the virtual {register_words(register)}"
        case VirtualWrite(register, value, _):
            return f"hardware writes {value:#010x} to the virtual {register_words(register)}"
