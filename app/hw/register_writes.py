"""What a write does to each register of the local APIC. Who may write what is in ``register_access``."""

from collections.abc import Callable

from app.hw import local_vector_table
from app.hw.apic_base import ApicMode
from app.hw.events import Fault, Ignored, Reason, RegisterFaulted, WriteIgnored
from app.hw.interprocessor import send
from app.hw.local_apic import LocalApic
from app.hw.messages import BusMessage
from app.hw.profile import ApicIdRegister, SpuriousVector
from app.x86 import lvt
from app.x86.icr import DELIVERY_STATUS, ICR_HIGH, ICR_LOW, DeliveryMode, Icr, Shorthand, decode_icr
from app.x86.lvt import TimerMode
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Register

#: The message that the write sends, if any; or why it does nothing.
Written = BusMessage | Fault | Ignored | None
Writer = Callable[[LocalApic, int], Written]

# Python 3.11 takes its time to find a member of an enum.
_X2APIC = ApicMode.X2APIC
_SVR_WRITABLE = REGISTERS[Register.SVR].layout.writable_mask
_LVT_WRITABLE = {register: REGISTERS[register].layout.writable_mask for register in LVT_REGISTERS}
_DIVIDE_WRITABLE = REGISTERS[Register.TIMER_DIVIDE].layout.writable_mask
_ICR_HIGH_WRITABLE = ICR_HIGH.writable_mask
_ICR_LOW_WRITABLE = ICR_LOW.writable_mask
_LDR_WRITABLE = REGISTERS[Register.LDR].layout.writable_mask
_DFR_WRITABLE = REGISTERS[Register.DFR].layout.writable_mask
_MODE_RESERVED = Reason.TIMER_MODE_RESERVED
_ID_WRITABLE = {
    ApicIdRegister.READ_ONLY: 0,
    ApicIdRegister.EIGHT_BITS: 0xFF,
    ApicIdRegister.FOUR_BITS: 0x0F,
}


def ignore(apic: LocalApic, register: int, reason: Reason) -> Ignored:
    """Says that a write of *register* did nothing."""
    apic.record(WriteIgnored(apic.cpu, register, None, reason))
    return Ignored(reason)


def _write_id(apic: LocalApic, value: int) -> Written:
    writable = _ID_WRITABLE[apic.profile.apic_id_register]
    if not writable:
        apic.record(RegisterFaulted(apic.cpu, Register.ID, Fault.READ_ONLY, general_protection=False))
        return Ignored(Fault.READ_ONLY)
    apic.apic_id = apic.apic_id & ~writable | value >> 24 & writable
    apic.changes.configuration = True
    return None


def _write_tpr(apic: LocalApic, value: int) -> Written:
    apic.tpr = value & 0xFF
    return None


def _write_eoi(apic: LocalApic, value: int) -> Written:
    vector = apic.isr.highest()
    broadcast = apic.end_interrupt()
    if vector is not None and vector in apic.tmr:
        local_vector_table.end_of_interrupt(apic, vector)
    return broadcast


def _write_ldr(apic: LocalApic, value: int) -> Written:
    apic.ldr = value & _LDR_WRITABLE
    apic.changes.configuration = True
    return None


def _write_dfr(apic: LocalApic, value: int) -> Written:
    """Bits 27:0 read as ones ("Logical Destination Mode")."""
    apic.dfr = value & _DFR_WRITABLE | 0x0FFF_FFFF
    apic.changes.configuration = True
    return None


def _write_svr(apic: LocalApic, value: int) -> Written:
    """Clearing the enable bit masks every LVT entry, and setting it again unmasks none ("Local APIC State After It Has
    Been Software Disabled")."""
    svr = value & _SVR_WRITABLE
    if not apic.profile.suppresses_eoi_broadcast:
        svr &= ~SVR_SUPPRESS_EOI_BROADCAST
    if apic.profile.spurious_vector is SpuriousVector.LOW_NIBBLE_ONES:
        svr |= 0x0F
    apic.svr = svr
    if not svr & SVR_ENABLE:
        apic.retried_sources.clear()
        for register in apic.lvt:
            apic.lvt[register] |= lvt.MASKED
    apic.changes.configuration = True
    return None


