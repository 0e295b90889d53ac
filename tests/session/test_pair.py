"""A pair: one task, two machines, stimuli that wait or run."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.backends.catalogue import DEFAULT_SHEETS
from app.commands.guest import CallGuest, SendIpi
from app.commands.transport import StepBy
from app.costs.sheet import load_cost_sheet
from app.pair.lock_step import MOST_ENTRIES
from app.pair.recorded_script import Machine
from app.pair.script import at_once
from app.session.drive import NotPossible
from app.session.owner import Room
from app.session.pair import MOST_WAITING, Give, Go, Pair
from app.session.pairs import Pairs, Wanted
from app.session.registry import UnknownSession, sample_file
from app.session.session import Session
from app.session.share import Share
from app.session.workshop import Workshop
from app.trace.errors import UnusableRecording
from app.x86.icr import Icr
from tests.session.living import PERIODIC_TIMER, TO_CPU_1
from tests.session.waiting import Waiting

WANTED = Wanted(
    Machine("native-xapic", "linux-2.6.22"), Machine("vmi", "linux-2.6.22"), load_cost_sheet("2007"), cpus=2
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def pairs(workshop: Workshop) -> AsyncIterator[Pairs]:
    made = Pairs(Share(), workshop, room=Room(2, 1 << 30))
    yield made
    await made.stop(1000)


@pytest.fixture
async def pair(pairs: Pairs) -> Pair:
    return pairs.create(WANTED)


async def test_stimulus_is_done_on_both_before_the_answer(pair: Pair) -> None:
    await pair.give(TO_CPU_1)

    assert pair.lock_step.stimuli == 1
    assert pair.lock_step.at_rest
    assert [pair.machine(name).state()["counters"]["exits"] for name in "ab"] == [0, 6]


async def test_paused_pair_lets_stimuli_wait_for_next(pair: Pair) -> None:
    await pair.ask(Go.NOT)
    await pair.give(TO_CPU_1)
    await pair.give(TO_CPU_1)
    assert pair.progress() == {"stimuli": 0, "waiting": 2, "paused": True, "at_rest": True}

    await pair.ask(Go.STIMULUS)

    assert pair.progress() == {"stimuli": 1, "waiting": 1, "paused": True, "at_rest": True}


async def test_more_stimuli_than_may_wait_are_refused_and_none_of_them_is_taken(pair: Pair) -> None:
    await pair.ask(Go.NOT)
    await pair.ask(Give((at_once(TO_CPU_1),) * (MOST_WAITING - 1)))

    with pytest.raises(NotPossible, match="20,000 stimuli wait already; let time run"):
        await pair.ask(Give((at_once(TO_CPU_1),) * 2))
    assert pair.progress()["waiting"] == MOST_WAITING - 1

    await pair.give(TO_CPU_1)
    assert pair.progress()["waiting"] == MOST_WAITING


async def test_step_stops_behind_one_interrupt_on_each(pair: Pair) -> None:
    await pair.ask(Go.NOT)
    await pair.give(TO_CPU_1, CallGuest(0, "send_ipi_self"))

    await pair.ask(Go.ARRIVAL)

    assert [side.arrived for side in pair.lock_step.sides] == [1, 1]
    assert pair.paused


async def test_step_without_anything_to_do_leaves_it_paused(pair: Pair) -> None:
    await pair.ask(Go.ARRIVAL)

    assert pair.paused
    assert pair.lock_step.stimuli == 0


async def test_streams_tell_how_far_the_pair_is(pair: Pair) -> None:
    machine = pair.machine("b")
    with machine.hub.viewing(Waiting()) as viewer:
        await pair.give(TO_CPU_1)
        async with asyncio.timeout(10):
            while '"pair":{"stimuli":1' not in (machine.hub.message_for(viewer) or ""):
                await viewer.told()


async def test_ended_pair_says_so(pairs: Pairs, pair: Pair) -> None:
    await pairs.end(pair.id)

    with pytest.raises(NotPossible, match="the pair is over"):
        await pair.give(TO_CPU_1)
    with pytest.raises(UnknownSession):
        pairs.get(pair.id)


async def test_unwatched_pair_makes_room_for_a_new_one(pairs: Pairs, pair: Pair) -> None:
    pairs.create(WANTED)
    pairs.create(WANTED)

    assert len(pairs.all()) == 2
    assert pair.over


async def test_pair_from_a_session_is_given_what_the_session_was(pairs: Pairs, session: Session) -> None:
    await session.submit(TO_CPU_1)
    pair = await pairs.create_from_session(WANTED, session, "somebody")
    assert pair.progress()["waiting"] == 1

    await pair.ask(Go.ON)

    assert pair.lock_step.a.simulation.journal[0].command == TO_CPU_1


async def test_pair_from_a_session_that_went_back_is_given_what_led_to_the_moment_shown(
    pairs: Pairs, session: Session
) -> None:
    for command in (TO_CPU_1, *PERIODIC_TIMER):
        await session.submit(command)
    await session.submit(StepBy(count=5_000))
    await session.submit(StepBy("interrupt", -1))

    pair = await pairs.create_from_session(WANTED, session, "somebody")

    assert pair.progress()["waiting"] == 1  # the timer was set while the IPI was on its way


@pytest.mark.slow
async def test_recording_runs_without_holding_up_the_loop(pairs: Pairs) -> None:
    pair = await pairs.create_from_recording(WANTED, sample_file("linux-6.1-boot-4cpu", "somebody"))
    waiting = pair.progress()["waiting"]
    assert pair.paused
    beats = 0

    going = asyncio.create_task(pair.ask(Go.ON))  # answers when it is well under way
    while not going.done() or pair.running:
        await asyncio.sleep(0)
        beats += 1

    assert pair.progress()["stimuli"] == waiting
    assert beats > 50


@pytest.mark.parametrize("name", ["", "../secrets", "x" * 5000])
def test_unknown_sample_is_refused(name: str) -> None:
    with pytest.raises(UnusableRecording, match="there is no sample"):
        sample_file(name, "somebody")


async def test_pair_that_has_had_all_that_it_keeps_takes_no_more_and_says_so(pair: Pair) -> None:
    await pair.ask(Go.NOT)
    for _ in range(3):
        await pair.give(TO_CPU_1)
    pair.lock_step.entries = MOST_ENTRIES

    await pair.ask(Go.ON)

    assert (pair.progress()["stimuli"], pair.progress()["waiting"]) == (1, 0)
    assert pair.script.remarks[-1].startswith("2 stimuli were left out: this pair has had ")
    with pytest.raises(NotPossible, match="begin a new one"):
        await pair.give(TO_CPU_1)


@pytest.mark.slow
async def test_pause_ends_a_long_run(pairs: Pairs) -> None:
    pair = await pairs.create_from_recording(WANTED, sample_file("linux-6.1-boot-4cpu", "somebody"))
    running = asyncio.create_task(pair.ask(Go.ON))
    await asyncio.sleep(0.05)

    await pair.ask(Go.NOT)

    await running
    assert pair.paused
    assert pair.progress()["waiting"] > 0


async def test_destination_that_does_not_fit_one_of_the_two_is_refused_by_its_field(pairs: Pairs) -> None:
    sheet = load_cost_sheet(DEFAULT_SHEETS["linux-6"])
    pair = pairs.create(Wanted(Machine("native-x2apic", "linux-6"), Machine("hyperv", "linux-6"), sheet, cpus=2))

    with pytest.raises(NotPossible, match="hyperv: 0xffffffff does not fit") as refused:
        await pair.give(SendIpi(0, Icr(0x51, destination=0xFFFF_FFFF)))

    assert refused.value.field == "destination"
    assert pair.lock_step.stimuli == 0
