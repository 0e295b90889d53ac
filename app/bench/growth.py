"""What an IPI to one CPU costs the model on a machine of 255 CPUs, to what it costs on one of 4."""

from app.backends.catalogue import BACKENDS
from app.bench.result import Figure
from app.bench.rounds import alone, reschedule, seconds, warmed_up
from app.engine.simulation import Simulation

_FEW, _MANY = 4, 255
#: The same CPUs send on both machines: what is compared is who else is there.
_SENDERS = 4
_IPIS = 100
_ROUNDS = 15


def measure() -> list[Figure]:
    """Under each back end, in processor time: the best of many short rounds, the two machines in turn, so that whatever
    else the computer does falls on both."""
    return [Figure(f"growth.{backend}", _growth(backend), "x", "1.25") for backend in BACKENDS]


def _growth(backend: str) -> float:
    few, many = (warmed_up(cpus, backend, _SENDERS, fast_paths=False) for cpus in (_FEW, _MANY))
    times = [(_round(few), _round(many)) for _ in range(_ROUNDS)]
    return min(time for _, time in times) / min(time for time, _ in times)


def _round(simulation: Simulation) -> float:
    cpus = len(simulation.processors)
    calls = [reschedule(number, _SENDERS, cpus) for number in range(_IPIS)]
    return seconds(lambda: alone(simulation, calls))
