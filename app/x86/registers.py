"""The local APIC's registers: offsets, names, access rights, fields and reset values.

Source: SDM vol. 3, "Local APIC Register Address Map" and "x2APIC Register Address Space".
The x2APIC MSR of a register is ``0x800 + offset / 16``.
"""

from enum import Enum, IntEnum


class Register(IntEnum):
    """Offsets in the xAPIC page, by the manual's short names."""

    ID = 0x020
    VERSION = 0x030
    TPR = 0x080
    APR = 0x090
    PPR = 0x0A0
    EOI = 0x0B0
    RRD = 0x0C0
    LDR = 0x0D0
    DFR = 0x0E0
    SVR = 0x0F0
    ISR0 = 0x100
    ISR1 = 0x110
    ISR2 = 0x120
    ISR3 = 0x130
    ISR4 = 0x140
    ISR5 = 0x150
    ISR6 = 0x160
    ISR7 = 0x170
    TMR0 = 0x180
    TMR1 = 0x190
    TMR2 = 0x1A0
    TMR3 = 0x1B0
    TMR4 = 0x1C0
    TMR5 = 0x1D0
    TMR6 = 0x1E0
    TMR7 = 0x1F0
    IRR0 = 0x200
    IRR1 = 0x210
    IRR2 = 0x220
    IRR3 = 0x230
    IRR4 = 0x240
    IRR5 = 0x250
    IRR6 = 0x260
    IRR7 = 0x270
    ESR = 0x280
    LVT_CMCI = 0x2F0
    ICR_LOW = 0x300
    ICR_HIGH = 0x310
    LVT_TIMER = 0x320
    LVT_THERMAL = 0x330
    LVT_PERFORMANCE = 0x340
    LVT_LINT0 = 0x350
    LVT_LINT1 = 0x360
    LVT_ERROR = 0x370
    TIMER_INITIAL_COUNT = 0x380
    TIMER_CURRENT_COUNT = 0x390
    TIMER_DIVIDE = 0x3E0
    SELF_IPI = 0x3F0


class Access(Enum):
    """What software may do with a register in one of the two modes."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    READ_WRITE = "read/write"

    @property
    def readable(self) -> bool:
        return self in (Access.READ, Access.READ_WRITE)

    @property
    def writable(self) -> bool:
        return self in (Access.WRITE, Access.READ_WRITE)


#: Every entry of the local vector table, in the order of their addresses. Not every version has all of them.
LVT_REGISTERS = (
    Register.LVT_CMCI,
    Register.LVT_TIMER,
    Register.LVT_THERMAL,
    Register.LVT_PERFORMANCE,
    Register.LVT_LINT0,
    Register.LVT_LINT1,
    Register.LVT_ERROR,
)

SVR_ENABLE = 1 << 8
#: Level-triggered vectors send no EOI broadcast; works only where bit 24 of the version register is 1.
SVR_SUPPRESS_EOI_BROADCAST = 1 << 12
