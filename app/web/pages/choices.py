"""What the forms offer to choose from: guest functions, vectors, registers, local sources."""

from collections.abc import Mapping

from app.commands.guest import form_fields
from app.commands.lines import LOCAL_SOURCES
from app.guest.apic_ops import Generation
from app.guest.functions import KernelFunction
from app.hw.profile import Profile
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr
from app.x86.register_map import REGISTERS as REGISTER_MAP
from app.x86.registers import LVT_REGISTERS, Register

#: What `fire_local_source` can fire.
_SOURCE_WORDS = {
    Register.LVT_THERMAL: "thermal sensor",
    Register.LVT_PERFORMANCE: "performance",
    Register.LVT_CMCI: "machine check",
}


def writable_registers(profile: Profile) -> list[str]:
    """Registers that software can write on a machine of *profile*, by the manual's names."""
    absent = {*LVT_REGISTERS} - {*profile.lvt_registers}
    return [
        definition.register.name
        for definition in REGISTER_MAP.values()
        if definition.register not in absent
        and (definition.xapic.writable or (profile.x2apic and definition.x2apic.writable))
    ]


def known_msrs() -> list[tuple[str, str]]:
    """(number, name) of the MSRs that belong to interrupts and are not the x2APIC's own."""
    return [(f"{msr:#x}", msr.name) for msr in Msr]


def local_sources(profile: Profile) -> list[tuple[str, str]]:
    """(name, words) of the sources that a CPU of *profile* has."""
    return [
        (name, _SOURCE_WORDS[register]) for name, register in LOCAL_SOURCES.items() if register in profile.lvt_registers
    ]


def vectors_of(names: Mapping[int, str]) -> list[tuple[str, str]]:
    """(vector, name) of the vectors that a kernel has *names* for, the highest first."""
    return [(f"0x{vector:02x}", name) for vector, name in sorted(names.items(), reverse=True)]


def vector_of(name: str, names: Mapping[int, str]) -> str:
    """The vector that a kernel calls *name*; where nobody knows the kernel, one that is legal."""
    return next((vector for vector, known in vectors_of(names) if known == name), "0xfc")


def functions_of(kernel: Generation) -> list[tuple[str, str, str, str]]:
    """(function, the vector by which it interrupts, what it is for, the form's fields that it takes) of what a form
    offers of *kernel*."""
    return [
        (row.function.name, _interrupts_by(row), row.function.sentence, " ".join(form_fields(row.function.form)))
        for row in kernel.functions.values()
        if row.function.form is not None
    ]


def _interrupts_by(row: KernelFunction) -> str:
    match row.interrupts_by:
        case None:
            return "vector"
        case DeliveryMode() as mode:
            return mode.name
        case vector:
            return f"0x{vector:02x}"
