"""The small inputs of ``cases/``, each with its right outcome. Their README says where that is from."""

from pathlib import Path

import pytest

from app.trace.check import deviations
from app.trace.check.replay import Replay
from app.trace.errors import UnusableRecording
from app.trace.facts import Fact
from app.trace.operations import Operation, Recording
from app.trace.readers.registry import read_recording
from tests.trace.log_lines import finished

CASES = Path(__file__).parents[1] / "cases"
CONTROL = "control-qemu-7.2.log"


def recording(name: str) -> Recording:
    return read_recording(name, (CASES / name).read_bytes())


def replayed(name: str) -> Replay:
    return finished(recording(name), checked=True)


def without_place(operations: tuple[Operation, ...]) -> list[Operation]:
    """Lines and times say where in its own file each operation stands."""
    return [operation._replace(line=0, time=0) for operation in operations]


def test_the_control_is_explained() -> None:
    findings = replayed(CONTROL).findings

    assert (findings.unexplained, findings.vectors.checked, findings.messages.checked) == (0, 3, 3)
    assert recording(CONTROL).limits == ()


@pytest.mark.parametrize("name", ["iso-timestamps.log", "qemu-5.2-no-region-name.log"])
def test_another_versions_form_says_the_same(name: str) -> None:
    control, other = recording(CONTROL), recording(name)

    assert without_place(tuple(other.operations)) == without_place(tuple(control.operations))
    assert (other.facts, other.limits, other.apic_ids) == (control.facts, (), control.apic_ids)
    assert replayed(name).findings.unexplained == 0


def test_iso_stamps_tell_the_time() -> None:
    times = [operation.time for operation in recording("iso-timestamps.log").operations]

    assert times[0] == 0
    assert times == sorted(times)
    assert times[-1] == 250_000  # nanoseconds


def test_virtual_wire_is_one_deviation_with_all_that_follows_from_it() -> None:
    findings = replayed("lint0-fixed-virtual-wire.qemu.log").findings

    assert (findings.unexplained, findings.others.mismatched) == (0, 0)
    assert [found.known_deviation for found in findings.vectors.listed] == [deviations.LINT0_ANY_MODE] * 3
    assert findings.taken == {0x30: [6]}


def test_an_eoi_after_a_vector_of_the_8259_ends_nothing_and_is_no_difference() -> None:
    findings = replayed("eoi-after-extint.log").findings

    assert (findings.unexplained, findings.differences) == (0, [])
    assert (findings.legacy_pic, findings.reads.checked) == (1, 1)


def test_a_log_without_accesses_says_so_and_checks_nothing() -> None:
    replay = replayed("apic-and-ioapic-events-only.log")

    (limit,) = replay.recording.limits
    assert "memory_region_ops_read" in limit.says
    assert "memory_region_ops_write" in limit.says
    assert Fact.REGISTER_WRITES not in replay.recording.facts
    assert (replay.findings.checked, replay.findings.vectors_unseen, replay.findings.differences) == (0, 3, [])


def test_an_x2apic_guest_is_not_judged_by_what_its_log_cannot_show() -> None:
    replay = replayed("x2apic-guest-qemu-10.log")

    (limit,) = replay.recording.limits
    assert limit.line == 2
    assert "x2APIC mode" in limit.says
    assert replay.recording.cpu_count == 2
    assert (replay.findings.unexplained, replay.findings.vectors.checked, replay.findings.vectors_unseen) == (0, 0, 4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("simpletrace-text.txt", "the output of QEMU's scripts/simpletrace.py"),
        ("perf-script-kvm.txt", "the output of `perf script`"),
        ("trace-cmd-kvm.txt", "ftrace text"),
        ("monitor-info-lapic.txt", "a snapshot of one APIC"),
    ],
)
def test_another_format_is_named_with_what_to_do_instead(name: str, said: str) -> None:
    with pytest.raises(UnusableRecording, match=f"^line 1: this is {said}") as caught:
        recording(name)

    assert "log" in str(caught.value)
