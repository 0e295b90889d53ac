"""From POST of an IPI until its delta is at a WebSocket client, on one machine, at 4 CPUs."""

import asyncio
import json
import statistics
import time

from websockets.asyncio.client import ClientConnection, connect

from app.bench.result import Figure
from app.bench.served import Client, served

_ROUNDS = 100


def measure() -> list[Figure]:
    """Median and 95th percentile."""
    times = asyncio.run(_times())
    return [
        Figure("POST of an IPI to its delta, median", statistics.median(times), "ms", "20"),
        Figure("POST of an IPI to its delta, 95th percentile", statistics.quantiles(times, n=20)[-1], "ms"),
    ]


async def _times() -> list[float]:
    async with served() as client:
        session = client.post("/api/v1/sessions", {"cpus": 4})
        async with connect(client.stream_of(session), subprotocols=["apicscope.v1"], max_size=None) as stream:  # type: ignore[list-item]
            await asyncio.sleep(0.2)
            return [await _one(client, session["links"]["state"], stream, number) for number in range(_ROUNDS)]


async def _one(client: Client, state_path: str, stream: ClientConnection, number: int) -> float:
    path = state_path.replace("/state", "/commands")
    ipi = {"type": "send_ipi", "cpu": 0, "vector": 0x40 + number % 64, "destination": 1 + number % 3}
    began = time.perf_counter()
    posting = asyncio.create_task(asyncio.to_thread(client.post, path, ipi))
    while True:
        message = json.loads(await stream.recv())
        if any(event["kind"] == "sent" for event in message.get("events", [])):
            break
    spent = (time.perf_counter() - began) * 1000
    await posting
    await asyncio.sleep(0.06)  # let the IPI's later frames pass, so that the next one starts from rest
    while True:
        try:
            await asyncio.wait_for(stream.recv(), 0.01)
        except TimeoutError:
            return spent
