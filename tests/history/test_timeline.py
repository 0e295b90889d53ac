"""Any moment of any branch is what it was, whatever has been done since, and however one came there.

``APICSCOPE_RANDOM_SESSIONS=2000 pytest tests/history`` tries as many random sessions.
"""

import os
from bisect import bisect_right
from random import Random

import pytest

from app.commands.guest import CallGuest
from app.commands.machine import Demonstrate, SetBackend, SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.events import CallFinished, HandlerReturned
from app.engine.journal import moment_at
from app.engine.simulation import Simulation
from app.history.record import hash_of_tick, state
from app.history.timeline import Timeline
from app.history.units import UNITS
from app.x86.registers import Register
from tests.engine.random_sessions import Choose, anything, storm
from tests.engine.runs import PAIRS, reschedule
from tests.engine.whole_state import whole_state
from tests.history.courses import difference, far_away, go_on, new_session, reference, times

pytestmark = pytest.mark.slow  # many together

KINDS: list[Choose] = [anything, storm]
#: Random sessions of each kind under each pair of a kernel and a back end.
EACH = -(-int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "22")) // (len(PAIRS) * len(KINDS)))
random_sessions = pytest.mark.parametrize(
    ("choose", "generation", "backend", "seed"),
    [(kind, *pair, seed) for kind in KINDS for pair in PAIRS for seed in range(EACH)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)


def begun(choose: Choose, generation: str, backend: str, seed: int, what: str) -> tuple[Timeline, Random]:
    chance = Random(f"{what} {choose.__name__} {generation} {backend} {seed}")
    timeline = Timeline(new_session(choose, generation, backend, chance))
    go_on(timeline, choose, chance, chance.randint(3, 12))
    return timeline, chance


# Moments


@random_sessions
def test_a_moment_is_what_its_journal_makes_of_it(choose: Choose, generation: str, backend: str, seed: int) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "seek")
    head, last_state = timeline.head, whole_state(timeline.simulation)
    for _ in range(6):
        tick = chance.randint(0, head.tick)
        timeline.seek(tick)
        if tick < head.tick:
            assert timeline.moment.tick == tick
            assert difference(timeline.simulation, reference(timeline, tick).simulation) == ""

    assert timeline.seek(head.tick) == head
    assert whole_state(timeline.simulation) == last_state
    assert timeline.live


@random_sessions
def test_what_happened_is_what_the_journal_makes_happen(
    choose: Choose, generation: str, backend: str, seed: int
) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "records")
    log = reference(timeline, timeline.head.tick).log

    records = list(timeline.records(1, timeline.head.tick))
    assert [(record.time, record.event) for record in records] == log

    first, last = sorted(chance.randint(1, timeline.head.tick) for _ in range(2))
    assert list(timeline.records(first, last)) == [record for record in records if first <= record.tick <= last]


@random_sessions
def test_no_branch_touches_another(choose: Choose, generation: str, backend: str, seed: int) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "branches")
    places = []
    for _ in range(4):
        far_away(timeline, chance)
        places.append((timeline.branch.number, timeline.moment, whole_state(timeline.simulation)))
        go_on(timeline, choose, chance, chance.randint(1, 3))
    heads = [branch.head for branch in timeline.branches]

    for number, moment, whole in chance.sample(places, len(places)):
        assert timeline.seek(*moment, branch=number) == moment
        assert whole_state(timeline.simulation) == whole
    for branch, head in zip(timeline.branches, heads, strict=True):
        assert timeline.switch_branch(branch.number) == head
        assert difference(timeline.simulation, timeline.at(branch=branch.number)) == ""
    assert [branch.head for branch in timeline.branches] == heads


@random_sessions
def test_a_step_back_undoes_a_step_and_a_step_undoes_a_step_back(
    choose: Choose, generation: str, backend: str, seed: int
) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "steps")
    for unit in [*UNITS, *UNITS]:
        far_away(timeline, chance)
        if chance.random() < 0.3:
            timeline.run(until=timeline.moment.time + chance.randrange(300))
        there, state, count = timeline.moment, whole_state(timeline.simulation), chance.choice([1, 1, 2, 5])

        gone = timeline.step(unit, count)
        if gone == count:
            assert timeline.step_back(unit, gone) == gone
            assert (timeline.moment, whole_state(timeline.simulation)) == (there, state), (
                f"{gone} {unit}, forward first"
            )

        timeline.seek(*there)
        back = timeline.step_back(unit, count)
        assert back == count or timeline.moment.tick == 0
        assert timeline.step(unit, back) == back
        assert (timeline.moment, whole_state(timeline.simulation)) == (there, state), f"{back} {unit}, back first"


