"""Running stops where a condition comes true, and says why; a run to a condition does, on and back."""

import asyncio
from pathlib import Path

import pytest

from app.breakpoints.reading import read_condition
from app.commands.fields import InvalidCommand
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.reading import read_command
from app.commands.transport import BreakAt, Pause, RemoveBreakpoint, Run, RunTo, Seek
from app.session.breakpoints import MOST_HELD
from app.session.drive import NotPossible
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.session import Session
from app.state.session_shapes import BreakpointsState
from app.trace.readers.registry import read_recording
from tests.session.living import TO_CPU_1, busy_without_end, let_it_live, until
from tests.there import there

pytestmark = pytest.mark.anyio
TAKEN = read_condition("taken(0x51) on 1")
NEVER = read_condition("error")
LOG = Path(__file__).parents[1] / "trace/recordings/system-reset-1cpu.qemu.log.gz"


def breakpoints(session: Session) -> BreakpointsState:
    return there(session.state()["breakpoints"])


async def test_run_to_stops_at_the_hit_and_says_why(session: Session) -> None:
    await session.submit(TO_CPU_1)

    answer = await session.submit(RunTo(TAKEN))

    hit = answer.values["hit"]
    assert session.state()["tick"] == hit["tick"] == answer.values["looked"]["to"]
    assert hit["why"] == "CPU 1 takes 0x51: IRR to ISR"
    assert answer.text == hit["words"] == f"Tick {hit['tick']}, time {hit['time']:,}: {hit['why']}."
    assert breakpoints(session)["hit"] == {"condition": TAKEN.text, **hit}
    assert session.state()["paused"] is True


async def test_state_shows_a_hit_as_long_as_its_moment_is_shown(session: Session) -> None:
    await session.submit(TO_CPU_1)
    hit = (await session.submit(RunTo(TAKEN))).values["hit"]

    await session.submit(Seek(tick=1))
    assert breakpoints(session)["hit"] is None
    await session.submit(Seek(tick=hit["tick"]))
    assert there(breakpoints(session)["hit"])["tick"] == hit["tick"]


async def test_run_to_goes_back_to_the_same_hit(session: Session) -> None:
    await session.submit(TO_CPU_1)
    on = await session.submit(RunTo(TAKEN))
    head = (await session.submit(RunTo(NEVER))).values["looked"]["to"]

    back = await session.submit(RunTo(TAKEN, backwards=True))

    assert back.values["hit"] == on.values["hit"]
    assert session.state()["tick"] == on.values["hit"]["tick"]
    assert session.state()["head"] == head
    assert (await session.submit(RunTo(TAKEN, backwards=True))).values["hit"] is None


async def test_nothing_found_says_where_it_was_looked_for(session: Session) -> None:
    await session.submit(TO_CPU_1)

    on = await session.submit(RunTo(NEVER, limit=5))
    back = await session.submit(RunTo(NEVER, backwards=True))

    assert on.text == "error did not come true in 5 ticks, 2 to 6."
    assert on.values == {"hit": None, "looked": {"ticks": 5, "from": 2, "to": 6}}
    assert back.text == "error did not come true in 5 ticks, 1 to 5."


