"""What software sees of a local APIC: the xAPIC page, the MSRs and CR8; then every register, read and write.

Who may read or write what, and which bits, is data (``x86.register_map``); what a read gives and a write does is here.
A write returns the message that it sends. A Fault means #GP, which changes nothing; Ignored means that nothing came of
the write.

Source: SDM vol. 3, "The Local APIC Block Diagram", "Register Access Through MSRs", "x2APIC Register Address Space",
"Local APIC Status and Location", "TSC-Deadline Mode", "Interrupt Priorities in Control Register CR8", and the sections
of each register.
"""

from collections.abc import Callable

from app.hw import local_vector_table
from app.hw.events import Fault, Ignored, MsrFaulted, Reason, RegisterFaulted, WriteIgnored
from app.hw.local_apic import LocalApic
from app.hw.messages import BusMessage
from app.hw.profile import ApicIdRegister, LowestPriorityChoice, SpuriousVector, X2ApicEoi
from app.x86 import lvt
from app.x86.icr import DELIVERY_STATUS, X2APIC_ICR, DeliveryMode, Icr, Shorthand, decode_icr
from app.x86.lvt import TimerMode
from app.x86.model_specific_registers import (
    APIC_BASE,
    BITS_OF_MODE,
    BOOTSTRAP_PROCESSOR,
    MODE_BITS,
    X2APIC_MSRS,
    ApicMode,
    Msr,
    x2apic_offset,
)
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Access, Register
from app.x86.state_registers import ESR_ILLEGAL_REGISTER_ADDRESS
from app.x86.units import ApicId, Cycles
from app.x86.vectors import VECTORS

#: The message that the write sends, if any; or why it does nothing.
Written = BusMessage | Fault | Ignored | None
Reader = Callable[[LocalApic], int]
Writer = Callable[[LocalApic, int], Written]

# Python 3.11 takes its time to find a member of an enum.
_X2APIC, _DISABLED = ApicMode.X2APIC, ApicMode.DISABLED
_ALL_ONES = 0xFFFF_FFFF
_LVT = frozenset(LVT_REGISTERS)


# The xAPIC page, and the x2APIC MSRs by the offsets that they would have in it


def read_register(apic: LocalApic, offset: int) -> int | Fault:
    """What software reads at *offset*. A Fault where x2APIC mode raises #GP.

    xAPIC mode reads 0 where there is no register. A disabled APIC does not answer: all ones, as from an empty bus.
    """
    if apic.mode is _DISABLED:
        apic.notice_absence(offset)
        return _ALL_ONES
    reader = (_X2APIC_READERS if apic.mode is _X2APIC else _XAPIC_READERS).get(offset)
    if reader is not None and _exists(apic, offset):
        return reader(apic)
    if _access(apic, offset) is Access.NONE:
        return _not_a_register(apic, offset) or 0
    return _fault(apic, offset, Fault.WRITE_ONLY) or 0


def write_register(apic: LocalApic, offset: int, value: int) -> Written:
    """Writes *value* at *offset*; in x2APIC mode ICR is one value of 64 bits."""
    if apic.mode is _X2APIC:
        if offset in _DO_SOMETHING and not value & _REFUSED[offset]:
            return _WRITERS[offset](apic, value)
        fault = _x2apic_write_fault(apic, offset, value)
        if fault is not None:
            return _fault(apic, offset, fault)
        return _write(apic, offset, value, _WRITERS[offset], _X2APIC_READERS)
    if apic.mode is _DISABLED:
        apic.notice_absence(offset)
        return Ignored(Fault.NOT_DECODED)
    writer = _XAPIC_WRITERS.get(offset)
    if writer is not None and offset in _DO_SOMETHING:
        return writer(apic, value)
    if writer is not None and _exists(apic, offset):
        return _write(apic, offset, value, writer, _XAPIC_READERS)
    if _access(apic, offset) is Access.NONE:
        return _not_a_register(apic, offset) or Ignored(Fault.NOT_A_REGISTER)
    return _fault(apic, offset, Fault.READ_ONLY) or Ignored(Fault.READ_ONLY)


