"""Events, steps and registers in words, for the event log, the page and screen readers."""

from collections.abc import Mapping, Sequence

from app.backends.catalogue import BACKENDS
from app.engine import events as engine
from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw import events as hw
from app.hw.messages import BusMessage, EoiBroadcast, InterruptMessage, Origin
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.register_map import REGISTERS
from app.x86.state_registers import errors_in

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
_SENDERS = {
    Origin.IPI: "CPU {}",
    Origin.IO_APIC: "I/O APIC pin {}",
    Origin.MSI: "A device",
    Origin.HYPERVISOR: "The hypervisor, for CPU {},",
}
#: Of many CPUs the number is said, not each name.
_MOST_NAMED = 8


def register_words(offset: int) -> str:
    """``ICR low (0x300)``: the manual's name and the offset."""
    definition = REGISTERS.get(offset)
    return f"{definition.register.name.replace('_', ' ') if definition else 'offset'} ({offset:#05x})"


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


def disabled_words(cpus: Sequence[int]) -> str:
    """Whom a message that reaches nobody would have named: the CPUs whose APICs are disabled."""
    many = len(cpus) > _MOST_NAMED
    named = f"{len(cpus)} CPUs" if many else f"CPU {', '.join(map(str, cpus))}"
    but = "is meant, but its APIC is" if len(cpus) == 1 else "are meant, but their APICs are"
    return f"{named} {but} disabled in IA32_APIC_BASE."


def message_words(message: BusMessage, names: Names) -> str:
    """What was sent, by whom, and where to."""
    if isinstance(message, EoiBroadcast):
        return f"CPU {message.source} tells the I/O APIC: {vector_words(message.vector, names)} has ended."
    what = interrupt_words(message.vector, message.delivery_mode, names)
    if message.origin is Origin.EVENT_CHANNEL:
        return f"CPU {message.source} has Xen send an event to port {what} of CPU {message.destination}."
    level = ", level" if message.trigger_mode is TriggerMode.LEVEL else ""
    sender = _SENDERS[message.origin].format(message.source)
    return f"{sender} sends {what}{level} to {destination_words(message)}."


# Events by what they are about: each union has a function that puts its members into words.
_MessageEvent = (
    hw.MessageSent
    | hw.SendRefused
    | hw.CommandQuestioned
    | hw.MsiIgnored
    | hw.Accepted
    | hw.Merged
    | hw.Refused
    | hw.Retried
    | hw.NoTarget
)
_ServiceEvent = (
    hw.Acknowledged
    | hw.EventTaken
    | hw.SpuriousDelivered
    | hw.InterruptEnded
    | hw.EoiBroadcastSuppressed
    | hw.EoiWithoutInterrupt
)
_SignalEvent = (
    hw.NmiTaken
    | hw.SmiTaken
    | hw.SmmLeft
    | hw.ExternalAcknowledged
    | hw.InitPerformed
    | hw.Started
    | hw.InterruptFlagChanged
    | hw.InterruptsHeldOff
)
_LineEvent = hw.PinChanged | hw.LineStillUp | hw.LegacyLineChanged | hw.LintChanged
_RegisterEvent = (
    hw.ApicModeChanged
    | hw.LocalSourceDropped
    | hw.MsrFaulted
    | hw.RegisterFaulted
    | hw.WriteIgnored
    | hw.EntryWriteIgnored
    | hw.ErrorNoticed
)


def event_words(event: engine.Event, names: Names = VECTOR_NAMES) -> str:
    """One sentence."""
    if isinstance(event, _MessageEvent):
        return _message_event_words(event, names)
    if isinstance(event, _ServiceEvent):
        return _service_words(event, names)
    if isinstance(event, _SignalEvent):
        return _signal_words(event)
    if isinstance(event, _LineEvent):
        return _line_words(event)
    if isinstance(event, _RegisterEvent):
        return _register_words(event)
    return _simulation_words(event)


