"""What an event is: one thing that happened, which says everything about itself in its class; and why it happened.

A new event is a class in ``hw/events`` (or ``engine/events``), a line in the table there, and whoever records it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, NamedTuple, dataclass_transform

from app.x86.words import VectorNames

#: Of many CPUs the number is said, not each name.
_MOST_NAMED = 8


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


def disabled_words(cpus: Sequence[int]) -> str:
    """Whom a message that reaches no APIC would have named: the CPUs whose APICs are disabled."""
    many = len(cpus) > _MOST_NAMED
    named = f"{len(cpus)} CPUs" if many else f"CPU {', '.join(map(str, cpus))}"
    but = "is meant, but its APIC is" if len(cpus) == 1 else "are meant, but their APICs are"
    return f"{named} {but} disabled in IA32_APIC_BASE."


class EventKind(NamedTuple):
    """What the log and the stream call events that tell of the same."""

    #: The name in a record of the stream.
    name: str
    #: One character, which stands before the line in the log.
    glyph: str
    #: What the glyph means.
    words: str
    #: The message, the line or the access ended here otherwise than by acceptance: people look for it where it
    #: happened.
    ended: bool = False


class Place(NamedTuple):
    """Where something happened and what it was about. None: the event is of no such thing."""

    cpu: int | None
    vector: int | None
    #: The number of a bus message.
    message: int | None
    #: A pin of the I/O APIC.
    pin: int | None


@dataclass_transform(frozen_default=True)
class Event:
    """Something that happened: a dataclass. Nothing in the model depends on whether anyone looks.

    Its fields are frozen for the type checker alone: to freeze them at run time makes an event three times as dear,
    and one IPI makes about eight.
    """

    usual_kind: ClassVar[EventKind]
    #: What it is with some values instead.
    other_kind: ClassVar[EventKind | None] = None

    def __init_subclass__(cls) -> None:
        dataclass(unsafe_hash=True)(cls)

    @property
    def kind(self) -> EventKind:
        """What this one is called."""
        return self.usual_kind

    @classmethod
    def kinds(cls) -> tuple[EventKind, ...]:
        """What events of this class can be called."""
        return (cls.usual_kind,) if cls.other_kind is None else (cls.usual_kind, cls.other_kind)

    @property
    def counter(self) -> str | None:
        """The counter of the session (``engine/counters``) that counts it; None: no counter does."""
        return None

    def words(self, names: VectorNames) -> str:
        """One sentence. *names* are what the kernel calls its vectors."""
        raise NotImplementedError(type(self).__name__)

    @property
    def place(self) -> Place:
        """Its fields of these names say it; a pin of no CPU is one of the I/O APIC's."""
        cpu: int | None = getattr(self, "cpu", None)
        pin: int | None = getattr(self, "pin", None) if cpu is None else None
        return Place(cpu, getattr(self, "vector", None), getattr(self, "message", None), pin)
