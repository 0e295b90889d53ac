"""RDMSR, WRMSR and CR8, as far as interrupts go: each access answers, or raises #GP and changes nothing.

Source: SDM vol. 3, "x2APIC Register Address Space", "Local APIC Status and Location", "TSC-Deadline Mode", "Interrupt
Priorities in Control Register CR8".
"""

from app.hw.apic_base import ApicMode, read_apic_base, write_apic_base
from app.hw.events import Fault, Ignored, MsrFaulted, Reason, WriteIgnored
from app.hw.local_apic import LocalApic
from app.hw.messages import BusMessage
from app.hw.register_access import read_register, write_register
from app.x86.model_specific_registers import X2APIC_MSRS, Msr, x2apic_offset

_CR8_MASK = 0xF


def read_msr(apic: LocalApic, msr: int) -> int | Fault:
    """RDMSR of *msr*. A Fault for #GP."""
    match msr:
        case Msr.IA32_APIC_BASE:
            return read_apic_base(apic)
        case Msr.IA32_TSC_DEADLINE if apic.profile.tsc_deadline:
            return apic.timer.tsc_deadline
        case _ if msr not in X2APIC_MSRS:
            return _fault(apic, msr, Fault.NOT_A_REGISTER)
        case _ if apic.mode is not ApicMode.X2APIC:
            return _fault(apic, msr, Fault.WRONG_MODE)
        case _:
            return read_register(apic, x2apic_offset(msr))


def write_msr(apic: LocalApic, msr: int, value: int) -> BusMessage | Fault | Ignored | None:
    """WRMSR of the 64-bit *value*. Returns the message that it sends, a Fault for #GP, or why it did nothing."""
    match msr:
        case Msr.IA32_APIC_BASE:
            return _write_apic_base(apic, value)
        case Msr.IA32_TSC_DEADLINE if apic.profile.tsc_deadline:
            if not apic.timer.write_tsc_deadline(value):
                return _ignored(apic, msr, Reason.TIMER_HAS_NO_DEADLINE)
            apic.changes.timers.add(apic.cpu)
            return None
        case _ if msr not in X2APIC_MSRS:
            return _fault(apic, msr, Fault.NOT_A_REGISTER)
        case _ if apic.mode is not ApicMode.X2APIC:
            return _fault(apic, msr, Fault.WRONG_MODE)
        case _:
            return write_register(apic, x2apic_offset(msr), value)


def _write_apic_base(apic: LocalApic, value: int) -> Fault | Ignored | None:
    before = read_apic_base(apic)
    fault = write_apic_base(apic, value)
    if fault is not None:
        return _fault(apic, Msr.IA32_APIC_BASE, fault)
    if value != before == read_apic_base(apic):  # it was the bit of the bootstrap processor
        return _ignored(apic, Msr.IA32_APIC_BASE, Reason.NOT_WRITABLE)
    return None


def read_cr8(apic: LocalApic) -> int:
    """TPR bits 7:4, whatever the APIC's mode."""
    return apic.tpr >> 4


def write_cr8(apic: LocalApic, value: int) -> Fault | None:
    """Sets TPR bits 7:4 and clears 3:0; bits 63:4 raise #GP. Works while the APIC is disabled, too."""
    if value & ~_CR8_MASK:
        return _fault(apic, None, Fault.RESERVED_BITS)
    apic.tpr = value << 4
    return None


def _fault(apic: LocalApic, msr: int | None, fault: Fault) -> Fault:
    apic.record(MsrFaulted(apic.cpu, msr, fault))
    return fault


def _ignored(apic: LocalApic, msr: int, reason: Reason) -> Ignored:
    apic.record(WriteIgnored(apic.cpu, None, msr, reason))
    return Ignored(reason)
