"""Simulations that run to their end, and what their logs say."""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerLegacyLine, LowerLint, LowerPin, RaiseLegacyLine, RaiseLint, RaisePin, SendMsi
from app.engine.events import CallFinished, Event, HandlerEntered, HandlerReturned
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS
from app.guest.steps import Step
from app.hw.events import SmiTaken, SmmLeft
from app.x86.icr import DeliveryMode, Icr

EventType = TypeVar("EventType")
Log = Sequence[tuple[int, Event]]


def names_under(generation: str) -> tuple[str, ...]:
    """The back ends that go with the kernel *generation*, in the order of the catalogue."""
    kernel = GENERATIONS[generation]
    return tuple(name for name, definition in BACKENDS.items() if definition.reason_against(kernel) is None)


def apic_names_under(generation: str) -> tuple[str, ...]:
    """Those under which the guest has an APIC."""
    return tuple(name for name in names_under(generation) if not BACKENDS[name].event_channels)


#: What the default kernel can run under with an APIC.
NAMES = apic_names_under(DEFAULT_GENERATION)
#: Every pair of a kernel and a back end that goes with it.
PAIRS = tuple((generation, name) for generation in GENERATIONS for name in names_under(generation))
under_every_pair = pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
under_every_backend = pytest.mark.parametrize("backend", NAMES)
#: More than any test needs: whoever has not come to an end by then never will.
LIMIT = 50_000


def finish(simulation: Simulation, *commands: Stimulus) -> list[tuple[int, Event]]:
    """Applies *commands* at once and runs until nothing is left to do. Returns what happened."""
    for command in commands:
        simulation.apply(command)
    simulation.run(operations=LIMIT)
    simulation.check()
    assert simulation.idle
    return simulation.take_log()


def run_to(simulation: Simulation, kind: type[Event], cpu: int) -> None:
    """Runs up to the next event of *kind* on *cpu*."""
    for _ in range(LIMIT):
        simulation.run(operations=1)
        if any(isinstance(event, kind) and getattr(event, "cpu", None) == cpu for _, event in simulation.take_log()):
            return
    raise AssertionError(f"no {kind.__name__} on CPU {cpu}")


def happened(log: Log, kind: type[EventType]) -> list[EventType]:
    return [event for _, event in log if isinstance(event, kind)]


def handled(log: Log) -> list[tuple[int, int]]:
    """CPU and vector of every handler that was entered, in order."""
    return [(event.cpu, event.vector) for event in happened(log, HandlerEntered)]


def order(log: Log, cpu: int) -> list[str]:
    """Handlers of *cpu* as ``+51`` when entered and ``-51`` when left; ``-nmi`` for the end of an NMI, ``+smi`` and
    ``-smi`` for an SMI and its RSM."""
    words = []
    for _, event in log:
        match event:
            case HandlerEntered(number, vector, _) if number == cpu:
                words.append(f"+{vector:x}")
            case HandlerReturned(number, left) if number == cpu:
                words.append("-nmi" if left is None else f"-{left:x}")
            case SmiTaken(number) | SmmLeft(number) if number == cpu:
                words.append("+smi" if isinstance(event, SmiTaken) else "-smi")
            case _:
                pass
    return words


def steps_of(simulation: Simulation, cpu: int, until: int) -> list[tuple[int, Step]]:
    """The steps of *cpu* with the time at which each was done, up to *until*. Equal ones in a row are one."""
    processor = simulation.processors[cpu]
    steps: list[tuple[int, Step]] = []
    while simulation.run(until=until, operations=1):
        step = processor.last_step
        if step is not None and (not steps or step is not steps[-1][1]):
            steps.append((simulation.time, step))
    return steps


def finished_calls(log: Log) -> list[tuple[int, str]]:
    return [(event.cpu, event.function) for event in happened(log, CallFinished)]


def ipi(cpu: int, target: int, vector: int = 0x41, mode: DeliveryMode = DeliveryMode.FIXED) -> SendIpi:
    return SendIpi(cpu, Icr(vector, mode, destination=target))


def signal(target: int, mode: DeliveryMode, vector: int = 0) -> SendMsi:
    """A device sends a message of *mode*, an NMI say, to *target*."""
    return SendMsi(0xFEE0_0000 | target << 12, mode << 8 | vector)


def reschedule(cpu: int, target: int) -> CallGuest:
    return CallGuest(cpu, "smp_send_reschedule", target=target)


def counts(work: Work) -> tuple[int, int, int]:
    """Accesses, exits and hypercalls, where nothing is asked of cycles."""
    return work.accesses, work.exits, work.hypercalls


def drive_pin(pin: int, level: int) -> RaisePin | LowerPin:
    return RaisePin(pin) if level else LowerPin(pin)


def drive_lint(cpu: int, pin: int, level: int) -> RaiseLint | LowerLint:
    return RaiseLint(cpu, pin) if level else LowerLint(cpu, pin)


def drive_legacy_line(line: int, level: int) -> RaiseLegacyLine | LowerLegacyLine:
    return RaiseLegacyLine(line) if level else LowerLegacyLine(line)
