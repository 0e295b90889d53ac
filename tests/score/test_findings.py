"""What is planted is found, and leads to what began it; quiet sessions have no findings."""

from collections.abc import Callable

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import ConfigurePin, LowerPin, RaisePin
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import WriteCr8, Wrmsr
from app.history.recorded import Playback
from app.history.slices import at_once
from app.score.course import Course, Row
from app.score.event_scribe import ScribeOfEvents
from app.score.findings import FINDING_KINDS, INVERTED_CYCLES, Finding, findings_of
from app.score.line import Line, Part
from app.score.span_kinds import CLOSED, HANDLER, IN_SERVICE, REQUESTED
from app.trace.check.replay import Replay
from app.x86.icr import Icr
from tests.history.test_recorded import recording
from tests.score.scored import Scored

pytestmark = pytest.mark.slow

LEVEL, TO_CPU_1 = 1 << 15, 1 << 56
DISABLED = 0xFEE0_0000
LONG = 10 * INVERTED_CYCLES


def found(scored: Scored) -> list[Finding]:
    timeline = scored.timeline
    return at_once(findings_of(scored.line, {}, timeline.head.time, idle=timeline.simulation.idle))


def storm() -> Scored:
    return Scored().do(ConfigurePin(18, 0x41 | LEVEL | TO_CPU_1), RaisePin(18)).run(5_000)


def polling() -> Scored:
    scored = Scored().do(Wrmsr(0, 0x1B, DISABLED)).run()
    return scored.do(CallGuest(0, "smp_send_reschedule", target=1)).run(20_000)


def unanswered() -> Scored:
    return Scored().do(SetInterruptFlag(1, False), CallGuest(0, "smp_call_function")).run().wait(1_000)


def lost() -> Scored:
    scored = Scored().do(SetInterruptFlag(1, False), ConfigurePin(18, 0x41 | TO_CPU_1))
    for _ in range(3):
        scored.do(RaisePin(18)).run().do(LowerPin(18)).run()
    return scored.do(SetInterruptFlag(1, True)).run()


def held_by_tpr() -> Scored:
    return Scored().do(WriteCr8(1, 15), SendIpi(0, Icr(0xE1, destination=1))).run().wait(LONG)


@pytest.mark.parametrize(
    ("plant", "kind", "words", "cause"),
    [
        (storm, "storm", "CPU 1 takes 0x41 ", ("line", "pin 18")),
        (polling, "live_lock", "for delivery status, and goes on waiting.", ("mark", "mode")),
        (unanswered, "live_lock", "and nothing that is under way can end it.", ("closed", "held")),
        (
            lost,
            "lost_wakeup",
            "A device asked CPU 1 for 0x41 while it was requested already, 2 times",
            ("requested", ""),
        ),
        (held_by_tpr, "priority_inversion", "although its class is high enough: TPR is 0xf0.", ("priority", "")),
    ],
    ids=["storm", "polls for ever", "unanswered", "lost edge", "TPR"],
)
def test_what_is_planted_is_found_with_its_first_cause(
    plant: Callable[[], Scored], kind: str, words: str, cause: tuple[str, str]
) -> None:
    scored = plant()

    (finding,) = found(scored)

    assert finding.kind == kind
    assert words in finding.words
    first = scored.line.span(finding.span)
    assert first is not None
    assert (first.kind, first.name) == cause
    assert first.start <= finding.time
    assert all(scored.line.span(span) is not None for span in finding.spans)


class Written:
    """A course written by hand, of CPU 0, known up to LONG cycles."""

    def __init__(self) -> None:
        self.course = Course()

    def span(self, kind: int, value: int, start: int, end: int | None, name: str = "", cause: Row | None = None) -> Row:
        row = self.course.begin(kind, 0, start, start, value, name, -1, -1, cause)
        if end is not None:
            self.course.end(row, end, end)
        return row

    def found(self) -> list[Finding]:
        return at_once(findings_of(Line([Part(self.course)]), {}, LONG, idle=False))


