"""What holds for every HTTP request: no writing from foreign pages, no huge bodies, strict headers."""

import asyncio

from fastapi import HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.addresses import root_path
from app.web.errors import Problem, response_to
from app.web.settings import Settings
from app.web.stream import same_origin

#: A recording may be so large, packed or not; what else comes in is small.
LARGEST_UPLOAD = 32 * 1024 * 1024
_LARGEST_BODY = 64 * 1024
_TAKE_RECORDINGS = ("/recordings", "/ab")
#: A body of which nothing comes for so many seconds is given up.
_BODY_PATIENCE = 10.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_PAGE_POLICY = "; ".join(
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
    "Content-Security-Policy": _PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what must not come in; adds the headers to what goes out."""
        if scope["type"] in ("http", "websocket"):
            scope = _below(self._settings.root_path, scope)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = _refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, _bounded(receive, _limit(scope)), send_with_headers)


def _below(root: str, scope: Scope) -> Scope:
    """*scope* as if all there is stood below *root*, whether the proxy has left that in the path or taken it off."""
    root_path.set(root)  # each request has a task, and with it a context, of its own
    if not root:
        return scope
    inside = scope["path"] == root or scope["path"].startswith(f"{root}/")
    path = scope["path"] if inside else root + scope["path"]
    return {**scope, "root_path": root, "path": f"{root}/" if path == root else path}


def _limit(scope: Scope) -> int:
    return LARGEST_UPLOAD if scope["path"].endswith(_TAKE_RECORDINGS) else _LARGEST_BODY


def _hint(scope: Scope) -> str:
    return " A log is taken packed with gzip." if _limit(scope) == LARGEST_UPLOAD else ""


def _refusal(scope: Scope) -> Response | None:
    request = Request(scope)
    headers = request.headers
    problem = None
    if scope["method"] not in _SAFE and not same_origin(headers.get("origin"), headers.get("host")):
        problem = Problem(403, "Not from there", "A page of another site may not change anything here.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > _limit(scope):
        detail = f"The body is {length} bytes; {_limit(scope)} is the most that is taken here.{_hint(scope)}"
        problem = Problem(413, "Too large", detail)
    return response_to(request, problem) if problem is not None else None


def _bounded(receive: Receive, limit: int) -> Receive:
    """*receive*, which ends the request when more comes than *limit*, whatever length was announced."""
    got = 0
    complete = False

    async def receive_bounded() -> Message:
        nonlocal got, complete
        try:
            # Once the body is there, what is awaited is that the client goes away: that may take its time.
            async with asyncio.timeout(None if complete else _BODY_PATIENCE):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, f"No more of the body came for {_BODY_PATIENCE:g} seconds.") from None
        complete = not message.get("more_body", False)
        got += len(message.get("body", b""))
        if got > limit:
            raise HTTPException(413, f"The body is larger than {limit} bytes, the most that is taken here.")
        return message

    return receive_bounded
