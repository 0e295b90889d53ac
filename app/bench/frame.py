"""What a frame costs: from POST of an IPI until its delta is at a WebSocket client, and the state of a machine in which
one CPU has done one operation, by the number of CPUs."""

import asyncio
import json
import statistics
import time
from contextlib import AsyncExitStack

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
    """Median and 95th percentile by the number of CPUs, and how many times as long the most CPUs take as the fewest."""
    times = asyncio.run(_times())
    medians = {cpus: statistics.median(times[cpus]) for cpus in _MACHINES}
    fewest, most = min(_MACHINES), max(_MACHINES)
    return [
        *(figure for cpus in _MACHINES for figure in _figures(cpus, times[cpus])),
        Figure(f"of {most} CPUs to {fewest}, median", medians[most] / medians[fewest], "x", "at most 1.5"),
        *(Figure(f"state of {cpus} CPUs, one of them changed", _state(cpus), "ms") for cpus in _MACHINES),
    ]


def _figures(cpus: int, times: list[float]) -> list[Figure]:
    name = f"POST of an IPI to its delta, {cpus} CPUs"
    return [
        Figure(f"{name}, median", statistics.median(times), "ms", "20"),
        Figure(f"{name}, 95th percentile", statistics.quantiles(times, n=20)[-1], "ms"),
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


async def _times() -> dict[int, list[float]]:
    """Of each machine; they take turns, so that whatever else the computer does falls on all of them."""
    async with served() as client, AsyncExitStack() as stack:
        sessions = {cpus: client.post("/api/v1/sessions", {"cpus": cpus}) for cpus in _MACHINES}
        streams = {
            cpus: await stack.enter_async_context(connect(client.stream_of(session), max_size=None))
            for cpus, session in sessions.items()
        }
        await asyncio.sleep(0.2)
        times: dict[int, list[float]] = {cpus: [] for cpus in _MACHINES}
        for number in range(_ROUNDS):
            for cpus, stream in streams.items():
                times[cpus].append(await _one(client, sessions[cpus]["links"]["state"], stream, number))
        return times


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
