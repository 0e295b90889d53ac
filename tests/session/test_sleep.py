"""What nobody watches and nobody asks for falls asleep, and says so to whoever comes back."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.commands.lines import LowerPin, RaisePin
from app.commands.transport import RunUntilIdle
from app.engine.simulation import Simulation
from app.pair.lock_step import LockStep
from app.pair.script import Script
from app.pair.watched import WatchedSimulation
from app.session.pair import Pair
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.session.sleep import Sleep
from tests.session.living import busy_without_end, let_it_live
from tests.session.waiting import Waiting
from tests.there import there

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

AFTER = 600.0


@pytest.fixture
async def busy() -> AsyncIterator[Session]:
    """A session that runs flat out and never comes to rest."""
    made = Session("BUSY", "", SimulatedDrive(Simulation(2)), paused=False, speed=None, sleep_after=AFTER)
    await busy_without_end(made)
    yield made
    await made.close()


async def leave_alone(owner: Session | Pair, seconds: float = AFTER) -> None:
    """Makes it as long ago that somebody was there."""
    owner.touched = time.monotonic() - seconds
    await let_it_live()


def now_at(session: Session) -> int:
    """The time, without asking the session for it."""
    return session.drive.time


async def test_session_that_nobody_asks_for_stands_still(busy: Session) -> None:
    await leave_alone(busy)

    held = now_at(busy)
    await let_it_live()
    assert busy.sleep.asleep
    assert now_at(busy) == held > 0


async def test_what_nobody_has_come_to_yet_stands_still_and_falls_asleep_only_when_that_takes_long(
    busy: Session,
) -> None:
    busy.wait_for_somebody()
    held = now_at(busy)
    await let_it_live()
    assert not busy.sleep.asleep
    assert now_at(busy) == held

    await leave_alone(busy)
    busy._called.set()
    await let_it_live()
    assert busy.sleep.asleep
    assert now_at(busy) == held

    busy.state()
    await let_it_live()
    assert now_at(busy) > held


async def test_it_takes_no_share_of_the_process_while_it_sleeps(busy: Session) -> None:
    share = busy._share
    others = [object() for _ in range(3)]
    for other in others:
        share.busy(other, True)
    await let_it_live()
    awake = share.slice()

    await leave_alone(busy)

    assert share.slice() > awake


async def test_it_does_not_sleep_before_it_is_time(busy: Session) -> None:
    await leave_alone(busy, AFTER - 60)

    before = now_at(busy)
    await let_it_live()
    assert now_at(busy) > before


async def test_it_does_not_sleep_while_somebody_watches(busy: Session) -> None:
    with busy.hub.viewing(Waiting()):
        await leave_alone(busy)

        assert not busy.sleep.asleep


async def test_zero_is_never() -> None:
    made = Session("EVER", "", SimulatedDrive(Simulation(2)), paused=False, speed=None, sleep_after=0)
    await busy_without_end(made)
    await leave_alone(made, 10**9)

    assert not made.sleep.asleep
    await made.close()


async def test_state_says_that_it_sleeps_and_asking_wakes_it(busy: Session) -> None:
    await leave_alone(busy)

    asleep = busy.state()
    await let_it_live()
    awake = busy.state()

    assert there(asleep["sleep"])["asleep"] is True
    assert "Nobody watched or asked for 10 minutes" in there(asleep["sleep"])["words"]
    assert there(awake["sleep"])["asleep"] is False
    assert there(awake["sleep"])["words"].startswith("It slept for 1 second since nobody watched")
    assert awake["time"] > asleep["time"]


async def test_viewer_wakes_it_and_is_told(busy: Session) -> None:
    await leave_alone(busy)

    with busy.hub.viewing(Waiting()):
        busy.viewers_changed()
        async with asyncio.timeout(10):
            while (told := busy.hub.state["sleep"]) is None or told["asleep"]:
                await let_it_live()

        assert "time goes on from where it stood" in there(busy.hub.state["sleep"])["words"]


async def test_command_wakes_it_and_its_answer_says_so(busy: Session) -> None:
    await leave_alone(busy)
    held = now_at(busy)

    answer = await busy.submit(RaisePin(17))
    await let_it_live()

    assert "It slept for" in answer.text
    assert now_at(busy) > held
    assert busy.state()["sleep"] is None, "whoever acts has seen it"
    assert "slept" not in (await busy.submit(LowerPin(17))).text


async def test_run_whose_asker_has_gone_sleeps_too(busy: Session) -> None:
    run = asyncio.create_task(busy.submit(RunUntilIdle(100_000_000)))
    await let_it_live()
    run.cancel()

    await leave_alone(busy)

    assert busy.sleep.asleep
    assert busy.state()["under_way"] is not None, "it goes on once somebody is back"


async def test_session_that_stands_still_by_itself_is_not_said_to_sleep(session: Session) -> None:
    session.sleep.after = AFTER
    await leave_alone(session)

    assert session.state()["sleep"] is None


async def test_pair_sleeps_and_wakes_up_likewise() -> None:
    machines = [WatchedSimulation(2, "native-xapic") for _ in range(2)]
    pair = Pair("PAIR", LockStep(*machines), Script("", ()), paused=False, sleep_after=AFTER)
    given = asyncio.create_task(pair.give(RaisePin(16)))
    await let_it_live()
    await leave_alone(pair)
    held = machines[0].time
    await let_it_live()

    assert pair.sleep.asleep
    assert machines[0].time == held

    said = []
    for _ in range(2):
        said.append(there(pair.machine("b").state()["sleep"]))
        await let_it_live()
    assert [each["asleep"] for each in said] == [True, False]
    assert machines[0].time > held
    await pair.close()
    given.cancel()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1.2, "1 second"), (89, "89 seconds"), (600, "10 minutes"), (3600 * 5, "5 hours"), (86400 * 3, "3 days")],
)
async def test_how_long_it_slept_is_said_as_people_say_it(seconds: float, words: str) -> None:
    sleep = Sleep(AFTER)
    sleep.begin(100.0)

    assert sleep.end(100.0 + seconds)
    assert f"It slept for {words} since" in sleep.words
    assert not sleep.end(0.0)
    sleep.forget()
    assert sleep.state() is None
