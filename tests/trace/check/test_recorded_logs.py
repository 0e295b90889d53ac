"""Whole logs of QEMU 7.2 to 11, and what is left of them when something is missing: nothing is claimed that they cannot
show, and all that they can show is explained."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from app.trace.check import deviations
from app.trace.check.findings import Findings
from app.trace.check.replay import Replay
from app.trace.facts import Fact
from app.trace.operations import VectorTaken
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import finished

RECORDINGS = Path(__file__).parents[1] / "recordings"
BOOT = Path(__file__).parents[3] / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"
HOTPLUG = RECORDINGS / "linux-6.1-hotplug-3cpu.qemu.log.gz"
MTTCG = RECORDINGS / "linux-6.1-mttcg-virtual-wire-4cpu.qemu.log.gz"
LEVEL = RECORDINGS / "linux-6.1-level-triggered-2cpu.qemu.log.gz"
ISO = RECORDINGS / "linux-6.1-qemu-11-iso-stamps-2cpu.qemu.log.gz"
BARE = RECORDINGS / "linux-6.1-qemu-11-no-stamps-2cpu.qemu.log.gz"
WIRE = RECORDINGS / "linux-6.12-virtual-wire-4cpu.qemu.log.gz"
X2APIC = RECORDINGS / "linux-x2apic-qemu-10-4cpu.qemu.log.gz"
RESET = RECORDINGS / "system-reset-1cpu.qemu.log.gz"
EVENTS = RECORDINGS / "apic-events-only-2cpu.qemu.log.gz"

pytestmark = pytest.mark.slow


@cache
def lines_of(log: Path) -> tuple[str, ...]:
    return tuple(gzip.decompress(log.read_bytes()).decode().splitlines())


@cache
def whole(log: Path) -> Replay:
    return finished(read_recording(log.name, log.read_bytes()))


def replayed(lines: list[str] | tuple[str, ...]) -> Replay:
    return finished(read_recording("changed", ("\n".join(lines) + "\n").encode()))


def outcome(findings: Findings) -> tuple[object, ...]:
    tallies = (findings.reads, findings.vectors, findings.io_apic_reads, findings.messages, findings.others)
    return (
        [(tally.checked, tally.mismatched, tally.unexplained) for tally in tallies],
        findings.taken,
        findings.timer,
        findings.legacy_pic,
        findings.ipis_sent,
        findings.accesses,
    )


# As they were recorded


@pytest.mark.parametrize(
    ("log", "cpus", "vectors"), [(ISO, 2, 1810), (BARE, 2, 1644), (LEVEL, 2, 1365), (MTTCG, 4, 3590), (WIRE, 4, 721)]
)
def test_everything_is_checked_and_explained(log: Path, cpus: int, vectors: int) -> None:
    replay = whole(log)

    assert (replay.findings.unexplained, replay.recording.limits) == (0, ())
    assert (replay.recording.cpu_count, replay.vectors_checked) == (cpus, vectors)
    assert (replay.findings.reads_unseen, replay.findings.vectors_unseen) == (0, 0)


@pytest.mark.parametrize(("log", "times"), [(MTTCG, 104), (WIRE, 141)])
def test_virtual_wire_is_one_known_deviation(log: Path, times: int) -> None:
    findings = whole(log).findings

    assert [found.known_deviation for found in findings.vectors.listed] == [deviations.LINT0_ANY_MODE] * times
    assert findings.others.mismatched == 0


def test_a_reset_is_noted_and_gone_on_from() -> None:
    replay = whole(RESET)

    (limit,) = replay.recording.limits
    assert "was reset" in limit.says
    assert replay.findings.unexplained == 0
    assert replay.findings.reads.checked == 7


def test_an_x2apic_guest_behind_an_iommu_is_not_judged() -> None:
    replay = whole(X2APIC)

    assert ["x2APIC mode" in limit.says for limit in replay.recording.limits] == [True, False]
    assert "IOMMU" in replay.recording.limits[1].says
    assert (replay.recording.cpu_count, replay.findings.unexplained) == (4, 0)
    assert (replay.findings.vectors.checked, replay.findings.vectors_unseen) == (0, 5464)
    assert replay.findings.taken == {}


def test_an_x2apic_guest_is_known_without_the_event_that_says_so() -> None:
    lines = [line for line in lines_of(X2APIC) if "cpu_set_apic_base" not in line and "vtd-ir" not in line]

    replay = replayed(lines)

    assert any("no CPU uses its APIC's page any more" in limit.says for limit in replay.recording.limits)
    assert (replay.recording.cpu_count, replay.findings.unexplained) == (4, 0)


def test_a_log_without_accesses_says_which_events_are_missing() -> None:
    replay = whole(EVENTS)

    (limit,) = replay.recording.limits
    assert "memory_region_ops_read and memory_region_ops_write" in limit.says
    assert (replay.findings.unexplained, replay.findings.vectors.checked, replay.findings.vectors_unseen) == (
        0,
        0,
        1318,
    )
    assert replay.findings.io_apic_reads.checked == 260


# The same in another form is the same

Change = Callable[[tuple[str, ...]], list[str]]
_STAMP = re.compile(r"^\d+@(\d+)\.(\d+):")


def without_stamps(lines: tuple[str, ...]) -> list[str]:
    return [_STAMP.sub("", line) for line in lines]


def with_iso_stamps(lines: tuple[str, ...]) -> list[str]:
    """As QEMU 11 writes them: before what ``-d int`` prints, too, but not before the lines of a register dump."""
    stamp, found = "1970-01-01T00:00:00Z", []
    for line in lines:
        told = _STAMP.match(line)
        if told is not None:
            stamp = f"{datetime.fromtimestamp(int(told[1]), UTC):%Y-%m-%dT%H:%M:%S}.{told[2]}Z"
        if told is not None or line.startswith("Servicing") or re.match(r" *\d+: v=", line):
            line = f"{stamp} {_STAMP.sub('', line)}"
        found.append(line)
    return found


def without_names(lines: tuple[str, ...]) -> list[str]:
    return [re.sub(r" name '[^']*'$", "", line) for line in lines]


def windows(lines: tuple[str, ...]) -> list[str]:
    return [f"{line}\r" for line in lines]


@pytest.mark.parametrize("change", [without_stamps, with_iso_stamps, without_names, windows])
@pytest.mark.parametrize("log", [BOOT, HOTPLUG, MTTCG, LEVEL], ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_the_same_in_another_form_has_the_same_outcome(log: Path, change: Change) -> None:
    assert outcome(replayed(change(lines_of(log))).findings) == outcome(whole(log).findings)


@pytest.mark.parametrize("change", [with_iso_stamps, without_names])
@pytest.mark.parametrize("log", [X2APIC, RESET], ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_what_a_log_cannot_show_is_the_same_in_another_form(log: Path, change: Change) -> None:
    replay = replayed(change(lines_of(log)))

    assert replay.recording.limits == whole(log).recording.limits
    assert outcome(replay.findings) == outcome(whole(log).findings)


def stamped(replay: Replay) -> list[int]:
    """The times of what has a stamp of its own in every version."""
    return [operation.time for operation in replay.recording.operations if not isinstance(operation, VectorTaken)]


def test_iso_stamps_tell_the_same_times() -> None:
    assert stamped(replayed(with_iso_stamps(lines_of(BOOT)))) == stamped(whole(BOOT))


# A part of it claims less, and nothing that is wrong

EVERY = [BOOT, HOTPLUG, MTTCG, LEVEL, ISO, WIRE, X2APIC]


@pytest.mark.parametrize("share", [0.03, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("log", EVERY, ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_a_log_without_its_beginning_says_so_and_is_explained(log: Path, share: float) -> None:
    lines = lines_of(log)

    replay = replayed(lines[int(len(lines) * share) :])

    assert replay.findings.unexplained == 0
    assert replay.findings.vectors.checked or replay.recording.limits
    if Fact.BEGINNING not in replay.recording.facts:
        assert any("begins in the middle" in limit.says for limit in replay.recording.limits)
    known = {found.known_deviation for found in replay.findings.differences}
    assert deviations.DISABLED_APIC_COLLECTS not in known
    assert deviations.REMOTE_IRR_UNACCEPTED not in known


def test_much_of_a_log_without_its_beginning_is_checked_all_the_same() -> None:
    lines = lines_of(BOOT)
    replay = replayed(lines[len(lines) // 10 :])

    assert replay.findings.vectors.checked > replay.findings.vectors_unseen
    assert replay.findings.timer > 1000


@pytest.mark.parametrize("log", [BOOT, MTTCG, LEVEL, WIRE], ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_without_vectors_taken_they_are_taken_by_their_eois(log: Path) -> None:
    lines = [
        line for line in lines_of(log) if not re.search(r"Servicing|^ *\d+: v=|^TR ", line)
    ]  # KVM writes no others

    replay = replayed(lines)

    assert [limit.line for limit in replay.recording.limits] == [1]
    assert "-d int" in replay.recording.limits[0].says
    assert (replay.findings.unexplained, replay.findings.vectors.checked) == (0, 0)
    assert replay.findings.io_apic_reads.checked == whole(log).findings.io_apic_reads.checked
    for vector, row in replay.findings.taken.items():
        for counted, recorded in zip(row, whole(log).findings.taken[vector], strict=True):
            assert counted <= recorded + 5  # two of one vector that came before its EOI are one
            assert counted >= recorded * 0.9 - 5 or vector < 0x40  # the 8259's need no EOI


@pytest.mark.parametrize(
    ("event", "fact"),
    [
        ("apic_local_deliver", Fact.LOCAL_SOURCES),
        ("ioapic_set_irq", Fact.PINS),
        ("ioapic_eoi_broadcast", Fact.EOI_BROADCASTS),
        ("memory_region_ops_read", Fact.REGISTER_READS),
    ],
)
@pytest.mark.parametrize("log", [BOOT, LEVEL], ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_an_event_that_is_missing_is_said_once(log: Path, event: str, fact: Fact) -> None:
    if fact is Fact.EOI_BROADCASTS and log == BOOT:
        pytest.skip("nothing in it is level-triggered")
    replay = replayed([line for line in lines_of(log) if event not in line])

    (limit,) = replay.recording.limits
    assert event in limit.says
    assert replay.recording.facts == whole(log).recording.facts - {fact}
    assert replay.findings.unexplained == 0
    assert replay.vectors_checked == whole(log).vectors_checked


def test_without_writes_nothing_is_claimed() -> None:
    replay = replayed([line for line in lines_of(BOOT) if "memory_region_ops_write" not in line])

    assert ["memory_region_ops_write" in limit.says for limit in replay.recording.limits] == [True]
    assert (replay.findings.unexplained, replay.findings.reads.checked, replay.findings.vectors.checked) == (0, 0, 0)


@pytest.mark.parametrize("part", [0.4, 0.66, 1.0])
@pytest.mark.parametrize("log", [BOOT, MTTCG, LEVEL, X2APIC], ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_a_machine_that_is_reset_while_it_runs_goes_on_from_reset_values(log: Path, part: float) -> None:
    lines = lines_of(log)

    replay = replayed(lines[: int(len(lines) * part)] + lines)

    assert sum("was reset" in limit.says for limit in replay.recording.limits) == 1
    assert replay.findings.unexplained == 0
    assert replay.recording.cpu_count == whole(log).recording.cpu_count


@pytest.mark.parametrize("lost", range(1, 400, 29))
def test_a_log_may_end_anywhere(lost: int) -> None:
    """Between a cause and its consequence, or within a line."""
    lines = lines_of(LEVEL)
    text = "\n".join(lines[: 12_000 + lost])[:-lost]

    assert finished(read_recording("cut", text.encode())).findings.unexplained == 0


# Numbers are ASCII


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("cpu 0", "cpu ٣"),
        ("cpu 0", "cpu 1_0"),
        ("cpu 0", "cpu +0"),
        ("value 0xff", "value 0xf_f"),
        ("size 4", "size \uff14"),
    ],
)
def test_a_number_in_other_digits_is_damage(ours: str, theirs: str) -> None:
    lines = list(lines_of(BOOT)[:400])
    place = next(place for place, line in enumerate(lines) if "0xfee000f0 value 0xff" in line)
    assert ours in lines[place]
    lines[place] = lines[place].replace(ours, theirs)

    with pytest.raises(ValueError, match=f"line {place + 1}: .* cut or damaged"):
        replayed(lines)
