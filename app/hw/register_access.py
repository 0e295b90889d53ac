"""What software sees of a local APIC: reads and writes, by xAPIC offset.

In x2APIC mode the caller turns MSR numbers into offsets (see ``msr_access``) and passes ICR as one 64-bit value.
Source: SDM vol. 3, "The Local APIC Block Diagram", "Register Access Through MSRs" and the sections of each register.
"""

from app.hw.apic_base import ApicMode
from app.hw.events import Fault, RegisterFaulted
from app.hw.local_apic import LocalApic
from app.hw.profile import X2ApicEoi
from app.hw.register_reads import READERS_OF_MODE
from app.hw.register_writes import WRITERS, XAPIC_WRITERS, Written
from app.x86.error_status import ESR_ILLEGAL_REGISTER_ADDRESS
from app.x86.icr import DELIVERY_STATUS, X2APIC_ICR
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, SVR_SUPPRESS_EOI_BROADCAST, Access, Register

# Python 3.11 takes its time to find a member of an enum.
_X2APIC, _DISABLED = ApicMode.X2APIC, ApicMode.DISABLED
_ALL_ONES = 0xFFFF_FFFF

#: Registers that take no value but 0 in x2APIC mode ("x2APIC Register Address Space").
_ZERO_ONLY = frozenset({Register.EOI, Register.ESR})


def read_register(apic: LocalApic, offset: int) -> int | Fault:
    """What software reads at *offset*. A Fault where x2APIC mode raises #GP.

    xAPIC mode reads 0 where there is no register. A disabled APIC does not answer: all ones, as from an empty bus.
    """
    reader = READERS_OF_MODE[apic.mode].get(offset)
    if reader is not None and exists(apic, offset):
        return reader(apic)
    if apic.mode is _DISABLED:
        apic.notice_absence(offset)
        return _ALL_ONES
    access = _access(apic, offset)
    if access is Access.NONE:
        return _not_a_register(apic, offset) or 0
    return _fault(apic, offset, Fault.WRITE_ONLY) or 0


def write_register(apic: LocalApic, offset: int, value: int) -> Written:
    """Writes *value* at *offset*. Returns the message that the write sends, or a Fault where x2APIC mode raises #GP."""
    if apic.mode is _X2APIC:
        fault = _x2apic_write_fault(apic, offset, value)
        if fault is not None:
            return _fault(apic, offset, fault)
        return WRITERS[offset](apic, value)
    if apic.mode is _DISABLED:
        apic.notice_absence(offset)
        return None
    writer = XAPIC_WRITERS.get(offset)
    if writer is not None and exists(apic, offset):
        return writer(apic, value)
    if _access(apic, offset) is Access.NONE:
        return _not_a_register(apic, offset)
    return _fault(apic, offset, Fault.READ_ONLY)


def exists(apic: LocalApic, offset: int) -> bool:
    """Whether this version of the APIC has the register at *offset*: not every one has all LVT entries."""
    return offset not in LVT_REGISTERS or offset in apic.lvt


def _access(apic: LocalApic, offset: int) -> Access:
    definition = REGISTERS.get(offset)
    if definition is None or not exists(apic, offset):
        return Access.NONE
    return definition.x2apic if apic.mode is _X2APIC else definition.xapic


def _x2apic_write_fault(apic: LocalApic, offset: int, value: int) -> Fault | None:
    access = _access(apic, offset)
    if not access.writable:
        return Fault.READ_ONLY if access.readable else Fault.NOT_A_REGISTER
    if offset in _ZERO_ONLY:
        if offset == Register.EOI and apic.profile.x2apic_eoi is X2ApicEoi.ANYTHING:
            return Fault.RESERVED_BITS if value >> 32 else None
        return Fault.NOT_ZERO if value else None
    if offset == Register.ICR_LOW:
        allowed = X2APIC_ICR.defined_mask | DELIVERY_STATUS  # which is not there, and ignored
    else:
        allowed = REGISTERS[offset].layout.defined_mask
    if offset == Register.SVR and not apic.profile.suppresses_eoi_broadcast:
        allowed &= ~SVR_SUPPRESS_EOI_BROADCAST
    return Fault.RESERVED_BITS if value & ~allowed else None


def _fault(apic: LocalApic, offset: int, fault: Fault) -> Fault | None:
    general_protection = apic.mode is _X2APIC
    apic.record(RegisterFaulted(apic.cpu, offset, fault, general_protection))
    return fault if general_protection else None


def _not_a_register(apic: LocalApic, offset: int) -> Fault | None:
    """ "Error Handling": in xAPIC mode an illegal register address is noticed in ESR."""
    fault = _fault(apic, offset, Fault.NOT_A_REGISTER)
    if fault is None:
        apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)
    return fault
