"""Events, steps and registers in words, for the event log, the page and screen readers."""

from collections.abc import Mapping

from app.guest.irq_vectors import VECTOR_NAMES
from app.guest.steps import (
    Acknowledge,
    Decode,
    DisableInterrupts,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    EnterNmi,
    Halt,
    HypervisorCall,
    Load,
    MemoryWrite,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    VmEntry,
    VmExit,
    Work,
)
from app.hw import events as hw
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.sim import events as sim
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.register_map import REGISTERS

_SHORTHAND_WORDS = {
    Shorthand.SELF: "itself",
    Shorthand.ALL_INCLUDING_SELF: "all CPUs including itself",
    Shorthand.ALL_EXCLUDING_SELF: "all CPUs but itself",
}
_MODE_WORDS = {
    DeliveryMode.FIXED: "",
    DeliveryMode.LOWEST_PRIORITY: "lowest-priority ",
    DeliveryMode.SMI: "SMI",
    DeliveryMode.RESERVED_3: "reserved",
    DeliveryMode.NMI: "NMI",
    DeliveryMode.INIT: "INIT",
    DeliveryMode.STARTUP: "start-up IPI",
    DeliveryMode.EXTINT: "ExtINT",
}
_SENDERS = {Origin.IPI: "CPU {}", Origin.IO_APIC: "I/O APIC pin {}", Origin.MSI: "A device"}
_ESR_WORDS = {5: "send illegal vector", 6: "receive illegal vector", 7: "illegal register address"}


def register_words(offset: int) -> str:
    """``ICR low (0x300)``: the manual's name and the offset."""
    definition = REGISTERS.get(offset)
    return f"{definition.register.name.replace('_', ' ') if definition else 'no register'} ({offset:#05x})"


#: What a kernel calls its vectors.
Names = Mapping[int, str]


def vector_words(vector: int, names: Names) -> str:
    """``0xfc (reschedule)`` for a vector that the kernel has a name for."""
    name = names.get(vector)
    return f"{vector:#04x} ({name})" if name else f"{vector:#04x}"


def interrupt_words(vector: int, mode: DeliveryMode, names: Names = VECTOR_NAMES) -> str:
    """What is delivered: a vector, or one of the signals that have none."""
    if mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        return f"{_MODE_WORDS[mode]}{vector_words(vector, names)}"
    return f"{_MODE_WORDS[mode]} to {vector << 12:#07x}" if mode is DeliveryMode.STARTUP else _MODE_WORDS[mode]


def destination_words(message: InterruptMessage) -> str:
    """Where a message goes, as its sender said it."""
    if message.shorthand is not Shorthand.NONE:
        return _SHORTHAND_WORDS[message.shorthand]
    mode = "APIC ID" if message.destination_mode is DestinationMode.PHYSICAL else "logical"
    return f"{mode} {message.destination:#04x}"


def message_words(message: BusMessage, names: Names) -> str:
    """What was sent, by whom, and where to."""
    if isinstance(message, EoiBroadcast):
        return f"CPU {message.source} tells the I/O APIC: {vector_words(message.vector, names)} has ended."
    what = interrupt_words(message.vector, message.delivery_mode, names)
    level = ", level" if message.trigger_mode is TriggerMode.LEVEL else ""
    sender = _SENDERS[message.origin].format(message.source)
    return f"{sender} sends {what}{level} to {destination_words(message)}."