def _write(apic: LocalApic, offset: int, value: int, writer: Writer, readers: dict[int, Reader]) -> Written:
    """Writes a register, and says so when it is as before although *value* is not what it holds."""
    if offset in _DO_SOMETHING:
        return writer(apic, value)
    read = readers[offset]
    before = read(apic)
    written = writer(apic, value)
    after = read(apic)
    if written is not None or after != before or not _unheeded(offset, value, after):
        return written
    kept = offset in _LVT and not apic.svr & SVR_ENABLE and value & ~after == 0
    return _ignored(apic, Reason.KEPT_MASKED if kept else Reason.NOT_WRITABLE, register=offset)


#: Registers whose writes are not about what they hold afterwards.
_DO_SOMETHING = frozenset({Register.EOI, Register.ESR, Register.ICR_LOW, Register.SELF_IPI})


def _unheeded(offset: int, value: int, holds: int) -> bool:
    """Whether *value* sets a bit that the register does not hold, or clears one that it does and that can be written at
    times."""
    return bool(value & ~holds or holds & ~value & _WRITABLE[offset])


def _exists(apic: LocalApic, offset: int) -> bool:
    """Whether this version of the APIC has the register at *offset*: not every one has all LVT entries."""
    return offset not in _LVT or offset in apic.lvt


def _access(apic: LocalApic, offset: int) -> Access:
    definition = REGISTERS.get(offset)
    if definition is None or not _exists(apic, offset):
        return Access.NONE
    return definition.x2apic if apic.mode is _X2APIC else definition.xapic


def _x2apic_write_fault(apic: LocalApic, offset: int, value: int) -> Fault | None:
    access = _access(apic, offset)
    if not access.writable:
        return Fault.READ_ONLY if access.readable else Fault.NOT_A_REGISTER
    if REGISTERS[offset].x2apic_zero_only:
        if offset == Register.EOI and apic.profile.x2apic_eoi is X2ApicEoi.ANYTHING:
            return Fault.RESERVED_BITS if value >> 32 else None
        return Fault.NOT_ZERO if value else None
    allowed = _DEFINED[offset]
    if offset == Register.SVR and not apic.profile.suppresses_eoi_broadcast:
        allowed &= ~SVR_SUPPRESS_EOI_BROADCAST
    return Fault.RESERVED_BITS if value & ~allowed else None


def write_fault(apic: LocalApic, register: Register, value: int) -> Fault | None:
    """Why *value* does not get into a *register* that every xAPIC page has and lets software write; None: it does."""
    if apic.mode is _DISABLED:
        return Fault.NOT_DECODED
    return _x2apic_write_fault(apic, register, value) if apic.mode is _X2APIC else None


def _fault(apic: LocalApic, offset: int, fault: Fault) -> Fault | None:
    general_protection = apic.mode is _X2APIC
    apic.services.record(RegisterFaulted(apic.cpu, offset, fault, general_protection))
    return fault if general_protection else None


def _not_a_register(apic: LocalApic, offset: int) -> Fault | None:
    """ "Error Handling": in xAPIC mode an illegal register address is noticed in ESR."""
    fault = _fault(apic, offset, Fault.NOT_A_REGISTER)
    if fault is None:
        apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)
    return fault


def _ignored(apic: LocalApic, reason: Reason, *, register: int | None = None, msr: int | None = None) -> Ignored:
    """Says that a write did nothing."""
    apic.services.record(WriteIgnored(apic.cpu, register, msr, reason))
    return Ignored(reason)


# RDMSR and WRMSR


def read_msr(apic: LocalApic, msr: int) -> int | Fault:
    """RDMSR of *msr*. A Fault for #GP."""
    match msr:
        case Msr.IA32_APIC_BASE:
            return read_apic_base(apic)
        case Msr.IA32_TSC_DEADLINE if apic.profile.tsc_deadline:
            return apic.timer.tsc_deadline
        case _ if msr not in X2APIC_MSRS:
            return _msr_fault(apic, msr, Fault.NOT_A_REGISTER)
        case _ if apic.mode is not _X2APIC:
            return _msr_fault(apic, msr, Fault.WRONG_MODE)
        case _:
            return read_register(apic, x2apic_offset(msr))


