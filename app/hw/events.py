"""What can happen to the hardware, in the past tense, for watchers: one class for each, and the table of them."""

from typing import ClassVar

from app.hw.event import Event as Event
from app.hw.event import EventKind, Place, disabled_words
from app.hw.event import Fault as Fault
from app.hw.event import Ignored as Ignored
from app.hw.event import Outcome as Outcome
from app.hw.event import Reason as Reason
from app.hw.messages import BusMessage, InterruptMessage
from app.x86.icr import DeliveryMode, IcrBreach, TriggerMode
from app.x86.state_registers import errors_in
from app.x86.units import Vector
from app.x86.words import VectorNames, interrupt_words, level_words, register_words, vector_words

# Kinds that several events are of.
_SEND_REFUSED = EventKind("send_refused", "✕", "nothing is sent", ended=True)
_ACKNOWLEDGED = EventKind("acknowledged", "■", "taken")
_END_OF_INTERRUPT = EventKind("end_of_interrupt", "□", "end of interrupt")
_REGISTER_FAULT = EventKind("register_fault", "⚠", "a register was used wrongly", ended=True)
_PIN = EventKind("pin", "⊓", "a line changes")
_PIN_SILENT = EventKind("pin_silent", "⊔", "a line changes, and nothing is sent", ended=True)
_INTERRUPT_FLAG = EventKind("interrupt_flag", "◑", "interrupts on or off")
#: IRET or RSM: of a handler's end, too.
RETURNED = EventKind("returned", "↩", "returns")


class MessageSent(Event):
    """A device put a message on its way."""

    usual_kind = EventKind("sent", "↗", "a message leaves")
    message: BusMessage

    @property
    def counter(self) -> str | None:
        """One write of ICR is one message, also where a hypervisor takes it to each target by itself."""
        another = isinstance(self.message, InterruptMessage) and self.message.part
        return None if another else "messages"

    @property
    def place(self) -> Place:
        return Place(self.message.sender, self.message.vector, self.message.number, None)

    def words(self, names: VectorNames) -> str:
        return self.message.words(names)


class SendRefused(Event):
    """An ICR write that sent nothing."""

    usual_kind = _SEND_REFUSED
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    reason: Reason

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        return f"CPU {self.cpu} sends nothing: {what}, {self.reason.value}."


class CommandQuestioned(Event):
    """An ICR write that sends, although the manual forbids it as it stands: other processors may do otherwise."""

    usual_kind = EventKind("questioned", "‼", "sent, against the manual")
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    breach: IcrBreach

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        return f"CPU {self.cpu} sends {what} against the manual: {self.breach.value}."


class MsiIgnored(Event):
    """A device's message that asked for no interrupt."""

    usual_kind = _SEND_REFUSED
    vector: Vector
    delivery_mode: DeliveryMode
    reason: Reason

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        return f"A device's message for {what} sends nothing: {self.reason.value}."


class Accepted(Event):
    """A message became pending: for fixed delivery its IRR bit was set. ``message`` is None for a local source."""

    usual_kind = EventKind("accepted", "◇", "requested")
    counter = "accepted"
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    trigger_mode: TriggerMode
    message: int | None
    #: It was the pending bit of a port that was set.
    event_channel: bool = False
    #: The CPU is in system-management mode, and takes it after RSM.
    in_smm: bool = False

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        if self.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
            level = self.trigger_mode is TriggerMode.LEVEL
            if self.event_channel:
                asked = ["lowest priority"] * (self.delivery_mode is not DeliveryMode.FIXED)
                asked += ["level-triggered"] * level
                how = f" ({', '.join(asked)})" if asked else ""
                return f"CPU {self.cpu}: the pending bit of port {vector_words(self.vector, names)} is set{how}."
            return f"CPU {self.cpu} accepts {what}{', level-triggered' if level else ''}: IRR bit set."
        later = " and takes it after RSM: it is in system-management mode" if self.in_smm else ""
        return f"CPU {self.cpu} accepts {what}{later}."


class Merged(Event):
    """The vector was already requested, so two requests will be one interrupt."""

    usual_kind = EventKind("merged", "◈", "requested already: two become one")
    counter = "merged"
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    message: int | None
    #: It was the pending bit of a port that was set already.
    event_channel: bool = False

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        port = vector_words(self.vector, names)
        already = f"port {port} was pending" if self.event_channel else f"{what} was requested"
        return f"CPU {self.cpu}: {already} already; the two become one."


class Refused(Event):
    """The target dropped the message."""

    usual_kind = EventKind("refused", "⊘", "dropped by its target", ended=True)
    counter = "refused"
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    reason: Reason
    message: int | None

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        return f"CPU {self.cpu} drops {what}: {self.reason.value}."


