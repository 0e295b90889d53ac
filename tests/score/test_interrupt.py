"""An interrupt is whole from its cause to its IRET, whichever of its spans is asked for, and told in words."""

from typing import Any

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import ConfigurePin, LowerPin, RaisePin
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import Wrmsr
from app.history.slices import Slices, at_once
from app.score.course import Span
from app.score.explanation import explanation_of
from app.score.interrupt import MOST_TOLD, first_cause, neighbour, span_words, steps_of, whole_interrupt
from app.x86.icr import DeliveryMode, Icr
from tests.score.scored import Scored

pytestmark = pytest.mark.slow

NAMES = {0xFC: "reschedule"}


def kinds(spans: list[Span]) -> list[str]:
    return [span.kind for span in spans]


def test_interrupt_is_the_same_from_each_of_its_spans() -> None:
    scored = Scored().do(CallGuest(0, "smp_send_reschedule", target=1)).run()
    (call,) = scored.of("call")

    whole = at_once(whole_interrupt(scored.line, call))

    assert kinds(whole) == ["call", "flight", "requested", "in_service", "handler"]
    for span in whole[1:]:
        assert at_once(whole_interrupt(scored.line, span)) == whole
        assert first_cause(scored.line, span) == call


def test_all_targets_of_a_message_are_in_it() -> None:
    scored = Scored(4).do(CallGuest(0, "smp_call_function")).run()
    handler = scored.of("handler", lane=2)[0]

    whole = at_once(whole_interrupt(scored.line, handler))

    assert {span.lane for span in whole if span.kind == "handler"} == {1, 2, 3}
    assert len({span.message for span in whole if span.kind == "flight"}) == 1


def test_what_was_merged_into_it_is_in_it_with_its_own_cause() -> None:
    again = SendIpi(0, Icr(0x51, destination=1))
    scored = Scored().do(SetInterruptFlag(1, False), again).run().do(again).run().do(SetInterruptFlag(1, True)).run()
    (requested,) = scored.of("requested")

    whole = at_once(whole_interrupt(scored.line, requested))

    assert [span.name for span in whole if span.kind == "flight"] == ["accepted", "merged"]
    assert kinds(whole).count("call") == 2
    assert kinds(whole).count("in_service") == 1


def test_a_line_has_caused_what_it_sent() -> None:
    edge = 0x41 | 1 << 56
    scored = Scored().do(ConfigurePin(18, edge), RaisePin(18)).run().do(LowerPin(18)).run()
    (service,) = scored.of("in_service", value=0x41)

    whole = at_once(whole_interrupt(scored.line, service))

    assert kinds(whole) == ["line", "flight", "requested", "in_service", "handler"]
    assert first_cause(scored.line, service).name == "pin 18"


def test_what_a_handler_sends_is_another_interrupt() -> None:
    scored = Scored(3).do(Demonstrate(True))
    scored.timeline.run(operations=3_000)
    spans = {span.id: span for span in scored.line.spans()}
    for service in scored.of("in_service")[:40]:
        whole = at_once(whole_interrupt(scored.line, service))
        sent = {span.message for span in whole if span.kind == "flight"}

        assert len(sent) <= 1 + sum(span.name == "merged" for span in whole)
        assert all(span.cause in spans or span.cause == -1 for span in whole)


def test_way_of_an_interrupt_is_told_step_by_step() -> None:
    scored = Scored().do(CallGuest(0, "smp_send_reschedule", target=1)).run()
    whole = at_once(whole_interrupt(scored.line, scored.of("call")[0]))

    steps = at_once(steps_of(whole, NAMES))

    assert [step.words for step in steps] == [
        "CPU 0 begins smp_send_reschedule().",
        "0xfc (reschedule) leaves CPU 0, for CPU 1.",
        "CPU 1 accepts it.",
        "CPU 1 takes 0xfc (reschedule): it had waited 0 cycles.",
        "CPU 1 enters smp_reschedule_interrupt().",
        f"CPU 1 ends 0xfc (reschedule) by EOI, {whole[3].end - whole[3].start:,} cycles after it was taken.",  # type: ignore[operator]
        "CPU 1 returns from smp_reschedule_interrupt().",
    ]
    assert [step.tick for step in steps] == sorted(step.tick for step in steps)
    assert [step.time for step in steps] == sorted(step.time for step in steps)


def test_span_that_lasts_says_how_long_so_far() -> None:
    scored = Scored().do(SetInterruptFlag(1, False), SendIpi(0, Icr(0x51, destination=1))).run()
    (requested,) = scored.of("requested")

    words = span_words(requested, NAMES, requested.start + 1_234)

    assert words == "CPU 1: 0x51 waits for 1,234 cycles so far before it is taken."


def test_every_span_has_a_sentence() -> None:
    scored = Scored(3, "vmi").do(Demonstrate(True), SetInterruptFlag(2, False))
    scored.timeline.run(operations=2_000)
    seen = set()
    for span in scored.line.spans():
        words = span_words(span, NAMES, scored.timeline.head.time)
        assert words.endswith(".")
        assert "{" not in words
        seen.add(span.kind)

    assert {"requested", "handler", "closed", "flight", "host", "call"} <= seen


