"""Holds what a recorded CPU read from its local APIC against what the model would have answered."""

from app.hw.events import Fault
from app.hw.machine import Machine
from app.trace.check import deviations
from app.trace.check.findings import Findings, ReadDifference
from app.trace.check.local_sources import LocalSources
from app.trace.check.qemu_shadow import ShadowApic
from app.trace.check.taken_check import TakenCheck
from app.trace.check.unseen import Unseen
from app.trace.operations import Recording, RegisterRead
from app.x86.registers import Register

_REGISTER_SIZE = 4
_WORD_VECTORS = 32
#: What an integrated APIC can say of itself: its version, and the number of its last LVT entry.
_VERSIONS = range(0x10, 0x16)
_LAST_LVT_ENTRIES = range(3, 7)


class ReadCheck:
    """The register reads' side of a replay."""

    def __init__(
        self,
        recording: Recording,
        machine: Machine,
        findings: Findings,
        shadows: list[ShadowApic],
        taken: TakenCheck,
        sources: LocalSources,
        unseen: Unseen,
    ) -> None:
        self._recording = recording
        self._machine = machine
        self._findings = findings
        self._shadows = shadows
        self._taken = taken
        self._sources = sources
        self._unseen = unseen

    def check(self, operation: RegisterRead) -> str:
        """Checks one read, except of what depends on time. Returns in words what differs."""
        cpu, offset, recorded = operation.cpu, operation.offset, operation.value
        if offset == Register.TIMER_CURRENT_COUNT or operation.size != _REGISTER_SIZE:
            self._findings.reads_skipped += 1
            return ""
        if self._unseen.hides(cpu, offset):
            self._findings.reads_unseen += 1
            self._learn(operation)
            return "not checked"
        self._findings.reads.checked += 1
        model = self._value(cpu, offset)
        if model != recorded and Register.IRR0 <= offset <= Register.IRR7:
            self._see_fired_sources(cpu, offset, recorded & ~model)
            model = self._value(cpu, offset)
        if model == recorded:
            return ""
        known = self._shadows[cpu].explain_read(offset, recorded, model)
        if offset == Register.VERSION and self._is_another_version(recorded):
            known = deviations.ANOTHER_VERSION
        self._findings.reads.differ(ReadDifference(operation.line, cpu, offset, recorded, model, known))
        return known or f"the model has {model:#010x}"

    def _learn(self, operation: RegisterRead) -> None:
        """What the register holds is seen for the first time: the model takes it."""
        cpu, offset, value = operation.cpu, operation.offset, operation.value
        if self._unseen.learns(cpu, offset):
            self._shadows[cpu].written[offset] = value
            self._machine.write_register(cpu, offset, value)
            if offset == Register.LVT_TIMER:
                self._sources.timer_written(cpu)

    def _value(self, cpu: int, offset: int) -> int:
        value = self._machine.read_register(cpu, offset)
        return 0 if isinstance(value, Fault) else value

    def _see_fired_sources(self, cpu: int, offset: int, extra: int) -> None:
        """A timer that has fired shows itself in IRR before its vector is taken."""
        first = (offset - Register.IRR0) // 16 * _WORD_VECTORS
        for bit in range(_WORD_VECTORS):
            if extra >> bit & 1 and self._taken.may_be_requested(cpu, first + bit):
                self._taken.source_requested(cpu, first + bit)

    def _is_another_version(self, recorded: int) -> bool:
        """Whether *recorded* is possible, and what every read of the version register gave."""
        reads = {
            other.value
            for other in self._recording.operations
            if isinstance(other, RegisterRead) and other.offset == Register.VERSION
        }
        possible = recorded & 0xFF in _VERSIONS and recorded >> 16 & 0xFF in _LAST_LVT_ENTRIES
        return reads == {recorded} and possible
