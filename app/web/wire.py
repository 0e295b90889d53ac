"""A WebSocket that a stream takes over: a frame is written to it without a coroutine, and nothing waits for it.

An ASGI application that serves a WebSocket stands in some twenty coroutines, one in the other, for as long as that is
open, and each message goes through them. For hundreds of viewers of one machine that is most of what they cost. So the
application lets a viewer in as any other request, hands the connection (``wire_of``) a stream, and returns.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

_EXTENSION = "apicscope.wire"


@lru_cache(maxsize=4)
def frame_of(text: str) -> bytes:
    """*text* as a message that a server sends: made once for all viewers who get the same one after another."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


class Stream(Protocol):
    """Who has taken a connection over."""

    def hear(self, text: str | None) -> None:
        """The client has said *text*; None is a message that is no text."""

    def has_room(self) -> None:
        """What was written has been taken, but for what the connection may hold back."""


class Wire(WebSocketsSansIOProtocol):
    """uvicorn's protocol, until a stream takes it over."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stream: Stream | None = None
        self._held: list[AbstractContextManager[object]] = []

    # For the application

    def hold(self, held: AbstractContextManager[object]) -> None:
        """Enters *held* now, and leaves it when the client has gone or is told to."""
        held.__enter__()
        self._held.append(held)

    def take_over(self, stream: Stream) -> None:
        """From now on *stream* hears what comes, and the application may return."""
        self._stream = stream
        del self.scope, self.request, self.response  # it is let in: nobody looks at these again
        self._pass_on()

    @property
    def full(self) -> bool:
        """It holds back as much as it may: what is written now waits in memory. ``Stream.has_room`` says when not."""
        return not self.writable.is_set()

    def write(self, frame: bytes) -> None:
        """Writes a whole message, unless the connection is ending."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame)

    def end(self, code: int, reason: str) -> None:
        """Ends the connection from our side; who takes nothing is told nothing."""
        self._release()
        if self.full:
            self.transport.close()
            return
        task = self.loop.create_task(self._say_end(code, reason))
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    async def _say_end(self, code: int, reason: str) -> None:
        if not self.disconnected:
            await self.send({"type": "websocket.close", "code": code, "reason": reason})

    def _release(self) -> None:
        """Lets go of the stream and of all that is held. It never fails: whoever stops the server has others to end."""
        if self._stream is not None:
            self._stream = None
            while not self.queue.empty():
                self.queue.get_nowait()  # nobody hears it any more, and behind it comes the client's goodbye
            self._read_on()
        while self._held:
            try:
                self._held.pop().__exit__(None, None, None)
            except Exception:
                self.logger.exception("Something that a connection held could not be left")

    def _read_on(self) -> None:
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()

    def _pass_on(self) -> None:
        """Gives the stream what uvicorn has kept for the application."""
        while self._stream is not None and not self.queue.empty():
            message = self.queue.get_nowait()
            if message["type"] == "websocket.receive":
                self._stream.hear(message.get("text"))
            else:
                self._release()
        self._read_on()

    # For uvicorn

    def handle_connect(self, event: Request) -> None:
        """Offers itself to the application, whose task begins behind this."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][_EXTENSION] = {_EXTENSION: self}

    async def run_asgi(self) -> None:
        """As uvicorn's, but for a connection that is taken over, which goes on."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
            self._release()
        if self._stream is None and self.close_timer is None:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._stream is not None:
            self._pass_on()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stream is not None:
            self._stream.has_room()

    def shutdown(self) -> None:
        super().shutdown()
        self._release()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._release()


def wire_of(scope: Mapping[str, Any]) -> Wire:
    """The connection of a WebSocket's *scope*. KeyError under a server that is not ours."""
    wire: Wire = scope["extensions"][_EXTENSION][_EXTENSION]
    return wire