def _message_event_words(
    event: _MessageEvent,
    names: Names,
) -> str:
    match event:
        case hw.MessageSent(message):
            return message_words(message, names)
        case hw.SendRefused(cpu, vector, mode, reason):
            return f"CPU {cpu} sends nothing: {interrupt_words(vector, mode, names)}, {reason.value}."
        case hw.CommandQuestioned(cpu, vector, mode, breach):
            return f"CPU {cpu} sends {interrupt_words(vector, mode, names)} against the manual: {breach.value}."
        case hw.MsiIgnored(vector, mode, reason):
            return f"A device's message for {interrupt_words(vector, mode, names)} sends nothing: {reason.value}."
        case hw.Accepted():
            return _accepted_words(event, names)
        case hw.Merged(cpu, vector, mode, event_channel=True):
            return f"CPU {cpu}: port {interrupt_words(vector, mode, names)} was pending already; the two become one."
        case hw.Merged(cpu, vector, mode):
            return f"CPU {cpu}: {interrupt_words(vector, mode, names)} was requested already; the two become one."
        case hw.Refused(cpu, vector, mode, reason):
            return f"CPU {cpu} drops {interrupt_words(vector, mode, names)}: {reason.value}."
        case hw.Retried(cpu, vector, mode):
            what = interrupt_words(vector, mode, names)
            return f"CPU {cpu} has no room for {what}, which is requested already: the bus will try again."
        case hw.NoTarget(_, vector, reason, disabled):
            whose = f" {disabled_words(disabled)}" if disabled else ""
            return f"{vector_words(vector, names)} reaches nobody: {reason.value}. It is lost.{whose}"


def _service_words(
    event: _ServiceEvent,
    names: Names,
) -> str:
    match event:
        case hw.Acknowledged(cpu, vector):
            return f"CPU {cpu} takes {vector_words(vector, names)}: IRR to ISR."
        case hw.EventTaken(cpu, vector):
            return f"CPU {cpu} takes the event of port {vector_words(vector, names)}: its pending bit is cleared."
        case hw.SpuriousDelivered(cpu, vector):
            return f"CPU {cpu} finds nothing deliverable any more and gets the spurious vector {vector:#04x}."
        case hw.InterruptEnded(cpu, vector):
            return f"CPU {cpu} ends {vector_words(vector, names)}: EOI clears its ISR bit."
        case hw.EoiBroadcastSuppressed(cpu, vector):
            return f"CPU {cpu} does not broadcast the EOI of {vector_words(vector, names)}: SVR bit 12 is 1."
        case hw.EoiWithoutInterrupt(cpu):
            return f"CPU {cpu} writes EOI with nothing in service: no effect."


def _accepted_words(event: hw.Accepted, names: Names) -> str:
    what = interrupt_words(event.vector, event.delivery_mode, names)
    if event.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        level = ", level-triggered" if event.trigger_mode is TriggerMode.LEVEL else ""
        if event.event_channel:
            return f"CPU {event.cpu}: the pending bit of port {what}{level} is set."
        return f"CPU {event.cpu} accepts {what}{level}: IRR bit set."
    later = " and takes it after RSM: it is in system-management mode" if event.in_smm else ""
    return f"CPU {event.cpu} accepts {what}{later}."


def _signal_words(
    event: _SignalEvent,
) -> str:
    match event:
        case hw.NmiTaken(cpu):
            return f"CPU {cpu} takes an NMI."
        case hw.SmiTaken(cpu):
            return f"CPU {cpu} enters system-management mode."
        case hw.SmmLeft(cpu):
            return f"CPU {cpu} is back from system-management mode."
        case hw.ExternalAcknowledged(cpu, vector):
            return f"CPU {cpu} takes an ExtINT: the 8259 says {vector:#04x}. IRR and ISR have no part in it."
        case hw.InitPerformed(cpu, waits):
            return f"CPU {cpu} is reset by INIT" + (" and waits for a start-up IPI." if waits else " and begins anew.")
        case hw.Started(cpu, address):
            return f"CPU {cpu} starts at {address:#07x}."
        case hw.InterruptFlagChanged(cpu, enabled):
            return f"CPU {cpu}: interrupts are {'on' if enabled else 'off'}."
        case hw.InterruptsHeldOff(cpu, held):
            return f"CPU {cpu}: its interrupts are {'held off' if held else 'let in again'}."


