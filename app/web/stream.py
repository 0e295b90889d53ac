"""The WebSocket stream of a session: one snapshot, then deltas; a viewer who lags gets the newest, never a gap."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from app.session.hub import Hub, Viewer, encode
from app.session.registry import Registry, UnknownSession

if TYPE_CHECKING:
    from app.session.pairs import Pairs

router = APIRouter()

SUBPROTOCOL = "apicscope.v1"
MALFORMED, NO_SUCH_SESSION, TOO_SLOW_OR_FAST = 4400, 4404, 4408
#: A viewer that takes nothing for so long is cut off.
_PATIENCE = 10.0
#: So is one that takes little: of a window of so many seconds it has kept us waiting for more than this share.
_LAG_WINDOW, _MOST_LAG = 15.0, 0.6
#: A viewer is told of silence after so long: nobody shall call a dead server live.
_HEARTBEAT = 2.5
#: Messages that a client may send in a second.
_MOST_MESSAGES = 20


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


class _Refused(Exception):
    """The client did something that ends its stream."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/api/v1/sessions/{session_id}/stream")
async def stream(websocket: WebSocket, session_id: str) -> None:
    """Everything that happens in the session, until one side has had enough."""
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
    with session.hub.viewing(spans=websocket.query_params.get("spans") == "1") as viewer:
        viewer.seq = _resumed(session, websocket.query_params.get("resume", ""))
        session.viewers_changed()
        await _serve(websocket, session, viewer)
    session.viewers_changed()


def _resumed(session: Watchable, resume: str) -> int | None:
    """The number from which a viewer goes on who gives *resume*: that of its hello, or ID:SEQ of its last frame.

    None where that is not this session's, or so old or so far ahead that it must be a snapshot.
    """
    owner, _, seq = resume.rpartition(":")
    known = owner == session.id and seq.isascii() and seq.isdecimal() and len(seq) < 20
    return int(seq) if known and session.hub.knows(int(seq)) else None


async def _serve(websocket: WebSocket, session: Watchable, viewer: Viewer) -> None:
    """Sends and receives at once; when one of the two ends, so does the other."""
    tasks = [asyncio.create_task(_send(websocket, session, viewer)), asyncio.create_task(_receive(websocket, viewer))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    error = next((task.exception() for task in done if task.exception() is not None), None)
    if isinstance(error, _Refused):
        await _close(websocket, error)
    elif error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
        raise error


async def _close(websocket: WebSocket, refused: _Refused) -> None:
    try:
        async with asyncio.timeout(1.0):
            await websocket.close(refused.code, refused.reason)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        return  # it is gone already, or takes not even that


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


async def _send(websocket: WebSocket, session: Watchable, viewer: Viewer) -> None:
    hub = session.hub
    lag = Lag(time.monotonic())
    state = hub.state
    await _deliver(
        websocket,
        encode(
            {
                "type": "hello",
                "protocol": 1,
                "session": session.id,
                "cpus": session.cpu_count,
                "backend": state["backend"],
                "resume": f"{session.id}:{hub.seq}",
            }
        ),
    )
    while True:
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await viewer.fresh.wait()
        except TimeoutError:
            await _deliver(websocket, '{"type":"ping"}')
            continue
        if hub.over is not None:
            raise _Refused(hub.over, "the session is over")
        message = hub.message_for(viewer)
        if message is not None:
            began = time.monotonic()
            await _deliver(websocket, message)
            if lag.too_much(began, time.monotonic()):
                raise _Refused(TOO_SLOW_OR_FAST, "too slow")


async def _deliver(websocket: WebSocket, message: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            await websocket.send_text(message)
    except TimeoutError:
        raise _Refused(TOO_SLOW_OR_FAST, "too slow") from None


async def _receive(websocket: WebSocket, viewer: Viewer) -> None:
    recent: list[float] = []
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        now = time.monotonic()
        recent = [moment for moment in recent if now - moment < 1.0] + [now]
        if len(recent) > _MOST_MESSAGES:
            raise _Refused(TOO_SLOW_OR_FAST, "too many messages")
        _understand(message.get("text"), viewer)


def _understand(text: str | None, viewer: Viewer) -> None:
    """The one thing that a client can say is that it wants a snapshot."""
    if text is None:
        raise _Refused(MALFORMED, "binary frames mean nothing here")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused(MALFORMED, "not JSON") from None
    if not isinstance(said, dict) or said.get("type") != "resync":
        raise _Refused(MALFORMED, "known messages: resync")
    viewer.seq = None
    viewer.fresh.set()
