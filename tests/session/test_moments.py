"""A session shows one moment of its history to all: steps back, other moments, branches."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.commands.guest import CallGuest
from app.commands.machine import Demonstrate, SetBackend
from app.commands.transport import NameBranch, Run, RunUntilIdle, Seek, StepBy, SwitchBranch
from app.engine.simulation import Simulation
from app.session.drive import NotPossible
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.trace.readers.registry import read_recording
from tests.session.living import TO_CPU_1, until
from tests.session.waiting import Waiting

pytestmark = pytest.mark.anyio

SAMPLE = Path(__file__).parents[2] / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz"

WHAT_THE_MACHINE_SHOWS = ("time", "tick", "backend", "counters", "cpus", "ioapic", "in_flight", "generation")


def machine_of(session: Session) -> dict[str, Any]:
    state: dict[str, Any] = {**session.state()}
    return {key: state[key] for key in WHAT_THE_MACHINE_SHOWS}


@pytest.mark.parametrize("unit", ["operation", "access", "interrupt", "function"])
async def test_step_back_shows_what_was_there_before_the_step(session: Session, unit: str) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(CallGuest(1, "smp_call_function"))
    await session.submit(StepBy(unit, 1))
    before, hashed = machine_of(session), session.state()["hash"]
    await session.submit(StepBy(unit, 1))
    assert machine_of(session) != before
    assert session.state()["hash"] != hashed

    answer = await session.submit(StepBy(unit, -1))

    assert machine_of(session) == before
    assert session.state()["hash"] == hashed
    assert answer.values["gone"] == 1
    assert answer.text.startswith(f"Back by 1 {unit}, to tick {before['tick']:,} of ")


async def test_way_back_ends_at_the_beginning_and_says_how_far_it_went(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))

    answer = await session.submit(StepBy("interrupt", -5))

    assert session.state()["tick"] == 0
    assert answer.values["gone"] < 5
    assert answer.text.endswith("This is the beginning.")


async def test_past_is_shown_paused_and_not_live_and_the_head_stays(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    head = session.state()["tick"]
    await session.submit(Run())

    await session.submit(Seek(tick=3))

    state = session.state()
    assert (state["tick"], state["head"], state["live"], state["paused"]) == (3, head, False, True)


async def test_run_in_the_past_does_what_was_done_and_goes_on_with_the_same_branch(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    head = machine_of(session)
    await session.submit(Seek(tick=2))

    await session.submit(RunUntilIdle(1000))

    assert machine_of(session) == head
    assert session.state()["branch"] == 0


async def test_stimulus_in_the_past_begins_a_branch_and_the_old_one_stays(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    old = machine_of(session)
    await session.submit(Seek(tick=4))

    answer = await session.submit(CallGuest(1, "smp_send_reschedule", target=0))

    assert answer.values["branch"] == 1
    assert "begins branch 1" in answer.text
    assert session.state()["live"]
    await session.submit(SwitchBranch(0))
    assert machine_of(session) == old


async def test_refused_stimulus_in_the_past_begins_no_branch(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    await session.submit(Seek(tick=4))

    with pytest.raises(NotPossible):
        await session.submit(SetBackend("hyperv"))

    state = session.state()
    assert (state["branch"], state["tick"], state["live"]) == (0, 4, False)


async def test_run_until_idle_in_the_past_leaves_a_demonstration_alone(session: Session) -> None:
    await session.submit(Demonstrate(True))
    await session.submit(StepBy("operation", 40))
    await session.submit(Seek(tick=5))

    await session.submit(RunUntilIdle(3))

    assert session.state()["branch"] == 0
    assert session.state()["demonstration"]


@pytest.mark.parametrize(
    "command", [Seek(tick=10**9), Seek(tick=0, branch=7), SwitchBranch(3), NameBranch(3, "lost")], ids=str
)
async def test_moment_or_branch_that_is_not_there_is_refused_and_nothing_changes(
    session: Session, command: Seek | SwitchBranch | NameBranch
) -> None:
    await session.submit(TO_CPU_1)
    before = machine_of(session)

    with pytest.raises(NotPossible, match="there is no"):
        await session.submit(command)

    assert machine_of(session) == before
    assert session.state()["under_way"] is None


async def test_viewer_is_never_told_a_difference_across_a_jump(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    with session.hub.viewing(Waiting()) as viewer:
        await until(session, lambda state: state["live"])
        session.hub.message_for(viewer)

        await session.submit(Seek(tick=3))
        session.state()

        assert '"type":"snapshot"' in (session.hub.message_for(viewer) or "")


async def test_events_of_a_snapshot_in_the_past_are_those_before_it(session: Session) -> None:
    await session.submit(TO_CPU_1)
    await session.submit(RunUntilIdle(1000))
    happened = session.drive.happened
    await session.submit(Seek(tick=5))
    session.state()

    assert session.drive.happened < happened
    assert session.hub._last_event == session.drive.happened


async def test_later_seek_takes_the_place_of_one_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Session("DRAG", "", SimulatedDrive(Simulation(2)), paused=True, speed=None)
    await made.submit(Demonstrate(True))
    await made.submit(StepBy("operation", 3000))
    monkeypatch.setattr("app.session.share.Share.slice", lambda self: 0.0)  # a little at a time
    first = asyncio.create_task(made.submit(Seek(tick=2900)))
    await asyncio.sleep(0)  # it asks
    await asyncio.sleep(0)  # and is on its way
    assert made.state()["under_way"] is not None

    await made.submit(Seek(tick=7))

    assert made.state()["tick"] == 7
    assert (await first).text.startswith("This is tick ")
    assert made.state()["under_way"] is None
    await made.close()


async def test_recording_goes_back_and_to_any_moment_and_nobody_acts_on_it() -> None:
    lines = read_recording(SAMPLE.name, SAMPLE.read_bytes())
    made = Session("LOG", "", RecordedDrive(SAMPLE.name, recorded_timeline(lines)), paused=True, speed=None)
    await made.submit(StepBy("operation", 50))
    before = {**made.state(), "seq": 0, "score": None}  # which is made meanwhile
    await made.submit(StepBy("interrupt", 3))

    await made.submit(StepBy("interrupt", -3))

    assert {**made.state(), "seq": 0, "score": None} == before
    await made.submit(Seek(tick=7))
    assert made.state()["tick"] == 7
    with pytest.raises(NotPossible, match="no step by function"):
        await made.submit(StepBy("function", -1))
    await made.close()
