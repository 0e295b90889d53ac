"""What CPUID says of the local APIC (SDM vol. 2, "CPUID—CPU Identification"); every other bit is 0."""

from typing import NamedTuple

from app.hw.apic_base import ApicMode
from app.hw.local_apic import LocalApic

_X2APIC = 1 << 21
_TSC_DEADLINE = 1 << 24
_APIC = 1 << 9


class CpuidResult(NamedTuple):
    """The four registers after CPUID."""

    eax: int = 0
    ebx: int = 0
    ecx: int = 0
    edx: int = 0


def cpuid(apic: LocalApic, leaf: int) -> CpuidResult:
    """Leaf 1: EBX 31:24 the initial APIC ID, ECX 21 x2APIC, ECX 24 TSC-deadline, EDX 9 the APIC, if it is enabled.
    Leaf 0xB: EDX the 32-bit x2APIC ID. All zeros for other leaves."""
    if leaf == 0x1:
        return CpuidResult(
            ebx=(apic.initial_id & 0xFF) << 24,
            ecx=(_X2APIC if apic.profile.x2apic else 0) | (_TSC_DEADLINE if apic.profile.tsc_deadline else 0),
            edx=0 if apic.mode is ApicMode.DISABLED else _APIC,
        )
    if leaf == 0xB and apic.profile.x2apic:
        return CpuidResult(edx=apic.initial_id)
    return CpuidResult()
