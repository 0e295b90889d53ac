"""Proxies that are trusted to say who asks, and for which name."""

from typing import cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_FORWARDED_HOST = b"x-forwarded-host"


class TrustedProxies(ProxyHeadersMiddleware):
    """Takes the client and the scheme from ``X-Forwarded-For`` and ``-Proto``, as uvicorn does, and the name that was
    asked for from ``X-Forwarded-Host``; of several values the last, which the trusted proxy itself has written."""

    def __init__(self, app: ASGIApp, trusted: tuple[str, ...]) -> None:
        super().__init__(app, list(trusted))  # type: ignore[arg-type]  # uvicorn has types of its own for ASGI

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Reads the headers, if the connection comes from a trusted proxy."""
        client = scope.get("client")
        if scope["type"] in ("http", "websocket") and client is not None and client[0] in self.trusted_hosts:
            scope = _as_asked(scope)
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]


def _as_asked(scope: Scope) -> Scope:
    headers = cast("list[tuple[bytes, bytes]]", scope["headers"])
    said = [value for name, value in headers if name == _FORWARDED_HOST]
    if not said:
        return scope
    host = said[-1].rpartition(b",")[2].strip()
    return {**scope, "headers": [(b"host", host), *(pair for pair in headers if pair[0] != b"host")]}
