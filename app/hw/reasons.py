"""Why something did not happen, in words for people."""

from enum import Enum
from typing import NamedTuple


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
