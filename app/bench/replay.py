"""How long it takes to read and replay a recorded boot."""

import time
from importlib import resources
from pathlib import Path

from app.bench.result import Figure
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording

_ROUNDS = 5


def measure() -> list[Figure]:
    """The recording that comes with the program, and in a checkout those of the tests; the best of several rounds."""
    return [_figure(log) for log in logs()]


def logs() -> list[Path]:
    """The recordings that there are here."""
    samples = Path(str(resources.files("app.trace"))) / "samples"
    checkout = Path(__file__).resolve().parents[2] / "tests" / "trace" / "recordings"
    return sorted(samples.glob("*.qemu.log.gz")) + sorted(checkout.glob("*.qemu.log.gz"))


def _figure(log: Path) -> Figure:
    data = log.read_bytes()
    return Figure(f"{log.name}, parsed and replayed", min(_seconds(log.name, data) for _ in range(_ROUNDS)), "s", "0.5")


def _seconds(name: str, data: bytes) -> float:
    began = time.process_time()
    replay = Replay(read_recording(name, data))
    while not replay.finished:
        replay.step()
    return time.process_time() - began
