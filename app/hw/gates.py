"""Gates that an interrupt passes on its way: the table of their kinds, and what one stands at.

A way in is a fixed list of gates in their order. The first that is closed is what the interrupt waits for, or what ends
it; what the others stand at is known all the same.
"""

from collections.abc import Iterable
from typing import NamedTuple


class GateKind(NamedTuple):
    """A kind of gate. *words* say what lets through; the rule stands in *section*, and at *register* of the register
    reference ("" where no register decides)."""

    name: str
    words: str
    section: str
    register: str = ""


def _manual(section: str, volume: int = 3) -> str:
    return f"SDM vol. {volume}, “{section}”"


_ACCEPTANCE = _manual("Interrupt Acceptance for Fixed Interrupts")
_LOCAL_TABLE = _manual("Local Vector Table")
_REDIRECTION = "82093AA data sheet, “I/O Redirection Table Registers”"
_EVENT_CHANNELS = "Xen, public/event_channel.h"

# From its source to the bus
SENT = GateKind("sent", "sent", _manual("Issuing Interprocessor Interrupts"), "ICR_LOW")
LINE = GateKind("line", "line up", _REDIRECTION, "IOREDTBL")
SOURCE = GateKind("source", "source fires", _LOCAL_TABLE)
UNMASKED = GateKind("unmasked", "unmasked", _REDIRECTION, "IOREDTBL")
ENTRY_UNMASKED = GateKind("entry_unmasked", "LVT entry unmasked", _LOCAL_TABLE)
REMOTE_IRR = GateKind("remote_irr", "remote IRR 0", _REDIRECTION, "IOREDTBL")
IDLE = GateKind("idle", "no message under way", _REDIRECTION, "IOREDTBL")
MODE = GateKind("mode", "delivery mode valid", _LOCAL_TABLE)
ARRIVED = GateKind("arrived", "arrives", _manual("System and APIC Bus Arbitration"))
DESTINATION = GateKind("destination", "destination matches", _manual("Determining IPI Destination"), "LDR")
# Into an APIC
APIC_ON = GateKind("apic_on", "APIC on", _manual("Enabling or Disabling the Local APIC"), "SVR")
LEGAL = GateKind("legal", "vector legal", _manual("Valid Interrupt Vectors"), "ESR")
FREE = GateKind("free", "IRR free", _ACCEPTANCE, "IRR")
# Into a CPU
STARTED = GateKind("started", "not waiting for SIPI", _manual("MP Initialization Protocol"))
AWAITED = GateKind("awaited", "waits for SIPI", _manual("MP Initialization Protocol"))
PRIORITY = GateKind("priority", "class above PPR", _manual("Task and Processor Priorities"), "PPR")
VIRTUAL_PRIORITY = GateKind(
    "virtual_priority", "RVI above VPPR", _manual("Evaluation of Pending Virtual Interrupts"), "PPR"
)
FLAG = GateKind("flag", "IF", _manual("Masking Maskable Hardware Interrupts"))
SHADOW = GateKind("shadow", "no STI shadow", _manual("STI—Set Interrupt Flag", 2))
FIRST = GateKind("first", "nothing goes first", _manual("Priority Among Concurrent Events"))
SMM = GateKind("smm", "not in SMM", _manual("System Management Mode"))
NO_NMI = GateKind("no_nmi", "no NMI in service", _manual("Handling Multiple NMIs"))
# Into a guest without an APIC
PORT_PENDING = GateKind("port_pending", "pending bit free", _EVENT_CHANNELS)
PORT_UNMASKED = GateKind("port_unmasked", "port unmasked", _EVENT_CHANNELS)
SELECTOR = GateKind("selector", "selector bit set", _EVENT_CHANNELS)
UPCALL_PENDING = GateKind("upcall_pending", "upcall pending", _EVENT_CHANNELS)
NO_UPCALL = GateKind("no_upcall", "no upcall under way", _EVENT_CHANNELS)
UPCALL_MASK = GateKind("upcall_mask", "upcall mask 0", _EVENT_CHANNELS)
# Into a guest under a hypervisor
IN_GUEST = GateKind("in_guest", "in the guest", _manual("Injecting Events Through VM Entry"))

TAKEN = GateKind("taken", "taken", _ACCEPTANCE, "ISR")

#: Every kind, each way's in its order.
GATE_KINDS: tuple[GateKind, ...] = (
    *(SENT, LINE, SOURCE, UNMASKED, ENTRY_UNMASKED, REMOTE_IRR, IDLE, MODE, ARRIVED, DESTINATION),
    *(APIC_ON, LEGAL, FREE),
    *(STARTED, AWAITED, PRIORITY, VIRTUAL_PRIORITY, FLAG, SHADOW, FIRST, SMM, NO_NMI),
    *(PORT_PENDING, PORT_UNMASKED, SELECTOR, UPCALL_PENDING, NO_UPCALL, UPCALL_MASK),
    *(IN_GUEST, TAKEN),
)


class Gate(NamedTuple):
    """One gate as it stands: *value* in words, and *why* it lets nothing through, as a clause; "" while it is open."""

    kind: GateKind
    value: str
    why: str = ""

    @property
    def is_open(self) -> bool:
        return not self.why


def first_closed(gates: Iterable[Gate]) -> Gate | None:
    """The gate that bars the way; None when all are open."""
    return next((gate for gate in gates if gate.why), None)