def write_msr(apic: LocalApic, msr: int, value: int) -> Written:
    """WRMSR of the 64-bit *value*."""
    if apic.mode is _X2APIC and msr in X2APIC_MSRS:
        return write_register(apic, x2apic_offset(msr), value)
    match msr:
        case Msr.IA32_APIC_BASE:
            return _write_apic_base_msr(apic, value)
        case Msr.IA32_TSC_DEADLINE if apic.profile.tsc_deadline:
            if not apic.timer.write_tsc_deadline(value):
                return _ignored(apic, Reason.TIMER_HAS_NO_DEADLINE, msr=msr)
            apic.services.changes.timers.add(apic.cpu)
            return None
        case _ if msr not in X2APIC_MSRS:
            return _msr_fault(apic, msr, Fault.NOT_A_REGISTER)
        case _:
            return _msr_fault(apic, msr, Fault.WRONG_MODE)


def _msr_fault(apic: LocalApic, msr: int | None, fault: Fault) -> Fault:
    apic.services.record(MsrFaulted(apic.cpu, msr, fault))
    return fault


# IA32_APIC_BASE, and the modes that it selects ("x2APIC State Transitions")

_MODE_OF_BITS = {bits: mode for mode, bits in BITS_OF_MODE.items()}
#: The transitions that there are; every other is #GP.
_LEGAL = frozenset(
    {
        (ApicMode.DISABLED, ApicMode.XAPIC),
        (ApicMode.XAPIC, ApicMode.DISABLED),
        (ApicMode.XAPIC, ApicMode.X2APIC),
        (ApicMode.X2APIC, ApicMode.DISABLED),
    }
)
_BASE = APIC_BASE.field("base").mask


def read_apic_base(apic: LocalApic) -> int:
    """The MSR as RDMSR gives it: mode, page address, and bit 8 on the bootstrap processor."""
    return apic.base | BITS_OF_MODE[apic.mode] | (BOOTSTRAP_PROCESSOR if apic.bootstrap else 0)


def mode_written(apic: LocalApic, value: int) -> ApicMode | Fault:
    """The mode that WRMSR of *value* leads to; a Fault where the CPU raises #GP instead."""
    if value & ~APIC_BASE.defined_mask:
        return Fault.RESERVED_BITS
    mode = _MODE_OF_BITS.get(value & MODE_BITS)
    if mode is None or (mode is _X2APIC and not apic.profile.x2apic):
        return Fault.INVALID_MODE
    if mode is not apic.mode and (apic.mode, mode) not in _LEGAL:
        return Fault.ILLEGAL_TRANSITION
    return mode


def write_apic_base(apic: LocalApic, value: int) -> Fault | None:
    """WRMSR: moves the page and changes the mode. A Fault, and no change, where the CPU raises #GP."""
    mode = mode_written(apic, value)
    if isinstance(mode, Fault):
        return mode
    if apic.base != value & _BASE:
        apic.base = value & _BASE
        apic.absence_noticed = False
    if mode is not apic.mode:
        apic.enter_mode(mode)
    return None


def _write_apic_base_msr(apic: LocalApic, value: int) -> Written:
    before = read_apic_base(apic)
    fault = write_apic_base(apic, value)
    if fault is not None:
        return _msr_fault(apic, Msr.IA32_APIC_BASE, fault)
    if value != before == read_apic_base(apic):  # it was the bit of the bootstrap processor
        return _ignored(apic, Reason.NOT_WRITABLE, msr=Msr.IA32_APIC_BASE)
    return None


# CR8

_CR8_MASK = 0xF


def read_cr8(apic: LocalApic) -> int:
    """TPR bits 7:4, whatever the APIC's mode."""
    return apic.tpr >> 4


def write_cr8(apic: LocalApic, value: int) -> Fault | None:
    """Sets TPR bits 7:4 and clears 3:0; bits 63:4 raise #GP. Works while the APIC is disabled, too."""
    if value & ~_CR8_MASK:
        return _msr_fault(apic, None, Fault.RESERVED_BITS)
    apic.tpr = value << 4
    return None


# Every register, by its address. x2APIC mode has checked the value before a write comes here.

_WRITABLE = {offset: definition.layout.writable_mask for offset, definition in REGISTERS.items()}
#: Bits that x2APIC mode lets pass. Delivery status is not there, and ignored.
_DEFINED = {offset: definition.layout.defined_mask for offset, definition in REGISTERS.items()} | {
    Register.ICR_LOW: X2APIC_ICR.defined_mask | DELIVERY_STATUS
}
_ID_WRITABLE = {
    ApicIdRegister.READ_ONLY: 0,
    ApicIdRegister.EIGHT_BITS: 0xFF,
    ApicIdRegister.FOUR_BITS: 0x0F,
}