@random_sessions
def test_steps_go_over_the_same_moments_on_and_back(choose: Choose, generation: str, backend: str, seed: int) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "stops")
    unit = chance.choice(list(UNITS))
    timeline.seek(0)
    moments = [timeline.moment]
    goes_on = True
    while len(moments) < 40 and goes_on:
        goes_on = timeline.step(unit) > 0
        if timeline.moment.tick > moments[-1].tick:
            moments.append(timeline.moment)

    for moment in reversed(moments[:-1]):
        assert timeline.step_back(unit) == 1
        assert timeline.moment == moment
    assert timeline.step_back(unit) == 0
    assert timeline.moment == moments[0]


@random_sessions
def test_the_way_from_a_past_moment_leads_to_the_head_into_whatever_pieces_it_is_cut(
    choose: Choose, generation: str, backend: str, seed: int
) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "cuts")
    head, state, branches = timeline.head, whole_state(timeline.simulation), len(timeline.branches)
    for _ in range(2):
        timeline.seek(chance.randint(0, head.tick))
        while timeline.moment.tick < head.tick:
            match chance.randrange(4):
                case 0:
                    timeline.run(operations=chance.randrange(20), to_tick=head.tick)
                case 1:
                    until = min(head.time, timeline.moment.time + chance.randrange(2000))
                    timeline.run(until=until, to_tick=head.tick)
                case 2:
                    timeline.run(to_tick=min(head.tick, timeline.moment.tick + chance.randrange(60)))
                case _:
                    timeline.next_time()
        timeline.run(until=head.time, to_tick=head.tick)

        assert (timeline.moment, timeline.head, len(timeline.branches)) == (head, head, branches)
        assert whole_state(timeline.simulation) == state


@random_sessions
def test_the_last_tick_at_a_time_is_found(choose: Choose, generation: str, backend: str, seed: int) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "time")
    happened = times(timeline)
    for _ in range(4):
        time = chance.randrange(timeline.head.time + 1)
        timeline.seek(time=time)
        if time < timeline.head.time:
            tick = bisect_right(happened, time) - 1
            assert timeline.moment == moment_at(tick, happened[tick])


# One thing after the other


def session() -> Timeline:
    """Four CPUs; three commands, and a run to the end of each."""
    timeline = Timeline(Simulation(4))
    for source in range(3):
        timeline.apply(reschedule(source, source + 1), f"viewer {source}")
        timeline.run(until_idle=True)
    return timeline


def test_a_command_at_the_head_goes_on_with_the_branch() -> None:
    timeline = session()

    assert [entry.command for entry in timeline.journal()] == [reschedule(0, 1), reschedule(1, 2), reschedule(2, 3)]
    assert [entry.who for entry in timeline.journal()] == ["viewer 0", "viewer 1", "viewer 2"]
    assert (len(timeline.branches), timeline.commands, timeline.live) == (1, 3, True)
    assert timeline.head == timeline.moment


def test_a_command_in_the_past_begins_a_branch_and_leaves_the_old_one_whole() -> None:
    timeline = session()
    head, journal, second = timeline.head, timeline.journal(), timeline.journal()[1]
    timeline.seek(second.tick)

    timeline.apply(CallGuest(3, "smp_call_function"), "somebody else")
    timeline.run(until_idle=True)

    main, branch = timeline.branches
    assert timeline.branch is branch
    assert (branch.number, branch.parent, branch.leaves_at) == (1, main, second.tick)
    assert [entry.command for entry in timeline.journal()] == [reschedule(0, 1), CallGuest(3, "smp_call_function")]
    assert timeline.live
    assert (main.head, timeline.journal(0)) == (head, journal)


def test_a_branch_of_a_part_that_two_share_leaves_the_one_that_went_there() -> None:
    timeline = session()
    first, second, _ = timeline.journal()
    for place in (second.tick, first.tick):
        timeline.seek(place)
        timeline.apply(SetInterruptFlag(0, False))

    _, _, branch = timeline.branches
    assert branch.parent is timeline.branches[0]
    assert [entry.command for entry in timeline.journal()] == [SetInterruptFlag(0, False)]


def test_running_from_the_past_does_the_commands_again_and_begins_no_branch() -> None:
    timeline = session()
    head = timeline.head
    timeline.seek(0)
    assert not timeline.live

    operations = timeline.run(to_tick=head.tick)

    assert operations > 20
    assert timeline.live
    assert (timeline.moment, len(timeline.branches), timeline.commands) == (head, 1, 3)


