"""What CPUID says of a local APIC (SDM vol. 2, "CPUID—CPU Identification")."""

from typing import NamedTuple

from app.hw.local_apic import LocalApic
from app.x86.model_specific_registers import ApicMode

_CPUID_X2APIC = 1 << 21
_CPUID_TSC_DEADLINE = 1 << 24
_CPUID_APIC = 1 << 9


class CpuidResult(NamedTuple):
    """The four registers after CPUID, of which the bits about the local APIC are given and every other is 0."""

    eax: int = 0
    ebx: int = 0
    ecx: int = 0
    edx: int = 0


def cpuid(apic: LocalApic, leaf: int) -> CpuidResult:
    """Leaf 1: EBX 31:24 the initial APIC ID, ECX 21 x2APIC, ECX 24 TSC-deadline, EDX 9 the APIC, if it is enabled.
    Leaf 0xB: EDX the 32-bit x2APIC ID. All zeros for other leaves."""
    profile = apic.profile
    if leaf == 0x1:
        return CpuidResult(
            ebx=(apic.initial_id & 0xFF) << 24,
            ecx=(_CPUID_X2APIC if profile.x2apic else 0) | (_CPUID_TSC_DEADLINE if profile.tsc_deadline else 0),
            edx=0 if apic.mode is ApicMode.DISABLED else _CPUID_APIC,
        )
    if leaf == 0xB and profile.x2apic:
        return CpuidResult(edx=apic.initial_id)
    return CpuidResult()
