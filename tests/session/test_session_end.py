"""A session ends when it is told to, whatever it does at that moment, and leaves nobody waiting for an answer."""

import asyncio

import pytest

from app.commands.transport import Pause, Run, RunUntilIdle, SetSpeed, StepBy
from app.session.drive import NotPossible
from app.session.session import Session
from tests.session.living import TO_CPU_1, busy_without_end, let_it_live, until

pytestmark = pytest.mark.anyio


async def test_long_run_lets_viewers_see_how_far_it_is(session: Session) -> None:
    await busy_without_end(session)
    first = session.state()["seq"]
    run = asyncio.create_task(session.submit(RunUntilIdle(100_000_000)))
    await until(session, lambda state: state["seq"] >= first + 3)

    assert not run.done()
    await session.close()
    with pytest.raises(NotPossible):
        await asyncio.wait_for(run, 10)


async def test_commands_that_wait_when_the_session_ends_are_answered(session: Session) -> None:
    await busy_without_end(session)
    tasks = [asyncio.create_task(session.submit(RunUntilIdle(100_000_000)))]
    await let_it_live()
    tasks += [asyncio.create_task(session.submit(command)) for command in (SetSpeed(None), Run())]
    await asyncio.sleep(0)  # they are in the inbox, and the session has had no turn

    await session.close()

    for task in tasks:
        with pytest.raises(NotPossible):
            await asyncio.wait_for(task, 10)


async def test_command_to_a_session_that_is_over_is_answered(session: Session) -> None:
    await session.close()

    with pytest.raises(NotPossible):
        await asyncio.wait_for(session.submit(Pause()), 10)


@pytest.mark.parametrize("turns", range(6))
async def test_session_ends_even_when_it_is_called_at_that_moment(session: Session, turns: int) -> None:
    for command in (SetSpeed(1.0), TO_CPU_1, Run()):  # it sleeps until the next operation is due
        await session.submit(command)
    await let_it_live()

    session.viewers_changed()
    for _ in range(turns):
        await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await session.close()


async def test_session_that_breaks_tells_everybody(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """No real fault is known, so one is planted in the drive."""

    def break_down(until: int | None = None, operations: int | None = None) -> int:
        raise RuntimeError("planted")

    monkeypatch.setattr(session.drive, "run", break_down)

    with pytest.raises(NotPossible, match="over"):
        await session.submit(StepBy("operation", 1))

    assert session.hub.over == 1011


async def test_pause_ends_a_long_run(session: Session) -> None:
    await busy_without_end(session)
    running = asyncio.create_task(session.submit(RunUntilIdle(100_000_000)))
    await let_it_live()

    await session.submit(Pause())

    assert (await running).values["idle"] is False
