"""The 8259 behind LINT0 or an ExtINT: what a CPU asks for a vector when the APIC only tells it that there is one.

Source: Intel 8259A data sheet, "Interrupt Sequence", "Automatic End of Interrupt (AEOI) Mode". Simplified: a pair of
8259s seen as one, edge-triggered, nothing masked, in automatic EOI mode.
"""

#: Where Linux puts the sixteen ISA interrupts (``FIRST_EXTERNAL_VECTOR``).
FIRST_VECTOR = 0x20
#: The lines that devices have, highest priority first: the second 8259 hangs at line 2 of the first.
DEVICE_LINES = (0, 1, *range(8, 16), *range(3, 8))
_SPURIOUS = 7


class LegacyPic:
    """Sixteen interrupt lines. ``intr`` is the level of its output."""

    __slots__ = ("_requested", "_up", "held")

    def __init__(self) -> None:
        self._up: set[int] = set()
        self._requested: set[int] = set()
        #: Somebody holds the wire behind the output up by hand.
        self.held = False

    @property
    def intr(self) -> bool:
        return self.held or bool(self._requested)

    def raise_line(self, line: int) -> None:
        """A device asks for service; a line that is up already asks no second time. ValueError for no device's line."""
        if line not in DEVICE_LINES:
            raise ValueError(f"the 8259s have lines 0 to 15 without 2, not {line}")
        if line not in self._up:
            self._requested.add(line)
        self._up.add(line)

    def lower_line(self, line: int) -> None:
        """The device asks no more; what nobody has acknowledged is withdrawn."""
        self._up.discard(line)
        self._requested.discard(line)

    def acknowledge(self) -> int:
        """INTA: the vector of the most urgent line; that of line 7 when none asks any more (spurious)."""
        line = next((line for line in DEVICE_LINES if line in self._requested), _SPURIOUS)
        self._requested.discard(line)
        return FIRST_VECTOR + line
