"""What holds for every request and every socket: who may come in, how much at a time, and what every answer says."""

import asyncio
import logging
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.addresses import root_path
from app.web.errors import BROKEN, Problem, as_details, response_to
from app.web.hosts import Hosts
from app.web.methods import methods_of
from app.web.origins import is_foreign
from app.web.settings import Settings
from app.web.shares import Shares, visitor, visitor_at
from app.web.wire import wire_of

#: A recording may be so large, packed or not; what else comes in is small.
LARGEST_UPLOAD = 32 * 1024 * 1024
_LARGEST_BODY = 64 * 1024
LARGEST_HEADERS = 32 * 1024
#: A journal of some ten thousand commands, in JSON.
LARGEST_JOURNAL = 4 * 1024 * 1024
_TAKE_JOURNALS = ("/api/v1/sessions",)
_TAKE_RECORDINGS = ("/recordings", "/ab")
#: A body must come at this rate (bytes per second), after so many seconds in which it need not.
_LEAST_RATE = 8 * 1024
_BODY_PATIENCE = 10.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: What is different every time that somebody looks.
_STATE = ("/api/", "/s/", "/ab/", "/m/", "/kept", "/healthz")

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LOG = logging.getLogger(__name__)


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings, shares: Shares) -> None:
        self.app = app
        self._settings = settings
        self._shares = shares
        self._hosts = Hosts(settings.host, settings.allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what must not come in; says the same with every answer that goes out."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = _below(self._settings.root_path, _in_origin_form(scope))
        visitor.set(visitor_at(scope["client"][0]) if scope["client"] else "")
        answer = _Answer(scope, receive, send)
        try:
            self._check(scope)
        except Problem as problem:
            await _said(scope, problem)(scope, answer.receive, answer.send)
            return
        await self._pass_on(scope, answer)

    def _check(self, scope: Scope) -> None:
        """Raises the Problem that keeps the request out. A WebSocket has its share of the visitor's for as long as it
        lasts."""
        headers = Headers(scope=scope)
        if _size(scope) > LARGEST_HEADERS:
            raise Problem(431, "Too much before the body", f"{LARGEST_HEADERS} bytes of headers are the most.")
        self._check_host(headers, scope)
        if scope["type"] == "websocket":
            wire_of(scope).hold(self._shares.socket())
        elif scope["method"] not in _SAFE:
            self._shares.command()
        if scope["type"] == "websocket" or scope["method"] not in _SAFE:
            origins, allowed = headers.getlist("origin"), self._settings.allowed_origins
            if is_foreign(origins, headers.get("host"), allowed):
                raise Problem(403, "Not from there", "A page of another site may neither watch nor change anything.")
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > _limit(scope):
            detail = f"The body is {length} bytes; {_limit(scope)} is the most that is taken here.{_hint(scope)}"
            raise Problem(413, "Too large", detail)

    def _check_host(self, headers: Headers, scope: Scope) -> None:
        hosts = headers.getlist("host")
        if not hosts:
            return  # HTTP/1.0, which no browser speaks
        came_to = scope["server"][0] if scope.get("server") else ""
        if len(hosts) > 1 or not self._hosts.admit(hosts[0], came_to):
            said = f"This server does not go by the name {hosts[0][:80]!r}."
            raise Problem(400, "Not by that name", f"{said} Whoever runs it lets a name in by --allow-host.")

    async def _pass_on(self, scope: Scope, answer: "_Answer") -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS" and (methods := methods_of(scope)):
            await Response(status_code=204, headers={"Allow": ", ".join(methods)})(scope, answer.receive, answer.send)
            return
        asked = {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope
        try:
            await self.app(asked, answer.receive, answer.send)
        except Exception as fault:
            if scope["type"] == "websocket" or answer.begun:
                raise
            _LOG.error("%s %s", scope["method"], scope["path"], exc_info=fault)
            await _said(scope, Problem(500, *BROKEN))(scope, answer.receive, answer.send)


class _Answer:
    """The two ways of one request: what comes in is bounded, what goes out says what every answer says."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._complete = scope["type"] == "websocket" or not _has_body(scope)
        self._got = 0
        self._waited = 0.0

    async def receive(self) -> Message:
        """More of the request. HTTPException when there is too much of it, or too little in too long a time."""
        if self._scope["type"] == "websocket":
            return await self._receive()
        # Once the body is there, what is awaited is that the client goes away: that may take its time.
        patience = None if self._complete else _BODY_PATIENCE + self._got / _LEAST_RATE - self._waited
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(patience):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"The body came at less than {_LEAST_RATE} bytes per second.") from None
        self._waited += asyncio.get_running_loop().time() - begun
        self._complete = not message.get("more_body", False)
        self._got += len(message.get("body", b""))
        limit = _limit(self._scope)
        if self._got > limit:
            raise HTTPException(413, f"The body is larger than {limit} bytes, the most that is taken here.")
        return message

    async def send(self, message: Message) -> None:
        """A part of the answer, with what belongs to it."""
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.begun = True
            self._complete_headers(MutableHeaders(scope=message), message["status"])
        if message["type"] == "http.response.body" and self._scope["method"] == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    def _complete_headers(self, headers: MutableHeaders, status: int) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        path = self._scope["path"].removeprefix(self._scope["root_path"])
        headers.setdefault("Cache-Control", "no-store" if status >= 400 or path.startswith(_STATE) else "no-cache")
        if "location" in headers:
            headers["location"] = _within(headers["location"], self._scope)
        if not self._complete:
            headers["connection"] = "close"  # what more there is of the body, nobody will read (RFC 9112, 9.3)


def _said(scope: Scope, problem: Problem) -> Response:
    return as_details(problem) if scope["type"] == "websocket" else response_to(Request(scope), problem)


def _in_origin_form(scope: Scope) -> Scope:
    """*scope* as if the request's target were a path. One that is a whole address, as proxies are sent it, names its
    host, and then ``Host`` does not count (RFC 9112, 3.2.2)."""
    scheme, _, rest = scope["path"].partition("://")
    if scheme.lower() not in ("http", "https", "ws", "wss"):
        return scope
    authority, slash, path = rest.partition("/")
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "path": slash + path or "/", "headers": [(b"host", authority.encode()), *headers]}


def _below(root: str, scope: Scope) -> Scope:
    """*scope* as if all there is stood below *root*, whether the proxy has left that in the path or taken it off."""
    root_path.set(root)  # each request has a task, and with it a context, of its own
    if not root:
        return scope
    inside = scope["path"] == root or scope["path"].startswith(f"{root}/")
    path = scope["path"] if inside else root + scope["path"]
    return {**scope, "root_path": root, "path": f"{root}/" if path == root else path}


def _within(location: str, scope: Scope) -> str:
    """*location* without the name by which we were asked, which need not be the one that the browser knows."""
    parts = urlsplit(location)
    if parts.netloc == "" or parts.netloc != Headers(scope=scope).get("host"):
        return location
    return parts._replace(scheme="", netloc="", path=f"/{parts.path.lstrip('/')}").geturl()


def _size(scope: Scope) -> int:
    line = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return line + sum(len(name) + len(value) + 4 for name, value in scope["headers"])


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _limit(scope: Scope) -> int:
    if scope["path"].endswith(_TAKE_RECORDINGS):
        return LARGEST_UPLOAD
    return LARGEST_JOURNAL if scope["path"].endswith(_TAKE_JOURNALS) else _LARGEST_BODY


def _hint(scope: Scope) -> str:
    return " A log is taken packed with gzip." if _limit(scope) == LARGEST_UPLOAD else ""
