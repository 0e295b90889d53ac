"""The recordings of a booted kernel: everything in them is explained, and nothing else would be."""

import gzip
import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from app.trace.check import deviations
from app.trace.check.replay import Replay
from app.trace.operations import VectorTaken
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import finished

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
RECORDINGS = ROOT / "tests/trace/recordings"
BOOT = ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
STORM = RECORDINGS / "linux-6.1-ipi-storm-4cpu.qemu.log.gz"
HOTPLUG = RECORDINGS / "linux-6.1-hotplug-3cpu.qemu.log.gz"
EVERY = pytest.mark.parametrize("log", [BOOT, STORM, HOTPLUG], ids=["boot", "storm", "hotplug"])

#: Linux 6.1's vectors behind the lines of /proc/interrupts.
FIRST_LEGACY_VECTOR = 0x30
KERNEL_VECTORS = {"LOC": [0xEC], "RES": [0xFD], "CAL": [0xFB, 0xFC], "SPU": [0xFF], "IWI": [0xF6]}


def printed(log: Path) -> dict[str, list[int]]:
    """The counts of each line of the /proc/interrupts that the kernel printed."""
    text = (RECORDINGS / log.name.replace("qemu.log.gz", "proc-interrupts.txt")).read_text()
    rows = re.findall(r"^ *(\w+):((?: +\d+){2,})", text, re.MULTILINE)
    return {name: [int(count) for count in counts.split()] for name, counts in rows}


class KernelCounts:
    """Counts what a replay takes by the lines of /proc/interrupts."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._cpus = range(replay.recording.cpu_count)
        self.rows: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(self._cpus))

    def step(self) -> bool:
        """Replays one operation. True when a vector was taken."""
        before = {vector: list(row) for vector, row in self._replay.findings.taken.items()}
        taken = isinstance(self._replay.recording.operations[self._replay.position], VectorTaken)
        self._replay.step()
        if taken:
            for vector, row in self._replay.findings.taken.items():
                for cpu in self._cpus:
                    if row[cpu] != before.get(vector, [0] * len(row))[cpu]:
                        self.rows[self._row(vector, cpu)][cpu] += 1
        return taken

    def _row(self, vector: int, cpu: int) -> str:
        for name, vectors in KERNEL_VECTORS.items():
            if vector in vectors:
                return name
        for pin, entry in enumerate(self._replay.machine.io_apic.entries):
            if entry & 0xFF == vector and entry >> 56 & 1 << cpu:
                return "0" if pin == 2 else str(pin)
        return str(vector - FIRST_LEGACY_VECTOR)  # the 8259's, before the I/O APIC was set up


@cache
def lines_of(log: Path) -> tuple[str, ...]:
    return tuple(gzip.decompress(log.read_bytes()).decode().splitlines())


def replayed(lines: list[str]) -> Replay:
    return finished(read_recording("changed", "\n".join(lines).encode()))


@EVERY
def test_everything_is_explained(log: Path) -> None:
    replay = finished(read_recording(log.name, log.read_bytes()))

    assert replay.findings.unexplained == 0
    assert replay.reads_checked > 900
    assert replay.vectors_checked > 2000
    assert [d.known_deviation for d in replay.findings.reads.listed] == [deviations.LVT_MASKS_NOT_FORCED]
    assert replay.vectors_mismatched == 0
    assert replay.recording.ignored_lines == 0


@EVERY
def test_at_one_moment_all_counts_are_what_the_kernel_printed(log: Path) -> None:
    counts = KernelCounts(replay := Replay(read_recording(log.name, log.read_bytes())))
    kernel = {name: row for name, row in printed(log).items() if name in KERNEL_VECTORS or name.isdecimal()}
    assert kernel.keys() == KERNEL_VECTORS.keys() | {"0", "1", "4", "8", "9", "12"}

    moments = 0
    while not replay.finished:
        if counts.step():
            moments += all(counts.rows[name] == row for name, row in kernel.items())

    assert moments > 0
    later = sum(map(sum, counts.rows.values())) - sum(map(sum, kernel.values()))
    assert 0 < later < 200  # the console's last words, and the power-off


def test_the_model_is_in_a_possible_state_all_the_time() -> None:
    assert finished(read_recording(BOOT.name, BOOT.read_bytes()), checked=True).findings.unexplained == 0


# One change, and it shows

Change = Callable[[str], str]


def changed(log: Path, pattern: str, change: Change, occurrence: int) -> Replay:
    lines = list(lines_of(log))
    places = [place for place, line in enumerate(lines) if re.search(pattern, line)]
    place = places[occurrence % len(places)]
    assert change(lines[place]) != lines[place]
    lines[place] = change(lines[place])
    return replayed(lines)


def other_bit(line: str) -> str:
    return re.sub(r"value (0x[0-9a-f]+)", lambda found: f"value {int(found[1], 16) ^ 0x10:#x}", line)


def other_vector(line: str) -> str:
    return re.sub(r"INT=0x(..)", lambda found: f"INT=0x{int(found[1], 16) ^ 0x01:02x}", line)


def gone(line: str) -> str:
    return ""


@pytest.mark.parametrize("occurrence", [3, 400, -40])
@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        (r"ops_read cpu \d .*0xfee00(?!390)... .*apic-msi", other_bit),
        (r"ops_read cpu \d .*0xfec00010 .*ioapic", other_bit),
        (r"Servicing hardware INT=0x[2-f]", other_vector),
        (r"Servicing hardware INT=0xf", gone),
        (r"ops_write cpu \d .*0xfee000b0", gone),
        (r"ops_write cpu \d .*0xfee00300 value 0x8f", gone),
        (r"ops_write cpu \d .*0xfee0[1-9]00", gone),
    ],
    ids=["value read", "I/O APIC value", "vector", "vector gone", "EOI gone", "IPI gone", "message gone"],
)
@pytest.mark.slow
def test_one_changed_line_is_reported_and_not_for_ever(pattern: str, change: Change, occurrence: int) -> None:
    replay = changed(BOOT, pattern, change, occurrence)

    assert 1 <= replay.findings.unexplained <= 6


def test_a_lost_logical_id_is_reported() -> None:
    assert changed(BOOT, r"ops_write cpu 2 .*0xfee000d0", gone, 0).findings.unexplained > 10


@EVERY
@pytest.mark.parametrize("kept", [0, 2])
@pytest.mark.slow
def test_missing_dumps_are_made_up_for(log: Path, kept: int) -> None:
    """Without the register dumps, who took a vector follows from what everybody does next."""
    lines = [line for number, line in enumerate(lines_of(log)) if not line.startswith("TR") or number % 3 < kept]
    whole = finished(read_recording(log.name, log.read_bytes()))

    replay = replayed(lines)

    assert replay.findings.unexplained == 0
    assert replay.findings.taken == whole.findings.taken


def test_a_log_with_other_numbers_means_the_same() -> None:
    lines = [re.sub(r"^\d+@\d+", "7@1", line).replace("0x560d4703eca0", "0x7f00") for line in lines_of(BOOT)]

    assert replayed(lines).findings.unexplained == 0
