"""What a frame costs: from POST of an IPI until its delta is at a WebSocket client, and the state of a machine in which
one CPU has done one operation, by the number of CPUs."""

import asyncio
import json
import statistics
import time

from websockets.asyncio.client import ClientConnection, connect

from app.bench.result import Figure
from app.bench.served import Client, served
from app.commands.guest import SendIpi
from app.engine.simulation import Simulation
from app.session.simulated import SimulatedDrive
from app.x86.icr import Icr

_ROUNDS = 100
_MACHINES = (4, 64, 255)


def measure() -> list[Figure]:
    """Median and 95th percentile."""
    times = asyncio.run(_times())
    return [
        Figure("POST of an IPI to its delta, median", statistics.median(times), "ms", "20"),
        Figure("POST of an IPI to its delta, 95th percentile", statistics.quantiles(times, n=20)[-1], "ms"),
        *(Figure(f"state of {cpus} CPUs, one of them changed", _state(cpus), "ms") for cpus in _MACHINES),
    ]


def _state(cpus: int) -> float:
    drive = SimulatedDrive(Simulation(cpus))
    drive.state()
    times = []
    for _ in range(_ROUNDS):
        if not drive.run(operations=1):
            drive.apply(SendIpi(0, Icr(0x51, destination=1)))
        began = time.perf_counter()
        drive.state()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


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
