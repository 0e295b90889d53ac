"""The pieces of a wait cover it exactly, and each names the gate that the machine itself names at every tick inside."""

from itertools import pairwise
from random import Random

import pytest

from app.commands.guest import SendIpi
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import WriteCr8
from app.engine.journal import moment_at
from app.engine.waits import Waits
from app.history.slices import at_once
from app.history.timeline import Timeline
from app.score.course import Course, Span
from app.score.scribe import Scribe
from app.score.waits import MOST_TICKS, Piece, has_waits, waits_of
from app.state.snapshot import cpu_state
from app.x86.icr import Icr
from tests.engine.random_sessions import Choose, anything, storm
from tests.engine.runs import under_every_pair
from tests.history.courses import go_on, new_session
from tests.score.scored import Scored

TO_CPU_1 = SendIpi(0, Icr(0x51, destination=1))


def pieces(scored: Scored, span: Span) -> list[Piece]:
    return at_once(waits_of(scored.timeline.past(), span))


def test_wait_for_a_person_and_then_for_a_priority_is_told_in_pieces() -> None:
    scored = Scored().do(SetInterruptFlag(1, False), WriteCr8(1, 5), TO_CPU_1).run().wait(5_000)
    scored.do(WriteCr8(1, 0)).wait(3_000).do(SetInterruptFlag(1, True)).run()
    (requested,) = scored.of("requested")

    first, second = pieces(scored, requested)

    assert (first.gate, first.words) == ("priority", "class 5 is not above PPR 0x50, because TPR is 0x50")
    assert (second.gate, second.words) == ("flag", "interrupts are held off by hand, though IF is 1")
    assert first.begin == requested.start
    assert first.end == second.begin
    assert second.end == requested.end
    assert second.end - second.begin == 3_000


def test_wait_that_is_not_over_is_told_up_to_the_head() -> None:
    scored = Scored().do(SetInterruptFlag(1, False), TO_CPU_1).run().wait(5_000)
    (requested,) = scored.of("requested")

    (piece,) = pieces(scored, requested)

    assert (piece.begin, piece.end) == (requested.start, scored.timeline.head.time)


def test_no_wait_has_no_pieces() -> None:
    scored = Scored().do(TO_CPU_1).run()
    (requested,) = scored.of("requested")

    assert requested.start == requested.end
    assert pieces(scored, requested) == []


def test_wait_that_has_only_begun_says_for_what() -> None:
    scored = Scored().do(SetInterruptFlag(1, False), TO_CPU_1).run()
    (requested,) = scored.of("requested")
    begun = moment_at(requested.first, requested.start)

    (piece,) = at_once(waits_of(scored.timeline.past(), requested, begun))

    assert (piece.begin, piece.end) == (requested.start, requested.start)
    assert (piece.gate, piece.words) == ("flag", "interrupts are held off by hand, though IF is 1")


@pytest.mark.slow
def test_very_long_wait_is_told_for_its_newest_part() -> None:
    scored = Scored(3).do(SetInterruptFlag(1, False), TO_CPU_1).run().do(Demonstrate(True))
    scored.timeline.run(operations=2 * MOST_TICKS)
    (requested,) = scored.of("requested", value=0x51)

    untold, *told = pieces(scored, requested)

    assert (untold.begin, untold.gate) == (requested.start, "")
    assert told[0].begin == untold.end
    assert told[-1].end == scored.timeline.head.time
    assert scored.timeline.at(scored.timeline.head.tick - MOST_TICKS).time == untold.end


def covers(found: list[Piece], span: Span, end: int) -> bool:
    """Whether the pieces adjoin, from the request to *end*."""
    edges = [piece.begin for piece in found] + [found[-1].end]
    return (
        edges[0] == span.start
        and edges[-1] == end
        and all(before.end == after.begin for before, after in pairwise(found))
        and all(piece.begin < piece.end for piece in found)
    )


def why_at(timeline: Timeline, tick: int, span: Span) -> list[str]:
    """What the state of the page says there of the same vector."""
    simulation = timeline.at(tick)
    processor = simulation.processors[span.lane]
    waits = Waits(simulation.machine, simulation.processors, [], idle=False)
    state = cpu_state(processor, waits.of(processor), {})
    return [each["text"] for each in state["why"] if each["vector"] == span.value]


@pytest.mark.slow
@under_every_pair
@pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)
def test_pieces_cover_every_wait_and_say_what_the_machine_says(generation: str, backend: str, choose: Choose) -> None:
    looked = sum(look(choose, generation, backend, seed) for seed in range(3))

    assert looked > 0


def look(choose: Choose, generation: str, backend: str, seed: int) -> int:
    """Holds the pieces of a session's waits against its ticks. Returns how many were held against the page's words."""
    chance = Random(f"waits {choose.__name__} {generation} {backend} {seed}")
    timeline = Timeline(new_session(choose, generation, backend, chance))
    course = Course()
    Scribe(course, timeline.simulation)
    go_on(timeline, choose, chance, 12)
    looked = 0
    for span in [each for each in course.spans() if has_waits(each)][:60]:
        found = at_once(waits_of(timeline.past(), span))
        end = timeline.head.time if span.end is None else span.end
        assert bool(found) == (end > span.start or span.end is None), span
        assert end == span.start or covers(found, span, end), (span, found)
        last = timeline.head.tick if span.last is None else span.last - 1
        for tick in {chance.randint(span.first, max(span.first, last)) for _ in range(2)}:
            time = timeline.at(tick).time
            until = timeline.at(tick + 1).time if tick < timeline.head.tick else time
            here = [piece for piece in found if piece.begin <= time < piece.end]
            said = why_at(timeline, tick, span) if span.kind == "requested" and until > time else []
            for text, piece in zip(said, here, strict=False):
                assert piece.words in text, (span, tick)
                looked += 1
    return looked