def _read_id(apic: LocalApic) -> int:
    return apic.apic_id if apic.mode is _X2APIC else (apic.apic_id & 0xFF) << 24


def _write_id(apic: LocalApic, value: int) -> Written:
    writable = _ID_WRITABLE[apic.profile.apic_id_register]
    if not writable:
        return _fault(apic, Register.ID, Fault.READ_ONLY) or Ignored(Fault.READ_ONLY)
    apic.apic_id = ApicId(apic.apic_id & ~writable | value >> 24 & writable)
    apic.services.changes.configuration = True
    return None


def _write_tpr(apic: LocalApic, value: int) -> Written:
    apic.tpr = value & 0xFF
    return None


def _read_apr(apic: LocalApic) -> int:
    return apic.apr if apic.profile.lowest_priority is LowestPriorityChoice.ARBITRATION_PRIORITY else 0


def _write_eoi(apic: LocalApic, value: int) -> Written:
    in_service = apic.isr.bits
    broadcast = apic.end_interrupt()
    if in_service and apic.tmr.bits:
        vector = VECTORS[in_service.bit_length() - 1]
        if vector in apic.tmr:
            local_vector_table.end_of_interrupt(apic, vector)
    return broadcast


def _write_ldr(apic: LocalApic, value: int) -> Written:
    apic.ldr = value & _WRITABLE[Register.LDR]
    apic.services.changes.configuration = True
    return None


def _write_dfr(apic: LocalApic, value: int) -> Written:
    """Bits 27:0 read as ones ("Logical Destination Mode")."""
    apic.dfr = value & _WRITABLE[Register.DFR] | 0x0FFF_FFFF
    apic.services.changes.configuration = True
    return None


def svr_written(apic: LocalApic, value: int) -> int:
    """What SVR holds once *value* is written."""
    svr = value & _WRITABLE[Register.SVR]
    if not apic.profile.suppresses_eoi_broadcast:
        svr &= ~SVR_SUPPRESS_EOI_BROADCAST
    if apic.profile.spurious_vector is SpuriousVector.LOW_NIBBLE_ONES:
        svr |= 0x0F
    return svr


def _write_svr(apic: LocalApic, value: int) -> Written:
    """Clearing the enable bit masks every LVT entry, and setting it again unmasks none ("Local APIC State After It Has
    Been Software Disabled")."""
    apic.svr = svr_written(apic, value)
    if not apic.svr & SVR_ENABLE:
        apic.retried_sources.clear()
        for register in apic.lvt:
            apic.lvt[register] |= lvt.MASKED
    apic.services.changes.configuration = True
    return None


def _bitmap_reader(name: str, index: int) -> Reader:
    def read(apic: LocalApic) -> int:
        word: int = getattr(apic, name).word(index)
        return word

    return read


def _write_esr(apic: LocalApic, value: int) -> Written:
    """What was noticed since the last write becomes what software reads ("Error Handling")."""
    apic.esr = apic.esr_pending
    apic.esr_pending = 0
    return None


def _read_icr_low(apic: LocalApic) -> int:
    if apic.mode is _X2APIC:
        return apic.icr
    low = apic.icr & 0xFFFF_FFFF
    return low | DELIVERY_STATUS if apic.sends_in_flight else low


def _write_icr_low(apic: LocalApic, value: int) -> Written:
    if apic.mode is _X2APIC:
        apic.icr = value & ~DELIVERY_STATUS
        return apic.send(decode_icr(apic.icr, x2apic=True))
    apic.icr = apic.icr & ~0xFFFF_FFFF | value & _WRITABLE[Register.ICR_LOW]
    return apic.send(decode_icr(apic.icr))


def _write_icr_high(apic: LocalApic, value: int) -> Written:
    apic.icr = apic.icr & 0xFFFF_FFFF | (value & _WRITABLE[Register.ICR_HIGH]) << 32
    return None


def _write_self_ipi(apic: LocalApic, value: int) -> Written:
    """Leaves ICR as it is ("SELF IPI Register")."""
    return apic.send(Icr(VECTORS[value & 0xFF], DeliveryMode.FIXED, shorthand=Shorthand.SELF))


def _lvt_reader(register: Register) -> Reader:
    return lambda apic: apic.lvt[register] | local_vector_table.delivery_status(apic, register)


