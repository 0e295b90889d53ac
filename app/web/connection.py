"""One connection: a clock for each of its phases, an answer to what is no request, and an end that can be read."""

import asyncio
import json
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import h11
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

#: A request's line and headers must be there after so many seconds, and what is sent must be taken in so many.
_PATIENCE = 10
#: Who is turned away has less time to say what for.
_TURNED_AWAY_PATIENCE = 2
#: What the WebSocket library takes of a handshake: bytes in a line, and headers.
_LONGEST_LINE = 8000
_MOST_HEADERS = 120
#: After an early answer so many seconds, and bytes, of the rest of the request are thrown away.
_LINGERING = 2.0
_MOST_THROWN_AWAY = 1 << 20
#: When to come back, in seconds.
_LATER = "5"
_TURNED_AWAY = "So many are connected that there is room for no more; come back in a few seconds."


class Places:
    """How many connections there may be: *most* in all, and three quarters of them from one address, unless that of a
    proxy may be the address of all. A few more are let in to be told that there is no room."""

    def __init__(self, most: int, one_address_is_one_visitor: bool = True) -> None:
        self.most = most
        self.told = most + most // 32 + 8
        self._share = most * 3 // 4 if one_address_is_one_visitor else most

    def has_one(self, client: str, others: "set[Any]") -> bool:
        """Whether there is one for *client* beside *others*, who are connected already."""
        if len(others) <= self._share:
            return True
        return len(others) <= self.most and sum(_host_of(one) == client for one in others) <= self._share


def _host_of(protocol: Any) -> str:
    return protocol.client[0] if protocol.client else ""


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, towards clients who are slow, rude or too many."""

    def __init__(self, *arguments: Any, places: Places, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._places = places
        self._turned_away = False
        self._upgraded = False
        self._taken_again = False
        self._unsent = 0
        self._stalled = 0  # seconds in which nothing was taken
        self._unasked = 0  # seconds in which no request was complete

    def connection_made(self, transport: Any) -> None:
        """Takes a place, if there is one, and starts the clock."""
        super().connection_made(Unhurried(transport, self._is_more_coming))  # type: ignore[arg-type]
        if len(self.connections) > self._places.told:
            transport.abort()
        elif not self._places.has_one(_host_of(self), self.connections):
            self._turned_away = True
            self.app = _turn_away
        self._clock = self.loop.call_later(1.0, self._second_has_passed)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._clock.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """Some of what was sent has been taken."""
        self._taken_again = True
        super().resume_writing()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Refuses in words what the WebSocket library would fall silent at."""
        longest = max((len(name) + len(value) + 4 for name, value in self.headers), default=0)
        if max(longest, len(event.target)) > _LONGEST_LINE or len(self.headers) > _MOST_HEADERS:
            self._say(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"{_LONGEST_LINE} bytes a line are the most.")
            return
        self._upgraded = True
        super().handle_websocket_upgrade(event)
        # What is left to do is to look at a clock; the request and its parser need not last as long as the WebSocket.
        del self.conn, self.scope, self.headers

    def send_400_response(self, msg: str) -> None:
        """Answers what is no request, with the status that h11 has found for it, unless another answer is under way."""
        error = sys.exception()
        status = HTTPStatus(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400)
        cycle = self._under_way()
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if cycle is not None and cycle.response_started:
            self.transport.close()
        else:
            self._say(status, msg)

    def _under_way(self) -> RequestResponseCycle | None:
        """The request that is being answered."""
        last: RequestResponseCycle | None = self.cycle
        return last if last is not None and not last.response_complete else None

    def _should_upgrade(self) -> bool:
        return not self._turned_away and super()._should_upgrade()

    def _is_more_coming(self) -> bool:
        if self._upgraded:
            return False
        unread, _ = self.conn.trailing_data
        return bool(unread) or self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    def _say(self, status: HTTPStatus, detail: str) -> None:
        self.transport.write(answer_to_anybody(status, detail))
        self.transport.close()

    # The clock

    def _second_has_passed(self) -> None:
        if self._upgraded and self.transport.is_closing() and self.transport.get_write_buffer_size() == 0:
            return  # the WebSocket has ended; its own protocol was told
        self._look_at_what_was_not_taken()
        if not self._upgraded and not self.transport.is_closing():
            self._look_for_a_request()
        self._clock = self.loop.call_later(1.0, self._second_has_passed)

    def _look_for_a_request(self) -> None:
        idle = self.timeout_keep_alive_task is not None  # nothing has come since the last answer: uvicorn's clock
        self._unasked = 0 if idle or self._under_way() is not None else self._unasked + 1
        if self._unasked >= (_TURNED_AWAY_PATIENCE if self._turned_away else _PATIENCE):
            self._say(HTTPStatus.REQUEST_TIMEOUT, f"No request came within {_PATIENCE} seconds.")

    def _look_at_what_was_not_taken(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        taken = unsent < self._unsent or self._taken_again
        self._stalled = 0 if taken or unsent == 0 else self._stalled + 1
        self._unsent, self._taken_again = unsent, False
        # A viewer's stream has a clock of its own, as long as it is open.
        if self._stalled >= _PATIENCE and (not self._upgraded or self.transport.is_closing()):
            self.transport.abort()


class Unhurried:
    """A transport that, closed while more of a request comes in, says that it has no more to say and reads on a moment.

    Otherwise the kernel answers with a reset, which throws away the answer that was on its way (RFC 9112, 9.6).
    """

    def __init__(self, transport: asyncio.Transport, is_more_coming: Callable[[], bool]) -> None:
        self._transport = transport
        self._is_more_coming = is_more_coming
        self._lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._lingers or self._transport.is_closing()

    def close(self) -> None:
        """Closes, now or in a moment."""
        if self.is_closing() or not self._is_more_coming():
            if not self._lingers:
                self._transport.close()
            return
        self._lingers = True
        self._transport.set_protocol(_Waste(self._transport))
        self._transport.resume_reading()
        self._transport.write_eof()


class _Waste(asyncio.Protocol):
    """Throws away what comes, for a moment; tells the protocol before it when that is over."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._before = transport.get_protocol()
        self._left = _MOST_THROWN_AWAY
        self._end = asyncio.get_running_loop().call_later(_LINGERING, transport.close)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        self._before.connection_lost(exc)


def answer_to_anybody(status: HTTPStatus, detail: str) -> bytes:
    """A whole answer, after which the connection ends, to something that never came as far as the application."""
    body = json.dumps({"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}).encode()
    return (
        f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    head, _, body = answer_to_anybody(status, _TURNED_AWAY).partition(b"\r\n\r\n")
    fields = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
    headers = [(name.lower(), value) for name, value in fields] + [(b"retry-after", _LATER.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
