"""What was recorded, held against the model of the profile that is nearest to whoever was recorded."""

from pathlib import Path

import pytest

from app.hw.profile import INTEL_SDM, KVM, QEMU, Profile
from app.traces.conformance import run_conformance
from app.traces.qemu_log import read_recording
from app.traces.replay import Replay

ROOT = Path(__file__).parents[2]
LOGS = sorted(
    [*(ROOT / "tests/traces/recordings").glob("*.qemu.log.gz"), *(ROOT / "app/traces/samples").glob("*.gz")],
    key=lambda path: path.name,
)
SETS = sorted((ROOT / "tests/conformance").glob("*.jsonl"))
PROFILE_OF = {"kvm": KVM, "qemu": QEMU}


def test_recordings_of_both_emulators_are_there() -> None:
    assert len(LOGS) >= 3
    assert {path.stem.split("-")[0] for path in SETS} == PROFILE_OF.keys()


@pytest.mark.slow
@pytest.mark.parametrize("profile", [INTEL_SDM, QEMU], ids=lambda profile: profile.name)
@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.name.removesuffix(".qemu.log.gz"))
def test_recording_is_explained(log: Path, profile: Profile) -> None:
    replay = Replay(read_recording(log.name, log.read_bytes()), profile)
    while not replay.finished:
        replay.step()

    assert replay.findings.unexplained == 0
    assert replay.vectors_checked > 2000
    assert replay.machine.profile is profile


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_recorded_set_has_no_mismatch_under_its_emulators_profile(path: Path) -> None:
    with path.open("rb") as source:
        result = run_conformance(path.name, source, profile=PROFILE_OF[path.stem.split("-")[0]])

    assert result.mismatches == []
    assert result.checks >= 300
