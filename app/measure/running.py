"""Runs a workload under one back end and measures it."""

from collections import deque
from collections.abc import Iterator
from statistics import mean
from typing import NamedTuple

from app.commands.guest import CallGuest
from app.commands.machine import SetInterruptFlag
from app.costs.sheet import CostSheet
from app.engine.event_log import WholeLog
from app.engine.events import CallStarted
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.cpumask import cpus_of
from app.guest.functions import Argument
from app.guest.generations import GUEST_FUNCTIONS
from app.guest.steps import SpinUntil, Steps, Word
from app.hw.cpu import RunState
from app.hw.machine import MAX_CPUS
from app.measure.comparison import Shares
from app.measure.functions import MeasuredFunction
from app.measure.observation import HandlerBegun, Observation
from app.measure.scenarios import Scenario
from app.measure.workloads import FunctionCall


class Measured(NamedTuple):
    """One run. *sends* are messages of CPUs and hypercalls' targets, *eois* interrupts that ended, *polls* accesses
    that only waited for the message before to arrive."""

    work: Work
    shares: Shares
    latency: int | None
    sends: int
    eois: int
    #: The entries of the cost sheet that were paid.
    paid: frozenset[str]
    polls: int = 0


def run_workload(workload: Scenario | FunctionCall, backend: str, generation: str, sheet: CostSheet) -> Measured:
    """Runs *workload*. ValueError for a kernel that the back end never met or a sheet that cannot price it."""
    if isinstance(workload, Scenario):
        return _scenario(workload, Simulation(workload.cpus, backend, sheet, generation=generation, log=WholeLog))
    return _call(workload, Simulation(MAX_CPUS, backend, sheet, generation=generation))


def _measured(simulation: Simulation, seen: Observation, latencies: list[int]) -> Measured:
    counters = simulation.counters
    return Measured(
        counters.work,
        seen.shares(),
        round(mean(latencies)) if latencies else None,
        counters.ipis_sent,
        counters.eois,
        seen.paid(),
        seen.polls(),
    )


# A script


def _scenario(scenario: Scenario, simulation: Simulation) -> Measured:
    seen = Observation(simulation)
    begin = simulation.time
    calls: dict[int, deque[CallGuest]] = {cpu: deque() for cpu in range(scenario.cpus)}
    for time, stimuli in scenario.times():
        simulation.run(until=begin + time)
        for stimulus in stimuli:
            if isinstance(stimulus, CallGuest):
                calls[stimulus.cpu].append(stimulus)
            simulation.apply(stimulus)
    simulation.run(until_idle=True)
    latencies: list[int] = []
    for time, event in simulation.take_log():
        if isinstance(event, CallStarted):
            targets = targets_of(calls[event.cpu].popleft(), scenario.cpus)
            latencies += latency(time, targets, seen.handlers)
    return _measured(simulation, seen, latencies)


def targets_of(call: CallGuest, cpus: int) -> set[int]:
    """The CPUs that *call* interrupts: what it does not say is the next CPU for a single one, else all others."""
    if call.target is not None:
        return {call.target}
    if call.mask is not None:
        return set(cpus_of(call.mask)) - {call.cpu}
    if Argument.TARGET in GUEST_FUNCTIONS[call.function].arguments:
        return {(call.cpu + 1) % cpus}
    return set(range(cpus)) - {call.cpu}


def latency(since: int, targets: set[int], handlers: list[HandlerBegun]) -> Iterator[int]:
    """The cycles until the last of *targets* begins its handler; none when one of them never does: its request was
    served by a handler that ran already."""
    waiting = set(targets)
    for begun in handlers:
        if begun.time >= since and begun.cpu in waiting:
            waiting.discard(begun.cpu)
            if not waiting:
                yield begun.time - since
                return


# A function


def cpu_idle_poll() -> Steps[None]:
    """The idle loop of ``idle=poll``: a CPU that runs and waits, and does not halt."""
    yield SpinUntil(Word("need_resched"), 1)


def keep_running(simulation: Simulation) -> None:
    """Lets every CPU of *simulation* idle without halting."""
    for processor in simulation.processors:
        processor.cpu.run_state = RunState.RUNNING
        simulation.execution.begin(processor, "cpu_idle_poll", lambda _: cpu_idle_poll())


def start(simulation: Simulation, function: MeasuredFunction, sender: int, mask: int) -> None:
    """Begins *function* on the CPU *sender*, which idles, for the CPUs of *mask*."""
    code = function.by_generation[simulation.generation]
    simulation.execution.begin(simulation.processors[sender], function.name, lambda context: code(context, mask))
    simulation.apply(SetInterruptFlag(sender, enabled=True))  # which it is: this lets the CPU look what there is to do


def _call(call: FunctionCall, simulation: Simulation) -> Measured:
    """From the last CPU: APIC ID 255 is the one that nobody can send to in xAPIC mode."""
    keep_running(simulation)
    seen = Observation(simulation)
    began = simulation.time
    start(simulation, call.function, len(simulation.processors) - 1, (1 << call.targets) - 1)
    simulation.run(until_idle=True)
    return _measured(simulation, seen, list(latency(began, set(range(call.targets)), seen.handlers)))
