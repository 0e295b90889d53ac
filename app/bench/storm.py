"""How many IPIs the model delivers a second when all CPUs send at once, and now and then something else comes in."""

from collections.abc import Sequence

from app.backends.catalogue import BACKENDS
from app.bench.result import Figure
from app.bench.rounds import all_at_once, reschedule, seconds, warmed_up
from app.commands.command import Stimulus
from app.commands.lines import SendMsi
from app.engine.simulation import Simulation

_CPUS = 4
_TIMES = 100
_ROUNDS = 6
#: Every tenth command is no call of a sender: a device interrupts one of the CPUs.
_ONE_IN = 10
_DEVICE_VECTOR = 0x51
_MSI_BASE = 0xFEE0_0000


def measure() -> list[Figure]:
    """Interrupts taken a second under each back end, in processor time: the best of several rounds."""
    return [Figure(f"storm.{backend}", _rate(backend), "IPIs/s") for backend in BACKENDS]


def _rate(backend: str) -> float:
    simulation = warmed_up(_CPUS, backend, _CPUS)
    salvos = [[_stimulus(time * _CPUS + cpu) for cpu in range(_CPUS)] for time in range(_TIMES)]
    return max(_round(simulation, salvos) for _ in range(_ROUNDS))


def _stimulus(number: int) -> Stimulus:
    if number % _ONE_IN == _ONE_IN - 1:
        return SendMsi(_MSI_BASE | number % _CPUS << 12, _DEVICE_VECTOR)
    return reschedule(number, _CPUS, _CPUS)


def _round(simulation: Simulation, salvos: Sequence[Sequence[Stimulus]]) -> float:
    before = simulation.counters.interrupts_taken

    def fire() -> None:
        for salvo in salvos:
            all_at_once(simulation, salvo)

    spent = seconds(fire)
    return (simulation.counters.interrupts_taken - before) / spent
