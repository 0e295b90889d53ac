"""Runs the application under uvicorn, with every setting that matters said here."""

import asyncio
import signal
import socket
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.web.application import create_application
from app.web.settings import Settings

#: Small, so that a viewer who does not read is noticed after kilobytes and not after megabytes.
_SEND_BUFFER = 128 * 1024
_LARGEST_MESSAGE = 16 * 1024
#: A connection that does not get its request out in so many seconds is closed.
_REQUEST_PATIENCE = 10.0


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that answers 408 to a connection on which no request comes."""

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        self._patience = asyncio.get_running_loop().call_later(_REQUEST_PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops it."""
        self._patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if self.scope is None and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()


class _Server(uvicorn.Server):
    """A server that does not wait for what it is computing when it is to stop."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tells whoever waits for something long that it does not come, so that every request has its answer."""
        application = self.config.app
        assert isinstance(application, FastAPI), "it was configured with one"
        await application.state.registry.workshop.stop()
        await super().shutdown(sockets)


def _already_heard(number: int, frame: FrameType | None) -> None:
    """Uvicorn stops on a signal and then raises it again for whoever would have had it; here that is done with."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. OSError when the address is taken or is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    listener.bind((host, port))
    listener.listen(1024)
    return listener


def configuration(settings: Settings) -> uvicorn.Config:
    """The server's settings; why each is as it is stands in ``app/DECISIONS.md``."""
    return uvicorn.Config(
        create_application(settings),
        http=ImpatientProtocol,
        ws="websockets-sansio",
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        limit_concurrency=4000,
        timeout_graceful_shutdown=1,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


def serve(listener: socket.socket, settings: Settings) -> None:
    """Serves until SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_heard)
    _Server(configuration(settings)).run(sockets=[listener])
