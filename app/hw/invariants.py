"""What holds in every state of a machine, whatever software, devices and CPUs do."""

from collections.abc import Iterator, Sequence

from app.hw.cpu import Cpu, RunState
from app.hw.io_apic import IoApic
from app.x86 import lvt
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR


def problems(cpus: Sequence[Cpu], io_apic: IoApic) -> Iterator[str]:
    """What is wrong with a machine of these parts, in words."""
    for cpu in cpus:
        yield from (f"CPU {cpu.number}: {problem}" for problem in cpu_problems(cpu))
    yield from io_apic_problems(io_apic)


def cpu_problems(cpu: Cpu) -> Iterator[str]:
    """What is wrong with one CPU, in words."""
    apic = cpu.apic
    for name in ("irr", "isr"):
        if any(vector < FIRST_LEGAL_VECTOR for vector in getattr(apic, name)):
            yield f"{name} holds a vector below 16"
    classes = [vector >> 4 for vector in apic.isr]
    if len(classes) != len(set(classes)):
        yield "two vectors of one class are in service"
    if any(vector not in apic.irr for vector in apic.coalesced):
        yield "a vector merged that is not requested"
    if apic.ppr >> 4 < apic.tpr >> 4:
        yield "PPR is below TPR"
    if not apic.software_enabled and not all(entry & lvt.MASKED for entry in apic.lvt.values()):
        yield "an LVT entry of a software-disabled APIC is not masked"
    lint0 = apic.lvt[Register.LVT_LINT0]
    if lint0 & lvt.REMOTE_IRR and not lint0 & lvt.LEVEL:
        yield "remote IRR of an edge-triggered LINT0 is set"
    if apic.sends_in_flight < 0:
        yield "more messages have arrived than were sent"
    yield from _run_state_problems(cpu)


def _run_state_problems(cpu: Cpu) -> Iterator[str]:
    if cpu.run_state is RunState.WAIT_FOR_SIPI and cpu.interrupt_flag:
        yield "waits for a start-up IPI with interrupts on"
    if cpu.interrupt_shadow and not cpu.interrupt_flag:
        yield "an STI shadow with interrupts off"
    if cpu.nmi_pending > (1 if cpu.nmi_running else 2):
        yield "more NMIs wait than are latched"
    if cpu.sipi_pending is not None and cpu.run_state is not RunState.WAIT_FOR_SIPI and not cpu.init_pending:
        yield "a start-up IPI waits for a CPU that does not wait for it"
    latched = cpu.smi_pending or cpu.init_pending or cpu.nmi_pending or cpu.external_pending
    if (latched or cpu.sipi_pending is not None) and not cpu.signalled:
        yield "a signal is latched that nobody will look for"


def io_apic_problems(io_apic: IoApic) -> Iterator[str]:
    """What is wrong with the I/O APIC, in words."""
    for pin, entry in enumerate(io_apic.entries):
        if entry & REMOTE_IRR and not entry & LEVEL:
            yield f"pin {pin}: remote IRR of an edge pin is set"