class Retried(Event):
    """The target has no room for the vector, and the bus will try again (P6 family)."""

    usual_kind = EventKind("retried", "↻", "no room: the bus tries again", ended=True)
    cpu: int
    vector: Vector
    delivery_mode: DeliveryMode
    message: int | None

    def words(self, names: VectorNames) -> str:
        what = interrupt_words(self.vector, self.delivery_mode, names)
        return f"CPU {self.cpu} has no room for {what}, which is requested already: the bus will try again."


class NoTarget(Event):
    """The message reaches no APIC at all. ``disabled`` are the CPUs that it would name if their APIC were not disabled
    in IA32_APIC_BASE."""

    usual_kind = EventKind("no_target", "∅", "reaches nobody", ended=True)
    message: int
    vector: Vector
    reason: Reason
    disabled: tuple[int, ...] = ()

    def words(self, names: VectorNames) -> str:
        whose = f" {disabled_words(self.disabled)}" if self.disabled else ""
        return f"{vector_words(self.vector, names)} reaches nobody: {self.reason.value}. It is lost.{whose}"


class Acknowledged(Event):
    """The CPU took the highest requested vector: IRR to ISR."""

    usual_kind = _ACKNOWLEDGED
    counter = "interrupts_taken"
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} takes {vector_words(self.vector, names)}: IRR to ISR."


class EventTaken(Event):
    """A guest without an APIC took the event of port *vector*: its pending bit is cleared."""

    usual_kind = _ACKNOWLEDGED
    counter = "interrupts_taken"
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} takes the event of port {vector_words(self.vector, names)}: its pending bit is cleared."


class SpuriousDelivered(Event):
    """The CPU acknowledged, nothing was deliverable any more, and it got the spurious vector."""

    usual_kind = EventKind("spurious", "?", "spurious vector")
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        vector = f"{self.vector:#04x}"
        return f"CPU {self.cpu} finds nothing deliverable any more and gets the spurious vector {vector}."


class InterruptEnded(Event):
    """An EOI cleared the highest ISR bit."""

    usual_kind = _END_OF_INTERRUPT
    counter = "eois"
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} ends {vector_words(self.vector, names)}: EOI clears its ISR bit."


class EoiBroadcastSuppressed(Event):
    """The EOI of a level-triggered vector was not broadcast (SVR bit 12): software ends it at the I/O APIC."""

    usual_kind = _END_OF_INTERRUPT
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        vector = vector_words(self.vector, names)
        return f"CPU {self.cpu} does not broadcast the EOI of {vector}: SVR bit 12 is 1."


class EoiWithoutInterrupt(Event):
    """An EOI found nothing in service and did nothing."""

    usual_kind = _END_OF_INTERRUPT
    cpu: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} writes EOI with nothing in service: no effect."


class NmiTaken(Event):
    """The CPU entered its NMI handler."""

    usual_kind = EventKind("nmi", "!", "NMI taken")
    counter = "interrupts_taken"
    cpu: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} takes an NMI."


class SmiTaken(Event):
    """The CPU entered system-management mode."""

    usual_kind = EventKind("smi", "⇓", "SMI taken")
    cpu: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} enters system-management mode."


class SmmLeft(Event):
    """RSM: the CPU is back from system-management mode."""

    usual_kind = RETURNED
    cpu: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} is back from system-management mode."


