"""What firmware tells every kernel of a PC's wiring: which pin of the I/O APIC is whose, and how it signals."""

from app.x86.redirection import LEVEL, PIN_COUNT

#: IRQ 0, the timer, comes in at pin 2; the ISA interrupts at the pin of their number; PCI's from pin 16 on.
TIMER_PIN = 2
ISA_PINS = (1, *range(3, 16))
PCI_PINS = tuple(range(16, PIN_COUNT))
_ACTIVE_LOW = 1 << 13
#: From one device's vector to the next, so that they spread over the priority classes (``assign_irq_vector``).
VECTOR_STEP = 8


def signalling(pin: int) -> int:
    """Trigger mode and polarity of *pin* in its redirection entry: ISA is edge, PCI is level and active low."""
    return LEVEL | _ACTIVE_LOW if pin in PCI_PINS else 0
