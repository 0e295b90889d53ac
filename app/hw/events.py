"""What happened, in the past tense, for watchers. Nothing in the model depends on whether anyone looks."""

from enum import Enum
from typing import NamedTuple

from app.hw.messages import BusMessage
from app.x86.icr import DeliveryMode, IcrBreach, TriggerMode


class Reason(Enum):
    """Why an interrupt message did not become a pending interrupt, or was never sent."""

    APIC_DISABLED = "the APIC is disabled in IA32_APIC_BASE"
    SOFTWARE_DISABLED = "the APIC is software-disabled (SVR bit 8 is 0)"
    ILLEGAL_VECTOR = "vectors 0-15 are illegal for fixed and lowest-priority delivery"
    RESERVED_DELIVERY_MODE = "the delivery mode is reserved"
    INVALID_COMBINATION = "this shorthand does not go with this delivery mode"
    INIT_DEASSERT = "INIT level de-assert resets no CPU: at most it set the arbitration IDs of the P6 family"
    NOT_WAITING_FOR_SIPI = "the CPU runs, and is not waiting for a start-up IPI"
    HALTED_AND_NOT_WAITING = "the CPU is halted, and not waiting for a start-up IPI: INIT comes first"
    NEVER_WAITS_FOR_SIPI = "the bootstrap processor never waits for a start-up IPI"
    IN_SMM = "the CPU is in system-management mode, which does not take a start-up IPI, and it is not latched"
    LEVEL_DEASSERT = "a level de-assert message asks for nothing"
    LOWEST_PRIORITY_UNSUPPORTED = "this APIC does not send lowest-priority IPIs (in this mode)"
    LOWEST_PRIORITY_BROADCAST = "lowest priority does not go with the physical broadcast"
    NO_PORT = "the kernel maps no event channel to this vector (xen_map_vector)"
    NOBODY_CHOSEN = "the vector's hash took a bit of the destination that no enabled APIC has"
    NO_SUCH_DESTINATION = "no APIC has this destination"
    LVT_MASKED = "its LVT entry is masked"
    NOT_WRITABLE = "the bits that would change cannot be written"
    KEPT_MASKED = "SVR bit 8 is 0, and LVT entries stay masked while it is"
    TIMER_COUNTS_NOT = "the timer is in TSC-deadline mode, in which the initial count does nothing"
    TIMER_MODE_RESERVED = "the timer's mode is reserved, and nothing starts it"
    TIMER_HAS_NO_DEADLINE = "the timer is not in TSC-deadline mode, and outside it the deadline cannot be set"


class Fault(Enum):
    """Why RDMSR, WRMSR or a page access went wrong."""

    NOT_A_REGISTER = "no register is there"
    READ_ONLY = "the register is read-only"
    WRITE_ONLY = "the register is write-only"
    RESERVED_BITS = "a reserved bit is set"
    NOT_ZERO = "only 0 may be written"
    WRONG_MODE = "the APIC is not in x2APIC mode"
    INVALID_MODE = "EXTD without EN, or x2APIC mode on a CPU that has none"
    ILLEGAL_TRANSITION = "the APIC cannot go from its mode to that one"
    NOT_DECODED = "the APIC page is not there: disabled, or in x2APIC mode"
    ACCESS_SIZE = "registers are accessed as aligned 32-bit words"


class Ignored(NamedTuple):
    """A write that had no effect and raised no #GP."""

    reason: Reason | Fault


class Outcome(Enum):
    """How a message, or a local source, ended at one APIC: each is recorded as the event of the same name."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    REFUSED = "refused"
    RETRIED = "retried"


class MessageSent(NamedTuple):
    """A device put a message on its way."""

    message: BusMessage


class SendRefused(NamedTuple):
    """An ICR write that sent nothing."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    reason: Reason


class CommandQuestioned(NamedTuple):
    """An ICR write that sends, although the manual forbids it as it stands: other processors may do otherwise."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    breach: IcrBreach


class MsiIgnored(NamedTuple):
    """A device's message that asked for no interrupt."""

    vector: int
    delivery_mode: DeliveryMode
    reason: Reason


class Accepted(NamedTuple):
    """A message became pending: for fixed delivery its IRR bit was set. ``message`` is None for a local source."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    trigger_mode: TriggerMode
    message: int | None
    #: It was the pending bit of a port that was set.
    event_channel: bool = False
    #: The CPU is in system-management mode, and takes it after RSM.
    in_smm: bool = False


class Merged(NamedTuple):
    """The vector was already requested, so two requests will be one interrupt."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    message: int | None
    #: It was the pending bit of a port that was set already.
    event_channel: bool = False


class Refused(NamedTuple):
    """The target dropped the message."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    reason: Reason
    message: int | None


class Retried(NamedTuple):
    """The target has no room for the vector, and the bus will try again (P6 family)."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    message: int | None