def test_handler_without_an_eoi_is_found_when_another_waits_behind_it() -> None:
    written = Written()
    service = written.span(IN_SERVICE, 0x61, 100, None)
    written.span(HANDLER, 0x61, 100, 900, "forgetful", service)
    assert written.found() == []

    written.span(REQUESTED, 0x52, 1_000, None)

    (finding,) = written.found()
    assert (finding.kind, finding.span) == ("missing_eoi", service[0])
    assert "returned from the handler of 0x61 without an EOI" in finding.words
    assert "0x52 waits behind it" in finding.words


def test_higher_class_behind_a_lower_one_s_gate_is_found() -> None:
    written = Written()
    low = written.span(IN_SERVICE, 0x31, 100, None)
    written.span(HANDLER, 0x31, 100, None, "long", low)
    written.span(CLOSED, -1, 100, None, "gate")
    written.span(REQUESTED, 0x28, 150, None)
    assert written.found() == []

    written.span(REQUESTED, 0xE1, 200, None)

    (finding,) = written.found()
    assert (finding.kind, finding.span) == ("priority_inversion", low[0])
    assert "0xe1 waits" in finding.words
    assert "0x31 keeps IF at 0" in finding.words


@pytest.mark.slow
@pytest.mark.parametrize("backend", list(BACKENDS))
def test_demonstration_has_no_findings(backend: str) -> None:
    scored = Scored(4, backend).do(Demonstrate(True))
    scored.timeline.run(operations=15_000)

    assert len(list(scored.line.spans())) > 3_000
    assert found(scored) == []


def test_recorded_boot_has_lost_edges_and_nothing_else() -> None:
    """The serial port's line and the timer's really rose while they were requested."""
    playback = Playback(Replay(recording("recordings/linux-6.12-virtual-wire-4cpu.qemu.log.gz")))
    course = Course()
    scribe = ScribeOfEvents(course, playback.replay.machine)
    merged = 0
    while playback.run(operations=1):
        events = [event for _, event in playback.take_log()]
        merged += sum(event.kind.name == "merged" and getattr(event, "vector", 0) == 0x30 for event in events)
        scribe.happened(playback.ticks, playback.time, events)

    (finding,) = at_once(findings_of(Line([Part(course)]), {}, playback.time, idle=True))

    assert merged > 0
    assert finding.kind == "lost_wakeup"
    assert "CPU 0 for 0x30 while it was requested already" in finding.words


def test_every_kind_says_what_it_is() -> None:
    assert [kind.name for kind in FINDING_KINDS] == [
        "storm",
        "live_lock",
        "lost_wakeup",
        "missing_eoi",
        "priority_inversion",
    ]
    assert all(kind.words.endswith(".") for kind in FINDING_KINDS)


def test_storm_of_a_line_that_the_bus_spreads_over_the_cpus_is_found() -> None:
    lowest_priority_to_all = 0x41 | 1 << 8 | 1 << 11 | LEVEL | 0xFF << 56
    scored = Scored(4).do(ConfigurePin(18, lowest_priority_to_all), RaisePin(18)).run(6_000)
    lanes = {span.lane for span in scored.of("in_service", value=0x41)}

    (finding,) = found(scored)

    assert len(lanes) > 1
    assert finding.kind == "storm"
    assert finding.words.startswith(f"{len(lanes)} CPUs together take 0x41 ")
    assert finding.span == scored.of("line")[0].id


def test_busy_cpus_that_send_each_other_ipis_are_no_storm() -> None:
    scored = Scored(8).do(Demonstrate(True))
    scored.timeline.run(operations=6_000)

    assert [each.words for each in found(scored) if each.kind == "storm"] == []


def test_many_spans_are_sorted_and_let_go_of_a_little_at_a_time() -> None:
    scored = Scored().do(ConfigurePin(18, 0x41 | LEVEL | TO_CPU_1), RaisePin(18)).run(10_000)
    spans = sum(1 for _ in scored.line.spans())

    slices = sum(1 for _ in findings_of(scored.line, {}, scored.timeline.head.time, idle=False))

    assert slices > 2 * spans // 500
