"""A pair that goes back by a step: its machines, its books and its streams are what they were."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.commands.guest import CallGuest
from app.costs.sheet import load_cost_sheet
from app.pair.pair_json import stimulus_json
from app.pair.recorded_script import Machine
from app.session.drive import NotPossible
from app.session.pair import Back, Go, Pair, PairedMachine
from app.session.pairs import Pairs, Wanted
from app.session.registry import sample_file
from app.session.share import Share
from app.session.workshop import Workshop
from tests.session.living import TO_CPU_1
from tests.session.waiting import Waiting

WANTED = Wanted(
    Machine("native-xapic", "linux-2.6.22"), Machine("vmi", "linux-2.6.22"), load_cost_sheet("2007"), cpus=2
)
TO_SELF = CallGuest(0, "send_ipi_self")
#: What numbers the states of a stream, and is another with each.
NUMBER = "seq"
#: How often a span has begun or ended is never what it was: whoever has what was undone asks for all again.
SCORE = "score"

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def pairs(workshop: Workshop) -> AsyncIterator[Pairs]:
    made = Pairs(Share(), workshop)
    yield made
    await made.stop(1000)


@pytest.fixture
async def pair(pairs: Pairs) -> Pair:
    """It stands still, and three stimuli wait."""
    made = pairs.create(WANTED._replace(paused=True))
    await made.give(TO_CPU_1)
    await made.give(TO_CPU_1, TO_SELF)
    await made.give(TO_SELF)
    return made


def shown(pair: Pair) -> list[Any]:
    """All that there is to see of a pair: the states of both, the totals, and what each made of every stimulus."""
    states = [{**pair.machine(name).state(), NUMBER: None, SCORE: None} for name in "ab"]
    stimuli = [stimulus_json(pair.lock_step.aligned(number)) for number in range(1, pair.lock_step.stimuli + 1)]
    return [states, [total.as_dict() for total in pair.lock_step.totals()], stimuli]


@pytest.mark.parametrize(("on", "back"), [(Go.STIMULUS, Back.STIMULUS), (Go.ARRIVAL, Back.ARRIVAL)])
async def test_steps_back_show_what_was_shown_before_each_step(pair: Pair, on: Go, back: Back) -> None:
    before = [shown(pair)]
    while pair.timeline.waiting_count or not pair.lock_step.at_rest:
        await pair.ask(on)
        before.append(shown(pair))
    assert len(before) > 3

    for there in reversed(before[:-1]):
        await pair.ask(back)
        assert shown(pair) == there
        assert pair.paused


async def test_what_was_undone_comes_again(pair: Pair) -> None:
    await pair.ask(Go.STIMULUS)
    await pair.ask(Go.STIMULUS)
    there = shown(pair)

    await pair.ask(Back.STIMULUS)
    assert pair.progress() == {"stimuli": 1, "waiting": 2, "paused": True, "at_rest": True}
    await pair.ask(Go.STIMULUS)

    assert shown(pair) == there


async def test_back_at_the_beginning_leaves_it_as_it_is(pair: Pair) -> None:
    there = shown(pair)

    await pair.ask(Back.STIMULUS)

    assert shown(pair) == there


async def test_stimulus_that_is_given_after_a_step_back_comes_behind_those_that_wait(pair: Pair) -> None:
    await pair.ask(Go.STIMULUS)
    await pair.ask(Back.STIMULUS)
    last = CallGuest(1, "send_ipi_self")

    await pair.give(last)
    await pair.ask(Go.ON)

    assert pair.lock_step.given[1:] == [(TO_CPU_1,), (TO_CPU_1, TO_SELF), (TO_SELF,), (last,)]


async def test_step_back_stops_a_pair_that_runs(pair: Pair) -> None:
    await pair.ask(Go.ON)

    await pair.ask(Back.STIMULUS)

    assert pair.progress() == {"stimuli": 2, "waiting": 1, "paused": True, "at_rest": True}


async def next_message(machine: PairedMachine, viewer: Any) -> Any:
    async with asyncio.timeout(10):
        while True:
            message = machine.hub.message_for(viewer)
            if message is not None:
                return json.loads(message)
            await viewer.told()


async def test_streams_of_both_send_a_snapshot_after_a_step_back_and_only_what_happened_before(pair: Pair) -> None:
    await pair.ask(Go.STIMULUS)
    for name in "ab":
        machine = pair.machine(name)
        with machine.hub.viewing(Waiting()) as viewer:
            await next_message(machine, viewer)
            await pair.ask(Go.STIMULUS)
            await pair.ask(Back.STIMULUS)

            message = await next_message(machine, viewer)
            while message["type"] != "snapshot":
                message = await next_message(machine, viewer)

        assert message["state"]["pair"]["stimuli"] == 1
        assert all(event["time"] <= message["time"] for event in message["events"])
        assert message["state"]["live"] is True


async def test_streams_tell_of_the_spans_that_began_and_after_a_step_back_of_none_that_was_undone(pair: Pair) -> None:
    machine = pair.machine("b")
    told: list[int] = []
    with machine.hub.viewing(Waiting(spans=True)) as viewer:
        before = (await next_message(machine, viewer))["spans"]["to"]
        await pair.ask(Go.STIMULUS)
        while before != machine.score.position.changes:
            spans = (await next_message(machine, viewer)).get("spans")
            if spans is not None:
                assert spans["from"] == before
                before = spans["to"]
                told += spans["began"]["id"]
        assert told == [span.id for span in machine.score.line(0).spans()]

        await pair.ask(Back.STIMULUS)
        message = await next_message(machine, viewer)
        while message["type"] != "snapshot":
            message = await next_message(machine, viewer)

    assert message["spans"]["to"] > before
    assert list(machine.score.line(0).spans()) == []


@pytest.fixture
async def long_pair(pairs: Pairs) -> Pair:
    """All that a recording of a boot gave it has been done."""
    made = await pairs.create_from_recording(WANTED, sample_file("linux-6.1-boot-4cpu", "somebody"))
    await made.ask(Go.ON)
    while made.running:
        await made.ask(Go.ON)  # answered while it goes on
    return made


@pytest.mark.slow
async def test_long_way_back_does_not_hold_up_the_loop(long_pair: Pair) -> None:
    done, beats = long_pair.lock_step.stimuli, 0

    going = asyncio.create_task(long_pair.ask(Back.ARRIVAL))
    while not going.done():
        await asyncio.sleep(0)
        beats += 1

    assert beats > 50
    assert long_pair.lock_step.stimuli in (done - 1, done)


@pytest.mark.slow
async def test_pause_ends_a_long_way_back_and_the_pair_stands_where_it_stood(long_pair: Pair) -> None:
    there = long_pair.timeline.moment
    ways = [asyncio.create_task(long_pair.ask(Back.STIMULUS)) for _ in range(2)]
    await asyncio.sleep(0.05)

    await long_pair.ask(Go.NOT)

    for way in ways:
        with pytest.raises(NotPossible, match="a pause has ended the way back"):
            await way
    assert long_pair.timeline.moment == there
    assert not long_pair.running


@pytest.mark.slow
async def test_pair_that_ends_leaves_nobody_waiting_for_a_way_back(pairs: Pairs, long_pair: Pair) -> None:
    way = asyncio.create_task(long_pair.ask(Back.STIMULUS))
    await asyncio.sleep(0.05)

    await pairs.end(long_pair.id)

    with pytest.raises(NotPossible, match="the pair is over"):
        await way
