"""How many IPIs the model delivers a second on one core: guest, back end, bus, acceptance, handler, EOI, events."""

import time
from collections.abc import Callable

from app.backends.catalogue import BACKENDS
from app.backends.native import NATIVE_XAPIC
from app.bench.result import Figure
from app.commands.guest import CallGuest
from app.engine.simulation import Simulation

_CPUS = 4
_IPIS = 4_000
_ROUNDS = 3
_TAKE_LOG_EVERY = 50


def measure() -> list[Figure]:
    """Unicast and all-but-self, under each back end; the best of several rounds, in processor time."""
    figures = []
    for backend in BACKENDS:
        aim = "100,000" if backend == NATIVE_XAPIC.name else ""
        figures.append(Figure(f"{backend}: smp_send_reschedule to one CPU", _rate(backend, _unicast), "IPIs/s", aim))
        figures.append(
            Figure(f"{backend}: send_ipi_allbutself, deliveries to 3 CPUs", _rate(backend, _broadcast), "IPIs/s", aim)
        )
    return figures


def _unicast(number: int) -> CallGuest:
    return CallGuest(number % _CPUS, "smp_send_reschedule", target=(number + 1) % _CPUS)


def _broadcast(number: int) -> CallGuest:
    return CallGuest(number % _CPUS, "send_ipi_allbutself")


def _rate(backend: str, call: Callable[[int], CallGuest]) -> float:
    return max(_round(backend, call) for _ in range(_ROUNDS))


def _round(backend: str, call: Callable[[int], CallGuest]) -> float:
    """One IPI after the other, each until all is idle, so that none merge; the log is taken as a session takes it."""
    simulation = Simulation(_CPUS, backend)
    calls = [call(number) for number in range(_IPIS)]
    began = time.process_time()
    for number, one in enumerate(calls):
        one.perform(simulation)
        simulation.run()
        if number % _TAKE_LOG_EVERY == 0:
            simulation.take_log()
    spent = time.process_time() - began
    return simulation.counters.interrupts_taken / spent