class ExternalAcknowledged(Event):
    """The CPU took an ExtINT: the 8259 said *vector*. IRR, ISR and priorities have no part in it, nor has EOI."""

    usual_kind = _ACKNOWLEDGED
    counter = "interrupts_taken"
    cpu: int
    vector: Vector

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} takes an ExtINT: the 8259 says {self.vector:#04x}. IRR and ISR have no part in it."


class InitPerformed(Event):
    """INIT reset the CPU and its APIC; an application processor now waits for a start-up IPI."""

    usual_kind = EventKind("init", "↺", "reset by INIT")
    cpu: int
    waits_for_sipi: bool

    def words(self, names: VectorNames) -> str:
        then = "waits for a start-up IPI" if self.waits_for_sipi else "begins anew"
        return f"CPU {self.cpu} is reset by INIT and {then}."


class Started(Event):
    """A start-up IPI set the CPU running at physical address *address*."""

    usual_kind = EventKind("startup", "↑", "started")
    cpu: int
    address: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} starts at {self.address:#07x}."


class ApicModeChanged(Event):
    """A write to IA32_APIC_BASE put the APIC into another mode: disabled, xapic, x2apic."""

    usual_kind = EventKind("mode", "◐", "another APIC mode")
    cpu: int
    mode: str

    def words(self, names: VectorNames) -> str:
        mode = "disabled" if self.mode == "disabled" else f"in {self.mode} mode"
        return f"CPU {self.cpu}: its APIC is now {mode}."


class LocalSourceDropped(Event):
    """A local source fired and nothing came of it. *register* is its LVT entry."""

    usual_kind = EventKind("source_dropped", "⦸", "a local source is cut off", ended=True)
    cpu: int
    register: int
    reason: Reason

    def words(self, names: VectorNames) -> str:
        source = register_words(self.register)
        return f"CPU {self.cpu}: the source of {source} fires, and nothing comes of it: {self.reason.value}."


class MsrFaulted(Event):
    """RDMSR, WRMSR or a write to CR8 (*msr* is None) raised #GP."""

    usual_kind = _REGISTER_FAULT
    cpu: int
    msr: int | None
    fault: Fault

    def words(self, names: VectorNames) -> str:
        what = "CR8" if self.msr is None else f"MSR {self.msr:#x}"
        return f"CPU {self.cpu}, {what}: {self.fault.value} (#GP)."


class RegisterFaulted(Event):
    """Software used a register wrongly: #GP in x2APIC mode, ignored (and an ESR bit) in xAPIC mode."""

    usual_kind = _REGISTER_FAULT
    cpu: int
    register: int
    fault: Fault
    general_protection: bool

    def words(self, names: VectorNames) -> str:
        effect = "#GP" if self.general_protection else "ignored"
        return f"CPU {self.cpu}, register {register_words(self.register)}: {self.fault.value} ({effect})."


class WriteIgnored(Event):
    """Software wrote a *register* of its APIC, or an *msr*, and nothing changed."""

    usual_kind = _REGISTER_FAULT
    cpu: int
    register: int | None
    msr: int | None
    reason: Reason

    def words(self, names: VectorNames) -> str:
        what = f"MSR {self.msr or 0:#x}" if self.register is None else f"register {register_words(self.register)}"
        return f"CPU {self.cpu}, {what}: the write is ignored: {self.reason.value}."


class EntryWriteIgnored(Event):
    """A write of the redirection entry of *pin* changed nothing."""

    usual_kind = _REGISTER_FAULT
    pin: int
    reason: Reason

    def words(self, names: VectorNames) -> str:
        return f"Pin {self.pin}: the write of its redirection entry is ignored: {self.reason.value}."


class ErrorNoticed(Event):
    """A bit of the pending half of ESR was set; software sees it after its next ESR write."""

    usual_kind = EventKind("error", "‽", "an error is noticed", ended=True)
    cpu: int
    bit: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu} notices an error: {', '.join(errors_in(self.bit))}."


class PinChanged(Event):
    """A device drove an I/O APIC input. ``reason`` says why nothing was sent, when nothing was."""

    usual_kind = _PIN
    other_kind: ClassVar[EventKind | None] = _PIN_SILENT
    pin: int
    level: int
    reason: str | None

    @property
    def kind(self) -> EventKind:
        return self.usual_kind if self.reason is None else _PIN_SILENT

    def words(self, names: VectorNames) -> str:
        silent = f"; nothing is sent: {self.reason}" if self.reason else ""
        return f"Pin {self.pin} goes {level_words(self.level)}{silent}."


class LineStillUp(Event):
    """The EOI of a level-triggered interrupt found the line of *pin* up, so the pin sends again."""

    usual_kind = _PIN
    pin: int

    def words(self, names: VectorNames) -> str:
        return f"The line of pin {self.pin} is still up after the EOI: it sends again."


class LegacyLineChanged(Event):
    """A device drove a line of the 8259."""

    usual_kind = _PIN
    line: int
    level: int

    def words(self, names: VectorNames) -> str:
        return f"Line {self.line} of the 8259 goes {level_words(self.level)}."


class LintChanged(Event):
    """Something drove LINT0 or LINT1 of a CPU."""

    usual_kind = _PIN
    cpu: int
    pin: int
    level: int

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu}: LINT{self.pin} goes {level_words(self.level)}."


class InterruptFlagChanged(Event):
    """Somebody outside the guest's own code set a CPU's IF."""

    usual_kind = _INTERRUPT_FLAG
    cpu: int
    enabled: bool

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu}: interrupts are {'on' if self.enabled else 'off'}."


class InterruptsHeldOff(Event):
    """Somebody outside the machine holds a CPU's interrupts off, whatever IF is, or lets them in again."""

    usual_kind = _INTERRUPT_FLAG
    cpu: int
    held: bool

    def words(self, names: VectorNames) -> str:
        return f"CPU {self.cpu}: its interrupts are {'held off' if self.held else 'let in again'}."


#: Every event of the hardware; ``engine/events`` has those above it.
EVENTS: tuple[type[Event], ...] = (
    *(MessageSent, SendRefused, CommandQuestioned, MsiIgnored, Accepted, Merged, Refused, Retried, NoTarget),
    *(Acknowledged, EventTaken, SpuriousDelivered, InterruptEnded, EoiBroadcastSuppressed, EoiWithoutInterrupt),
    *(NmiTaken, SmiTaken, SmmLeft, ExternalAcknowledged, InitPerformed, Started, ApicModeChanged),
    *(LocalSourceDropped, MsrFaulted, RegisterFaulted, WriteIgnored, EntryWriteIgnored, ErrorNoticed),
    *(PinChanged, LineStillUp, LegacyLineChanged, LintChanged, InterruptFlagChanged, InterruptsHeldOff),
)
