"""The wires around the 8259: lines from devices lead in, one leads out, to LINT0 of the bootstrap processor."""

from collections.abc import Callable, Sequence

from app.hw.cpu import Cpu
from app.hw.events import Event, ExternalAcknowledged, LegacyLineChanged
from app.hw.legacy_pic import LegacyPic


class LegacyWiring:
    """*pic* and its output. *cpus* may still be empty: a CPU must know the wire of its acknowledge cycle first."""

    def __init__(self, pic: LegacyPic, cpus: Sequence[Cpu], record: Callable[[Event], None]) -> None:
        self._pic = pic
        self._cpus = cpus
        self._record = record

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
        self._record(LegacyLineChanged(line, level))
        self._drive_output()

    def acknowledge(self, cpu: int) -> int:
        """The acknowledge cycle of *cpu*. Returns the vector."""
        vector = self._pic.acknowledge()
        self._record(ExternalAcknowledged(cpu, vector))
        self._drive_output()
        return vector

    def _drive_output(self) -> None:
        self._cpus[0].drive_lint(0, int(self._pic.intr))
