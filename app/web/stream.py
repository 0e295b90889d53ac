"""The WebSocket stream of a session: one snapshot, then deltas; a viewer who lags gets the newest, never a gap."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from fastapi import APIRouter, WebSocket

from app.session.hub import Hub, Viewer, encode
from app.session.registry import Registry, UnknownSession
from app.web.wire import Wire, frame_of, wire_of

if TYPE_CHECKING:
    from app.session.pairs import Pairs

_LOG = logging.getLogger(__name__)

router = APIRouter()

SUBPROTOCOL = "apicscope.v1"
MALFORMED, NO_SUCH_SESSION, TOO_SLOW_OR_FAST = 4400, 4404, 4408
_BROKEN = 1011
#: A viewer that takes nothing for so long is cut off.
_PATIENCE = 10.0
#: So is one that takes little: of a window of so many seconds it has kept us waiting for more than this share.
_LAG_WINDOW, _MOST_LAG = 15.0, 0.6
#: A viewer is told of silence after so long: nobody shall call a dead server live.
_HEARTBEAT = 2.5
#: How often we look at one that keeps us waiting.
_WHILE_IT_WAITS = 1.0
#: Messages that a client may send in a second.
_MOST_MESSAGES = 20
_PING = frame_of('{"type":"ping"}')


class Watchable(Protocol):
    """What has a stream: a session, or one machine of a pair."""

    @property
    def id(self) -> str: ...

    @property
    def cpu_count(self) -> int: ...

    @property
    def hub(self) -> Hub: ...

    def viewers_changed(self) -> None:
        """Somebody has begun or stopped to watch."""


@router.websocket("/api/v1/sessions/{session_id}/stream")
async def stream(websocket: WebSocket, session_id: str) -> None:
    """Everything that happens in the session, until one side has had enough: behind this coroutine, which ends."""
    registry: Registry = websocket.app.state.registry
    await _stream(websocket, lambda: registry.get(session_id))


@router.websocket("/api/v1/pairs/{pair_id}/{name}/stream")
async def pair_stream(websocket: WebSocket, pair_id: str, name: str) -> None:
    """The same for machine a or b of a pair."""
    pairs: Pairs = websocket.app.state.pairs
    await _stream(websocket, lambda: pairs.get(pair_id).machine(name))


async def _stream(websocket: WebSocket, find: Callable[[], Watchable]) -> None:
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    try:
        session = find()
    except UnknownSession:
        await websocket.close(NO_SUCH_SESSION, "no such session")
        return
    wire = wire_of(websocket.scope)
    viewer = _Viewer(session.hub, wire, spans=websocket.query_params.get("spans") == "1")
    wire.hold(_watching(session, viewer, websocket.query_params.get("resume", "")))
    wire.take_over(viewer)


@contextmanager
def _watching(session: Watchable, viewer: "_Viewer", resume: str) -> Iterator[None]:
    with session.hub.viewing(viewer):
        viewer.seq = _resumed(session, resume)
        session.viewers_changed()
        viewer.begin(_hello(session))
        try:
            yield
        finally:
            viewer.stop()
    session.viewers_changed()


def _resumed(session: Watchable, resume: str) -> int | None:
    """The number from which a viewer goes on who gives *resume*: that of its hello, or ID:SEQ of its last frame.

    None where that is not this session's, or so old or so far ahead that it must be a snapshot.
    """
    owner, _, seq = resume.rpartition(":")
    known = owner == session.id and seq.isascii() and seq.isdecimal() and len(seq) < 20
    return int(seq) if known and session.hub.knows(int(seq)) else None


class Lag:
    """How long a viewer keeps us waiting. One that drips is never refused for a single message, but for many."""

    def __init__(self, now: float) -> None:
        self._since = now
        self._waited = 0.0

    def too_much(self, began: float, now: float) -> bool:
        """Whether it is too slow, *now* that it has taken what was sent to it since *began*."""
        self._waited += now - began
        elapsed = now - self._since
        if elapsed < _LAG_WINDOW:
            return False
        slow = self._waited > _MOST_LAG * elapsed
        self._since, self._waited = now, 0.0
        return slow


class _Viewer(Viewer):
    """A viewer to whom the hub's call writes at once. It has no task: one timer looks after it."""

    __slots__ = ("_clock", "_heard", "_hub", "_lag", "_loop", "_sent", "_waits_since", "_wire")

    def __init__(self, hub: Hub, wire: Wire, *, spans: bool) -> None:
        super().__init__(spans=spans)
        self._hub = hub
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._sent = self._loop.time()
        self._lag = Lag(self._sent)
        #: There is something for it since then, be it that nothing happens, and no room.
        self._waits_since: float | None = None
        self._clock: asyncio.TimerHandle | None = None
        #: When it said what it has said in the last second.
        self._heard: list[float] = []

    def begin(self, hello: str) -> None:
        """Greets it, and looks after it from now on."""
        self._wire.write(frame_of(hello))
        self._clock = self._loop.call_later(_HEARTBEAT, self._look)

    def stop(self) -> None:
        """Looks after it no more."""
        if self._clock is not None:
            self._clock.cancel()

    def tell(self) -> None:
        try:
            self._bring_up_to_date()
        except Exception:  # of ours: the session lives on, and so do its other viewers
            _LOG.exception("A viewer could not be told")
            self._wire.end(_BROKEN, "the server has a fault")

    def _bring_up_to_date(self) -> None:
        if self._hub.over is not None:
            self._wire.end(self._hub.over, "the session is over")
        elif self._wire.full:
            if self._waits_since is None:
                self._waits_since = self._loop.time()
        elif (message := self._hub.message_for(self)) is not None:
            self._wire.write(frame_of(message))
            self._sent = self._loop.time()

    def has_room(self) -> None:
        """It has taken what was sent to it."""
        since, self._waits_since = self._waits_since, None
        if since is None:
            return
        if self._lag.too_much(since, self._loop.time()):
            self._wire.end(TOO_SLOW_OR_FAST, "too slow")
        else:
            self.tell()

    def hear(self, text: str | None) -> None:
        """The one thing that a client can say is that it wants a snapshot."""
        now = self._loop.time()
        self._heard = [moment for moment in self._heard if now - moment < 1.0] + [now]
        wrong = _wrong_with(text)
        if len(self._heard) > _MOST_MESSAGES:
            self._wire.end(TOO_SLOW_OR_FAST, "too many messages")
        elif wrong:
            self._wire.end(MALFORMED, wrong)
        else:
            self.seq = None
            self.tell()

    def _look(self) -> None:
        """Tells it of silence, or finds that it has kept us waiting for too long."""
        now = self._loop.time()
        if self._waits_since is None and now - self._sent >= _HEARTBEAT:
            self._ping(now)
        if self._waits_since is None:
            self._lag.too_much(now, now)
            again = self._sent + _HEARTBEAT
        elif now - self._waits_since < _PATIENCE:
            again = now + _WHILE_IT_WAITS  # it may have room at any time, and silence counts from then on
        else:
            self._wire.end(TOO_SLOW_OR_FAST, "too slow")
            return
        self._clock = self._loop.call_at(again, self._look)

    def _ping(self, now: float) -> None:
        if self._wire.full:
            self._waits_since = now
        else:
            self._wire.write(_PING)
            self._sent = now


def _hello(session: Watchable) -> str:
    return encode(
        {
            "type": "hello",
            "protocol": 1,
            "session": session.id,
            "cpus": session.cpu_count,
            "backend": session.hub.state["backend"],
            "resume": f"{session.id}:{session.hub.seq}",
        }
    )


def _wrong_with(text: str | None) -> str:
    """Why a client cannot say *text*; empty where it can."""
    if text is None:
        return "binary frames mean nothing here"
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return "not JSON"
    return "" if isinstance(said, dict) and said.get("type") == "resync" else "known messages: resync"
