"""What happened, in the past tense, for watchers. Nothing in the model depends on whether anyone looks."""

from enum import Enum
from typing import NamedTuple

from app.hw.messages import BusMessage
from app.x86.icr import DeliveryMode, TriggerMode


class Reason(Enum):
    """Why an interrupt message did not become a pending interrupt, or was never sent. In words for people."""

    APIC_DISABLED = "the APIC is disabled in IA32_APIC_BASE"
    SOFTWARE_DISABLED = "the APIC is software-disabled (SVR bit 8 is 0)"
    ILLEGAL_VECTOR = "vectors 0-15 are illegal for fixed and lowest-priority delivery"
    RESERVED_DELIVERY_MODE = "the delivery mode is reserved"
    INVALID_COMBINATION = "this shorthand does not go with this delivery mode"
    INIT_DEASSERT = "INIT level de-assert does nothing since the Pentium 4"
    NOT_WAITING_FOR_SIPI = "the CPU is not waiting for a start-up IPI"
    LEVEL_DEASSERT = "a level de-assert message asks for nothing"
    NO_INTERRUPT_CONTROLLER = "no 8259 is there to answer an ExtINT"


class Fault(Enum):
    """Why RDMSR, WRMSR or a page access went wrong."""

    NOT_A_REGISTER = "no register is there"
    READ_ONLY = "the register is read-only"
    WRITE_ONLY = "the register is write-only"
    RESERVED_BITS = "a reserved bit is set"
    NOT_ZERO = "only 0 may be written"


class MessageSent(NamedTuple):
    """A device put a message on its way."""

    message: BusMessage


class SendRefused(NamedTuple):
    """An ICR write that sent nothing."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    reason: Reason


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


class Merged(NamedTuple):
    """The vector was already requested, so two requests will be one interrupt."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    message: int | None


class Refused(NamedTuple):
    """The target dropped the message."""

    cpu: int
    vector: int
    delivery_mode: DeliveryMode
    reason: Reason
    message: int | None


class NoTarget(NamedTuple):
    """No APIC has the message's destination."""

    message: int
    vector: int


class Acknowledged(NamedTuple):
    """The CPU took the highest requested vector: IRR to ISR."""

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


class EoiWithoutInterrupt(NamedTuple):
    """An EOI found nothing in service and did nothing."""

    cpu: int


class NmiTaken(NamedTuple):
    """The CPU entered its NMI handler."""

    cpu: int


class SmiTaken(NamedTuple):
    """The CPU latched an SMI. System-management mode itself is not modelled."""

    cpu: int


class InitPerformed(NamedTuple):
    """INIT reset the CPU and its APIC; an application processor now waits for a start-up IPI."""

    cpu: int
    waits_for_sipi: bool


class Started(NamedTuple):
    """A start-up IPI set the CPU running at physical address *address*."""

    cpu: int
    address: int


class RegisterFaulted(NamedTuple):
    """Software used a register wrongly: #GP in x2APIC mode, ignored (and an ESR bit) in xAPIC mode."""

    cpu: int
    register: int
    fault: Fault
    general_protection: bool


class ErrorNoticed(NamedTuple):
    """A bit of the pending half of ESR was set; software sees it after its next ESR write."""

    cpu: int
    bit: int


class PinChanged(NamedTuple):
    """A device drove an I/O APIC input. ``reason`` says why nothing was sent, when nothing was."""

    pin: int
    level: int
    reason: str | None


class InterruptFlagChanged(NamedTuple):
    """Somebody outside the guest's own code opened or closed a CPU's interrupt window."""

    cpu: int
    enabled: bool


Event = (
    MessageSent
    | SendRefused
    | MsiIgnored
    | Accepted
    | Merged
    | Refused
    | NoTarget
    | Acknowledged
    | SpuriousDelivered
    | InterruptEnded
    | EoiWithoutInterrupt
    | NmiTaken
    | SmiTaken
    | InitPerformed
    | Started
    | RegisterFaulted
    | ErrorNoticed
    | PinChanged
    | InterruptFlagChanged
)
