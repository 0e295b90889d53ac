"""What guest and host code asks. It knows its arguments and the replies to what it yields, and nothing else: whatever
lies outside it asks for, or does by a step.

An ask takes no time and is no step: what runs the code answers in the same turn (``answers.py``), and nobody sees it.
It stands for what costs nothing worth a price: a flag, a word of the CPU's own memory, a variable of the kernel.
"""

from enum import IntEnum
from typing import NamedTuple

from app.guest.memory import CallData, CallSingleData, Word
from app.x86.icr import DeliveryMode


class ReadFlags(NamedTuple):
    """PUSHF. Gives whether interrupts are on."""


class ReadTsc(NamedTuple):
    """RDTSC, which has no price of its own in what arms a timer. Gives the time in cycles."""


class IrqFlow(IntEnum):
    """How an interrupt of a device is handled: its ``irq_chip`` and flow handler."""

    #: ``i8259A_chip``: it came as an ExtINT, and is acknowledged at the 8259.
    LEGACY = 0
    EDGE = 1
    LEVEL = 2
    #: A level-triggered device behind an event channel.
    LEVEL_EVENT = 3


class ReadIrqFlow(NamedTuple):
    """``irq_desc`` of *vector*. Gives its IrqFlow."""

    vector: int


class ReadWord(NamedTuple):
    """A load from *word* without a price: one that the CPU has in its cache. Gives what it holds."""

    word: Word


class PrepareCall(NamedTuple):
    """Fills ``call_data`` in, which nobody looks at before the IPI: plain stores to the caller's own stack."""

    data: CallData
    wait: bool


class LockRequest(NamedTuple):
    """``csd_lock`` of a request, which only its own CPU locks: no atomic operation. Gives 0, and nothing is done, while
    it is still locked from the last time."""

    request: CallSingleData


class NextRequest(NamedTuple):
    """The link in a list of requests that was taken from a queue. Gives the source of the next one, or NOBODY."""

    request: CallSingleData


class ReadLevelPorts(NamedTuple):
    """The kernel's note of the level-triggered events that it has begun to handle. Gives a mask of ports."""


class EndLevelPort(NamedTuple):
    """Strikes *port* from that note, if it is not pending again. Gives whether Xen has to hear of it."""

    port: int


class ReadUpcallPending(NamedTuple):
    """``evtchn_upcall_pending`` in the page that the guest shares with Xen. Gives whether something is."""


class ReadServed(NamedTuple):
    """What the hardware that virtualises an APIC knows of it. Gives whether that still has the ID and the page that it
    had from reset: hardware serves no other."""


class ReadIcr(NamedTuple):
    """The same. Gives both halves of the command register."""


class ReadEndsLevel(NamedTuple):
    """The same: the EOI-exit bitmap. Gives whether what an EOI would end is level-triggered."""


class PrintNoPort(NamedTuple):
    """``xen_map_vector``: to *vector* the kernel maps no port. It prints that, and nothing is sent."""

    vector: int
    delivery_mode: DeliveryMode


class Loop(NamedTuple):
    """Here begins a loop that has no bound. No local variable lives from one round to the next. Gives its name, for
    whoever notes the answers."""

    name: str


class Again(NamedTuple):
    """The loop of that name goes round once more: all is as it was at its beginning."""

    name: str


Ask = (
    ReadFlags
    | ReadTsc
    | ReadIrqFlow
    | ReadWord
    | PrepareCall
    | LockRequest
    | NextRequest
    | ReadLevelPorts
    | EndLevelPort
    | ReadUpcallPending
    | ReadServed
    | ReadIcr
    | ReadEndsLevel
    | PrintNoPort
    | Loop
    | Again
)

#: The same, for ``isinstance``.
ASKS = (
    ReadFlags,
    ReadTsc,
    ReadIrqFlow,
    ReadWord,
    PrepareCall,
    LockRequest,
    NextRequest,
    ReadLevelPorts,
    EndLevelPort,
    ReadUpcallPending,
    ReadServed,
    ReadIcr,
    ReadEndsLevel,
    PrintNoPort,
    Loop,
    Again,
)

READ_FLAGS, READ_TSC = ReadFlags(), ReadTsc()
READ_LEVEL_PORTS, READ_UPCALL_PENDING = ReadLevelPorts(), ReadUpcallPending()
READ_SERVED, READ_ICR, READ_ENDS_LEVEL = ReadServed(), ReadIcr(), ReadEndsLevel()
#: Polls of ICR's delivery status, waits for a lock, and upcalls in which event follows event.
ICR_LOOP, ICR_AGAIN = Loop("icr"), Again("icr")
LOCK_LOOP, LOCK_AGAIN = Loop("lock"), Again("lock")
EVENT_LOOP, EVENT_AGAIN = Loop("events"), Again("events")
