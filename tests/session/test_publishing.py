"""However many commands come and however often somebody asks, viewers get thirty frames a second at most; and the
number that an answer names is that of a state that shows the command."""

import asyncio
import json
import time
from typing import Any

import pytest

from app.commands.lines import RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.transport import Pause, Run
from app.session.session import Session
from app.state.delta import apply
from tests.engine.runs import drive_pin
from tests.session.living import TO_CPU_1, busy_without_end
from tests.session.waiting import Waiting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


class Watcher:
    """A viewer that takes each frame as soon as there is one."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.messages: list[dict[str, Any]] = []
        self.states: dict[int, Any] = {}
        self._news = asyncio.Condition()

    async def watch(self) -> None:
        with self.session.hub.viewing(Waiting()) as viewer:
            self.session.viewers_changed()
            while True:
                await viewer.told()
                text = self.session.hub.message_for(viewer)
                if text is not None:
                    self._take(json.loads(text))
                    async with self._news:
                        self._news.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message["type"] == "snapshot":
            self.states[message["seq"]] = message["state"]
            return
        changed = {key: value for key, value in message.items() if key not in ("type", "seq", "base", "events")}
        del changed["events_skipped"]
        self.states[message["seq"]] = apply(self.states[message["base"]], changed)

    async def has_seen(self, seq: int) -> Any:
        """The first state that it got of number *seq* or later."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: any(seen >= seq for seen in self.states))
        return self.states[min(seen for seen in self.states if seen >= seq)]


async def test_commands_without_end_leave_thirty_frames_a_second(session: Session) -> None:
    watcher = Watcher(session)
    task = asyncio.create_task(watcher.watch())
    began = time.monotonic()
    sent = 0
    while sent <= 100 or time.monotonic() < began + 1.0:
        await session.submit(SetInterruptFlag(1, bool(sent % 2)))
        session.state()
        sent += 1
    elapsed = time.monotonic() - began
    task.cancel()

    assert sent > 100
    assert len(watcher.messages) <= 30 * elapsed + 2
    assert [message["type"] for message in watcher.messages].count("snapshot") == 1, "nobody lost a base by it"


async def test_answer_s_number_is_that_of_a_state_that_shows_the_command(session: Session) -> None:
    watcher = Watcher(session)
    task = asyncio.create_task(watcher.watch())
    for number in range(40):
        answer = await session.submit(drive_pin(number % 24, 1 - number // 24 % 2))

        state = session.state() if number % 3 else await watcher.has_seen(answer.seq)

        assert state["ioapic"]["pins"][number % 24]["line"] == 1 - number // 24 % 2
        assert state.get("seq", answer.seq) >= answer.seq
    task.cancel()


async def test_promised_number_comes_even_if_nothing_has_changed(session: Session) -> None:
    watcher = Watcher(session)
    task = asyncio.create_task(watcher.watch())
    await watcher.has_seen(1)
    await asyncio.sleep(0.2)  # all that has changed has been shown
    promised = []
    for _ in range(5):
        before = session.hub.seq
        answer = await session.submit(Pause())  # it is paused already
        await watcher.has_seen(answer.seq)
        promised.append(answer.seq > before)
    task.cancel()

    assert any(promised), "some came too early for a frame"


async def test_whoever_comes_in_is_shown_first_what_has_happened_already(session: Session) -> None:
    watcher = Watcher(session)
    task = asyncio.create_task(watcher.watch())
    await watcher.has_seen(1)
    for number in range(10):
        await session.submit(RaisePin(number))  # most come too early for a frame
        with session.hub.viewing(Waiting()) as viewer:
            session.viewers_changed()
            async with asyncio.timeout(10):
                await viewer.told()
            first = json.loads(session.hub.message_for(viewer) or "")

        assert first["type"] == "snapshot"
        assert first["state"]["ioapic"]["pins"][number]["line"] == 1
        assert number in [event["pin"] for event in first["events"]]
    task.cancel()


async def test_quiet_stream_shows_a_command_at_once(session: Session) -> None:
    with session.hub.viewing(Waiting()) as viewer:
        session.viewers_changed()
        await asyncio.sleep(0.1)
        viewer.fresh.clear()

        answer = await session.submit(SetInterruptFlag(1, False))

        assert viewer.fresh.is_set(), "before its asker is told"
        assert answer.seq == session.hub.seq
        assert session.hub.state["cpus"][1]["held_off"] is True


async def test_running_session_shows_by_itself_what_came_of_a_command(session: Session) -> None:
    await session.submit(Run())
    with session.hub.viewing(Waiting()) as viewer:
        session.viewers_changed()

        await session.submit(TO_CPU_1)

        async with asyncio.timeout(10):
            while session.hub.state["time"] == 0:  # nobody asks for the state: it is shown
                await viewer.told()


async def test_polling_takes_no_viewer_s_base_away(session: Session) -> None:
    await busy_without_end(session)
    await session.submit(Run())
    with session.hub.viewing(Waiting()) as viewer:
        session.hub.message_for(viewer)
        got = []
        for _ in range(100):
            for _ in range(20):
                session.state()
            await asyncio.sleep(0)
            if viewer.fresh.is_set():
                viewer.fresh.clear()
                got.append(json.loads(session.hub.message_for(viewer) or "")["type"])

    assert set(got) == {"delta"}


async def test_state_that_was_asked_for_is_shown_to_viewers_when_it_is_time(session: Session) -> None:
    with session.hub.viewing(Waiting()) as viewer:
        session.viewers_changed()
        await asyncio.sleep(0.1)
        session.hub.message_for(viewer)
        await session.submit(RaisePin(5))
        session.hub.message_for(viewer)
        viewer.fresh.clear()
        await session.submit(RaisePin(6))  # too early for a frame

        asked = session.state()
        async with asyncio.timeout(10):
            await viewer.told()

        assert json.loads(session.hub.message_for(viewer) or "")["seq"] == asked["seq"]


async def test_publisher_promises_the_next_number_only_where_it_must(session: Session) -> None:
    publisher = session._publisher
    session.state()

    assert publisher.promise() == session.hub.seq
    publisher.unseen = True
    assert publisher.promise() == session.hub.seq + 1