def test_whoever_runs_past_the_head_takes_it_along() -> None:
    timeline = session()
    timeline.apply(WriteRegister(0, Register.LVT_TIMER, 0x2_00EF))
    timeline.apply(WriteRegister(0, Register.TIMER_INITIAL_COUNT, 900))
    head = timeline.head
    timeline.seek(head.tick - 2)

    timeline.run(until=head.time + 100_000)

    assert timeline.head == timeline.moment
    assert timeline.moment.time == head.time + 100_000
    assert timeline.moment.tick > head.tick


def test_asking_for_the_next_time_in_the_past_knows_of_the_commands_that_come() -> None:
    timeline = Timeline(Simulation(2))
    timeline.apply(reschedule(0, 1))
    timeline.run(until_idle=True)
    timeline.run(until=50_000)
    timeline.apply(reschedule(1, 0))
    idle = timeline.journal()[1].tick
    timeline.seek(idle)

    assert timeline.simulation.next_time() is None
    assert timeline.next_time() == 50_000


def test_a_command_that_is_refused_leaves_nothing_behind() -> None:
    timeline = session()
    for place in (timeline.head.tick, 5):
        timeline.seek(place)
        before = timeline.moment, timeline.commands, len(timeline.branches), timeline.branch.number
        state = whole_state(timeline.simulation)

        with pytest.raises(KeyError):
            timeline.apply(SetBackend("no such back end"))

        assert (timeline.moment, timeline.commands, len(timeline.branches), timeline.branch.number) == before
        assert whole_state(timeline.simulation) == state


def test_a_moment_that_a_clock_waited_at_can_be_shown_as_it_was() -> None:
    timeline = session()
    timeline.run(until=1_000_000)
    there, state = timeline.moment, whole_state(timeline.simulation)
    timeline.apply(reschedule(0, 1))

    assert timeline.seek(*there) == there
    assert whole_state(timeline.simulation) == state
    with pytest.raises(ValueError, match="not of this run"):
        timeline.seek(there.tick - 1, there.time)
    assert timeline.moment == there


@pytest.mark.parametrize("tick", [-1, 10_000])
def test_a_tick_that_a_branch_has_not_is_refused(tick: int) -> None:
    timeline = session()

    for ask in (timeline.seek, timeline.at):
        with pytest.raises(ValueError, match=f"there is no tick {tick:,} in main: it has come to tick"):
            ask(tick)


def test_a_branch_that_is_not_there_is_refused() -> None:
    timeline = session()

    for ask in (timeline.switch_branch, timeline.journal, lambda number: timeline.name_branch(number, "x")):
        with pytest.raises(LookupError, match="there is no branch 1: there are 0 to 0"):
            ask(1)


def test_a_branch_can_be_named_and_shown() -> None:
    timeline = session()
    head = timeline.head
    timeline.seek(3)
    timeline.apply(reschedule(3, 0))
    timeline.name_branch(1, "the other way round")

    assert timeline.switch_branch(0) == head
    assert [branch.name for branch in timeline.branches] == ["main", "the other way round"]


def test_looking_at_a_moment_moves_nobody() -> None:
    timeline = session()
    there, simulation = timeline.moment, timeline.simulation

    looked = timeline.at(7)
    looked.apply(reschedule(3, 0))
    looked.run(until_idle=True)

    assert (timeline.moment, timeline.simulation, timeline.commands) == (there, simulation, 3)
    assert difference(timeline.at(), simulation) == ""


def test_the_way_back_is_gone_in_slices_while_other_things_are_done() -> None:
    timeline = session()
    for _ in range(40):
        timeline.apply(CallGuest(0, "smp_call_function"))
        timeline.run(until_idle=True)
    way = timeline.seeker(timeline.head.tick - 5)
    slices = 0
    for _ in way:
        slices += 1
        timeline.apply(reschedule(0, 1))
        timeline.run(operations=3)
        assert timeline.live

    assert slices > 5
    assert not timeline.live
    assert timeline.commands == 43 + slices
    assert len(timeline.branches) == 1


def test_whoever_comes_back_to_the_head_finds_the_same_machine() -> None:
    timeline = session()
    machine = timeline.simulation
    timeline.seek(4)

    timeline.switch_branch(0)

    assert timeline.simulation is machine


# Steps


def test_a_step_by_operation_is_what_a_run_of_one_operation_is() -> None:
    timeline, simulation = session(), session().simulation
    for moved in (timeline, simulation):
        moved.apply(CallGuest(0, "smp_call_function"))
    for _ in range(60):
        assert timeline.step("operation") == simulation.run(operations=1)
        assert timeline.moment == simulation.moment


