"""What software sees of a local APIC: reads and writes, by xAPIC offset.

In x2APIC mode the caller turns MSR numbers into offsets (``16 * (msr - 0x800)``) and passes ICR as one 64-bit value.
Source: SDM vol. 3, "The Local APIC Block Diagram", "Register Access Through MSRs" and the sections of each register.
"""

from collections.abc import Callable

from app.hw.events import Fault, RegisterFaulted
from app.hw.local_apic import ESR_ILLEGAL_REGISTER_ADDRESS, LVT_REGISTERS, ApicMode, LocalApic
from app.hw.messages import BusMessage
from app.x86 import lvt
from app.x86.icr import DELIVERY_STATUS, ICR_HIGH, ICR_LOW, X2APIC_ICR, DeliveryMode, Icr, decode_icr
from app.x86.icr import Shorthand as IcrShorthand
from app.x86.register_map import REGISTERS
from app.x86.registers import SVR_ENABLE, Access, Register

Written = BusMessage | Fault | None

# Python 3.11 takes its time to find a member of an enum.
_X2APIC = ApicMode.X2APIC
_VERSION = REGISTERS[Register.VERSION].reset
_SVR_WRITABLE = REGISTERS[Register.SVR].layout.writable_mask
_LVT_WRITABLE = {register: REGISTERS[register].layout.writable_mask for register in LVT_REGISTERS}
_DIVIDE_WRITABLE = REGISTERS[Register.TIMER_DIVIDE].layout.writable_mask
_ICR_HIGH_WRITABLE = ICR_HIGH.writable_mask
_ICR_LOW_WRITABLE = ICR_LOW.writable_mask
_LDR_WRITABLE = REGISTERS[Register.LDR].layout.writable_mask
_DFR_WRITABLE = REGISTERS[Register.DFR].layout.writable_mask

#: Registers that take no value but 0 in x2APIC mode ("x2APIC Register Address Space").
_ZERO_ONLY = frozenset({Register.EOI, Register.ESR})


def read_register(apic: LocalApic, offset: int) -> int | Fault:
    """What software reads at *offset*. A Fault where x2APIC mode raises #GP; xAPIC mode reads 0 from no register."""
    reader = (_X2APIC_READERS if apic.mode is _X2APIC else _XAPIC_READERS).get(offset)
    if reader is not None:
        return reader(apic)
    definition = REGISTERS.get(offset)
    access = definition and (definition.x2apic if apic.mode is _X2APIC else definition.xapic)
    if access is None or access is Access.NONE:
        return _not_a_register(apic, offset) or 0
    return _fault(apic, offset, Fault.WRITE_ONLY) or 0


def write_register(apic: LocalApic, offset: int, value: int) -> Written:
    """Writes *value* at *offset*. Returns the message that the write sends, or a Fault where x2APIC mode raises #GP."""
    if apic.mode is _X2APIC:
        fault = _x2apic_write_fault(offset, value)
        if fault is not None:
            return _fault(apic, offset, fault)
        return _WRITERS[offset](apic, value)
    writer = _XAPIC_WRITERS.get(offset)
    if writer is not None:
        return writer(apic, value)
    definition = REGISTERS.get(offset)
    if definition is None or definition.xapic is Access.NONE:
        return _not_a_register(apic, offset)
    return _fault(apic, offset, Fault.READ_ONLY)


def _x2apic_write_fault(offset: int, value: int) -> Fault | None:
    definition = REGISTERS.get(offset)
    if definition is None:
        return Fault.NOT_A_REGISTER
    if not definition.x2apic.writable:
        return Fault.READ_ONLY if definition.x2apic.readable else Fault.NOT_A_REGISTER
    if offset in _ZERO_ONLY:
        return Fault.NOT_ZERO if value else None
    layout = X2APIC_ICR if offset == Register.ICR_LOW else definition.layout
    ignored = DELIVERY_STATUS if offset == Register.ICR_LOW else 0
    return Fault.RESERVED_BITS if value & ~(layout.defined_mask | ignored) else None


def _fault(apic: LocalApic, offset: int, fault: Fault) -> Fault | None:
    general_protection = apic.mode is _X2APIC
    apic.record(RegisterFaulted(apic.cpu, offset, fault, general_protection))
    return fault if general_protection else None


def _not_a_register(apic: LocalApic, offset: int) -> Fault | None:
    """ "Error Handling": in xAPIC mode an illegal register address is noticed in ESR."""
    if apic.mode is ApicMode.XAPIC:
        apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)
    return _fault(apic, offset, Fault.NOT_A_REGISTER)


# Reads


def _read_id(apic: LocalApic) -> int:
    return apic.apic_id if apic.mode is _X2APIC else apic.apic_id << 24


def _read_icr_low(apic: LocalApic) -> int:
    if apic.mode is _X2APIC:
        return apic.icr
    low = apic.icr & 0xFFFF_FFFF
    return low | DELIVERY_STATUS if apic.sends_in_flight else low


