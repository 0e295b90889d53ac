"""For random sessions, under every back end and both kernels, the spans say exactly what the machine shows after each
tick, and what its events say; into whatever pieces the run is cut."""

import os
from random import Random

import pytest

from app.engine.simulation import Simulation
from app.score.course import Course, Span
from app.score.scribe import Scribe
from tests.engine.random_sessions import Choose, Played, anything, play, run_to, storm
from tests.engine.runs import under_every_pair
from tests.score.second_derivation import by_events, first_difference, looked_at

SEEDS = range(int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "1")))


def followed(played: Played, cuts: Random | None) -> tuple[list[Span], Scribe]:
    """The spans of a session that was followed from its beginning."""
    simulation = Simulation(*played.beginning)
    course = Course()
    scribe = Scribe(course, simulation)
    for entry in played.journal:
        run_to(simulation, entry.moment, cuts)
        simulation.apply(entry.command)
    run_to(simulation, played.end, cuts)
    return list(course.spans()), scribe


@pytest.mark.slow
@under_every_pair
@pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)
def test_spans_say_what_the_machine_shows(generation: str, backend: str, choose: Choose) -> None:
    for seed in SEEDS:
        played = play(choose, generation, backend, seed, looks=False)
        seen, happened = looked_at(played)
        spans, scribe = followed(played, Random(seed))

        assert first_difference(spans, seen) == "", seed
        by_events(happened, spans)
        assert [span.start for span in spans] == sorted(span.start for span in spans)
        assert list(scribe.event_ticks) == [tick for tick, _, _ in happened]
        assert followed(played, None)[0] == spans


def test_a_cause_is_a_span_that_began_before_and_belongs_to_it() -> None:
    kinds: set[tuple[str, str]] = set()
    for seed in range(12):
        played = play(storm if seed % 2 else anything, "linux-2.6.22", "native-xapic", seed, looks=False)
        spans = {span.id: span for span in followed(played, None)[0]}
        for span in spans.values():
            if span.cause != -1:
                cause = spans[span.cause]
                assert cause.id < span.id
                assert cause.first <= span.first
                kinds.add((cause.kind, span.kind))
                if span.kind in ("in_service", "handler", "requested") and cause.kind != "line":
                    assert cause.lane in (span.lane, -1)
                if span.kind == "in_service":
                    assert (cause.value, cause.end) == (span.value, span.start)

    assert kinds >= {
        ("flight", "requested"),
        ("requested", "in_service"),
        ("in_service", "handler"),
        ("call", "flight"),
        ("handler", "flight"),
        ("line", "flight"),
        ("latched", "handler"),
        ("flight", "latched"),
    }
