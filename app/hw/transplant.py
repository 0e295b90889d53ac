"""Moves a guest from one kind of interrupt controller to another: local APICs in xAPIC or x2APIC mode, or
event channels. What is pending comes along; nothing may be in service.
"""

from collections.abc import Callable, Sequence

from app.hw.cpu import Cpu
from app.hw.event_channels import EventChannels
from app.x86.model_specific_registers import ApicMode


def transplant(cpus: Sequence[Cpu], mode: ApicMode, make_channels: Callable[[int], EventChannels] | None) -> None:
    """Every APIC goes into *mode* with its registers, and every CPU gets event channels or loses them."""
    for cpu in cpus:
        _into_mode(cpu, mode)
        if make_channels is None:
            _to_local_apic(cpu)
        elif cpu.event_channels is None:
            _to_event_channels(cpu, make_channels(cpu.number))


def _into_mode(cpu: Cpu, mode: ApicMode) -> None:
    """LDR is that of the mode, and ICR keeps its low half."""
    apic = cpu.apic
    if apic.mode is not mode:
        apic.mode = mode
        apic.ldr = 0
        apic.icr &= 0xFFFF_FFFF


def _to_event_channels(cpu: Cpu, channels: EventChannels) -> None:
    apic = cpu.apic
    channels.adopt(apic.irr.bits, apic.irr.bits & apic.tmr.bits)
    channels.coalesced.update(apic.coalesced)
    apic.irr.clear_all()
    apic.coalesced.clear()
    cpu.event_channels = channels


def _to_local_apic(cpu: Cpu) -> None:
    channels, cpu.event_channels = cpu.event_channels, None
    if channels is not None:
        cpu.apic.coalesced.update(channels.coalesced)
        cpu.apic.irr.bits |= channels.pending.bits
        cpu.apic.tmr.bits |= channels.level.bits & channels.pending.bits
