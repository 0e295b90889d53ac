"""Whatever way a session goes, by seeks, branches and restarts, each branch's score is the one of its journal done once
from the beginning; and what is filled in later is the same as what was followed."""

import os
from random import Random

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import LowerLint, RaiseLegacyLine, RaiseLint, RaisePin
from app.engine.simulation import Simulation
from app.history.branches import Branch
from app.history.simulation_keyframes import simulation_keyframes
from app.history.slices import at_once
from app.history.timeline import Timeline
from app.score.course import Course, Span
from app.score.followed import FollowedScore
from app.score.scribe import Scribe
from app.session.looking_back import Found, bin_edges, binned
from tests.engine.random_sessions import Choose, anything, storm
from tests.engine.runs import under_every_pair
from tests.history.courses import far_away, go_on, new_session

SEEDS = range(int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "1")))
every_kind = pytest.mark.parametrize("choose", [anything, storm], ids=lambda choose: choose.__name__)


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that polls for ever does not make a session of 200,000 ticks, each of which is done many times here."""
    monkeypatch.setattr("app.history.timeline.LONGEST_STEP", 1_000)


def done_once(timeline: Timeline, branch: Branch) -> list[Span]:
    """The spans of a branch, by its journal alone."""
    simulation = Simulation(*timeline.beginning)
    course = Course()
    Scribe(course, simulation)
    for entry in timeline.journal(branch.number):
        simulation.run_to(entry.moment)
        simulation.apply(entry.command)
    simulation.run(to_tick=branch.head.tick)
    return list(course.spans())


def plain(spans: list[Span]) -> list[Span]:
    """With ids by their order, which is all that ids tell; what began in one tick is in any order."""
    numbers = {span.id: place for place, span in enumerate(spans)}
    same = [span._replace(id=0, cause=numbers.get(span.cause, -1)) for span in spans]
    kinds = {number: (span.kind, span.lane, span.value, span.first, span.message) for number, span in enumerate(same)}
    return sorted(
        (span._replace(cause=-1, name=f"{span.name} {kinds.get(span.cause)}") for span in same),
        key=lambda span: (span.first, str(span)),
    )


def gone_about(timeline: Timeline, choose: Choose, chance: Random) -> None:
    """Commands, runs, seeks, steps back and new branches."""
    for _ in range(6):
        go_on(timeline, choose, chance, 4)
        if chance.random() < 0.6:
            far_away(timeline, chance)
        if chance.random() < 0.3:
            timeline.step_back("operation", chance.randrange(1, 4))
        if chance.random() < 0.3:
            timeline.switch_branch(chance.randrange(len(timeline.branches)))


def spans_of(score: FollowedScore, branch: Branch) -> list[Span]:
    spans = list(score.line(branch.number).spans())
    assert [span.id for span in spans] == sorted({span.id for span in spans})
    assert [span.start for span in spans] == sorted(span.start for span in spans)
    return spans


def counted_right(score: FollowedScore, timeline: Timeline, branch: Branch, chance: Random) -> None:
    """The counts of events are those of the records."""
    first = chance.randint(1, max(1, branch.head.tick))
    last = chance.randint(first, max(first, branch.head.tick))
    records = list(timeline.records(first, last, branch.number))
    counts = score.event_counts(branch.number, bin_edges(7, first, min(last, branch.head.tick) + 1))
    found = Found(records, min(last, branch.head.tick), None)
    assert counts == binned(found, 7, first)["bins"]


@pytest.mark.slow
@every_kind
@under_every_pair
def test_every_branch_has_the_score_of_its_journal(generation: str, backend: str, choose: Choose) -> None:
    for seed in SEEDS:
        chance = Random(f"{generation} {backend} {choose.__name__} {seed}")
        timeline = Timeline(new_session(choose, generation, backend, chance), simulation_keyframes(lambda: 0.0))
        score = FollowedScore(timeline)
        gone_about(timeline, choose, chance)

        for branch in timeline.branches:
            if not score.whole(branch.number):
                at_once(score.filler(branch.number))
            assert plain(spans_of(score, branch)) == plain(done_once(timeline, branch)), (seed, branch.number)
            assert score.covered(branch.number).begin.tick == 0
            counted_right(score, timeline, branch, chance)


@pytest.mark.slow
@every_kind
@under_every_pair
def test_what_is_filled_in_after_a_restart_is_what_would_have_been_followed(
    generation: str, backend: str, choose: Choose
) -> None:
    for seed in SEEDS:
        chance = Random(f"restart {generation} {backend} {choose.__name__} {seed}")
        simulation = new_session(choose, generation, backend, chance)
        timeline = Timeline(simulation, simulation_keyframes(lambda: 0.0))
        gone_about(timeline, choose, chance)
        again = Timeline(Simulation(*timeline.beginning), None, timeline.branches)
        branch = chance.choice(timeline.branches)
        again.seek(branch=branch.number)
        score = FollowedScore(again)
        go_on(again, choose, chance, chance.choice([0, 3]))
        if chance.random() < 0.5:
            filler = score.filler()
            for _ in range(3):
                next(filler, None)
        if chance.random() < 0.5:
            far_away(again, chance)
        go_on(again, choose, chance, 2)

        for each in again.branches:
            assert score.covered(each.number).begin.tick <= each.head.tick
            at_once(score.filler(each.number))
            assert score.whole(each.number)
            assert plain(spans_of(score, each)) == plain(done_once(again, each)), (seed, each.number)


def test_a_session_of_which_nothing_is_known_yet_has_an_empty_score() -> None:
    timeline = Timeline(Simulation(2))
    timeline.apply(CallGuest(0, "smp_send_reschedule", target=1))
    timeline.run()
    score = FollowedScore(Timeline(Simulation(*timeline.beginning), None, timeline.branches))

    assert list(score.line().spans()) == []
    assert score.line().between(0, 1 << 60).columns["id"] == []
    assert not score.whole()
    assert score.event_counts(0, [1, 5]) is None


def test_lines_of_one_number_keep_their_beginnings_across_a_branch() -> None:
    timeline = Timeline(Simulation(3))
    score = FollowedScore(timeline)
    for command in (RaiseLint(2, 0), RaiseLint(1, 0), RaisePin(0), LowerLint(2, 0), RaiseLint(2, 0)):
        timeline.apply(command)
        timeline.run(until=timeline.moment.time + 500)
    timeline.seek(tick=timeline.head.tick - 1)
    timeline.apply(LowerLint(1, 0))
    timeline.run(until=timeline.moment.time + 500)

    branch = timeline.branches[1]
    assert plain(spans_of(score, branch)) == plain(done_once(timeline, branch))


def test_nothing_is_written_twice_where_the_past_is_done_again() -> None:
    timeline = Timeline(Simulation(3))
    score = FollowedScore(timeline)
    timeline.apply(CallGuest(0, "smp_call_function"))
    timeline.run()
    before = list(score.line().spans())

    timeline.seek(tick=timeline.head.tick // 2)
    timeline.run()
    timeline.step_back("operation", 5)
    timeline.run()

    assert list(score.line().spans()) == before
    assert len(before) > 10


def test_a_command_that_cannot_be_done_leaves_no_branch_and_no_spans() -> None:
    timeline = Timeline(Simulation(2))
    score = FollowedScore(timeline)
    timeline.apply(CallGuest(0, "smp_send_reschedule", target=1))
    timeline.run()
    before = list(score.line().spans())
    timeline.seek(tick=5)

    with pytest.raises(ValueError, match="line"):
        timeline.apply(RaiseLegacyLine(16))
    timeline.run()

    assert len(timeline.branches) == 1
    assert list(score.line().spans()) == before


@pytest.mark.slow
def test_the_oldest_spans_are_dropped_beyond_the_budget_and_the_answer_says_since_when() -> None:
    timeline = Timeline(Simulation(4))
    score = FollowedScore(timeline, budget=200_000)
    for _ in range(400):
        timeline.apply(CallGuest(0, "smp_call_function"))
        timeline.apply(CallGuest(2, "flush_tlb_others"))
        timeline.run(operations=150)

    covered = score.covered()
    reference = [span for span in done_once(timeline, timeline.branch) if (span.end or 1 << 60) >= covered.begin.time]
    line = score.line().between(covered.begin.time, 1 << 60).columns
    assert 0 < covered.begin.time < timeline.moment.time
    assert score.size < 400_000
    assert sorted(line["id"]) == [span.id for span in reference]