def _lvt_writer(register: Register) -> Writer:
    writable = _WRITABLE[register]

    def write(apic: LocalApic, value: int) -> Written:
        entry = apic.lvt[register] & ~writable | value & writable
        apic.lvt[register] = entry if apic.svr & SVR_ENABLE else entry | lvt.MASKED
        if register is Register.LVT_TIMER:
            _select_timer_mode(apic)
        local_vector_table.entry_written(apic, register)
        return None

    return write


def _select_timer_mode(apic: LocalApic) -> None:
    if not apic.profile.tsc_deadline:
        apic.lvt[Register.LVT_TIMER] &= ~lvt.TSC_DEADLINE_MODE
    apic.timer.write_mode(lvt.timer_mode(apic.lvt[Register.LVT_TIMER]))
    apic.services.changes.timers.add(apic.cpu)


def _write_initial_count(apic: LocalApic, value: int) -> Written:
    if not apic.timer.write_initial_count(value & 0xFFFF_FFFF, Cycles(apic.services.clock.now)):
        reserved = apic.timer.mode is TimerMode.RESERVED
        reason = Reason.TIMER_MODE_RESERVED if reserved else Reason.TIMER_COUNTS_NOT
        return _ignored(apic, reason, register=Register.TIMER_INITIAL_COUNT)
    apic.services.changes.timers.add(apic.cpu)
    return None


def _write_divide(apic: LocalApic, value: int) -> Written:
    apic.timer.write_divide_configuration(value & _WRITABLE[Register.TIMER_DIVIDE], Cycles(apic.services.clock.now))
    apic.services.changes.timers.add(apic.cpu)
    return None


#: How each register is read and written; None where it cannot be.
_ACCESS: dict[int, tuple[Reader | None, Writer | None]] = {
    Register.ID: (_read_id, _write_id),
    Register.VERSION: (lambda apic: apic.profile.version, None),
    Register.TPR: (lambda apic: apic.tpr, _write_tpr),
    Register.APR: (_read_apr, None),
    Register.PPR: (lambda apic: apic.ppr, None),
    Register.EOI: (None, _write_eoi),
    Register.RRD: (lambda apic: 0, None),
    Register.LDR: (lambda apic: apic.logical_id, _write_ldr),
    Register.DFR: (lambda apic: apic.dfr, _write_dfr),
    Register.SVR: (lambda apic: apic.svr, _write_svr),
    **{Register.ISR0 + 16 * index: (_bitmap_reader("isr", index), None) for index in range(8)},
    **{Register.TMR0 + 16 * index: (_bitmap_reader("tmr", index), None) for index in range(8)},
    **{Register.IRR0 + 16 * index: (_bitmap_reader("irr", index), None) for index in range(8)},
    Register.ESR: (lambda apic: apic.esr, _write_esr),
    Register.ICR_LOW: (_read_icr_low, _write_icr_low),
    Register.ICR_HIGH: (lambda apic: apic.icr >> 32, _write_icr_high),
    **{register: (_lvt_reader(register), _lvt_writer(register)) for register in LVT_REGISTERS},
    Register.TIMER_INITIAL_COUNT: (lambda apic: apic.timer.initial_count, _write_initial_count),
    Register.TIMER_CURRENT_COUNT: (lambda apic: apic.timer.current_count(Cycles(apic.services.clock.now)), None),
    Register.TIMER_DIVIDE: (lambda apic: apic.timer.divide_configuration, _write_divide),
    Register.SELF_IPI: (None, _write_self_ipi),
}
_READERS = {offset: read for offset, (read, _) in _ACCESS.items() if read is not None}
_WRITERS = {offset: write for offset, (_, write) in _ACCESS.items() if write is not None}
_XAPIC_READERS = {offset: read for offset, read in _READERS.items() if REGISTERS[offset].xapic.readable}
_X2APIC_READERS = {offset: read for offset, read in _READERS.items() if REGISTERS[offset].x2apic.readable}
#: ID takes a write where the profile lets it.
_XAPIC_WRITERS = {
    offset: write for offset, write in _WRITERS.items() if REGISTERS[offset].xapic.writable or offset == Register.ID
}

#: Bits for which x2APIC mode may refuse a write of what does something: then the value is looked at from all sides.
_REFUSED: dict[int, int] = {
    offset: ~0 if REGISTERS[offset].x2apic_zero_only else ~_DEFINED[offset] for offset in _DO_SOMETHING
}
