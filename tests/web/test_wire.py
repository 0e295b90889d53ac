"""A connection that a stream has taken over, and its timer: on a clock of the test's own, with nothing to wait for."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from app.session.hub import Hub
from app.web.stream import _Viewer
from app.web.wire import Wire, frame_of, wire_of
from tests.session.test_hub import state
from tests.web.raw import UPGRADE, get

PING = frame_of('{"type":"ping"}')


class Clock:
    """The part of an event loop that a viewer's timer needs."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Any:
        return self.call_at(self.now + delay, callback)

    def call_at(self, when: float, callback: Callable[[], None]) -> Any:
        self._due.append((when, callback))
        return Mock()  # nobody here cancels one

    def run_to(self, moment: float) -> None:
        """Calls what is due until then, each at its time."""
        while self._due and (first := min(self._due, key=lambda alarm: alarm[0]))[0] <= moment:
            self._due.remove(first)
            self.now = first[0]
            first[1]()
        self.now = moment


class Line:
    """What a viewer knows of its connection."""

    def __init__(self, clock: Clock, *, broken: bool = False) -> None:
        self._clock = clock
        self._broken = broken
        self.full = False
        self.written: list[tuple[float, bytes]] = []
        self.ended: tuple[float, int] | None = None

    def write(self, frame: bytes) -> None:
        if self._broken and b"hello" not in frame:
            raise ZeroDivisionError
        self.written.append((self._clock.now, frame))

    def end(self, code: int, _reason: str) -> None:
        self.ended = self._clock.now, code

    @property
    def pings(self) -> list[float]:
        """When it was told of silence."""
        return [moment for moment, frame in self.written if frame == PING]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: one)
    return one


@pytest.fixture
def hub() -> Hub:
    one = Hub()
    one.publish(state(1), [])
    return one


def begun(hub: Hub, line: Line) -> _Viewer:
    viewer = _Viewer(hub, line, spans=False)  # type: ignore[arg-type]  # as much of a wire as it needs
    viewer.begin('{"type":"hello"}')
    return viewer


def test_silence_is_told_of_every_two_and_a_half_seconds(clock: Clock, hub: Hub) -> None:
    line = Line(clock)
    viewer = begun(hub, line)
    clock.run_to(2.4)
    viewer.tell()
    clock.run_to(10.0)

    assert line.pings == pytest.approx([4.9, 7.4, 9.9])


def test_who_had_no_room_for_a_moment_is_told_of_silence_soon(clock: Clock, hub: Hub) -> None:
    line = Line(clock)
    viewer = begun(hub, line)
    clock.run_to(2.4)
    line.full = True
    viewer.tell()
    clock.run_to(2.8)
    line.full = False
    viewer.has_room()
    clock.run_to(6.0)

    assert [moment for moment, _ in line.written] == pytest.approx([0.0, 2.8, 5.3])
    assert line.pings == pytest.approx([5.3])


def test_who_takes_nothing_is_cut_off_even_when_nothing_happens(clock: Clock, hub: Hub) -> None:
    line = Line(clock)
    begun(hub, line)
    line.full = True
    clock.run_to(12.4)
    assert line.ended is None
    clock.run_to(13.6)

    assert line.ended is not None
    assert line.ended[1] == 4408


def test_who_takes_it_late_in_silence_stays(clock: Clock, hub: Hub) -> None:
    line = Line(clock)
    viewer = begun(hub, line)
    viewer.tell()
    line.full = True
    clock.run_to(8.0)
    line.full = False
    viewer.has_room()
    clock.run_to(30.0)

    assert line.ended is None
    assert line.pings[0] <= 9.0
    assert line.pings[-1] > 27.4


def test_fault_with_one_viewer_ends_that_one_and_the_others_are_told(
    clock: Clock, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [Line(clock, broken=number == 1) for number in range(3)]
    hub.viewers.update(begun(hub, line) for line in lines)

    hub.publish(state(2), [])

    assert [len(line.written) for line in lines] == [2, 1, 2]
    assert [line.ended for line in lines] == [None, (0.0, 1011), None]
    assert "ZeroDivisionError" in caplog.text


# The connection


class Ending:
    """A stream that has had enough at the first word."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def hear(self, text: str | None) -> None:
        assert text == "1"
        self._wire.end(4400, "")

    def has_room(self) -> None:
        raise AssertionError


@contextmanager
def noted(name: str, left: list[str], fault: Exception | None = None) -> Iterator[None]:
    """Writes down that it is left, and then has its *fault*."""
    yield
    left.append(name)
    if fault:
        raise fault


async def taken_over(left: list[str]) -> Wire:
    """A connection with a stream. It holds three things, and the one in the middle cannot be left."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        one = wire_of(scope)
        for name, fault in (("a", None), ("b", ZeroDivisionError()), ("c", None)):
            one.hold(noted(name, left, fault))
        one.take_over(Ending(one))

    wire = Wire(uvicorn.Config(application, log_config=None), ServerState(), {})
    transport = Mock(is_closing=lambda: False, get_extra_info=lambda _name: None)
    wire.connection_made(transport)
    wire.data_received(get("/", UPGRADE))
    await asyncio.gather(*wire.tasks)
    transport.reset_mock()
    return wire


def said(*texts: bytes) -> bytes:
    return b"".join(Frame(Opcode.TEXT, text).serialize(mask=True) for text in texts)


def test_all_that_is_held_is_left_though_one_fails_and_nobody_is_bothered(caplog: pytest.LogCaptureFixture) -> None:
    left: list[str] = []

    async def stop() -> None:
        (await taken_over(left)).shutdown()

    with caplog.at_level(logging.ERROR):
        asyncio.run(stop())

    assert left == ["c", "b", "a"]
    assert "ZeroDivisionError" in caplog.text


def test_client_is_read_on_when_its_stream_has_ended_though_it_has_said_more() -> None:
    async def end() -> None:
        wire = await taken_over([])
        wire.data_received(said(b"1", b"2", b"3"))
        assert not wire.read_paused
        assert wire.queue.empty()
        assert [name for name, *_ in wire.transport.method_calls] == ["pause_reading", "resume_reading"]  # type: ignore[attr-defined]

    asyncio.run(end())
