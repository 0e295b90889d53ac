import json
from pathlib import Path

import pytest

from app.hw.profile import PROFILES
from tests.cli.commands import ROOT, apicscope

pytestmark = pytest.mark.slow

SETS = sorted((ROOT / "tests/conformance").glob("*.jsonl"))


def test_all_recorded_sets_pass() -> None:
    done = apicscope("conformance", *SETS)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == [path.name for path in SETS]
    assert all(line.endswith(" mismatches=0") for line in lines)
    assert lines[0] == "kvm-ioapic.jsonl checks=1953 mismatches=0"


def changed(folder: Path) -> Path:
    """A set in which some recorded answers are wrong."""
    lines = SETS[0].read_text().splitlines()
    wrong = 0
    for place, line in enumerate(lines):
        operation = json.loads(line)
        if operation.get("op") == "read" and wrong < 12:
            operation["value"] = f"{int(operation['value'], 16) ^ 1:#x}"
            lines[place] = json.dumps(operation)
            wrong += 1
    path = folder / "changed.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_mismatches_are_status_1_with_line_numbers(tmp_path: Path) -> None:
    done = apicscope("conformance", changed(tmp_path), SETS[1])

    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "changed.jsonl checks=1953 mismatches=12"
    assert lines[1].startswith("  line ")
    assert "recorded 0x" in lines[1]
    assert lines[11] == "  … and 2 more"
    assert lines[12] == f"{SETS[1].name} checks=300 mismatches=0"


def test_json_has_every_mismatch(tmp_path: Path) -> None:
    done = apicscope("conformance", changed(tmp_path), "--json")

    (result,) = json.loads(done.stdout)
    assert (result["name"], result["checks"], result["mismatched"]) == ("changed.jsonl", 1953, 12)
    assert len(result["mismatches"]) == 12


def test_an_unusable_file_is_status_2_and_the_others_still_run(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(SETS[0].read_text()[:500])

    done = apicscope("conformance", bad, tmp_path / "missing", SETS[1])

    assert done.returncode == 2
    assert done.stdout == f"{SETS[1].name} checks=300 mismatches=0\n"
    first, second = done.stderr.splitlines()
    assert first.startswith(f"apicscope: {bad}: line ")
    assert second == f"apicscope: {tmp_path / 'missing'}: No such file or directory"


def test_a_set_of_a_mode_that_the_profile_lacks_is_one_line_and_the_files_behind_it_still_run() -> None:
    x2apic, xapic = (ROOT / "tests/conformance" / name for name in ("kvm-x2apic.jsonl", "kvm-xapic-flat.jsonl"))

    done = apicscope("conformance", "--profile", "intel-p6", x2apic, xapic)

    assert done.returncode == 2
    assert done.stderr == (
        f"apicscope: {x2apic}: line 1: the set is of x2APIC mode, which profile intel-p6 does not have\n"
    )
    assert done.stdout.startswith("kvm-xapic-flat.jsonl checks=2165 mismatches=")


def test_profile_is_the_models() -> None:
    sets = [path for path in SETS if path.name.startswith("kvm")]

    done = apicscope("conformance", *sets, "--profile", "kvm")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count(" mismatches=0\n") == len(sets)


def test_another_profile_gives_other_answers(tmp_path: Path) -> None:
    header = {"format": "apic-conformance/1", "oracle": "a test", "cpus": 1, "apic_mode": "xapic"}
    version = {"op": "read", "cpu": 0, "reg": "0x030", "value": "0x00040011"}
    path = tmp_path / "p6.jsonl"
    path.write_text("\n".join(map(json.dumps, (header, version))))

    assert apicscope("conformance", path, "--profile", "intel-p6").returncode == 0
    assert apicscope("conformance", path).returncode == 1


def test_unknown_profile_is_refused_with_the_known_ones() -> None:
    done = apicscope("conformance", SETS[0], "--profile", "pentium")

    assert (done.returncode, done.stdout) == (2, "")
    assert "argument --profile: invalid choice: 'pentium'" in done.stderr
    assert all(name in done.stderr for name in PROFILES)
