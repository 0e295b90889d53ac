"""The model-specific registers that belong to interrupts, other than the x2APIC's own.

Source: SDM vol. 3, "Local APIC Status and Location", "x2APIC States", "TSC-Deadline Mode", "x2APIC Register Address
Space".
"""

from enum import Enum, IntEnum

from app.x86.bitfields import Field, Layout
from app.x86.definitions import OtherRegister
from app.x86.registers import Access


class Msr(IntEnum):
    """MSR numbers, by the manual's names."""

    IA32_APIC_BASE = 0x1B
    IA32_TSC_DEADLINE = 0x6E0


class ApicMode(Enum):
    """What EN and EXTD of IA32_APIC_BASE select."""

    DISABLED = "disabled"
    XAPIC = "xapic"
    X2APIC = "x2apic"


#: RDMSR and WRMSR in this range reach the local APIC in x2APIC mode and raise #GP in every other.
X2APIC_MSRS = range(0x800, 0x900)


def x2apic_offset(msr: int) -> int:
    """The xAPIC offset of the register that x2APIC MSR number *msr* is."""
    return (msr - X2APIC_MSRS.start) << 4


def x2apic_msr(offset: int) -> int:
    """The x2APIC MSR of the register at xAPIC *offset*."""
    return X2APIC_MSRS.start + (offset >> 4)


#: Widest physical address (MAXPHYADDR, CPUID leaf 0x80000008). Address bits from here on are reserved.
PHYSICAL_ADDRESS_BITS = 40

BOOTSTRAP_PROCESSOR = 1 << 8
X2APIC_ENABLE = 1 << 10
APIC_ENABLE = 1 << 11
PAGE_SIZE = 0x1000
RESET_BASE = 0xFEE0_0000
#: The bits of IA32_APIC_BASE that select a mode.
MODE_BITS = APIC_ENABLE | X2APIC_ENABLE
BITS_OF_MODE = {
    ApicMode.DISABLED: 0,
    ApicMode.XAPIC: APIC_ENABLE,
    ApicMode.X2APIC: APIC_ENABLE | X2APIC_ENABLE,
}

APIC_BASE = Layout(
    (
        Field(
            "bootstrap_processor",
            8,
            8,
            "1 on the bootstrap processor, 0 on the others; a write does not change it.",
            writable=False,
        ),
        Field(
            "x2apic_enable",
            10,
            10,
            "EXTD. 0: registers are in the page (xAPIC mode). 1, with EN also 1: they are MSRs and the page is dead.",
        ),
        Field("apic_enable", 11, 11, "EN: 0 switches the local APIC off, as if the CPU had none. 1: it is on."),
        Field("base", PHYSICAL_ADDRESS_BITS - 1, 12, "Bits of the physical address at which the xAPIC page lies."),
    )
)

TSC_DEADLINE = Layout(
    (
        Field(
            "deadline", 63, 0, "The TSC value at which the timer fires; 0 while it is not armed. Writing 0 disarms it."
        ),
    )
)

IA32_APIC_BASE = OtherRegister(
    Msr.IA32_APIC_BASE.name,
    "Status and location of the local APIC",
    f"MSR {Msr.IA32_APIC_BASE:#x}",
    Access.READ_WRITE,
    64,
    APIC_BASE,
    RESET_BASE | APIC_ENABLE,
    "Whether the local APIC is off, in xAPIC mode or in x2APIC mode, and where its page lies.",
    (
        "EN 0 and EXTD 0: off. EN 1 and EXTD 0: xAPIC mode. EN 1 and EXTD 1: x2APIC mode. EN 0 and EXTD 1 does not "
        "exist.",
        "A write may go from off to xAPIC mode, from xAPIC mode to x2APIC mode, and from either to off.",
        "A write that would go from off to x2APIC mode, from x2APIC mode to xAPIC mode, or to EN 0 with EXTD 1 raises "
        "#GP.",
        "A write with a reserved bit set raises #GP.",
        "The step to x2APIC mode keeps all registers but LDR, the high half of ICR and the ID.",
        "Switching the APIC off resets its registers, all but TPR, which is CR8; CPUID then shows no APIC, and no "
        "message reaches it.",
        "While it is off or in x2APIC mode the page is dead: reads give ones, writes do nothing.",
        "A write of another base moves the page.",
        "INIT leaves it as it is; reset restores it.",
    ),
    'SDM vol. 3, "Local APIC Status and Location", "x2APIC State Transitions"',
    "Bit 8 is 1 on the bootstrap processor.",
)

IA32_TSC_DEADLINE = OtherRegister(
    Msr.IA32_TSC_DEADLINE.name,
    "TSC value at which the timer fires",
    f"MSR {Msr.IA32_TSC_DEADLINE:#x}",
    Access.READ_WRITE,
    64,
    TSC_DEADLINE,
    0,
    "The alarm clock of TSC-deadline mode.",
    (
        "A write other than 0 arms the timer; it fires as soon as the TSC is at that value or past it.",
        "When it fires, hardware clears this register: one interrupt a write.",
        "A write of 0 disarms it, and so does a change of the timer mode.",
        "In the other timer modes it reads 0 and a write is ignored.",
    ),
    'SDM vol. 3, "TSC-Deadline Mode"',
)
