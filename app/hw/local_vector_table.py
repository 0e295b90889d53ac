"""Local sources: what each LVT entry does when its source fires (SDM vol. 3, "Local Vector Table").

Fixed delivery ends in IRR. NMI, SMI, INIT and ExtINT by-pass the APIC's registers: these functions return the mode, and
the CPU latches it. "Pin is 1" means asserted; which voltage that is, polarity says.
"""

from app.hw.events import LintChanged, LocalSourceDropped, Outcome, Reason
from app.hw.local_apic import LocalApic
from app.x86 import lvt
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector

LINT_REGISTERS = (Register.LVT_LINT0, Register.LVT_LINT1)
#: What an entry of the thermal sensor, the performance counters or CMCI may deliver; INIT and ExtINT are for pins.
_SIGNALS = frozenset({DeliveryMode.SMI, DeliveryMode.NMI})
_PIN_SIGNALS = _SIGNALS | {DeliveryMode.INIT}


def delivery_mode(entry: int) -> DeliveryMode:
    """Bits 10:8 of an entry that has them."""
    return DeliveryMode(entry >> 8 & 7)


def expire_timer(apic: LocalApic) -> None:
    """The count has reached 0. The entry has no delivery mode: always fixed and edge."""
    entry = apic.lvt[Register.LVT_TIMER]
    if entry & lvt.MASKED:
        apic.services.record(LocalSourceDropped(apic.cpu, Register.LVT_TIMER, Reason.LVT_MASKED))
    else:
        apic.request_local(Register.LVT_TIMER)


def fire(apic: LocalApic, register: Register) -> DeliveryMode | None:
    """The source of *register* fires once. Returns SMI or NMI for the CPU to latch.

    The performance-counter entry masks itself ("Local Vector Table", mask).
    """
    if apic.mode is ApicMode.DISABLED:
        apic.services.record(LocalSourceDropped(apic.cpu, register, Reason.APIC_DISABLED))
        return None
    entry = apic.lvt[register]
    if entry & lvt.MASKED:
        apic.services.record(LocalSourceDropped(apic.cpu, register, Reason.LVT_MASKED))
        return None
    if register is Register.LVT_PERFORMANCE:
        apic.lvt[register] |= lvt.MASKED
    return _deliver(apic, register, delivery_mode(entry), _SIGNALS)


def delivers(register: Register, mode: DeliveryMode) -> bool:
    """Whether an entry of *register* may have that delivery mode."""
    pin = register in LINT_REGISTERS
    valid = _PIN_SIGNALS | {DeliveryMode.EXTINT} if pin else _SIGNALS
    return mode is DeliveryMode.FIXED or mode in valid


def _deliver(
    apic: LocalApic, register: Register, mode: DeliveryMode, signals: frozenset[DeliveryMode]
) -> DeliveryMode | None:
    if mode is DeliveryMode.FIXED:
        apic.request_local(register)
    elif mode in signals:
        return mode
    else:
        apic.services.record(LocalSourceDropped(apic.cpu, register, Reason.RESERVED_DELIVERY_MODE))
    return None


# LINT0 and LINT1


def drive_lint(apic: LocalApic, pin: int, level: int) -> DeliveryMode | None:
    """Something sets LINT0 or LINT1. Returns what the CPU is to latch: NMI, SMI or INIT on a rising edge."""
    if level == apic.lint_lines[pin]:
        return None
    apic.lint_lines[pin] = level
    apic.services.record(LintChanged(apic.cpu, pin, level))
    if apic.mode is ApicMode.DISABLED:
        # The CPU behaves as if it had no APIC: LINT0 is INTR, LINT1 is NMI ("Local APIC Status and Location").
        return DeliveryMode.NMI if pin and level else None
    register = LINT_REGISTERS[pin]
    entry = apic.lvt[register]
    if is_level(register, entry):
        service_level(apic)
    elif level and entry & lvt.MASKED:
        apic.services.record(LocalSourceDropped(apic.cpu, register, Reason.LVT_MASKED))
    elif level and delivery_mode(entry) is not DeliveryMode.EXTINT:
        return _deliver(apic, register, delivery_mode(entry), _PIN_SIGNALS)
    return None


def is_level(register: Register, entry: int) -> bool:
    """Trigger mode counts for fixed delivery alone, and LINT1 has only edges ("Local Vector Table", trigger mode)."""
    return register is Register.LVT_LINT0 and bool(entry & lvt.LEVEL) and delivery_mode(entry) is DeliveryMode.FIXED


def service_level(apic: LocalApic) -> None:
    """A level-triggered LINT0 that is asserted, unmasked and not yet accepted requests its vector: remote IRR."""
    entry = apic.lvt[Register.LVT_LINT0]
    if not apic.lint_lines[0] or entry & (lvt.MASKED | lvt.REMOTE_IRR) or not is_level(Register.LVT_LINT0, entry):
        return
    outcome = apic.request_local(Register.LVT_LINT0, TriggerMode.LEVEL)
    if outcome in (Outcome.ACCEPTED, Outcome.MERGED):
        apic.lvt[Register.LVT_LINT0] |= lvt.REMOTE_IRR


def entry_written(apic: LocalApic, register: Register) -> None:
    """The entry has a new value. Edge has no remote IRR; unmasked, an asserted level pin requests at once, and a source
    that waited for room with its old vector does so with the new one."""
    waited = register in apic.retried_sources
    apic.retried_sources.discard(register)
    if register is Register.LVT_LINT0:
        if not apic.lvt[register] & lvt.LEVEL:
            apic.lvt[register] &= ~lvt.REMOTE_IRR
        service_level(apic)
    if waited and not apic.lvt[register] & lvt.MASKED and not is_level(register, apic.lvt[register]):
        apic.request_local(register)


def end_of_interrupt(apic: LocalApic, vector: Vector) -> None:
    """EOI of level-triggered *vector* clears remote IRR of LINT0; a pin that is still asserted requests again."""
    entry = apic.lvt[Register.LVT_LINT0]
    if entry & lvt.REMOTE_IRR and entry & 0xFF == vector:
        apic.lvt[Register.LVT_LINT0] = entry & ~lvt.REMOTE_IRR
        service_level(apic)


def external_requested(apic: LocalApic) -> bool:
    """Whether LINT0 or LINT1 brings an ExtINT: a level, straight from the 8259 to the CPU."""
    if apic.mode is ApicMode.DISABLED:
        return bool(apic.lint_lines[0])
    return any(
        line and not apic.lvt[register] & lvt.MASKED and delivery_mode(apic.lvt[register]) is DeliveryMode.EXTINT
        for register, line in zip(LINT_REGISTERS, apic.lint_lines, strict=True)
    )


def request_again(apic: LocalApic, vector: Vector) -> None:
    """IRR has room again for *vector* of local sources that were refused ("Local Interrupt Acceptance")."""
    for register in sorted(apic.retried_sources):
        entry = apic.lvt[register]
        if entry & 0xFF != vector:
            continue
        apic.retried_sources.discard(register)
        if is_level(register, entry):
            service_level(apic)
        else:
            apic.request_local(register)


def delivery_status(apic: LocalApic, register: int) -> int:
    """Bit 12 of an entry: 1 while its interrupt has not been accepted ("Local Interrupt Acceptance")."""
    return lvt.DELIVERY_STATUS if register in apic.retried_sources else 0
