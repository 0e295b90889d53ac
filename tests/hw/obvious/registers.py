"""Reads and writes of one local APIC's registers and MSRs."""

from .bits import GP, Fault, bit, field, keep, number_of, ones, only_bits, with_bit, word_of
from .local_apic import (
    ILLEGAL_REGISTER,
    LVT_ERROR,
    LVT_LINT0,
    LVT_LINT1,
    LVT_OFFSETS,
    LVT_PERFORMANCE,
    LVT_THERMAL,
    LVT_TIMER,
    MASK,
    REMOTE_IRR,
    TRIGGER,
    LocalApic,
)

VERSION = 0x00050014  # six LVT entries, no EOI-broadcast suppression
MAXPHYADDR = 40

ID, VERSION_REGISTER, TPR, APR, PPR, EOI, REMOTE_READ = 0x020, 0x030, 0x080, 0x090, 0x0A0, 0x0B0, 0x0C0
LDR, DFR, SVR, ESR, ICR_LOW, ICR_HIGH = 0x0D0, 0x0E0, 0x0F0, 0x280, 0x300, 0x310
INITIAL_COUNT, CURRENT_COUNT, DIVIDE, SELF_IPI = 0x380, 0x390, 0x3E0, 0x3F0
ISR_WORDS, TMR_WORDS, IRR_WORDS = range(0x100, 0x180, 16), range(0x180, 0x200, 16), range(0x200, 0x280, 16)

READ_ONLY = {ID, VERSION_REGISTER, PPR, CURRENT_COUNT, *ISR_WORDS, *TMR_WORDS, *IRR_WORDS}
READ_WRITE = {TPR, SVR, ESR, ICR_LOW, INITIAL_COUNT, DIVIDE, *LVT_OFFSETS}
XAPIC_LISTED = READ_ONLY | READ_WRITE | {APR, REMOTE_READ, EOI, LDR, DFR, ICR_HIGH}
X2APIC_READABLE = READ_ONLY | READ_WRITE | {LDR}

# What software may set. Bits 12 and 14, which the APIC owns, are not among them.
LVT_WRITABLE = {
    LVT_TIMER: ones(7, 0) | {16} | ones(18, 17),
    LVT_THERMAL: ones(7, 0) | ones(10, 8) | {16},
    LVT_PERFORMANCE: ones(7, 0) | ones(10, 8) | {16},
    LVT_LINT0: ones(7, 0) | ones(10, 8) | {13, 15, 16},
    LVT_LINT1: ones(7, 0) | ones(10, 8) | {13, 15, 16},
    LVT_ERROR: ones(7, 0) | {16},
}
SVR_WRITABLE = ones(7, 0) | {8, 9}
DIVIDE_WRITABLE = {3, 1, 0}
ICR_LOW_WRITABLE = ones(7, 0) | ones(10, 8) | {11, 14, 15} | ones(19, 18)

# The registers an x2APIC lets software write, and the bits that raise no #GP there. Only LINT0 and LINT1 define bit 14.
X2APIC_WRITABLE = {
    TPR: ones(7, 0),
    EOI: set[int](),
    SVR: SVR_WRITABLE,
    ESR: set[int](),
    ICR_LOW: ICR_LOW_WRITABLE | {12} | ones(63, 32),
    LVT_TIMER: LVT_WRITABLE[LVT_TIMER] | {12},
    LVT_THERMAL: LVT_WRITABLE[LVT_THERMAL] | {12},
    LVT_PERFORMANCE: LVT_WRITABLE[LVT_PERFORMANCE] | {12},
    LVT_LINT0: LVT_WRITABLE[LVT_LINT0] | {12, 14},
    LVT_LINT1: LVT_WRITABLE[LVT_LINT1] | {12, 14},
    LVT_ERROR: LVT_WRITABLE[LVT_ERROR] | {12},
    INITIAL_COUNT: ones(31, 0),
    DIVIDE: DIVIDE_WRITABLE,
    SELF_IPI: ones(7, 0),
}


def icr(apic: LocalApic) -> int:
    """The whole ICR, destination in the high dword."""
    return apic.icr_high * 2**32 + apic.icr_low


def read(apic: LocalApic, offset: int) -> int | Fault:
    """A read of the page or of the MSR that belongs to the offset."""
    if apic.mode == "disabled":
        return 0xFFFFFFFF
    if apic.mode == "x2apic":
        if offset not in X2APIC_READABLE:
            return GP
        return icr(apic) if offset == ICR_LOW else register_value(apic, offset)
    if offset not in XAPIC_LISTED:
        apic.raise_error(ILLEGAL_REGISTER)
        return 0
    return register_value(apic, offset)


def register_value(apic: LocalApic, offset: int) -> int:
    """What a listed register shows."""
    if offset in ISR_WORDS:
        return word_of(apic.isr, ISR_WORDS.index(offset))
    if offset in TMR_WORDS:
        return word_of(apic.tmr, TMR_WORDS.index(offset))
    if offset in IRR_WORDS:
        return word_of(apic.irr, IRR_WORDS.index(offset))
    if offset in LVT_OFFSETS:
        return apic.lvt[offset]
    return {
        ID: apic.id if apic.mode == "x2apic" else apic.id % 256 * 2**24,
        VERSION_REGISTER: VERSION,
        TPR: apic.tpr,
        APR: 0,
        PPR: apic.ppr(),
        EOI: 0,
        REMOTE_READ: 0,
        LDR: apic.ldr(),
        DFR: apic.dfr,
        SVR: apic.svr,
        ESR: number_of(apic.esr_visible),
        ICR_LOW: apic.icr_low,
        ICR_HIGH: apic.icr_high,
        INITIAL_COUNT: apic.timer.initial_count,
        CURRENT_COUNT: apic.timer.current_count,
        DIVIDE: apic.timer.divide,
    }[offset]


