"""Why a requested vector has not been taken yet, in words: the first condition that is not met."""

from app.hw.cpu import Arrival, Cpu, RunState
from app.hw.event_channels import EventChannels
from app.hw.events import Reason
from app.hw.local_apic import LocalApic
from app.x86.model_specific_registers import ApicMode
from app.x86.vectors import priority_class


def why_waiting(cpu: Cpu, vector: int) -> str:
    """What keeps *vector*, which is requested on *cpu*, from being taken: an APIC's vector, or a port by its number."""
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        return "the CPU waits for a start-up IPI"
    channels = cpu.event_channels
    reason = _apic_reason(cpu.apic, vector) if channels is None else _port_reason(channels, vector)
    if reason is not None:
        return reason
    if cpu.held_off:
        return "interrupts are off (held off by hand)"
    if not cpu.interrupt_flag:
        off = "IF = 0" if channels is None else "evtchn_upcall_mask = 1"
        return f"interrupts are off ({off})" + (" in system-management mode" if cpu.in_smm else "")
    if cpu.interrupt_shadow:
        return "STI lets interrupts in after the next instruction"
    arrival = cpu.next_arrival()
    if arrival not in (None, Arrival.INTERRUPT):
        return f"{arrival.value} goes first"
    if cpu.external_requested():
        return "an ExtINT of the 8259 goes first"
    return f"{'it is taken' if channels is None else 'the upcall comes'} at the next instruction boundary"


def _port_reason(channels: EventChannels, port: int) -> str | None:
    """What keeps *port* from being the next that an upcall handles; None when nothing in the shared words does."""
    if port in channels.masked:
        return "its mask bit is set"
    first = channels.deliverable()
    return None if first == port else f"port {first:#04x} goes first"


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
