"""A reverse proxy of a few lines: it puts the program below a path, as nginx or Caddy would, sockets and all."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

_HEAD = b"\r\n\r\n"


@dataclass(slots=True)
class Proxy:
    """What stands before every path, whether the proxy takes that off, and which headers it writes anew or adds."""

    behind: str
    root: str = ""
    takes_root_off: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.root}"

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, on which there is one request, or a WebSocket."""
        upstream = urlsplit(self.behind)
        theirs, ours = await asyncio.open_connection(upstream.hostname, upstream.port)
        try:
            ours.write(self._rewritten(await reader.readuntil(_HEAD)))
            await asyncio.gather(_copy(reader, ours), _copy(theirs, writer))
        finally:
            ours.close()
            writer.close()

    def _rewritten(self, head: bytes) -> bytes:
        first, *lines = head.removesuffix(_HEAD).decode("latin-1").split("\r\n")
        if self.takes_root_off:
            first = first.replace(f" {self.root}/", " /", 1)
        upgrades = any(re.match("upgrade:", line, re.IGNORECASE) for line in lines)
        written = {name.lower() for name in self.headers} | (set() if upgrades else {"connection"})
        kept = [line for line in lines if line.partition(":")[0].lower() not in written]
        added = [f"{name}: {value}" for name, value in self.headers.items()]
        added += [] if upgrades else ["Connection: close"]
        return "\r\n".join([first, *kept, *added]).encode("latin-1") + _HEAD


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def running_proxy(proxy: Proxy) -> Iterator[Proxy]:
    """*proxy*, on a free port, for as long as the block lasts. In a thread: the test's own may have a loop already."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=lambda: asyncio.run(_serve(proxy, started)))
    thread.start()
    loop, end = started.result(30)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(30)


async def _serve(proxy: Proxy, started: "Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    connections: set[asyncio.Task[None] | None] = set()

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await proxy.pass_on(reader, writer)
        connections.discard(asyncio.current_task())

    server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    end = asyncio.Event()
    started.set_result((asyncio.get_running_loop(), end))
    await end.wait()
    server.close()
    remaining = [task for task in connections if task is not None]
    for task in remaining:
        task.cancel()
    await asyncio.gather(*remaining, return_exceptions=True)
    await asyncio.sleep(0)  # what was closed is gone only now