def write(apic: LocalApic, offset: int, value: int) -> Fault | None:
    """A write of the page or of the MSR that belongs to the offset."""
    if apic.mode == "disabled":
        return None
    if apic.mode == "x2apic":
        if offset not in X2APIC_WRITABLE or not only_bits(value, X2APIC_WRITABLE[offset]):
            return GP
        if offset == ICR_LOW:
            apic.icr_high = field(value, 63, 32)
        perform_write(apic, offset, field(value, 31, 0))
        return None
    if offset not in XAPIC_LISTED:
        apic.raise_error(ILLEGAL_REGISTER)
        return None
    perform_write(apic, offset, field(value, 31, 0))
    return None


def perform_write(apic: LocalApic, offset: int, value: int) -> None:
    """A write that the mode allows; what is not named here is read-only."""
    if offset in LVT_OFFSETS:
        write_lvt(apic, offset, value)
    elif offset == ICR_LOW:
        apic.icr_low = keep(value, ICR_LOW_WRITABLE)
        # The sender's mode says how wide its destination field is.
        destination = apic.icr_high if apic.mode == "x2apic" else field(apic.icr_high, 31, 24)
        apic.send_ipi(apic, apic.icr_low, destination)
    elif offset == SELF_IPI:
        # As an ICR write of vector, fixed and shorthand self (bits 19:18 = 1), but the ICR keeps what it holds.
        apic.send_ipi(apic, 0x40000 + value, 0)
    elif offset == EOI:
        apic.end_of_interrupt()
    elif offset == ESR:
        apic.esr_visible = apic.esr_pending
        apic.esr_pending = set()
    elif offset == SVR:
        apic.svr = keep(value, SVR_WRITABLE)
        if not apic.software_enabled():
            apic.mask_all()
    elif offset in (INITIAL_COUNT, DIVIDE):
        write_timer(apic, offset, value)
    else:
        write_plain(apic, offset, value)


def write_timer(apic: LocalApic, offset: int, value: int) -> None:
    """The two writable registers of the timer."""
    if offset == INITIAL_COUNT:
        apic.timer.write_initial_count(value)
    if offset == DIVIDE:
        apic.timer.write_divide(keep(value, DIVIDE_WRITABLE))


def write_plain(apic: LocalApic, offset: int, value: int) -> None:
    """Registers that only hold their value."""
    if offset == TPR:
        apic.tpr = keep(value, ones(7, 0))
    if offset == LDR:
        apic.stored_ldr = keep(value, ones(31, 24))
    if offset == DFR:
        apic.dfr = keep(value, ones(31, 28)) + number_of(ones(27, 0))
    if offset == ICR_HIGH:
        apic.icr_high = keep(value, ones(31, 24))


def write_lvt(apic: LocalApic, offset: int, value: int) -> None:
    """Remote IRR stays while the entry is level-triggered; the mask bit stays while software-disabled."""
    remote_irr = bit(apic.lvt[offset], REMOTE_IRR)
    entry = keep(value, LVT_WRITABLE[offset])
    if not apic.software_enabled():
        entry = with_bit(entry, MASK, 1)
    if bit(entry, TRIGGER):
        entry = with_bit(entry, REMOTE_IRR, remote_irr)
    apic.lvt[offset] = entry
    if offset == LVT_TIMER:
        apic.timer.set_mode(field(entry, 18, 17))
    if offset == LVT_LINT0:
        apic.look_at_lint0()


# ---------------------------------------------------------------- MSR 1Bh and CR8


def read_apic_base(apic: LocalApic) -> int:
    """IA32_APIC_BASE."""
    bootstrap = 0x100 if apic.id == 0 else 0
    return apic.base + {"disabled": 0, "xapic": 0x800, "x2apic": 0xC00}[apic.mode] + bootstrap


def write_apic_base(apic: LocalApic, value: int) -> Fault | None:
    """Moves the base and changes the mode, where the transition is allowed."""
    if not only_bits(value, {8, 10, 11} | ones(MAXPHYADDR - 1, 12)):
        return GP
    enabled, extended = bit(value, 11), bit(value, 10)
    if (enabled, extended) == (0, 1):
        return GP
    new_mode = {(0, 0): "disabled", (1, 0): "xapic", (1, 1): "x2apic"}[enabled, extended]
    if (apic.mode, new_mode) in {("disabled", "x2apic"), ("x2apic", "xapic")}:
        return GP
    if new_mode == "disabled":
        tpr = apic.tpr  # lives on as CR8
        apic.reset_registers()
        apic.tpr = tpr
    if (apic.mode, new_mode) == ("xapic", "x2apic"):
        apic.stored_ldr = 0
        apic.icr_high = 0
    apic.mode = new_mode
    apic.base = keep(value, ones(MAXPHYADDR - 1, 12))
    return None


def read_cr8(apic: LocalApic) -> int:
    """The class of TPR."""
    return field(apic.tpr, 7, 4)


def write_cr8(apic: LocalApic, value: int) -> Fault | None:
    """Sets the class of TPR and clears the sub-class, in every mode."""
    if not only_bits(value, ones(3, 0)):
        return GP
    apic.tpr = value * 16
    return None
