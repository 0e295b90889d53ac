"""What a step can be a step of, forward and back: each unit is over with the tick that ends one of it."""

from collections.abc import Callable

from app.engine.events import CallFinished, HandlerReturned
from app.engine.journal import Moment
from app.engine.simulation import Simulation
from app.history.journal import Entry

OPERATION = "operation"


def _operation(simulation: Simulation) -> bool:
    """A step of a CPU, an arrival, the expiry of timers: whatever ``Simulation.run`` counts."""
    return simulation.run(to_tick=simulation.ticks + 1) > 0


def _access(simulation: Simulation) -> bool:
    """An access of a local APIC's register by the guest, or by whoever carries it out for the guest."""
    before = simulation.counters.accesses
    simulation.run(to_tick=simulation.ticks + 1)
    return simulation.counters.accesses > before


def _interrupt(simulation: Simulation) -> bool:
    """A CPU has taken an interrupt."""
    before = simulation.counters.interrupts_taken
    simulation.run(to_tick=simulation.ticks + 1)
    return simulation.counters.interrupts_taken > before


def _function(simulation: Simulation) -> bool:
    """A guest function that somebody called, or a handler, has returned."""
    before = simulation.happened
    simulation.run(to_tick=simulation.ticks + 1)
    return any(isinstance(event, CallFinished | HandlerReturned) for _, event in simulation.events_since(before))


#: By the names that commands use: runs for one tick, and tells whether that ended one.
UNITS: dict[str, Callable[[Simulation], bool]] = {
    OPERATION: _operation,
    "access": _access,
    "interrupt": _interrupt,
    "function": _function,
}


class Diverged(ValueError):
    """A journal cannot be done again as it stands: it is of another machine, or of another version of the program.
    ``tick`` is how far it went."""

    def __init__(self, tick: int, reason: str) -> None:
        super().__init__(f"it goes another way from tick {tick:,}: {reason}")
        self.tick = tick


def go_to(simulation: Simulation, moment: Moment) -> None:
    """Runs to *moment*. Diverged when the simulation never comes there."""
    try:
        simulation.run_to(moment)
    except ValueError as error:
        raise Diverged(simulation.ticks, f"{error}") from error


def do_again(simulation: Simulation, entry: Entry) -> None:
    """Does a journalled command, at its moment. Diverged when that cannot be."""
    go_to(simulation, entry.moment)
    try:
        simulation.apply(entry.command)
    except (ValueError, LookupError) as error:
        raise Diverged(simulation.ticks, f"{error}") from error


def one_tick(simulation: Simulation, entry: Entry | None, unit: str) -> bool | None:
    """Lets one thing happen: *entry*, when it is its turn. Returns whether it ended one *unit*, as a command does with
    an operation; None when nothing is left to happen. KeyError for an unknown unit."""
    if entry is not None and entry.tick == simulation.ticks:
        do_again(simulation, entry)
        return unit == OPERATION
    before = simulation.ticks
    ended = UNITS[unit](simulation)
    return ended if simulation.ticks > before else None
