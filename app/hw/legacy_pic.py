"""The 8259 behind LINT0 or an ExtINT: what a CPU asks for a vector when the APIC only tells it that there is one.

Source: Intel 8259A data sheet, "Interrupt Sequence", "Automatic End of Interrupt (AEOI) Mode". Simplified: a pair of
8259s seen as one, edge-triggered, nothing masked, in automatic EOI mode.
"""

from collections.abc import Sequence

from app.hw.cpu import Cpu
from app.hw.events import ExternalAcknowledged, LegacyLineChanged
from app.hw.services import Services
from app.x86.units import Vector
from app.x86.vectors import VECTORS

#: Where Linux puts the sixteen ISA interrupts (``FIRST_EXTERNAL_VECTOR``).
FIRST_VECTOR = 0x20
#: The lines that devices have, highest priority first: the second 8259 hangs at line 2 of the first.
DEVICE_LINES = (0, 1, *range(8, 16), *range(3, 8))
_SPURIOUS = 7


class LegacyPic:
    """Sixteen interrupt lines. ``intr`` is the level of its output."""

    STATE = ("_requested", "_up", "held")
    WIRES = ()
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self._up: set[int] = set()
        self._requested: set[int] = set()
        #: Somebody holds the wire behind the output up by hand.
        self.held = False

    @property
    def intr(self) -> bool:
        return self.held or bool(self._requested)

    @property
    def up(self) -> frozenset[int]:
        """The lines that devices hold up."""
        return frozenset(self._up)

    @property
    def requested(self) -> frozenset[int]:
        """The lines whose requests nobody has acknowledged yet (IRR)."""
        return frozenset(self._requested)

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

    def acknowledge(self) -> Vector:
        """INTA: the vector of the most urgent line; that of line 7 when none asks any more (spurious)."""
        line = next((line for line in DEVICE_LINES if line in self._requested), _SPURIOUS)
        self._requested.discard(line)
        return VECTORS[FIRST_VECTOR + line]


class LegacyWiring:
    """The wires around the 8259: lines from devices lead in, one leads out, to LINT0 of the bootstrap processor.

    *cpus* may still be empty: a CPU must know the wire of its acknowledge cycle first.
    """

    STATE = ()
    WIRES = ("_cpus", "_pic", "_services")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, pic: LegacyPic, cpus: Sequence[Cpu], services: Services) -> None:
        self._pic = pic
        self._cpus = cpus
        self._services = services

    def hold(self, level: int) -> None:
        """Somebody else holds the output up, or lets go: LINT0 is up while either wants it."""
        self._pic.held = bool(level)
        self._drive_output()

    def drive_line(self, line: int, level: int) -> None:
        """A device sets a line of the 8259. ValueError for no line."""
        if level:
            self._pic.raise_line(line)
        else:
            self._pic.lower_line(line)
        self._services.record(LegacyLineChanged(line, level))
        self._drive_output()

    def acknowledge(self, cpu: int) -> Vector:
        """The acknowledge cycle of *cpu*. Returns the vector."""
        vector = self._pic.acknowledge()
        self._services.record(ExternalAcknowledged(cpu, vector))
        self._drive_output()
        return vector

    def _drive_output(self) -> None:
        self._cpus[0].drive_lint(0, int(self._pic.intr))