@pytest.mark.slow
@pytest.mark.parametrize("backwards", [False, True])
async def test_pause_ends_a_long_search(session: Session, backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    await busy_without_end(session)
    await session.submit(RunTo(NEVER, limit=40_000))
    if backwards:
        session.drive.timeline._searches.free._free.clear()  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr("app.session.session._PATIENCE", 0.05)

    asked = asyncio.create_task(session.submit(RunTo(NEVER, backwards, limit=100_000_000)))
    await let_it_live()
    assert "looked at so far" in there(session.state()["under_way"])["words"]
    await session.submit(Pause())

    answer = await asyncio.wait_for(asked, 10)
    assert answer.values["hit"] is None
    assert session.state()["under_way"] is None


async def test_running_stops_where_a_breakpoint_comes_true_and_goes_on_from_there(session: Session) -> None:
    await session.submit(Demonstrate(True))
    held = await session.submit(BreakAt(read_condition("taken on 1")))
    assert held.text == "Breakpoint 1: running stops at taken on 1."
    assert breakpoints(session)["held"] == [{"breakpoint": 1, "condition": "taken on 1"}]
    ticks = []
    for _ in range(3):
        await session.submit(Run())
        await until(session, lambda state: state["paused"])
        hit = there(breakpoints(session)["hit"])
        assert hit["tick"] == session.state()["tick"]
        assert hit["why"].startswith("CPU 1 takes")
        ticks.append(hit["tick"])

    assert ticks == sorted(set(ticks))
    back = await session.submit(RunTo(read_condition("taken on 1"), backwards=True))
    assert back.values["hit"]["tick"] == ticks[1], "none was passed by"


async def test_running_at_a_pace_stops_there_too(session: Session) -> None:
    session.set_speed(1e6)
    await session.submit(Demonstrate(True))
    await session.submit(BreakAt(read_condition("latency on 1 >= 0")))

    await session.submit(Run())
    await until(session, lambda state: state["paused"])

    assert "it had waited" in there(breakpoints(session)["hit"])["why"]


async def test_removed_breakpoint_stops_nothing(session: Session) -> None:
    await session.submit(BreakAt(read_condition("taken")))
    removed = await session.submit(RemoveBreakpoint(1))
    await session.submit(TO_CPU_1)

    await session.submit(Run())
    await until(session, lambda state: state["idle"])

    assert removed.text == "Running does not stop at taken any more."
    assert session.state()["paused"] is False
    with pytest.raises(NotPossible, match="there are no breakpoints"):
        await session.submit(RemoveBreakpoint(1))


async def test_what_people_do_while_it_runs_is_looked_at(session: Session) -> None:
    await session.submit(BreakAt(read_condition("not cpu(1).if")))
    await session.submit(Run())
    await session.submit(SetInterruptFlag(1, False))
    await session.submit(TO_CPU_1)
    await session.submit(SetInterruptFlag(1, True))
    await until(session, lambda state: state["paused"])

    assert there(breakpoints(session)["hit"])["why"] == "IF of CPU 1 is 0"


async def test_session_holds_some_breakpoints_and_no_more(session: Session) -> None:
    for vector in range(MOST_HELD):
        for _ in range(2):
            answer = await session.submit(BreakAt(read_condition(f"taken({vector})")))
            assert answer.text.startswith(f"Breakpoint {vector + 1}:")

    with pytest.raises(NotPossible, match="remove one first"):
        await session.submit(BreakAt(TAKEN))


async def test_recording_stops_at_what_it_tells_and_refuses_what_it_does_not() -> None:
    drive = RecordedDrive(LOG.name, recorded_timeline(read_recording(LOG.name, LOG.read_bytes())))
    made = Session("TEST", "", drive, paused=True, speed=None)
    first = await made.submit(RunTo(read_condition("taken")))
    await made.submit(BreakAt(read_condition("taken")))
    await made.submit(Run())
    await until(made, lambda state: state["paused"])
    second = there(breakpoints(made)["hit"])
    back = await made.submit(RunTo(read_condition("taken"), backwards=True))

    assert second["tick"] > first.values["hit"]["tick"] == back.values["hit"]["tick"]
    for command in (RunTo(read_condition("cpu(0).spins")), BreakAt(read_condition("exit"))):
        with pytest.raises(NotPossible, match="a recording does not tell what runs"):
            await made.submit(command)
    await made.close()


@pytest.mark.parametrize(
    ("condition", "words"),
    [("taken on 2", "there is no CPU 2; this machine has 0 to 1"), ("tken", "column 1: "), (3, "is not a text")],
)
async def test_a_condition_that_this_machine_cannot_have_is_refused_at_its_field(condition: object, words: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        read_command({"type": "run_to", "condition": condition}, 2)

    ((field, message),) = refused.value.errors
    assert field == "condition"
    assert words in message
