"""Whether a session that runs flat out stays as small as it began, watched and unwatched: two servers side by side."""

import asyncio
import re
import time
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from websockets.asyncio.client import connect

from app.bench.process import resident_bytes
from app.bench.result import Figure
from app.bench.served import Client, served

_CPUS = 4
#: Of five ticks of the demonstration, four are operations: so many ticks are at least a million operations.
_TICKS = 1_300_000
#: What is kept of anything has come together by then, and what grows later grows for ever.
_WARM_UP_TICKS = 200_000
_LEAST_WAIT = 0.5
_MEGABYTE = 1 << 20


class _Soaked(NamedTuple):
    """What a server's memory came to: at the end and behind the warm-up, in bytes; and how long the last look at the
    session took, in seconds."""

    end: int
    warm: int
    look: float


def measure(hours: float | None = None) -> list[Figure]:
    """Memory at the end and what it grew by, for a million operations each, or for so many hours."""
    unwatched, watched = asyncio.run(_measure(hours))
    difference = abs(unwatched.end - watched.end) / _MEGABYTE
    return [
        *_figures("unwatched", unwatched),
        *_figures("watched", watched),
        Figure("soak.difference", difference, "MB", "at most 10"),
    ]


def _figures(name: str, soaked: _Soaked) -> list[Figure]:
    return [
        Figure(f"soak.{name}", soaked.end / _MEGABYTE, "MB"),
        Figure(f"soak.{name}.growth", (soaked.end - soaked.warm) / _MEGABYTE, "MB", "about 0"),
        Figure(f"soak.{name}.look", soaked.look * 1000, "ms"),
    ]


async def _measure(hours: float | None) -> tuple[_Soaked, _Soaked]:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(served("--sleep-after", "0")) for _ in range(2)]
        unwatched, watched = (_flat_out(client) for client in clients)
        warmed = asyncio.Event()
        seconds = None if hours is None else hours * 3600
        return await asyncio.gather(
            _soak_unwatched(clients[0], unwatched, seconds, warmed), _soak_watched(clients[1], watched, seconds, warmed)
        )


def _flat_out(client: Client) -> dict[str, Any]:
    session = client.post("/api/v1/sessions", {"cpus": _CPUS})
    client.command(session, type="demonstrate", enabled=True)
    client.command(session, type="set_speed", speed=None)
    client.command(session, type="run")
    return session


async def _soak_watched(
    client: Client, session: dict[str, Any], seconds: float | None, warmed: asyncio.Event
) -> _Soaked:
    """Reads the stream to the end."""
    began, warm, tick = time.monotonic(), 0, 0
    async with connect(client.stream_of(session), max_size=None) as stream:
        while not _over(began, tick, seconds):
            tick = _tick_in(await stream.recv(decode=True)) or tick
            if not warm and tick >= _WARM_UP_TICKS:
                warm = resident_bytes(client.process)
                warmed.set()
    end = resident_bytes(client.process)
    warmed.set()  # if it was over before
    return _Soaked(end, warm or end, await _look(client, session))


async def _soak_unwatched(
    client: Client, session: dict[str, Any], seconds: float | None, warmed: asyncio.Event
) -> _Soaked:
    """Asks for nothing until it should be over: whoever looks is a reader. The watched session, which has more to do,
    tells when both are warm."""
    began = time.monotonic()
    await warmed.wait()
    warm = resident_bytes(client.process)
    a_tick = (time.monotonic() - began) / _WARM_UP_TICKS
    while True:
        await asyncio.sleep(max(_LEAST_WAIT, (seconds or _TICKS * a_tick) - (time.monotonic() - began)))
        end = resident_bytes(client.process)
        look = await _look(client, session)
        tick = client.get(session["links"]["state"])["tick"]
        if _over(began, tick, seconds):
            return _Soaked(end, warm, look)
        a_tick = (time.monotonic() - began) / tick


def _over(began: float, tick: int, seconds: float | None) -> bool:
    return tick >= _TICKS if seconds is None else time.monotonic() - began >= seconds


async def _look(client: Client, session: dict[str, Any]) -> float:
    began = time.monotonic()
    await asyncio.to_thread(client.get, session["links"]["state"])
    return time.monotonic() - began


def _tick_in(message: str) -> int | None:
    """The tick of a frame. Looked up in its text: reading all of the JSON would measure the reader."""
    found = re.search(r'"tick":(\d+)', message)
    return int(found[1]) if found else None
