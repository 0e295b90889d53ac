"""All that can be seen of a machine between two operations, in the words of the obvious model's ``state``."""

from collections.abc import Iterator
from typing import Any

from app.hw.cpu import Cpu
from app.hw.local_apic_registers import read_apic_base
from app.hw.machine import Machine
from app.x86.units import Cycles


def visible_state(machine: Machine) -> dict[str, Any]:
    io_apic = machine.io_apic
    now = machine.clock.now
    return {
        "cpus": [_cpu_state(cpu, now) for cpu in machine.cpus],
        "io_apic": {"id": io_apic.identifier, "entries": io_apic.entries, "lines": io_apic.lines},
    }


def _cpu_state(cpu: Cpu, now: int) -> dict[str, Any]:
    apic = cpu.apic
    timer = apic.timer
    arrival = cpu.next_arrival()
    return {
        "mode": apic.mode.value,
        "base": read_apic_base(apic),
        "irr": apic.irr.bits,
        "isr": apic.isr.bits,
        "tmr": apic.tmr.bits,
        "tpr": apic.tpr,
        "ppr": apic.ppr,
        "svr": apic.svr,
        "ldr": apic.logical_id,
        "dfr": apic.dfr,
        "esr": apic.esr,
        "esr_pending": apic.esr_pending,
        "icr": apic.icr,
        "lvt": apic.lvt,
        "initial_count": timer.initial_count,
        "current_count": timer.current_count(Cycles(now)),
        "divide": timer.divide_configuration,
        "tsc_deadline": timer.tsc_deadline,
        "lint": apic.lint_lines,
        "deliverable": apic.deliverable(),
        "external_requested": cpu.external_requested(),
        "arrival": arrival and arrival.value,
        "run_state": cpu.run_state.value,
        "interrupt_flag": cpu.interrupt_flag,
        "shadow": cpu.interrupt_shadow,
        "nmi_pending": cpu.nmi_pending,
        "nmi_running": cpu.nmi_running,
        "nmi_count": cpu.nmi_count,
        "smi_pending": cpu.smi_pending,
        "in_smm": cpu.in_smm,
        "init_pending": cpu.init_pending,
        "sipi_pending": cpu.sipi_pending is not None,
    }


def differences(model: Any, obvious: Any, path: str = "") -> Iterator[str]:
    """Where two states part, and what each says there."""
    if isinstance(model, dict) and isinstance(obvious, dict) and model.keys() == obvious.keys():
        for key in obvious:
            yield from differences(model[key], obvious[key], f"{path}[{key!r}]")
    elif isinstance(model, list) and isinstance(obvious, list) and len(model) == len(obvious):
        for index, (ours, theirs) in enumerate(zip(model, obvious, strict=True)):
            yield from differences(ours, theirs, f"{path}[{index}]")
    elif model != obvious:
        yield f"{path}: app.hw says {_words(model)}, the obvious model {_words(obvious)}"


def _words(value: Any) -> str:
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
