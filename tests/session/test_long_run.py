"""What takes long goes on beside whatever else is asked, says so, and ends when anybody wants it to."""

import asyncio
from contextlib import suppress

import pytest

from app.commands.lines import LowerPin, RaisePin
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.transport import Pause, Run, RunUntilIdle, StepBy
from app.engine.simulation import Simulation
from app.session.drive import NotPossible
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from tests.session.living import TO_CPU_1, busy_without_end, let_it_live
from tests.there import there

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ENDLESS = (RunUntilIdle(100_000_000), StepBy("operation", 100_000_000), StepBy("interrupt", 100_000_000))


@pytest.fixture(params=ENDLESS, ids=lambda command: f"{type(command).__name__}-{getattr(command, 'unit', '')}")
async def run(request: pytest.FixtureRequest, session: Session) -> "asyncio.Task[object]":
    """A run without end that has just begun, with its asker waiting."""
    await busy_without_end(session)
    task: asyncio.Task[object] = asyncio.create_task(session.submit(request.param))
    await let_it_live()
    return task


async def test_others_are_answered_while_it_goes_on(session: Session, run: "asyncio.Task[object]") -> None:
    first = session.state()
    answer = await session.submit(RaisePin(5))
    second = session.state()

    assert not run.done()
    assert answer.command == 3
    assert second["ioapic"]["pins"][5]["line"] == 1
    assert there(second["under_way"])["operations"] > there(first["under_way"])["operations"]
    run.cancel()


@pytest.mark.parametrize("command", ENDLESS)
async def test_asker_is_answered_when_it_is_well_under_way(
    session: Session, command: RunUntilIdle | StepBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.session.session._PATIENCE", 0.05)
    await busy_without_end(session)

    answer = await asyncio.wait_for(session.submit(command), 30)

    assert answer.values["under_way"] is True
    assert "It goes on; pause ends it." in answer.text
    assert session.state()["under_way"] is not None, "it goes on behind its answer"


async def test_another_long_run_is_told_what_it_waits_for(session: Session, run: "asyncio.Task[object]") -> None:
    for command in (RunUntilIdle(5), StepBy("operation", 1)):
        with pytest.raises(NotPossible, match=r"busy: .* Pause ends it"):
            await asyncio.wait_for(session.submit(command), 10)

    run.cancel()


async def test_anybody_s_pause_ends_it(session: Session, run: "asyncio.Task[object]") -> None:
    await session.submit(Pause())
    long = await asyncio.wait_for(run, 10)
    held = session.state()["time"]
    await let_it_live()

    assert "under_way" not in long.values  # type: ignore[attr-defined]
    assert session.state()["under_way"] is None
    assert session.state()["paused"] is True
    assert session.state()["time"] == held
    assert (await session.submit(StepBy("operation", 1))).values == {"operations": 1}


async def test_anybody_s_run_takes_its_goal_away(session: Session, run: "asyncio.Task[object]") -> None:
    await session.submit(Run())
    await asyncio.wait_for(run, 10)
    before = session.state()["time"]
    await let_it_live()

    assert session.state()["under_way"] is None
    assert session.state()["paused"] is False
    assert session.state()["time"] > before


async def test_it_goes_on_for_all_to_see_when_its_asker_has_gone(session: Session, run: "asyncio.Task[object]") -> None:
    run.cancel()
    with suppress(asyncio.CancelledError):
        await run

    before = there(session.state()["under_way"])["operations"]
    await let_it_live()

    assert there(session.state()["under_way"])["operations"] > before
    assert there(session.state()["under_way"])["words"]


async def test_what_is_sent_meanwhile_ends_it_in_the_usual_way(session: Session) -> None:
    await busy_without_end(session)
    idle = asyncio.create_task(session.submit(RunUntilIdle(100_000_000)))
    await let_it_live()

    await session.submit(LowerPin(16))
    answer = await asyncio.wait_for(idle, 10)

    assert answer.values["idle"] is True
    assert session.state()["under_way"] is None


async def test_steps_asked_for_at_once_are_done_one_after_the_other(session: Session) -> None:
    await session.submit(TO_CPU_1)

    answers = await asyncio.gather(*(session.submit(StepBy("operation", 1)) for _ in range(5)))

    assert [answer.values["operations"] for answer in answers] == [1] * 5
    assert [answer.command for answer in answers] == [2, 3, 4, 5, 6]


async def test_running_session_runs_on_behind_a_run_until_idle(session: Session) -> None:
    await session.submit(Run())
    await session.submit(Demonstrate(True))

    answer = await session.submit(RunUntilIdle(1_000_000))

    assert answer.values["idle"] is True
    assert session.state()["paused"] is False


async def test_commands_in_a_flood_do_not_hold_time_up() -> None:
    made = Session("FLOOD", "", SimulatedDrive(Simulation(2)), paused=True, speed=None)
    await busy_without_end(made)
    await made.submit(Run())
    before = made.state()["time"]

    async def flood() -> None:
        for _ in range(300):
            await made.submit(SetInterruptFlag(1, True))

    await asyncio.gather(*(flood() for _ in range(4)))

    assert made.state()["time"] > before
    await made.close()
