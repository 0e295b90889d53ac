"""What would become of an APIC if SVR or IA32_APIC_BASE were written: it goes off, or on, or into another mode. Nothing
changes."""

from app.backends.backend import Backend
from app.engine.waits import reads_the_page, where_the_page_went
from app.hw.cpu import Cpu
from app.hw.event import Fault
from app.hw.local_apic import LocalApic
from app.hw.local_apic_registers import mode_written, svr_written, write_fault
from app.x86.lvt import MASKED
from app.x86.model_specific_registers import APIC_BASE, ApicMode, Msr
from app.x86.registers import SVR_ENABLE, SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.words import VectorNames, vector_words

_NO_APIC = "This guest has no APIC: what comes for it becomes a port, whatever this register holds."
#: Of more vectors than these that are lost, their number is said.
_MOST_NAMED = 4
_MASKED_STILL = "LVT entries that are masked stay so until they are written."
_SIGNALS = "NMI, SMI, INIT and start-up IPIs"


def svr_sentences(cpu: Cpu, value: int) -> list[str]:
    """What *value* in SVR would come to, but for what is requested there."""
    apic = cpu.apic
    if cpu.event_channels is not None:
        return [_NO_APIC]
    fault = write_fault(apic, Register.SVR, value)
    if fault is not None:
        return [_not_written(fault, raises=apic.x2apic)]
    after = svr_written(apic, value)
    changed = after ^ apic.svr
    if not changed:
        return [f"SVR of CPU {cpu.number} stays {after:#x}."]
    said = _software_switched(cpu, enabled=bool(after & SVR_ENABLE)) if changed & SVR_ENABLE else []
    if changed & SVR_SUPPRESS_EOI_BROADCAST:
        said.append(f"Its EOIs will {'not ' if after & SVR_SUPPRESS_EOI_BROADCAST else ''}be broadcast.")
    if changed & 0xFF:
        said.append(f"The spurious vector will be {after & 0xFF:#04x}.")
    return said or [f"SVR will be {after:#x}: the APIC is on or off as before."]


def _software_switched(cpu: Cpu, *, enabled: bool) -> list[str]:
    apic = cpu.apic
    if enabled:
        return [
            f"The APIC of CPU {cpu.number} will be software-enabled: it accepts what comes.",
            *([_MASKED_STILL] if any(entry & MASKED for entry in apic.lvt.values()) else []),
        ]
    if apic.refuses_while_disabled:
        comes = f"it refuses the vectors that come, and takes {_SIGNALS} only"
    else:
        comes = "it goes on accepting what comes, but nothing of its own LVT"
    masks = [register.name.replace("_", " ") for register, entry in apic.lvt.items() if not entry & MASKED]
    return [
        f"The APIC of CPU {cpu.number} will be software-disabled: {comes}.",
        f"Will be masked: {', '.join(masks)}." if masks else "Its LVT entries are masked already.",
    ]


def base_sentences(cpu: Cpu, value: int, names: VectorNames, backend: Backend | None) -> list[str]:
    """What *value* in IA32_APIC_BASE would come to, for a guest that reaches its APIC through *backend*."""
    apic = cpu.apic
    mode = mode_written(apic, value)
    if isinstance(mode, Fault):
        return [_not_written(mode, raises=True)]
    page = value & APIC_BASE.field("base").mask
    if (mode, page) == (apic.mode, apic.base):
        return [f"{Msr.IA32_APIC_BASE.name} of CPU {cpu.number} has this mode and this page already."]
    said = [] if mode is apic.mode else _into_mode(cpu, mode, names)
    if page != apic.base:
        said.append(f"The page of CPU {cpu.number} will lie at {page:#x}.")
    return [*said, *_guest_without(cpu, mode, page, backend)]


def _into_mode(cpu: Cpu, mode: ApicMode, names: VectorNames) -> list[str]:
    apic, whose = cpu.apic, f"The APIC of CPU {cpu.number}"
    match mode:
        case ApicMode.DISABLED:
            return [
                f"{whose} goes off: no message reaches it, and its registers are reset but for TPR.",
                *_lost(apic, names),
                "LINT0 is INTR then, and LINT1 is NMI.",
            ]
        case ApicMode.XAPIC:
            off = "" if apic.software_enabled else ", software-disabled until SVR bit 8 is set"
            return [f"{whose} goes on in xAPIC mode{off}."]
        case ApicMode.X2APIC:
            return [f"{whose} goes into x2APIC mode: its registers are MSRs, and LDR is made from its ID."]


def _lost(apic: LocalApic, names: VectorNames) -> list[str]:
    """What is requested or in service there, and is forgotten."""
    gone = [vector_words(vector, names) for vector in dict.fromkeys([*apic.irr, *apic.isr])]
    if len(gone) > _MOST_NAMED:
        return [f"{len(gone)} vectors that are requested or in service there are lost."]
    return [f"Lost with it: {', '.join(gone)}."] if gone else []


def _guest_without(cpu: Cpu, mode: ApicMode, page: int, backend: Backend | None) -> list[str]:
    """Whether the guest no longer gets at its APIC."""
    if cpu.event_channels is not None:
        return []
    if backend is not None and backend.apic_mode is ApicMode.X2APIC:
        return (
            [] if mode is ApicMode.X2APIC else [f"The guest on CPU {cpu.number} uses its MSRs, which raise #GP then."]
        )
    gone = where_the_page_went(mode, page) if backend is None or reads_the_page(backend) else ""
    return [f"The guest on CPU {cpu.number} loses it: {gone}."] if gone and mode is not ApicMode.DISABLED else []


def _not_written(fault: Fault, *, raises: bool) -> str:
    return f"Nothing would be written{' (#GP)' if raises else ''}: {fault.value}."
