"""What it costs that many watch a busy session: processor time for each message and memory for each viewer, beside a
server that only sends (``raw_server``) and the same messages; and frames a second, with and without a viewer among
them that never reads."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from app.bench.crowd import handshake
from app.bench.process import processor_seconds, resident_bytes
from app.bench.result import Figure, NotMeasured
from app.bench.served import Client, served

_VIEWERS = 300
_SECONDS = 5.0
#: Cycles a second: each frame has a part of an interrupt's way in it.
_SPEED = 20_000.0
_KIBIBYTE = 1 << 10


class _Watched(NamedTuple):
    """What so many viewers came to: processor seconds a message, bytes a viewer, frames a second at the slowest."""

    seconds: float
    bytes: float
    rate: float


def measure() -> list[Figure]:
    """Ours, the server's that only sends, and how many times as much ours is. NotMeasured where no process says what it
    took."""
    if not Path("/proc/self/stat").exists():
        raise NotMeasured("no /proc here to ask what a process takes")
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    async with served() as client:
        address = _busy(client)
        messages = await _messages(address)
        ours = await _watched(client.process, address)
        with closing(_stall(address)):
            beside = await _watched(client.process, address)
    with TemporaryDirectory(prefix="apicscope-bench-") as folder:
        async with _raw(_written(Path(folder, "messages"), messages), len(messages)) as (process, raw_address):
            raw = await _watched(process, raw_address)
    return [
        Figure(f"{_VIEWERS} viewers, processor time a message", ours.seconds * 1e6, "us"),
        Figure("the same messages by a server that only sends", raw.seconds * 1e6, "us"),
        Figure("of these", ours.seconds / raw.seconds, "x", "at most 2"),
        Figure(f"{_VIEWERS} viewers, memory of each", ours.bytes / _KIBIBYTE, "KiB"),
        Figure("at a server that only sends", raw.bytes / _KIBIBYTE, "KiB"),
        Figure("of this", ours.bytes / raw.bytes, "x", "at most 2"),
        Figure(f"{_VIEWERS} viewers, frames at the slowest", ours.rate, "1/s"),
        Figure("beside one that never reads, frames at the slowest", beside.rate, "1/s", "the same"),
    ]


def _busy(client: Client) -> str:
    """The stream of a session in which something happens in every frame."""
    session = client.post("/api/v1/sessions", {"cpus": 4})
    client.command(session, type="demonstrate", enabled=True)
    client.command(session, type="set_speed", speed=_SPEED)
    client.command(session, type="run")
    return client.stream_of(session)


async def _messages(address: str) -> list[str]:
    """What a viewer gets in so many seconds, behind its snapshot."""
    messages = []
    async with connect(address, max_size=None) as stream:
        for _ in ("hello", "snapshot"):
            await stream.recv()
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            messages.append(await stream.recv(decode=True))
    return messages


async def _watched(process: int, address: str) -> _Watched:
    before = resident_bytes(process)
    crowd = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.bench.crowd", address, str(_VIEWERS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    asked, answered = crowd.stdin, crowd.stdout
    assert asked is not None
    assert answered is not None

    async def counts() -> tuple[int, int]:
        asked.write(b"\n")
        of_all, of_slowest = (await answered.readline()).split()
        return int(of_all), int(of_slowest)

    try:
        await answered.readline()
        first, slow_first = await counts()
        began, spent = time.monotonic(), processor_seconds(process)
        await asyncio.sleep(_SECONDS)
        spent = processor_seconds(process) - spent
        last, slow_last = await counts()
        rate = (slow_last - slow_first) / (time.monotonic() - began)
        return _Watched(spent / (last - first), (resident_bytes(process) - before) / _VIEWERS, rate)
    finally:
        asked.close()
        await crowd.wait()


def _written(file: Path, messages: list[str]) -> Path:
    file.write_text("\n".join(messages))
    return file


@asynccontextmanager
async def _raw(file: Path, count: int) -> AsyncIterator[tuple[int, str]]:
    """The server that only sends what is in *file*, at the pace at which it came: its process and its address."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.bench.raw_server", str(file), str(_SECONDS / count)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        yield server.pid, (await server.stdout.readline()).decode().strip()
    finally:
        server.terminate()
        await server.wait()


def _stall(address: str) -> socket.socket:
    """A viewer that says its half of the handshake and then reads nothing, behind the smallest buffer there is."""
    place = urlsplit(address)
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    stalled.connect((place.hostname, place.port))
    stalled.sendall(handshake(place.netloc, place.path))
    return stalled
