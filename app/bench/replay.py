"""How long it takes to read and replay a recorded boot."""

import time
from importlib import resources
from pathlib import Path

from app.bench.result import Figure
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording

_ROUNDS = 5


#: So many times faster than the machine that was recorded is the aim for its boot.
_AIM = 40
_NANOSECONDS = 1e9


def measure() -> list[Figure]:
    """The recording that comes with the program, and in a checkout those of the tests; the best of several rounds. For
    those whose lines have times also how many times faster that is than what was recorded ran."""
    return [figure for log in logs() for figure in _figures(log)]


def logs() -> list[Path]:
    """The recordings that there are here."""
    samples = Path(str(resources.files("app.trace"))) / "samples"
    checkout = Path(__file__).resolve().parents[2] / "tests" / "trace" / "recordings"
    return sorted(samples.glob("*.qemu.log.gz")) + sorted(checkout.glob("*.qemu.log.gz"))


def _figures(log: Path) -> list[Figure]:
    data = log.read_bytes()
    seconds = min(_seconds(log.name, data) for _ in range(_ROUNDS))
    figures = [Figure(f"{log.name}, parsed and replayed", seconds, "s", "0.5")]
    operations = read_recording(log.name, data).operations
    ran = (operations[-1].time - operations[0].time) / _NANOSECONDS
    if ran:
        aim = str(_AIM) if "boot" in log.name else ""
        figures.append(Figure(f"{log.name}, faster than it ran", ran / seconds, "times", aim))
    return figures


def _seconds(name: str, data: bytes) -> float:
    began = time.process_time()
    replay = Replay(read_recording(name, data))
    while not replay.finished:
        replay.step()
    return time.process_time() - began