@pytest.mark.parametrize(
    ("unit", "counter"), [("access", "accesses"), ("interrupt", "interrupts_taken")], ids=lambda word: word
)
def test_a_step_ends_with_the_tick_that_counts(unit: str, counter: str) -> None:
    timeline = session()
    timeline.apply(CallGuest(0, "smp_call_function"))
    for _ in range(3):
        before = getattr(timeline.simulation.counters, counter)
        assert timeline.step(unit) == 1
        assert getattr(timeline.simulation.counters, counter) == before + 1
        assert getattr(timeline.at(timeline.moment.tick - 1).counters, counter) == before


def test_a_step_by_function_ends_when_a_handler_or_a_called_function_returns() -> None:
    timeline = Timeline(Simulation(2))
    timeline.apply(reschedule(0, 1))

    ends = set()
    while timeline.step("function"):
        last = list(timeline.records(timeline.moment.tick, timeline.moment.tick))
        ends |= {type(record.event) for record in last} & {CallFinished, HandlerReturned}

    assert ends == {CallFinished, HandlerReturned}


def test_a_command_is_a_step_by_operation_and_of_no_other_unit() -> None:
    timeline = session()
    second = timeline.journal()[1]
    for unit, there in [("operation", moment_at(second.tick + 1, second.time)), ("interrupt", None)]:
        timeline.seek(second.tick)
        timeline.step(unit)
        if there is not None:
            assert timeline.moment == there
        else:
            assert timeline.moment.tick > second.tick + 1


def test_a_way_back_ends_at_the_beginning_and_says_how_far_it_was() -> None:
    timeline = session()
    timeline.seek(3)

    gone = timeline.step_back("operation", 1_000)

    assert 1 <= gone <= 3
    assert timeline.moment == moment_at(0, 0)
    assert timeline.step_back("operation") == 0


def test_a_step_that_never_ends_stops_all_the_same() -> None:
    timeline = Timeline(Simulation(2))
    for cpu in range(2):
        timeline.apply(SetInterruptFlag(cpu, False))
    timeline.apply(Demonstrate(True))

    assert timeline.step("interrupt") == 0
    assert timeline.step_back("interrupt") == 1
    assert timeline.moment.tick == 3


def test_a_step_by_something_else_is_refused() -> None:
    timeline = session()

    for step in (timeline.step, timeline.step_back):
        with pytest.raises(KeyError, match="no step by leap: there are operation, access, interrupt, function"):
            step("leap")


# One number for each tick


@random_sessions
def test_each_tick_has_one_hash_wherever_its_clock_stood(
    choose: Choose, generation: str, backend: str, seed: int
) -> None:
    timeline, chance = begun(choose, generation, backend, seed, "hash")
    seen = {}
    for _ in range(5):
        go_on(timeline, choose, chance, 1)
        timeline.run(until=timeline.moment.time + chance.randrange(3_000), operations=chance.randrange(30))
        seen[timeline.moment.tick] = hash_of_tick(state(timeline.simulation))

    assert {tick: hash_of_tick(state(timeline.at(tick))) for tick in seen} == seen
    assert len(set(seen.values())) == len(seen)


def test_a_clock_that_goes_on_changes_the_state_and_not_the_hash_of_its_tick() -> None:
    timeline = session()
    before = state(timeline.simulation)
    timeline.run(until=timeline.moment.time + 1_000)
    after = state(timeline.simulation)

    assert before != after
    assert hash_of_tick(before) == hash_of_tick(after)
    timeline.apply(reschedule(0, 1))
    assert hash_of_tick(state(timeline.simulation)) != hash_of_tick(after)


def test_last_moment_that_two_branches_share_is_where_somebody_acted() -> None:
    timeline = Timeline(Simulation(2))
    timeline.apply(CallGuest(0, "smp_call_function"))
    timeline.run()
    forks = {}
    for number, (branch, tick) in enumerate([(0, 9), (1, 12), (0, 4)], 1):
        timeline.seek(tick, branch=branch)
        forks[number] = timeline.moment
        timeline.apply(SetInterruptFlag(1, False))
        timeline.run(operations=20)
    main, one, below_one, early = timeline.branches

    assert main.shared_with(main) is None
    assert main.shared_with(one) == one.shared_with(main) == forks[1]
    assert one.shared_with(below_one) == below_one.shared_with(one) == forks[2]
    assert main.shared_with(below_one) == forks[1]
    assert early.shared_with(below_one) == below_one.shared_with(early) == forks[3]
