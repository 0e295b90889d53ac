"""Everything that is defined, by subject: the table of contents of the register reference."""

from typing import NamedTuple

from app.x86.definitions import Definition
from app.x86.identity_registers import IDENTITY
from app.x86.local_table_registers import LOCAL_TABLE
from app.x86.model_specific_registers import IA32_APIC_BASE, IA32_TSC_DEADLINE
from app.x86.msi import MSI
from app.x86.priority_registers import CR8, PRIORITY
from app.x86.redirection import IO_APIC
from app.x86.sending_registers import SENDING
from app.x86.state_registers import STATE
from app.x86.timer_registers import TIMER
from app.x86.vector_registers import EOI, VECTOR_SETS


class Subject(NamedTuple):
    """Definitions that are read together."""

    name: str
    definitions: tuple[Definition, ...]


SUBJECTS = (
    Subject("Mode and place", (IA32_APIC_BASE,)),
    Subject("Identity", IDENTITY),
    Subject("Priority", (*PRIORITY, CR8)),
    Subject("Vectors", (*VECTOR_SETS, EOI)),
    Subject("Enabling and errors", STATE),
    Subject("Interprocessor interrupts", SENDING),
    Subject("Local vector table", LOCAL_TABLE),
    Subject("Timer", (*TIMER, IA32_TSC_DEADLINE)),
    Subject("I/O APIC", IO_APIC),
    Subject("Message-signalled interrupts", MSI),
)

#: What holds for every register of the local APIC.
GENERAL_RULES = (
    "xAPIC mode: a register is 32 bits wide, at its offset in a page of 4 KiB, in which each CPU sees its own APIC.",
    "xAPIC mode: an access to an offset that is no register sets ESR bit 7.",
    "x2APIC mode: a register is the MSR 0x800 + offset / 16; in every other mode these MSRs raise #GP.",
    "x2APIC mode: reading what cannot be read, writing what cannot be written, setting a reserved bit and using an MSR "
    "that is no register raise #GP.",
    "Reset gives every register its reset value. INIT does the same, but keeps the ID, the mode and the place of the "
    "page.",
    "Where families of processors differ, this is what holds since the Pentium 4.",
)
