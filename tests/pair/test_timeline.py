"""A pair that has gone back is what it was, machines and books, and what was undone can be done again."""

from random import Random

import pytest

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin, SendMsi
from app.pair.lock_step import LockStep
from app.pair.script import Cue, at_once
from app.pair.timeline import ARRIVAL, PAIR_UNITS, STIMULUS, PairMoment, PairTimeline
from app.pair.watched import WatchedSimulation
from tests.engine.whole_state import everything, first_difference

PAIRS = [
    (("native-xapic", "linux-2.6.22"), ("vmi", "linux-2.6.22")),
    (("trap-emulate", "linux-2.6.22"), ("kvm-pv", "linux-6")),
    (("apicv", "linux-6"), ("xen-evtchn", "linux-6")),
]
every_pair = pytest.mark.parametrize(("a", "b"), PAIRS, ids=lambda machine: "-".join(machine))
CPUS = 3


def new_pair(a: tuple[str, str], b: tuple[str, str]) -> LockStep:
    sheet = WatchedSimulation(1, "apicv", generation="linux-6").sheet
    one, other = (WatchedSimulation(CPUS, name, sheet, generation=kernel) for name, kernel in (a, b))
    return LockStep(one, other)


def stimulus(chance: Random) -> tuple[Cue, ...]:
    def command() -> Stimulus:
        cpu = chance.randrange(CPUS)
        return chance.choice(
            [
                CallGuest(cpu, chance.choice(["smp_call_function", "flush_tlb_others", "send_ipi_self"])),
                CallGuest(cpu, "smp_send_reschedule", target=chance.randrange(CPUS)),
                SendMsi(0xFEE0_0000 | cpu << 12, 0x51),
            ]
        )

    if chance.random() < 0.5:
        return at_once(command()) if chance.random() < 0.6 else at_once(RaisePin(18), LowerPin(18))
    return tuple(Cue(offset, command()) for offset in sorted(chance.randrange(3_000) for _ in range(3)))


def everything_of(timeline: PairTimeline) -> list[str]:
    pair = timeline.lock_step
    counters = [side.simulation.counters for side in pair.sides]  # which brings them up to date
    return everything((pair.a, pair.b, pair.stimuli, pair.steps, pair.entries, counters))


def forward(timeline: PairTimeline, unit: str) -> bool:
    """One step by *unit*, as a session makes it. False when nothing is left to do."""
    pair = timeline.lock_step
    if pair.at_rest:
        if not timeline.waiting:
            return False
        timeline.stands(unit)
        timeline.begin()
    else:
        timeline.stands(unit)
    if unit == STIMULUS:
        while not pair.at_rest:
            pair.run(20)
    else:
        while not (pair.run_to_next_arrival(20) or pair.at_rest):
            pass
    return True


@pytest.mark.slow
@every_pair
def test_a_step_back_undoes_a_step_in_machines_and_books(a: tuple[str, str], b: tuple[str, str]) -> None:
    chance = Random(f"{a} {b}")
    timeline = PairTimeline(new_pair(a, b), [stimulus(chance) for _ in range(6)])
    for _ in range(14):
        unit = chance.choice(PAIR_UNITS)
        if chance.random() < 0.4 and not timeline.lock_step.at_rest:
            timeline.lock_step.run(chance.randrange(1, 30))
        there, state = timeline.moment, everything_of(timeline)
        if not forward(timeline, unit):
            break
        then, after = timeline.moment, everything_of(timeline)

        if then == there:
            continue
        assert timeline.step_back(unit) == 1
        assert timeline.moment == there
        assert first_difference(state, everything_of(timeline)) == ""

        forward(timeline, unit)
        assert timeline.moment == then
        assert first_difference(after, everything_of(timeline)) == ""


@every_pair
def test_the_way_back_leads_over_the_ends_of_all_stimuli(a: tuple[str, str], b: tuple[str, str]) -> None:
    chance = Random(7)
    timeline = PairTimeline(new_pair(a, b), [stimulus(chance) for _ in range(4)])
    moments = [timeline.moment]
    while forward(timeline, STIMULUS):
        moments.append(timeline.moment)

    for moment in reversed(moments[:-1]):
        assert timeline.step_back(STIMULUS) == 1
        assert timeline.moment == moment
    assert timeline.step_back(STIMULUS) == 0
    assert len(timeline.waiting) == 4


def test_a_way_back_ends_at_the_beginning_and_says_how_far_it_was() -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]), [stimulus(Random(seed)) for seed in range(3)])
    while forward(timeline, STIMULUS):
        pass

    assert timeline.step_back(STIMULUS, 100) == 3
    assert timeline.moment == PairMoment(0, 0, 0)


def test_a_new_stimulus_comes_behind_those_that_wait_again() -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]))
    first, second, third = (at_once(CallGuest(cpu, "send_ipi_self")) for cpu in range(3))
    timeline.give(first, second)
    while forward(timeline, STIMULUS):
        pass
    timeline.step_back(STIMULUS)

    timeline.give(third)

    assert list(timeline.waiting) == [second, third]
    timeline.leave_out_waiting()
    assert list(timeline.waiting) == []


def test_a_moment_that_a_pair_never_stands_at_is_refused() -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]), [at_once(CallGuest(0, "send_ipi_self"))])
    forward(timeline, STIMULUS)
    there = timeline.moment

    for wrong in (there._replace(a=there.a + 1), PairMoment(2, 0, 0), PairMoment(-1, 0, 0)):
        with pytest.raises(ValueError, match=r"never stands at|there is no stimulus"):
            timeline.seek(wrong)
    timeline.seek(PairMoment(0, 0, 0))
    timeline.seek(there)
    assert timeline.moment == there


def test_a_step_by_something_else_is_refused() -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]))

    for ask in (timeline.stands, timeline.step_back):
        with pytest.raises(KeyError, match=f"a pair has no step by operation: there are {STIMULUS}, {ARRIVAL}"):
            ask("operation")
