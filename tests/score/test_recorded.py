"""The score of a recording says what the recording says, derived a second time from its operations alone, and what the
model shows after each of them; its counts are those of the replay's report."""

import gzip
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from app.hw.cpu import RunState
from app.hw.events import Accepted
from app.hw.machine import Machine
from app.score.course import Course, Span
from app.score.recorded import RecordedScribe
from app.trace.check.replay import Replay
from app.trace.check.result import result_of
from app.trace.facts import Fact
from app.trace.operations import PinDriven, Recording, RegisterWrite, VectorTaken
from app.trace.readers.registry import read_recording
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.score.second_derivation import Fact as Seen
from tests.score.second_derivation import first_difference

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "tests" / "trace"
#: All that can be read of what comes with the tests; the large ones take a second each.
LARGE = [*sorted((TRACES / "recordings").glob("linux*.gz")), *sorted((ROOT / "app/trace/samples").glob("*.gz"))]
SMALL = [
    TRACES / "recordings/system-reset-1cpu.qemu.log.gz",
    TRACES / "cases/lint0-fixed-virtual-wire.qemu.log",
    TRACES / "cases/control-qemu-7.2.log",
    TRACES / "cases/x2apic-guest-qemu-10.log",
]
REQUESTING = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
every_recording = pytest.mark.parametrize(
    "log",
    [*SMALL, *(pytest.param(log, marks=pytest.mark.slow) for log in LARGE)],
    ids=lambda log: log.name.partition(".qemu")[0],
)


def read(log: Path) -> Recording:
    data = log.read_bytes()
    return read_recording(log.name, gzip.decompress(data) if log.suffix == ".gz" else data)


@cache
def scored(log: Path) -> tuple[Recording, Replay, list[Span]]:
    """The spans of a recording, written in pieces of different lengths."""
    recording = read(log)
    course = Course()
    scribe = RecordedScribe(course, Replay(recording))
    piece = 1
    while scribe.go_on(piece):
        piece = piece * 3 % 1_009
    return recording, scribe.replay, list(course.spans())


@every_recording
def test_spans_say_what_the_model_shows_after_each_operation(log: Path) -> None:
    recording, _, spans = scored(log)

    told = [span for span in spans if span.kind not in ("flight", "latched")]  # which are over within their operation
    assert first_difference(told, seen_in(recording)) == ""
    assert all(span.first == span.last for span in spans if span.kind == "flight")


def seen_in(recording: Recording) -> list[Counter[Seen]]:
    """What the model shows before the first operation, and after each."""
    replay = Replay(recording)
    seen = [facts(replay.machine)]
    while not replay.finished:
        replay.step()
        replay.machine.events.clear()
        seen.append(facts(replay.machine))
    return seen


def facts(machine: Machine) -> Counter[Seen]:
    found: Counter[Seen] = Counter()
    for cpu in machine.cpus:
        found.update(("requested", cpu.number, vector) for vector in cpu.apic.irr)
        found.update(("in_service", cpu.number, vector) for vector in cpu.apic.isr)
        if cpu.apic.tpr:
            found["priority", cpu.number, cpu.apic.tpr] += 1
        if cpu.run_state is RunState.WAIT_FOR_SIPI:
            found["sipi", cpu.number] += 1
    found.update(("line", f"pin {pin}") for pin, level in enumerate(machine.io_apic.lines) if level)
    return found


@every_recording
def test_what_cpus_take_and_end_stands_where_the_recording_has_it(log: Path) -> None:
    """Read from the operations, without any model: a vector taken enters service, an EOI ends the highest in it."""
    recording, replay, spans = scored(log)
    if Fact.VECTORS_TAKEN not in recording.facts or replay.findings.vectors_unseen:
        pytest.skip("it does not tell who takes what")
    taken = {(span.first, span.value): span for span in spans if span.kind == "in_service"}
    by_passing = {(span.first, span.value) for span in spans if (span.kind, span.name) == ("mark", "acknowledged")}
    in_service: dict[int, list[Span]] = {}
    ended = 0
    for tick, operation in enumerate(recording.operations, 1):
        match operation:
            case VectorTaken(_, time, vector, cpu) if (tick, vector) not in by_passing:
                span = taken.pop((tick, vector))
                assert (span.start, cpu) in ((time, span.lane), (time, None))
                in_service.setdefault(span.lane, []).append(span)
            case RegisterWrite(_, time, cpu, Register.EOI) if in_service.get(cpu):
                highest = max(in_service[cpu], key=lambda span: span.value)
                in_service[cpu].remove(highest)
                assert (highest.end, highest.last) == (time, tick)
                ended += 1

    assert not taken
    assert all(span.end is None for left in in_service.values() for span in left)
    assert ended + sum(map(len, in_service.values())) == sum(span.kind == "in_service" for span in spans)
    assert len(by_passing) == replay.findings.legacy_pic