@pytest.mark.parametrize("kind", ["requested", "handler", "call"])
def test_neighbours_lead_through_all_spans_of_a_lane_and_back(kind: str) -> None:
    scored = Scored(3).do(Demonstrate(True))
    scored.timeline.run(operations=1_500)
    alike = scored.of(kind, lane=1)
    ids = [span.id for span in sorted(alike, key=lambda span: (span.start, span.id))]

    assert len(ids) > 5
    assert [at_once(neighbour(scored.line, span, forward=True)) for span in alike] == [*ids[1:], None]
    assert [at_once(neighbour(scored.line, span, forward=False)) for span in alike] == [None, *ids[:-1]]


# Bounds


def level_storm(operations: int) -> Scored:
    level_to_cpu_1 = 0x41 | 1 << 15 | 1 << 56
    return Scored(2).do(ConfigurePin(18, level_to_cpu_1), RaisePin(18)).run(operations)


@pytest.mark.slow
def test_line_that_has_caused_very_much_is_told_in_part_and_in_small_slices() -> None:
    scored = level_storm(60_000)
    (pin,) = scored.of("line")
    looked: list[int] = []
    scored.line.between = counting(scored.line.between, looked)  # type: ignore[method-assign]

    slices = whole_interrupt(scored.line, pin)
    count, whole = counted(slices)

    assert len(scored.of("flight")) > MOST_TOLD
    assert len(whole) <= MOST_TOLD
    assert {"line", "flight", "requested", "in_service", "handler"} == {span.kind for span in whole}
    assert max(looked) <= 500
    assert count >= len(looked)


def counting(between: Any, looked: list[int]) -> Any:
    def counted_between(*given: Any) -> Any:
        found = between(*given)
        looked.append(len(found.columns["id"]))
        return found

    return counted_between


def counted(slices: Slices[list[Span]]) -> tuple[int, list[Span]]:
    """How many slices there were, and what they came to."""
    count = 0
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            return count, stop.value
        count += 1


# Words


def test_lowest_priority_names_the_cpu_that_has_it() -> None:
    lowest_priority_to_all = 0x41 | 1 << 8 | 1 << 11 | 0xFF << 56
    scored = Scored(4).do(ConfigurePin(18, lowest_priority_to_all), RaisePin(18)).run()
    (flight,), (requested,) = scored.of("flight", value=0x41), scored.of("requested", value=0x41)
    whole = at_once(whole_interrupt(scored.line, flight))

    assert flight.lane == -1
    to = f"to CPU {requested.lane}, "
    assert to in span_words(flight, NAMES, 0, whole)
    words = [step.words for step in at_once(steps_of(whole, NAMES))]
    assert words[:3] == [
        "Pin 18 goes up.",
        f"0x41 leaves a device, for CPU {requested.lane}.",
        f"CPU {requested.lane} accepts it.",
    ]


def test_eoi_broadcast_goes_to_the_io_apic() -> None:
    scored = level_storm(400)
    flight = scored.of("flight", name="end_of_interrupt")[0]

    words = span_words(flight, NAMES, 0, at_once(whole_interrupt(scored.line, flight)))

    assert words.startswith("EOI of 0x41 from CPU 1 to the I/O APIC, ")


@pytest.mark.parametrize(("mode", "name"), [(DeliveryMode.NMI, "NMI"), (DeliveryMode.SMI, "SMI")])
def test_signal_is_called_by_its_name(mode: DeliveryMode, name: str) -> None:
    scored = Scored().do(SendIpi(0, Icr(0, mode, destination=1))).run()
    (flight,) = scored.of("flight")
    whole = at_once(whole_interrupt(scored.line, flight))

    assert span_words(flight, NAMES, 0, whole).startswith(f"{name} from CPU 0 to CPU 1, ")
    assert f"{name} leaves CPU 0, for CPU 1." in [step.words for step in at_once(steps_of(whole, NAMES))]


def test_many_targets_are_cpus() -> None:
    scored = Scored(4).do(CallGuest(0, "smp_call_function")).run()
    whole = at_once(whole_interrupt(scored.line, scored.of("call")[0]))

    assert any(step.words.endswith("leaves CPU 0, for CPUs 1, 2, 3.") for step in at_once(steps_of(whole, NAMES)))


def test_closed_window_says_who_closed_it() -> None:
    scored = Scored().do(SetInterruptFlag(1, False)).run()
    (closed,) = scored.of("closed", lane=1)

    words = span_words(closed, NAMES, closed.start + 260)

    assert words == "CPU 1 lets no interrupt in for 260 cycles so far: they are held off by hand."


def test_every_name_has_words_in_every_sentence() -> None:
    scored = Scored(3, "vmi").do(Demonstrate(True), SetInterruptFlag(2, False))
    scored.timeline.run(operations=2_000)
    for span in scored.line.spans():
        words = span_words(span, NAMES, scored.timeline.head.time)
        assert not words.endswith((": host.", ": code.", ": gate.", ": held."))
        assert words[0] == words[0].upper()


def test_mark_says_its_event_s_own_sentence() -> None:
    scored = Scored().do(Wrmsr(1, 0x1B, 0xFEE0_0000)).run()
    mark = scored.of("mark", name="mode")[0]
    timeline = scored.timeline

    told = at_once(explanation_of(scored.line, mark.id, timeline.past(), NAMES, timeline.head.time))

    assert told.words.startswith("CPU 1")
    assert "another APIC mode" not in told.words
