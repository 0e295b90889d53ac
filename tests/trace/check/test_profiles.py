"""What was recorded, held against the model of the profile that is nearest to whoever was recorded."""

from pathlib import Path

import pytest

from app.hw.profile import INTEL_P6, INTEL_SDM, KVM, QEMU, Profile
from app.trace.check import deviations
from app.trace.check.conformance import run_conformance
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import LDR, LogLines

ROOT = Path(__file__).parents[3]
LOGS = sorted(
    [*(ROOT / "tests/trace/recordings").glob("*.qemu.log.gz"), *(ROOT / "app/trace/samples").glob("*.gz")],
    key=lambda path: path.name,
)
SETS = sorted((ROOT / "tests/conformance").glob("*.jsonl"))
#: What the manual leaves open, or an emulator does otherwise.
ALONE = sorted((ROOT / "tests/conformance/profiles").glob("*.jsonl.gz"))
PROFILE_OF = {"kvm": KVM, "qemu": QEMU}


def test_recordings_of_both_emulators_are_there() -> None:
    assert len(LOGS) >= 3
    assert {path.stem.split("-")[0] for path in SETS} == PROFILE_OF.keys()
    assert {path.stem.split("-")[0] for path in ALONE} == PROFILE_OF.keys()


LEVEL_IPI = LogLines().started(2).ipi(0, 1, 0x8041).read(1, 0x1A0, 2)
TO_ALL_ONES = LogLines().started(2).write(1, LDR, 0).ipi(0, 0xFF, 0x841).handled(0, 0x41).ipi(0, 1, 0x31)


@pytest.mark.parametrize(
    ("log", "deviation"),
    [
        (LEVEL_IPI, deviations.IPI_TRIGGER_MODE_KEPT),
        (TO_ALL_ONES.handled(1, 0x31), deviations.LOGICAL_ALL_ONES),
        (LogLines().started(1).io_apic_read(1, 0x17_0020), deviations.IO_APIC_VERSION),
    ],
    ids=["level IPI", "logical 0xff", "I/O APIC version"],
)
def test_what_the_manual_calls_a_deviation_is_none_under_the_recorders_profile(log: LogLines, deviation: str) -> None:
    by_the_manual, by_its_own = log.replay().findings, log.replay(QEMU).findings

    tallies = (by_the_manual.reads, by_the_manual.io_apic_reads, by_the_manual.others)
    assert [found.known_deviation for tally in tallies for found in tally.listed] == [deviation]
    assert (by_the_manual.unexplained, by_its_own.unexplained) == (0, 0)
    assert [*by_its_own.reads.listed, *by_its_own.io_apic_reads.listed, *by_its_own.others.listed] == []


def test_ipi_that_found_no_room_on_the_p6s_bus_is_taken_as_well() -> None:
    log = LogLines().started(2).ipi(0, 1, 0x41).ipi(0, 1, 0x41).handled(1, 0x41).handled(1, 0x41)

    p6, merging = log.replay(INTEL_P6), log.replay(INTEL_SDM)

    assert (p6.findings.unexplained, p6.machine.retrying) == (0, [])
    assert merging.findings.unexplained > 0


@pytest.mark.slow
@pytest.mark.parametrize("profile", [INTEL_SDM, QEMU], ids=lambda profile: profile.name)
@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_recording_is_explained(log: Path, profile: Profile) -> None:
    replay = Replay(read_recording(log.name, log.read_bytes()), profile)
    while not replay.finished:
        replay.step()

    assert replay.findings.unexplained == 0
    assert replay.findings.checked > 0
    assert replay.machine.profile is profile


@pytest.mark.parametrize("path", [*SETS, *ALONE], ids=lambda path: path.stem)
def test_recorded_set_has_no_mismatch_under_its_emulators_profile(path: Path) -> None:
    with path.open("rb") as source:
        result = run_conformance(path.name, source, profile=PROFILE_OF[path.stem.split("-")[0]])

    assert result.mismatches == []
    assert result.checks >= 300


@pytest.mark.slow
@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.stem)
def test_set_of_an_emulators_own_ways_tells_it_from_the_manual(path: Path) -> None:
    with path.open("rb") as source:
        assert run_conformance(path.name, source).mismatches
