"""Frames a second at 20 viewers of a busy session, with and without one among them that never reads."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack

from websockets.asyncio.client import ClientConnection, connect

from app.bench.result import Figure
from app.bench.served import Client, served

_VIEWERS = 20
_SECONDS = 3.0


def measure() -> list[Figure]:
    """The slowest reader's rate in both cases."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    async with served() as client:
        alone = await _slowest_rate(client, stalled=False)
        beside = await _slowest_rate(client, stalled=True)
    return [
        Figure(f"{_VIEWERS} viewers, frames at the slowest", alone, "1/s"),
        Figure(f"{_VIEWERS - 1} viewers beside one that never reads, frames at the slowest", beside, "1/s", "the same"),
    ]


async def _slowest_rate(client: Client, *, stalled: bool) -> float:
    session = client.post("/api/v1/sessions", {"cpus": 4})
    client.post(session["links"]["state"].replace("/state", "/commands"), {"type": "demonstrate", "enabled": True})
    address = client.stream_of(session)
    async with AsyncExitStack() as stack:
        if stalled:
            stack.callback(_stall(client.netloc, address).close)
        readers = [
            await stack.enter_async_context(connect(address, max_size=None))
            for _ in range(_VIEWERS - 1 if stalled else _VIEWERS)
        ]
        counts = await asyncio.gather(*(_count(reader) for reader in readers))
    return min(counts) / _SECONDS


def _stall(netloc: str, address: str) -> socket.socket:
    """A viewer that finishes the handshake and then reads nothing, behind the smallest buffer there is."""
    host, port = netloc.rsplit(":", 1)
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    stalled.connect((host, int(port)))
    path = address.removeprefix(f"ws://{netloc}")
    stalled.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return stalled


async def _count(reader: ClientConnection) -> int:
    end = time.monotonic() + _SECONDS
    frames = 0
    while (left := end - time.monotonic()) > 0:
        try:
            await asyncio.wait_for(reader.recv(), left)
        except TimeoutError:
            break
        frames += 1
    return frames
