"""Cost against the number of targets, and where it steps, as the numbers show it."""

from collections import Counter
from itertools import pairwise

from app.backends.catalogue import backend as backend_of
from app.costs.sheet import CostSheet
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.measure.comparison import Curve, Point
from app.measure.functions import MEASURED_FUNCTIONS, MeasuredFunction
from app.measure.observation import Observation
from app.measure.running import keep_running, start
from app.measure.sender import ICR_WRITE, SenderPrices
from app.measure.workloads import MOST_TARGETS

#: As few CPUs as there can be: what one target does depends on no other.
_CPUS = 2


def curve(function: str, backend: str, sheet: CostSheet, generation: str) -> Curve:
    """*function* for 1 to 255 targets. KeyError for an unknown function or back end, ValueError for a kernel that the
    back end never met or a sheet that cannot price it.

    The caller's part is priced for each number; a target's is that of one real delivery, times their number.
    """
    measured = MEASURED_FUNCTIONS[function]
    receiver = _receiver(measured, backend, sheet, generation)
    prices = SenderPrices(measured, backend_of(backend, generation, sheet), sheet)
    senders = [prices.sender(targets) for targets in range(1, MOST_TARGETS + 1)]
    points = tuple(
        Point(
            targets,
            sender.work.cycles,
            all_of_it.cycles,
            all_of_it.exits,
            all_of_it.hypercalls,
        )
        for targets, sender in enumerate(senders, start=1)
        for all_of_it in (sender.work + receiver.times(targets),)
    )
    return Curve(backend, points, _steps([sender.ways for sender in senders]))


def _receiver(function: MeasuredFunction, backend: str, sheet: CostSheet, generation: str) -> Work:
    """What one running target spends on one interrupt, as a simulation shows it."""
    simulation = Simulation(_CPUS, backend, sheet, generation=generation)
    keep_running(simulation)
    seen = Observation(simulation)
    start(simulation, function, 1, 1)
    simulation.run(until_idle=True)
    return sum((done.work for done in seen.steps if done.cpu == 0), Work())


# Steps


def _steps(ways: list[Counter[str]]) -> tuple[tuple[int, str], ...]:
    """Numbers of targets at which the way to send changes, with what changes: not where each target adds the same."""
    changes = [_change(before, after) for before, after in pairwise(ways)]
    found = []
    for place, change in enumerate(changes):
        around = changes[max(0, place - 1) : place] + changes[place + 1 : place + 2]
        if change and change not in around:
            targets = place + 2  # the first change is that from one target to two
            found.append((targets, _words(ways[place], ways[place + 1], targets)))
    return tuple(found)


def _change(before: Counter[str], after: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, after[name] - before[name]) for name in before | after if after[name] != before[name]))


def _words(before: Counter[str], after: Counter[str], targets: int) -> str:
    if before.keys() != after.keys():
        return f"{_listed(after)} instead of {_listed(before)}"
    name = next(name for name in after if after[name] != before[name])
    if after[name] < before[name]:
        return f"{_listed(after)} instead of {_listed(before)}: everybody else, by shorthand"
    reach, left = divmod(targets - 1, before[name])
    return f"{_listed(after)}: one reaches {reach} CPUs" if not left else _listed(after)


def _listed(ways: Counter[str]) -> str:
    return " and ".join(f"{count} {name}{_plural(name, count)}" for name, count in sorted(ways.items())) or "nothing"


def _plural(name: str, count: int) -> str:
    return "" if count == 1 or name != ICR_WRITE else "s"
