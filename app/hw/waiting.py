"""Why a requested vector has not been taken yet, in words: the first condition that is not met."""

from app.hw.apic_base import ApicMode
from app.hw.cpu import Cpu
from app.hw.events import Reason
from app.hw.local_apic import LocalApic
from app.hw.run_state import Arrival, RunState
from app.x86.vectors import priority_class


def why_waiting(cpu: Cpu, vector: int) -> str:
    """What keeps *vector*, which is requested on *cpu*, from being taken."""
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        return "the CPU waits for a start-up IPI"
    reason = _apic_reason(cpu.apic, vector)
    if reason is not None:
        return reason
    if not cpu.interrupt_flag:
        return "interrupts are off (IF = 0)" + (" in system-management mode" if cpu.in_smm else "")
    if cpu.interrupt_shadow:
        return "STI lets interrupts in after the next instruction"
    arrival = cpu.next_arrival()
    if arrival not in (None, Arrival.INTERRUPT):
        return f"{arrival.value} goes first"
    if cpu.external_requested():
        return "an ExtINT of the 8259 goes first"
    return "it is taken at the next instruction boundary"


def _apic_reason(apic: LocalApic, vector: int) -> str | None:
    """What keeps *vector* from being deliverable; None when nothing in the APIC does."""
    if apic.mode is ApicMode.DISABLED:
        return Reason.APIC_DISABLED.value
    if apic.blocked_while_disabled and not apic.software_enabled:
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
