"""The registers of the local vector table: what the APIC does with the interrupts of its own sources."""

from app.x86 import lvt
from app.x86.bitfields import Layout
from app.x86.definitions import RegisterDefinition
from app.x86.registers import Access, Register

_SOURCE = 'SDM vol. 3, "Local Vector Table"'
_MASKING = "Clearing SVR bit 8 sets the mask; while that bit is 0 a write cannot clear it."
_ILLEGAL_VECTOR = "Fixed delivery of a vector from 0 to 15 raises nothing but ESR bit 6."
_LEVEL = (
    "Fixed and level: it fires while the pin is asserted and remote IRR is 0; acceptance sets remote IRR, and the EOI "
    "of its vector or a write of trigger mode edge clears it."
)


def _entry(
    register: Register, title: str, layout: Layout, meaning: str, *rules: str, source: str = _SOURCE
) -> RegisterDefinition:
    access = Access.READ_WRITE
    return RegisterDefinition(
        register, title, access, access, layout, lvt.RESET, meaning, (*rules, _ILLEGAL_VECTOR, _MASKING), source
    )


LOCAL_TABLE: tuple[RegisterDefinition, ...] = (
    _entry(
        Register.LVT_CMCI,
        "LVT CMCI",
        lvt.SOURCE,
        "Corrected machine-check interrupts; there only where the version's last LVT entry is 6 or more.",
        "Where the version's last LVT entry is 5, its offset and its MSR are no register.",
        source='SDM vol. 3, "Local Vector Table", "CMCI Local APIC Interface"',
    ),
    _entry(
        Register.LVT_TIMER,
        "LVT timer",
        lvt.TIMER,
        "What the timer does when it expires.",
        "It fires, always fixed and edge, when the count reaches 0 or the TSC its deadline.",
        "Masked, the timer counts all the same; what expires meanwhile is lost.",
        "Changing between one-shot and periodic lets the timer count on; changing to or from TSC-deadline disarms it.",
        source='SDM vol. 3, "Local Vector Table", "APIC Timer"',
    ),
    _entry(
        Register.LVT_THERMAL,
        "LVT thermal sensor",
        lvt.SOURCE,
        "Thermal interrupts.",
        "It fires when the thermal sensor asks.",
    ),
    _entry(
        Register.LVT_PERFORMANCE,
        "LVT performance counters",
        lvt.SOURCE,
        "Counter overflow interrupts.",
        "It fires when a performance counter overflows; hardware then sets the mask, and the handler must clear it.",
    ),
    _entry(
        Register.LVT_LINT0,
        "LVT LINT0",
        lvt.LINT,
        "The pin LINT0: usually the 8259 PIC.",
        "ExtINT by-passes IRR and ISR and wants no EOI; one entry in the whole system may use it.",
        _LEVEL,
    ),
    _entry(
        Register.LVT_LINT1,
        "LVT LINT1",
        lvt.LINT,
        "The pin LINT1: usually NMI.",
        "NMI by-passes IRR, ISR and priorities and wants no EOI.",
        "It knows no level: whatever bit 15 says, it fires when the pin is asserted, once.",
    ),
    _entry(
        Register.LVT_ERROR,
        "LVT error",
        lvt.ERROR,
        "What happens when an ESR bit is noticed.",
        "It fires, always fixed and edge, when ESR collects a bit that it did not hold.",
        source='SDM vol. 3, "Local Vector Table", "Error Handling"',
    ),
)
