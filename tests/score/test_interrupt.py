"""An interrupt is whole from its cause to its IRET, whichever of its spans is asked for, and told in words."""

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import ConfigurePin, LowerPin, RaisePin
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.score.course import Span
from app.score.interrupt import first_cause, neighbour, span_words, steps_of, whole_interrupt
from app.x86.icr import Icr
from tests.score.scored import Scored

NAMES = {0xFC: "reschedule"}


def kinds(spans: list[Span]) -> list[str]:
    return [span.kind for span in spans]


def test_interrupt_is_the_same_from_each_of_its_spans() -> None:
    scored = Scored().do(CallGuest(0, "smp_send_reschedule", target=1)).run()
    (call,) = scored.of("call")

    whole = whole_interrupt(scored.line, call)

    assert kinds(whole) == ["call", "flight", "requested", "in_service", "handler"]
    for span in whole[1:]:
        assert whole_interrupt(scored.line, span) == whole
        assert first_cause(scored.line, span) == call


def test_all_targets_of_a_message_are_in_it() -> None:
    scored = Scored(4).do(CallGuest(0, "smp_call_function")).run()
    handler = scored.of("handler", lane=2)[0]

    whole = whole_interrupt(scored.line, handler)

    assert {span.lane for span in whole if span.kind == "handler"} == {1, 2, 3}
    assert len({span.message for span in whole if span.kind == "flight"}) == 1


def test_what_was_merged_into_it_is_in_it_with_its_own_cause() -> None:
    again = SendIpi(0, Icr(0x51, destination=1))
    scored = Scored().do(SetInterruptFlag(1, False), again).run().do(again).run().do(SetInterruptFlag(1, True)).run()
    (requested,) = scored.of("requested")

    whole = whole_interrupt(scored.line, requested)

    assert [span.name for span in whole if span.kind == "flight"] == ["accepted", "merged"]
    assert kinds(whole).count("call") == 2
    assert kinds(whole).count("in_service") == 1


def test_a_line_has_caused_what_it_sent() -> None:
    edge = 0x41 | 1 << 56
    scored = Scored().do(ConfigurePin(18, edge), RaisePin(18)).run().do(LowerPin(18)).run()
    (service,) = scored.of("in_service", value=0x41)

    whole = whole_interrupt(scored.line, service)

    assert kinds(whole) == ["line", "flight", "requested", "in_service", "handler"]
    assert first_cause(scored.line, service).name == "pin 18"


def test_what_a_handler_sends_is_another_interrupt() -> None:
    scored = Scored(3).do(Demonstrate(True))
    scored.timeline.run(operations=3_000)
    spans = {span.id: span for span in scored.line.spans()}
    for service in scored.of("in_service")[:40]:
        whole = whole_interrupt(scored.line, service)
        sent = {span.message for span in whole if span.kind == "flight"}

        assert len(sent) <= 1 + sum(span.name == "merged" for span in whole)
        assert all(span.cause in spans or span.cause == -1 for span in whole)


def test_way_of_an_interrupt_is_told_step_by_step() -> None:
    scored = Scored().do(CallGuest(0, "smp_send_reschedule", target=1)).run()
    whole = whole_interrupt(scored.line, scored.of("call")[0])

    steps = steps_of(whole, NAMES)

    assert [step.words for step in steps] == [
        "CPU 0 begins smp_send_reschedule().",
        "0xfc (reschedule) leaves CPU 0, for CPU 1.",
        "CPU 1: requested.",
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
    assert [neighbour(scored.line, span, forward=True) for span in alike] == [*ids[1:], None]
    assert [neighbour(scored.line, span, forward=False) for span in alike] == [None, *ids[:-1]]