@every_recording
def test_a_line_is_up_while_the_recording_has_its_device_hold_it_up(log: Path) -> None:
    recording, _, spans = scored(log)
    since: dict[int, int] = {}
    lines: list[tuple[int, int, int | None]] = []
    for operation in recording.operations:
        if isinstance(operation, PinDriven):
            if operation.level and operation.pin not in since:
                since[operation.pin] = operation.time
            elif not operation.level and operation.pin in since:
                lines.append((operation.pin, since.pop(operation.pin), operation.time))
    lines += [(pin, time, None) for pin, time in since.items()]

    told = [(span.value, span.start, span.end) for span in spans if span.kind == "line"]
    assert Counter(told) == Counter(lines)


@every_recording
def test_counts_are_those_of_the_report(log: Path) -> None:
    _, replay, spans = scored(log)
    report = result_of(replay).as_json()
    assert not replay.findings.vectors.unexplained, "what was taken against the model is counted as it was recorded"

    taken = Counter(
        (span.value, span.lane)
        for span in spans
        if span.kind == "in_service" or (span.kind == "mark" and span.name in ("acknowledged", "spurious"))
    )
    told = {(int(vector, 16), cpu): count for vector, row in report["taken"].items() for cpu, count in enumerate(row)}
    assert taken == Counter(told)
    of_cpus = [span for span in spans if span.kind == "flight" and span.source >= 0]
    assert len({span.message for span in of_cpus if span.name != "end_of_interrupt"}) == report["ipis_sent"]


@every_recording
def test_as_many_are_requested_and_ended_as_the_model_reports(log: Path) -> None:
    recording, _, spans = scored(log)
    replay = Replay(recording)
    happened: Counter[str] = Counter()
    while not replay.finished:
        replay.step()
        for event in replay.machine.take_events():
            if not isinstance(event, Accepted) or event.delivery_mode in REQUESTING:
                happened[type(event).__name__] += 1

    told = Counter(span.kind for span in spans)
    assert told["requested"] == happened["Accepted"]
    assert told["in_service"] == happened["Acknowledged"]
    ended = [span for span in spans if span.kind == "in_service" and span.end is not None]
    assert len(ended) == happened["InterruptEnded"]


@every_recording
def test_each_message_has_an_arrow_for_every_cpu_that_it_reaches(log: Path) -> None:
    recording = read(log)
    _, _, spans = scored(log)
    replay = Replay(recording)
    outcomes: Counter[tuple[int, int, str]] = Counter()
    while not replay.finished:
        replay.step()
        outcomes.update(
            (replay.position, event.place.cpu or 0, event.kind.name)
            for event in replay.machine.take_events()
            if event.kind.name in ("accepted", "merged", "refused", "retried") and event.place.message is not None
        )

    told = Counter(
        (span.first, span.lane, span.name)
        for span in spans
        if span.kind == "flight" and span.name in ("accepted", "merged", "refused", "retried")
    )
    assert told == outcomes


@pytest.mark.slow
def test_where_an_iommu_remaps_interrupts_nobody_knows_where_those_of_pins_go() -> None:
    _, _, spans = scored(TRACES / "recordings/linux-x2apic-qemu-10-4cpu.qemu.log.gz")
    lines = {span.id for span in spans if span.kind == "line"}
    remapped = [span for span in spans if span.kind == "flight" and span.cause in lines]

    assert len(remapped) > 2_000
    assert {(span.lane, span.name) for span in remapped} == {(-1, "")}