def _write_esr(apic: LocalApic, value: int) -> Written:
    """What was noticed since the last write becomes what software reads ("Error Handling")."""
    apic.esr = apic.esr_pending
    apic.esr_pending = 0
    return None


def _write_icr_low(apic: LocalApic, value: int) -> Written:
    if apic.mode is _X2APIC:
        apic.icr = value & ~DELIVERY_STATUS
        return send(apic, decode_icr(apic.icr, x2apic=True))
    apic.icr = apic.icr & ~0xFFFF_FFFF | value & _ICR_LOW_WRITABLE
    return send(apic, decode_icr(apic.icr))


def _write_icr_high(apic: LocalApic, value: int) -> Written:
    apic.icr = apic.icr & 0xFFFF_FFFF | (value & _ICR_HIGH_WRITABLE) << 32
    return None


def _write_self_ipi(apic: LocalApic, value: int) -> Written:
    """Leaves ICR as it is ("SELF IPI Register")."""
    return send(apic, Icr(value & 0xFF, DeliveryMode.FIXED, shorthand=Shorthand.SELF))


def _write_timer_mode(apic: LocalApic) -> None:
    if not apic.profile.tsc_deadline:
        apic.lvt[Register.LVT_TIMER] &= ~lvt.TSC_DEADLINE_MODE
    apic.timer.write_mode(lvt.timer_mode(apic.lvt[Register.LVT_TIMER]))
    apic.changes.timers.add(apic.cpu)


def _lvt_writer(register: Register) -> Writer:
    writable = _LVT_WRITABLE[register]

    def write(apic: LocalApic, value: int) -> Written:
        entry = apic.lvt[register] & ~writable | value & writable
        apic.lvt[register] = entry if apic.svr & SVR_ENABLE else entry | lvt.MASKED
        if register is Register.LVT_TIMER:
            _write_timer_mode(apic)
        local_vector_table.entry_written(apic, register)
        return None

    return write


def _write_initial_count(apic: LocalApic, value: int) -> Written:
    if not apic.timer.write_initial_count(value & 0xFFFF_FFFF, apic.clock.now):
        reserved = apic.timer.mode is TimerMode.RESERVED
        return ignore(apic, Register.TIMER_INITIAL_COUNT, _MODE_RESERVED if reserved else Reason.TIMER_COUNTS_NOT)
    apic.changes.timers.add(apic.cpu)
    return None


def _write_divide(apic: LocalApic, value: int) -> Written:
    apic.timer.write_divide_configuration(value & _DIVIDE_WRITABLE, apic.clock.now)
    apic.changes.timers.add(apic.cpu)
    return None


#: How each register is written. x2APIC mode checks the value first.
WRITERS: dict[int, Writer] = {
    Register.TPR: _write_tpr,
    Register.EOI: _write_eoi,
    Register.LDR: _write_ldr,
    Register.DFR: _write_dfr,
    Register.SVR: _write_svr,
    Register.ESR: _write_esr,
    Register.ICR_LOW: _write_icr_low,
    Register.ICR_HIGH: _write_icr_high,
    Register.TIMER_INITIAL_COUNT: _write_initial_count,
    Register.TIMER_DIVIDE: _write_divide,
    Register.SELF_IPI: _write_self_ipi,
    **{register: _lvt_writer(register) for register in LVT_REGISTERS},
}
#: The same in xAPIC mode; ID where the profile lets it be written.
XAPIC_WRITERS = {offset: writer for offset, writer in WRITERS.items() if REGISTERS[offset].xapic.writable} | {
    Register.ID: _write_id
}
