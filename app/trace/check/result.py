"""What came of a replay, as users' scripts read it (``replay --json``)."""

from collections import Counter
from typing import Any, NamedTuple

from app.backends.catalogue import BY_REGISTERS
from app.engine.alone import access_cost
from app.engine.work import Work
from app.trace.check.findings import Difference, Findings, ReadDifference, Tally, VectorDifference
from app.trace.check.replay import Replay
from app.trace.errors import UnusableRecording
from app.trace.facts import Limit
from app.x86.register_map import REGISTERS
from app.x86.registers import Register

Json = dict[str, Any]


class ReplayResult(NamedTuple):
    """A finished replay in numbers."""

    source: str
    format: str
    cpus: int
    lines: int
    ignored_lines: int
    limits: tuple[Limit, ...]
    findings: Findings
    cost: dict[str, Work]

    @property
    def explained(self) -> bool:
        """Whether the model explains all that was recorded, but for what the recorder is known to do differently."""
        return not self.findings.unexplained

    def as_json(self) -> Json:
        """The shape that is promised, and what this project adds to it."""
        found = self.findings
        return {
            "source": self.source,
            "format": self.format,
            "cpus": self.cpus,
            "lines": self.lines,
            "ignored_lines": self.ignored_lines,
            "limits": [limit._asdict() for limit in self.limits],
            "register_reads": {
                "checked": found.reads.checked,
                "mismatched": found.reads.mismatched,
                "skipped": found.reads_skipped,
                "unseen": found.reads_unseen,
                "mismatches": [_read(difference) for difference in found.reads.listed],
            },
            "vectors_taken": {
                "checked": found.vectors.checked,
                "mismatched": found.vectors.mismatched,
                "unseen": found.vectors_unseen,
                "timer": found.timer,
                "legacy_pic": found.legacy_pic,
                "spurious": found.spurious,
                "mismatches": [_vector(difference) for difference in found.vectors.listed],
            },
            "io_apic_reads": {
                "checked": found.io_apic_reads.checked,
                "mismatched": found.io_apic_reads.mismatched,
                "mismatches": [_read(difference) for difference in found.io_apic_reads.listed],
            },
            "io_apic_messages": _counted(found.messages),
            "other_differences": _counted(found.others)["mismatches"],
            "unexplained": found.unexplained,
            "taken": {f"{vector:#04x}": row for vector, row in sorted(found.taken.items())},
            "ipis_sent": found.ipis_sent,
            "device_messages": found.device_messages,
            "cost": {name: cost.as_dict() for name, cost in self.cost.items()},
        }


def refused_json(source: str, error: UnusableRecording) -> Json:
    """What is said of a file that cannot be read at all, in the same shape: why, as its one limit."""
    limits = [Limit(error.line or 1, error.what)._asdict()]
    return {"source": source, "format": None, "cpus": 0, "limits": limits, "unexplained": 0}


def result_of(replay: Replay) -> ReplayResult:
    """The result of *replay* so far."""
    recording = replay.recording
    return ReplayResult(
        recording.name,
        recording.format,
        recording.cpu_count,
        recording.lines,
        recording.ignored_lines,
        recording.limits,
        replay.findings,
        {name: _cost(name, replay.findings) for name in BY_REGISTERS},
    )


def _cost(backend: str, findings: Findings) -> Work:
    """What the recorded accesses would cost through *backend*: the price of each kind times how often it was made. A
    write of ICR pays for each CPU that it reached."""
    total = Work()
    for (register, write), count in findings.accesses.items():
        if register not in REGISTERS:
            continue
        reached = findings.targets if write and register == Register.ICR_LOW else Counter[int]()
        unsent = count - reached.total()  # every other access, and a write that was not of a whole register
        for targets, times in (*reached.items(), (0, unsent)):
            total += access_cost(backend, register, write, targets=targets).times(times)
    return total


def _read(difference: ReadDifference) -> Json:
    return {
        "line": difference.line,
        "cpu": difference.cpu,
        "register": f"{difference.register:#05x}" if difference.cpu is not None else f"{difference.register:#04x}",
        "recorded": f"{difference.recorded:#010x}",
        "model": f"{difference.model:#010x}",
        "known_deviation": difference.known_deviation,
    }


def _vector(difference: VectorDifference) -> Json:
    return {
        "line": difference.line,
        "cpu": difference.cpu,
        "recorded": f"{difference.vector:#04x}",
        "model": None if difference.model is None else f"{difference.model:#04x}",
        "why": difference.why,
        "known_deviation": difference.known_deviation,
    }


def _counted(tally: Tally[Difference]) -> Json:
    return {
        "checked": tally.checked,
        "mismatched": tally.mismatched,
        "mismatches": [difference._asdict() for difference in tally.listed],
    }
