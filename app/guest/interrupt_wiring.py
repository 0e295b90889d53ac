"""What firmware tells every kernel of a PC's wiring: which pin of the I/O APIC is whose, and how it signals."""

from app.x86.redirection import LEVEL, PIN_COUNT

#: IRQ 0, the timer, comes in at pin 2; the ISA interrupts at the pin of their number; PCI's from pin 16 on.
TIMER_PIN = 2
ISA_PINS = (1, *range(3, 16))
PCI_PINS = tuple(range(16, PIN_COUNT))
#: What hangs at a pin of every PC: ISA's by custom, PCI's lines in the order in which the chipset leads them there.
PIN_NAMES = {
    **{1: "i8042", 2: "timer", 3: "COM2", 4: "COM1", 5: "LPT2", 6: "floppy", 7: "LPT1", 8: "RTC", 9: "ACPI"},
    **{12: "mouse", 13: "FPU", 14: "IDE 0", 15: "IDE 1"},
    **{pin: f"PIRQ{'ABCDEFGH'[place]}" for place, pin in enumerate(PCI_PINS)},
}
_ACTIVE_LOW = 1 << 13
#: From one device's vector to the next, so that they spread over the priority classes (``assign_irq_vector``).
VECTOR_STEP = 8


def signalling(pin: int) -> int:
    """Trigger mode and polarity of *pin* in its redirection entry: ISA is edge, PCI is level and active low."""
    return LEVEL | _ACTIVE_LOW if pin in PCI_PINS else 0
