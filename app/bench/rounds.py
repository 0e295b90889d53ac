"""Rounds of IPIs on one model, in processor time."""

import time
from collections.abc import Callable, Iterable

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.engine.simulation import Simulation

#: So many IPIs of each sender go by before the time is taken: addresses are known then, prices looked up, fast paths
#: learnt.
_WARM_UP = 16


def reschedule(number: int, senders: int, cpus: int) -> CallGuest:
    """IPI *number*: each of the first *senders* CPUs in turn to the next CPU."""
    sender = number % senders
    return CallGuest(sender, "smp_send_reschedule", target=(sender + 1) % cpus)


def alone(simulation: Simulation, calls: Iterable[CallGuest]) -> None:
    """One call after the other, each until all is idle, so that no interrupts merge."""
    for call in calls:
        call.perform(simulation)
        simulation.run()


def all_at_once(simulation: Simulation, stimuli: Iterable[Stimulus]) -> None:
    """All of *stimuli* at the same time, until all is idle."""
    for stimulus in stimuli:
        simulation.apply(stimulus)
    simulation.run()
    simulation.journal.clear()


def warmed_up(cpus: int, backend: str, senders: int, *, fast_paths: bool = True) -> Simulation:
    """A machine that has sent each of its IPIs already. Without *fast_paths* its model does each of them itself."""
    simulation = Simulation(cpus, backend, fast_paths=fast_paths)
    alone(simulation, (reschedule(number, senders, cpus) for number in range(_WARM_UP * senders)))
    return simulation


def seconds(work: Callable[[], object]) -> float:
    """The processor time that *work* takes."""
    began = time.process_time()
    work()
    return time.process_time() - began
