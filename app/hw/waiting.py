"""Why a requested vector has not been taken yet, in words: the first condition that is not met."""

from app.hw.cpu import Cpu, RunState
from app.hw.events import Reason
from app.hw.local_apic import ApicMode, LocalApic
from app.x86.vectors import priority_class


def why_waiting(cpu: Cpu, vector: int) -> str:
    """What keeps *vector*, which is requested on *cpu*, from being taken."""
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        return "the CPU waits for a start-up IPI"
    reason = _apic_reason(cpu.apic, vector)
    if reason is not None:
        return reason
    if not cpu.interrupt_flag:
        return "interrupts are off (IF = 0)"
    return "it is taken at the next instruction boundary"


def _apic_reason(apic: LocalApic, vector: int) -> str | None:
    """What keeps *vector* from being deliverable; None when nothing in the APIC does."""
    if apic.mode is ApicMode.DISABLED:
        return Reason.APIC_DISABLED.value
    if not apic.software_enabled:
        return Reason.SOFTWARE_DISABLED.value
    if priority_class(vector) <= priority_class(apic.ppr):
        in_service = apic.isr.highest()
        if in_service is not None and priority_class(in_service) > priority_class(apic.tpr):
            cause = f"{in_service:#04x} is in service"
        else:
            cause = f"TPR is {apic.tpr:#04x}"
        return f"class {priority_class(vector):x} is not above PPR {apic.ppr:#04x}, because {cause}"
    highest = apic.irr.highest()
    if highest is not None and highest > vector:
        return f"{highest:#04x} goes first"
    return None