def event_words(event: sim.Event, names: Names = VECTOR_NAMES) -> str:  # noqa: C901 - one branch a kind of event, and mypy sees to it that none is missing
    """One sentence."""
    match event:
        case hw.MessageSent(message):
            return message_words(message, names)
        case hw.SendRefused(cpu, vector, mode, reason):
            return f"CPU {cpu} sends nothing: {interrupt_words(vector, mode, names)}, {reason.value}."
        case hw.MsiIgnored(vector, mode, reason):
            return f"A device's message for {interrupt_words(vector, mode, names)} sends nothing: {reason.value}."
        case hw.Accepted():
            return _accepted_words(event, names)
        case hw.Merged(cpu, vector, mode):
            return f"CPU {cpu}: {interrupt_words(vector, mode, names)} was requested already; the two become one."
        case hw.Refused(cpu, vector, mode, reason):
            return f"CPU {cpu} drops {interrupt_words(vector, mode, names)}: {reason.value}."
        case hw.NoTarget(_, vector):
            return f"Nobody has the destination of {vector_words(vector, names)}: it is lost."
        case hw.Acknowledged(cpu, vector):
            return f"CPU {cpu} takes {vector_words(vector, names)}: IRR to ISR."
        case hw.SpuriousDelivered(cpu, vector):
            return f"CPU {cpu} finds nothing deliverable any more and gets the spurious vector {vector:#04x}."
        case hw.InterruptEnded(cpu, vector):
            return f"CPU {cpu} ends {vector_words(vector, names)}: EOI clears its ISR bit."
        case hw.EoiWithoutInterrupt(cpu):
            return f"CPU {cpu} writes EOI with nothing in service: no effect."
        case (
            hw.NmiTaken()
            | hw.SmiTaken()
            | hw.InitPerformed()
            | hw.Started()
            | hw.RegisterFaulted()
            | hw.ErrorNoticed()
            | hw.PinChanged()
            | hw.InterruptFlagChanged()
        ):
            return _signal_words(event)
        case _:
            return _simulation_words(event)


def _accepted_words(event: hw.Accepted, names: Names) -> str:
    what = interrupt_words(event.vector, event.delivery_mode, names)
    if event.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        level = ", level-triggered" if event.trigger_mode is TriggerMode.LEVEL else ""
        return f"CPU {event.cpu} accepts {what}{level}: IRR bit set."
    return f"CPU {event.cpu} accepts {what}."


def _signal_words(
    event: hw.NmiTaken
    | hw.SmiTaken
    | hw.InitPerformed
    | hw.Started
    | hw.RegisterFaulted
    | hw.ErrorNoticed
    | hw.PinChanged
    | hw.InterruptFlagChanged,
) -> str:
    match event:
        case hw.NmiTaken(cpu):
            return f"CPU {cpu} takes an NMI."
        case hw.SmiTaken(cpu):
            return f"CPU {cpu} latches an SMI."
        case hw.InitPerformed(cpu, waits):
            return f"CPU {cpu} is reset by INIT" + (" and waits for a start-up IPI." if waits else " and begins anew.")
        case hw.Started(cpu, address):
            return f"CPU {cpu} starts at {address:#07x}."
        case hw.RegisterFaulted(cpu, register, fault, general_protection):
            what = "#GP" if general_protection else "ignored"
            return f"CPU {cpu}, register {register_words(register)}: {fault.value} ({what})."
        case hw.ErrorNoticed(cpu, bit):
            return f"CPU {cpu} notices an error: {_ESR_WORDS.get(bit.bit_length() - 1, hex(bit))}."
        case hw.PinChanged(pin, level, reason):
            return f"Pin {pin} goes {'up' if level else 'down'}" + (f"; nothing is sent: {reason}." if reason else ".")
        case hw.InterruptFlagChanged(cpu, enabled):
            return f"CPU {cpu}: interrupts are {'on' if enabled else 'off'}."


def _simulation_words(
    event: sim.CallStarted
    | sim.CallFinished
    | sim.HandlerEntered
    | sim.HandlerReturned
    | sim.GuestExited
    | sim.BackendSwitched
    | sim.RegisterSet,
) -> str:
    match event:
        case sim.CallStarted(cpu, function, backend):
            return f"CPU {cpu} calls {function}() over {backend}."
        case sim.CallFinished(cpu, function):
            return f"CPU {cpu} is back from {function}()."
        case sim.HandlerEntered(cpu, vector, function):
            return f"CPU {cpu} enters {function}() for {vector:#04x}."
        case sim.HandlerReturned(cpu, vector):
            return f"CPU {cpu} returns from {'its NMI' if vector is None else f'{vector:#04x}'}."
        case sim.GuestExited(cpu, reason):
            return f"CPU {cpu} leaves the guest: {reason}."
        case sim.BackendSwitched(backend):
            return f"The guest now reaches its APIC by {backend}."
        case sim.RegisterSet(cpu, register, value):
            return f"CPU {cpu}: {register_words(register)} is set to {value:#x} from outside."


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
        case ReturnFromInterrupt():
            return "returns from the interrupt"
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