class NoTarget(NamedTuple):
    """The message reaches no APIC at all. ``disabled`` are the CPUs that it would name if their APIC were not disabled
    in IA32_APIC_BASE."""

    message: int
    vector: int
    reason: Reason
    disabled: tuple[int, ...] = ()


class Acknowledged(NamedTuple):
    """The CPU took the highest requested vector: IRR to ISR."""

    cpu: int
    vector: int


class EventTaken(NamedTuple):
    """A guest without an APIC took the event of port *vector*: its pending bit is cleared."""

    cpu: int
    vector: int


class SpuriousDelivered(NamedTuple):
    """The CPU acknowledged, nothing was deliverable any more, and it got the spurious vector."""

    cpu: int
    vector: int


class InterruptEnded(NamedTuple):
    """An EOI cleared the highest ISR bit."""

    cpu: int
    vector: int


class EoiBroadcastSuppressed(NamedTuple):
    """The EOI of a level-triggered vector was not broadcast (SVR bit 12): software ends it at the I/O APIC."""

    cpu: int
    vector: int


class EoiWithoutInterrupt(NamedTuple):
    """An EOI found nothing in service and did nothing."""

    cpu: int


class NmiTaken(NamedTuple):
    """The CPU entered its NMI handler."""

    cpu: int


class SmiTaken(NamedTuple):
    """The CPU entered system-management mode."""

    cpu: int


class SmmLeft(NamedTuple):
    """RSM: the CPU is back from system-management mode."""

    cpu: int


class ExternalAcknowledged(NamedTuple):
    """The CPU took an ExtINT: the 8259 said *vector*. IRR, ISR and priorities have no part in it, nor has EOI."""

    cpu: int
    vector: int


class InitPerformed(NamedTuple):
    """INIT reset the CPU and its APIC; an application processor now waits for a start-up IPI."""

    cpu: int
    waits_for_sipi: bool


class Started(NamedTuple):
    """A start-up IPI set the CPU running at physical address *address*."""

    cpu: int
    address: int


class ApicModeChanged(NamedTuple):
    """A write to IA32_APIC_BASE put the APIC into another mode: disabled, xapic, x2apic."""

    cpu: int
    mode: str


class LocalSourceDropped(NamedTuple):
    """A local source fired and nothing came of it. *register* is its LVT entry."""

    cpu: int
    register: int
    reason: Reason


class MsrFaulted(NamedTuple):
    """RDMSR, WRMSR or a write to CR8 (*msr* is None) raised #GP."""

    cpu: int
    msr: int | None
    fault: Fault


class RegisterFaulted(NamedTuple):
    """Software used a register wrongly: #GP in x2APIC mode, ignored (and an ESR bit) in xAPIC mode."""

    cpu: int
    register: int
    fault: Fault
    general_protection: bool


class WriteIgnored(NamedTuple):
    """Software wrote a *register* of its APIC, or an *msr*, and nothing changed."""

    cpu: int
    register: int | None
    msr: int | None
    reason: Reason


class EntryWriteIgnored(NamedTuple):
    """A write of the redirection entry of *pin* changed nothing."""

    pin: int
    reason: Reason


class ErrorNoticed(NamedTuple):
    """A bit of the pending half of ESR was set; software sees it after its next ESR write."""

    cpu: int
    bit: int


class PinChanged(NamedTuple):
    """A device drove an I/O APIC input. ``reason`` says why nothing was sent, when nothing was."""

    pin: int
    level: int
    reason: str | None


class LineStillUp(NamedTuple):
    """The EOI of a level-triggered interrupt found the line of *pin* up, so the pin sends again."""

    pin: int


class LegacyLineChanged(NamedTuple):
    """A device drove a line of the 8259."""

    line: int
    level: int


class LintChanged(NamedTuple):
    """Something drove LINT0 or LINT1 of a CPU."""

    cpu: int
    pin: int
    level: int


class InterruptFlagChanged(NamedTuple):
    """Somebody outside the guest's own code set a CPU's IF."""

    cpu: int
    enabled: bool


class InterruptsHeldOff(NamedTuple):
    """Somebody outside the machine holds a CPU's interrupts off, whatever IF is, or lets them in again."""

    cpu: int
    held: bool


Event = (
    MessageSent
    | SendRefused
    | CommandQuestioned
    | MsiIgnored
    | Accepted
    | Merged
    | Refused
    | Retried
    | NoTarget
    | Acknowledged
    | EventTaken
    | SpuriousDelivered
    | InterruptEnded
    | EoiBroadcastSuppressed
    | EoiWithoutInterrupt
    | NmiTaken
    | SmiTaken
    | SmmLeft
    | ExternalAcknowledged
    | InitPerformed
    | Started
    | ApicModeChanged
    | LocalSourceDropped
    | MsrFaulted
    | RegisterFaulted
    | WriteIgnored
    | EntryWriteIgnored
    | ErrorNoticed
    | PinChanged
    | LineStillUp
    | LegacyLineChanged
    | LintChanged
    | InterruptFlagChanged
    | InterruptsHeldOff
)