def _bitmap_reader(name: str, index: int) -> Callable[[LocalApic], int]:
    def read(apic: LocalApic) -> int:
        word: int = getattr(apic, name).word(index)
        return word

    return read


def _lvt_reader(register: Register) -> Callable[[LocalApic], int]:
    return lambda apic: apic.lvt[register]


_READERS: dict[int, Callable[[LocalApic], int]] = {
    Register.ID: _read_id,
    Register.VERSION: lambda apic: _VERSION,
    Register.TPR: lambda apic: apic.tpr,
    Register.APR: lambda apic: 0,
    Register.PPR: lambda apic: apic.ppr,
    Register.RRD: lambda apic: 0,
    Register.LDR: lambda apic: apic.logical_id,
    Register.DFR: lambda apic: apic.dfr,
    Register.SVR: lambda apic: apic.svr,
    Register.ESR: lambda apic: apic.esr,
    Register.ICR_LOW: _read_icr_low,
    Register.ICR_HIGH: lambda apic: apic.icr >> 32,
    Register.TIMER_INITIAL_COUNT: lambda apic: apic.timer.initial_count,
    Register.TIMER_CURRENT_COUNT: lambda apic: apic.timer.current_count(apic.clock.now),
    Register.TIMER_DIVIDE: lambda apic: apic.timer.divide_configuration,
    **{register: _lvt_reader(register) for register in LVT_REGISTERS},
    **{0x100 + 16 * index: _bitmap_reader("isr", index) for index in range(8)},
    **{0x180 + 16 * index: _bitmap_reader("tmr", index) for index in range(8)},
    **{0x200 + 16 * index: _bitmap_reader("irr", index) for index in range(8)},
}

_XAPIC_READERS = {offset: reader for offset, reader in _READERS.items() if REGISTERS[offset].xapic.readable}
_X2APIC_READERS = {offset: reader for offset, reader in _READERS.items() if REGISTERS[offset].x2apic.readable}


# Writes


def _write_tpr(apic: LocalApic, value: int) -> Written:
    apic.tpr = value & 0xFF
    return None


def _write_eoi(apic: LocalApic, value: int) -> Written:
    return apic.end_interrupt()


def _write_ldr(apic: LocalApic, value: int) -> Written:
    apic.ldr = value & _LDR_WRITABLE
    return None


def _write_dfr(apic: LocalApic, value: int) -> Written:
    """Bits 27:0 read as ones ("Logical Destination Mode")."""
    apic.dfr = value & _DFR_WRITABLE | 0x0FFF_FFFF
    return None


def _write_svr(apic: LocalApic, value: int) -> Written:
    """Clearing the enable bit masks every LVT entry, and setting it again unmasks none ("Local APIC State After It Has
    Been Software Disabled")."""
    apic.svr = value & _SVR_WRITABLE
    if not apic.svr & SVR_ENABLE:
        for register in LVT_REGISTERS:
            apic.lvt[register] |= lvt.MASKED
    return None


def _write_esr(apic: LocalApic, value: int) -> Written:
    """What was noticed since the last write becomes what software reads ("Error Handling")."""
    apic.esr = apic.esr_pending
    apic.esr_pending = 0
    return None


def _write_icr_low(apic: LocalApic, value: int) -> Written:
    if apic.mode is _X2APIC:
        apic.icr = value & ~DELIVERY_STATUS
        return apic.send(decode_icr(value, x2apic=True))
    apic.icr = apic.icr & ~0xFFFF_FFFF | value & _ICR_LOW_WRITABLE
    return apic.send(decode_icr(apic.icr))


def _write_icr_high(apic: LocalApic, value: int) -> Written:
    apic.icr = apic.icr & 0xFFFF_FFFF | (value & _ICR_HIGH_WRITABLE) << 32
    return None


def _write_self_ipi(apic: LocalApic, value: int) -> Written:
    """Leaves ICR as it is ("SELF IPI Register")."""
    return apic.send(Icr(value & 0xFF, DeliveryMode.FIXED, shorthand=IcrShorthand.SELF))


def _lvt_writer(register: Register) -> Callable[[LocalApic, int], Written]:
    writable = _LVT_WRITABLE[register]

    def write(apic: LocalApic, value: int) -> Written:
        entry = apic.lvt[register] & ~writable | value & writable
        apic.lvt[register] = entry if apic.software_enabled else entry | lvt.MASKED
        if register is Register.LVT_TIMER:
            apic.timer.write_mode(lvt.timer_mode(entry))
        return None

    return write


def _write_initial_count(apic: LocalApic, value: int) -> Written:
    apic.timer.write_initial_count(value & 0xFFFF_FFFF, apic.clock.now)
    return None


def _write_divide(apic: LocalApic, value: int) -> Written:
    apic.timer.write_divide_configuration(value & _DIVIDE_WRITABLE, apic.clock.now)
    return None


_WRITERS: dict[int, Callable[[LocalApic, int], Written]] = {
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
_XAPIC_WRITERS = {offset: writer for offset, writer in _WRITERS.items() if REGISTERS[offset].xapic.writable}
