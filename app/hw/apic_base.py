"""IA32_APIC_BASE and the modes that it selects (SDM vol. 3, "Local APIC Status and Location", "x2APIC States").

From one mode to another only the transitions of ``_LEGAL`` exist; everything else is #GP.
"""

from enum import Enum
from typing import TYPE_CHECKING

from app.hw.events import Fault
from app.x86.model_specific_registers import (
    APIC_BASE,
    APIC_ENABLE,
    BOOTSTRAP_PROCESSOR,
    X2APIC_ENABLE,
)

if TYPE_CHECKING:
    from app.hw.local_apic import LocalApic


class ApicMode(Enum):
    """What IA32_APIC_BASE selects."""

    DISABLED = "disabled"
    XAPIC = "xapic"
    X2APIC = "x2apic"


_BITS_OF_MODE = {
    ApicMode.DISABLED: 0,
    ApicMode.XAPIC: APIC_ENABLE,
    ApicMode.X2APIC: APIC_ENABLE | X2APIC_ENABLE,
}
_MODE_OF_BITS = {bits: mode for mode, bits in _BITS_OF_MODE.items()}
_LEGAL = frozenset(
    {
        (ApicMode.DISABLED, ApicMode.XAPIC),
        (ApicMode.XAPIC, ApicMode.DISABLED),
        (ApicMode.XAPIC, ApicMode.X2APIC),
        (ApicMode.X2APIC, ApicMode.DISABLED),
    }
)
_BASE = APIC_BASE.field("base").mask


def read_apic_base(apic: "LocalApic") -> int:
    """The MSR as RDMSR gives it: mode, page address, and bit 8 on the bootstrap processor."""
    return apic.base | _BITS_OF_MODE[apic.mode] | (BOOTSTRAP_PROCESSOR if apic.bootstrap else 0)


def write_apic_base(apic: "LocalApic", value: int) -> Fault | None:
    """WRMSR: moves the page and changes the mode. A Fault, and no change, where the CPU raises #GP."""
    if value & ~APIC_BASE.defined_mask:
        return Fault.RESERVED_BITS
    mode = _MODE_OF_BITS.get(value & (APIC_ENABLE | X2APIC_ENABLE))
    if mode is None or (mode is ApicMode.X2APIC and not apic.profile.x2apic):
        return Fault.INVALID_MODE
    if mode is not apic.mode and (apic.mode, mode) not in _LEGAL:
        return Fault.ILLEGAL_TRANSITION
    if apic.base != value & _BASE:
        apic.base = value & _BASE
        apic.absence_noticed = False
    if mode is not apic.mode:
        apic.enter_mode(mode)
    return None
