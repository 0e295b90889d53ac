"""Runs the application under uvicorn, with every setting that matters said here."""

import asyncio
import signal
import socket
import sys
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from app.history.store import Store
from app.web.application import create_application
from app.web.connection import Connection, Places
from app.web.guard import LARGEST_HEADERS
from app.web.log import spare_the_log
from app.web.settings import Settings
from app.web.wire import Wire

if sys.platform != "win32":
    import resource

#: Small, so that a viewer who does not read is noticed after kilobytes and not after megabytes.
_SEND_BUFFER = 128 * 1024
_LARGEST_MESSAGE = 16 * 1024
_MOST_CONNECTIONS = 4000
#: Files that the process opens besides its connections: modules, static files, uploads on their way.
_OTHER_FILES = 96
#: Connections that wait to be accepted: a whole class that reloads its page. How many of them asyncio accepts in one go
#: is another number, since it tries, and complains, so often when there are no files left.
_WAITING = 1024
_ACCEPTED_AT_ONCE = 16


class Server(uvicorn.Server):
    """uvicorn's, which here ends in order however often it is told to."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to accept connections."""
        spare_the_log(asyncio.get_running_loop())
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_WAITING)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tells whoever waits for something long that it does not come, so that every request has its answer.

        All sessions are ended, too: uvicorn leaves that out when it is told to stop twice.
        """
        application = self.config.app
        assert isinstance(application, FastAPI), "it was configured with one"
        await application.state.registry.workshop.stop()
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()


def _already_heard(number: int, frame: FrameType | None) -> None:
    """Uvicorn stops on a signal and then raises it again for whoever would have had it; here that is done with."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. OSError when the address is taken, is not ours, or is no name."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        listener.bind((host, port))
        listener.listen(_WAITING)
    except (UnicodeError, TypeError):  # the codec for names of hosts: a label is empty or too long, or is no text
        listener.close()
        raise OSError(f"{host!r} cannot be the name of a host") from None
    except OSError:
        listener.close()
        raise
    return listener


def most_connections() -> int:
    """How many connections the process can have, once it may open as many files as it needs and is allowed."""
    if sys.platform == "win32":
        return _MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    files = wanted if soft == resource.RLIM_INFINITY else min(soft, wanted)
    return files - min(_OTHER_FILES, files // 2)


def configuration(settings: Settings, places: Places, store: Store | None = None) -> uvicorn.Config:
    """The server's settings; why each is as it is stands in ``app/DECISIONS.md``."""
    return uvicorn.Config(
        create_application(settings, store),
        http=partial(Connection, places=places),  # type: ignore[arg-type]  # which makes one
        h11_max_incomplete_event_size=LARGEST_HEADERS,
        ws=Wire,
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=10.0,
        ws_ping_timeout=10.0,
        backlog=_ACCEPTED_AT_ONCE,
        timeout_graceful_shutdown=1,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # whom to believe is said in our own settings
    )


def serve(listener: socket.socket, settings: Settings, store: Store | None = None) -> None:
    """Serves until SIGINT or SIGTERM. What *store* has is there from the beginning."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _already_heard)
    places = Places(most_connections(), one_address_is_one_visitor=not settings.trusted_proxies)
    Server(configuration(settings, places, store)).run(sockets=[listener])