def _line_words(event: _LineEvent) -> str:
    match event:
        case hw.LegacyLineChanged(line, level):
            return f"Line {line} of the 8259 goes {'up' if level else 'down'}."
        case hw.LintChanged(cpu, pin, level):
            return f"CPU {cpu}: LINT{pin} goes {'up' if level else 'down'}."
        case hw.LineStillUp(pin):
            return f"The line of pin {pin} is still up after the EOI: it sends again."
        case hw.PinChanged(pin, level, reason):
            return f"Pin {pin} goes {'up' if level else 'down'}" + (f"; nothing is sent: {reason}." if reason else ".")


def _register_words(
    event: _RegisterEvent,
) -> str:
    match event:
        case hw.ApicModeChanged(cpu, mode):
            return f"CPU {cpu}: its APIC is now {'disabled' if mode == 'disabled' else f'in {mode} mode'}."
        case hw.LocalSourceDropped(cpu, register, reason):
            return (
                f"CPU {cpu}: the source of {register_words(register)} fires, and nothing comes of it: {reason.value}."
            )
        case hw.MsrFaulted(cpu, msr, fault):
            return f"CPU {cpu}, {'CR8' if msr is None else f'MSR {msr:#x}'}: {fault.value} (#GP)."
        case hw.RegisterFaulted(cpu, register, fault, general_protection):
            what = "#GP" if general_protection else "ignored"
            return f"CPU {cpu}, register {register_words(register)}: {fault.value} ({what})."
        case hw.WriteIgnored(cpu, register, msr, reason):
            what = f"MSR {msr or 0:#x}" if register is None else f"register {register_words(register)}"
            return f"CPU {cpu}, {what}: the write is ignored: {reason.value}."
        case hw.EntryWriteIgnored(pin, reason):
            return f"Pin {pin}: the write of its redirection entry is ignored: {reason.value}."
        case hw.ErrorNoticed(cpu, bit):
            return f"CPU {cpu} notices an error: {', '.join(errors_in(bit))}."


def reaching_words(backend: str) -> str:
    """What holds once the guest runs over *backend*."""
    definition = BACKENDS.get(backend)  # a name may come from elsewhere
    if definition is not None and definition.event_channels:
        return f"The guest now has no APIC but event channels ({backend})."
    return f"The guest now reaches its APIC by {backend}."


def _simulation_words(
    event: engine.CallStarted
    | engine.CallFinished
    | engine.HandlerEntered
    | engine.HandlerReturned
    | engine.GuestExited
    | engine.AccessLeaked
    | engine.BackendSwitched
    | engine.RegisterSet,
) -> str:
    match event:
        case engine.CallStarted(cpu, function, backend):
            return f"CPU {cpu} calls {function}() over {backend}."
        case engine.CallFinished(cpu, function):
            return f"CPU {cpu} is back from {function}()."
        case engine.HandlerEntered(cpu, vector, function):
            return f"CPU {cpu} enters {function}() for {vector:#04x}."
        case engine.HandlerReturned(cpu, vector):
            return f"CPU {cpu} returns from {'its NMI' if vector is None else f'{vector:#04x}'}."
        case engine.GuestExited(cpu, reason):
            return f"CPU {cpu} leaves the guest: {reason}."
        case engine.AccessLeaked(cpu, register, function):
            name = register_words(register)
            return f"CPU {cpu}: a leaked access: {function}() reads {name} by plain dereference, by-passes apic_read."
        case engine.BackendSwitched(backend):
            return reaching_words(backend)
        case engine.RegisterSet(cpu, register, value):
            return f"CPU {cpu}: {register_words(register)} is written from outside: {value:#x}."
