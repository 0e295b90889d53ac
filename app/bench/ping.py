"""How many IPIs the model delivers a second when each is alone: guest, back end, bus, acceptance, handler, EOI, and all
events."""

from app.backends.catalogue import BACKENDS
from app.bench.result import Figure
from app.bench.rounds import alone, reschedule, seconds, warmed_up

_CPUS = 4
_IPIS = 500
_ROUNDS = 6


def measure() -> list[Figure]:
    """Under each back end, in processor time: the best of several rounds."""
    return [Figure(f"ping.{backend}", _rate(backend), "IPIs/s") for backend in BACKENDS]


def _rate(backend: str) -> float:
    simulation = warmed_up(_CPUS, backend, _CPUS)
    calls = [reschedule(number, _CPUS, _CPUS) for number in range(_IPIS)]
    return max(_IPIS / seconds(lambda: alone(simulation, calls)) for _ in range(_ROUNDS))
