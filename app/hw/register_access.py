"""What software sees of a local APIC: reads and writes, by xAPIC offset.

In x2APIC mode the caller turns MSR numbers into offsets (see ``msr_access``) and passes ICR as one 64-bit value.
Source: SDM vol. 3, "The Local APIC Block Diagram", "Register Access Through MSRs" and the sections of each register.
"""

from app.hw.apic_base import ApicMode
from app.hw.events import Fault, Ignored, Reason, RegisterFaulted
from app.hw.local_apic import LocalApic
from app.hw.profile import X2ApicEoi
from app.hw.register_reads import READERS_OF_MODE
from app.hw.register_writes import WRITERS, XAPIC_WRITERS, Writer, Written, ignore
from app.x86.error_status import ESR_ILLEGAL_REGISTER_ADDRESS
from app.x86.icr import DELIVERY_STATUS, X2APIC_ICR
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Access, Register

# Python 3.11 takes its time to find a member of an enum.
_X2APIC, _DISABLED = ApicMode.X2APIC, ApicMode.DISABLED
_ALL_ONES = 0xFFFF_FFFF

#: Registers whose writes are not about what they hold afterwards.
_DO_SOMETHING = frozenset({Register.EOI, Register.ESR, Register.ICR_LOW, Register.SELF_IPI})
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
    """Writes *value* at *offset*. Returns the message that the write sends, a Fault where x2APIC mode raises #GP, or
    why it did nothing."""
    if apic.mode is _X2APIC:
        fault = _x2apic_write_fault(apic, offset, value)
        if fault is not None:
            return _fault(apic, offset, fault)
        return _write(apic, offset, value, WRITERS[offset])
    if apic.mode is _DISABLED:
        apic.notice_absence(offset)
        return Ignored(Fault.NOT_DECODED)
    writer = XAPIC_WRITERS.get(offset)
    if writer is not None and exists(apic, offset):
        return _write(apic, offset, value, writer)
    if _access(apic, offset) is Access.NONE:
        return _not_a_register(apic, offset) or Ignored(Fault.NOT_A_REGISTER)
    return _fault(apic, offset, Fault.READ_ONLY) or Ignored(Fault.READ_ONLY)


def _write(apic: LocalApic, offset: int, value: int, writer: Writer) -> Written:
    """Writes a register, and says so when it is as before although *value* is not what it holds."""
    if offset in _DO_SOMETHING:
        return writer(apic, value)
    read = READERS_OF_MODE[apic.mode][offset]
    before = read(apic)
    written = writer(apic, value)
    after = read(apic)
    if written is not None or after != before or not _unheeded(offset, value, after):
        return written
    kept = offset in LVT_REGISTERS and not apic.svr & SVR_ENABLE and value & ~after == 0
    return ignore(apic, offset, Reason.KEPT_MASKED if kept else Reason.NOT_WRITABLE)


def _unheeded(offset: int, value: int, holds: int) -> bool:
    """Whether *value* sets a bit that the register does not hold, or clears one that it does and that can be written at
    times."""
    return bool(value & ~holds or holds & ~value & REGISTERS[offset].layout.writable_mask)


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
