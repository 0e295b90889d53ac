"""How large the record of a simulation is, and how long it takes to write one down and to make a simulation of it."""

import json
from collections.abc import Callable, Iterator

from app.bench.result import Figure
from app.bench.rounds import seconds
from app.commands.guest import CallGuest
from app.engine.simulation import Simulation
from app.history.record import from_state, packed, state

_SIZES = (4, 64, 255)
_GENERATION = "linux-6"
_BACKEND = "kvm-pv"
#: So many operations of each CPU later all of them are inside functions.
_OPERATIONS = 12
_ROUNDS = 5


def measure() -> list[Figure]:
    """Of idle machines, and of machines whose CPUs all have others run a function; times are processor time, the best
    of several."""
    return [
        figure
        for cpus in _SIZES
        for name, simulation in (("idle", _idle(cpus)), ("storm", _storm(cpus)))
        for figure in _figures(f"record.{cpus}-cpus.{name}", simulation)
    ]


def _idle(cpus: int) -> Simulation:
    return Simulation(cpus, _BACKEND, generation=_GENERATION)


def _storm(cpus: int) -> Simulation:
    simulation = _idle(cpus)
    for cpu in range(cpus):
        simulation.apply(CallGuest(cpu, "smp_call_function"))
    simulation.run(operations=_OPERATIONS * cpus)
    return simulation


def _figures(name: str, simulation: Simulation) -> Iterator[Figure]:
    record = state(simulation)
    spare = from_state(record)
    yield Figure(f"{name}.json", len(json.dumps(record, separators=(",", ":"))) / 1000, "kB")
    yield Figure(f"{name}.packed", len(packed(record)) / 1000, "kB")
    yield Figure(f"{name}.state", _milliseconds(lambda: state(simulation)), "ms")
    yield Figure(f"{name}.pack", _milliseconds(lambda: packed(record)), "ms")
    yield Figure(f"{name}.from_state", _milliseconds(lambda: from_state(record)), "ms")
    yield Figure(f"{name}.from_state-into", _milliseconds(lambda: from_state(record, spare)), "ms")


def _milliseconds(work: Callable[[], object]) -> float:
    return 1000 * min(seconds(work) for _ in range(_ROUNDS))
