"""How often one primitive of interrupt work reaches for the APIC, and how often it leaves the guest.

Counted by running the guest's own code on a machine under the back end, with messages that take no time.
"""

from typing import NamedTuple

from app.backends.backend import Backend
from app.backends.catalogue import DEFAULT_SHEETS
from app.costs.sheet import CostSheet, load_cost_sheet
from app.engine.alone import Alone, AtOnce, Code, Run
from app.engine.events import Event, HandlerEntered
from app.engine.work import Work
from app.guest import steps
from app.guest.apic_ops import Context
from app.guest.steps import Steps
from app.hw.cpu import RunState
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode
from app.x86.registers import Register

_BUSY = steps.Work("handler_timer", "works for itself")
_VECTOR = 0xFC  # which both kernels send to each other
_TASK_PRIORITY, _TICK = 0x20, 10_000


class Reception(NamedTuple):
    """What an interrupt comes to for its target, which is running: up to the handler, and from there to the end of
    it."""

    delivery: Run
    handler: Run


def _booted(bound: Backend, cpus: int, sheet: CostSheet | None, events: list[Event]) -> Alone:
    """A machine of *cpus* under *bound* whose kernel has booted. What happens behind that goes to *events*."""
    machine = Machine(cpus, record=events.append)
    costs = (sheet or load_cost_sheet(DEFAULT_SHEETS[bound.generation.name])).cycles
    alone = Alone(machine, bound, costs, AtOnce(machine), events.append)
    alone.execution.boot()
    machine.settle()
    events.clear()
    return alone


def crossings(bound: Backend, code: Code, cpus: int = 4) -> Work:
    """What *code* comes to on CPU 0 of *cpus*. What comes in meanwhile is counted by ``reception``."""
    alone = _booted(bound, cpus, None, [])
    alone.machine.set_interrupt_flag(0, False)
    return alone.run(0, code).work


def reception(bound: Backend, sheet: CostSheet | None = None, vector: int = _VECTOR) -> Reception:
    """What one edge-triggered interrupt comes to on a CPU that runs and has nothing else in service; *sheet* defaults
    to that of the kernel's time."""
    events: list[Event] = []
    alone = _booted(bound, 2, sheet, events)
    target = alone.begin(1, _busy)
    target.cpu.run_state = RunState.RUNNING
    alone.turn(target)
    alone.machine.send_for(0, 1, vector, DeliveryMode.FIXED)
    alone.machine.settle()
    delivery = alone.until(target, lambda: any(isinstance(event, HandlerEntered) for event in events))
    entry = alone.until(target, lambda: not target.in_host)  # which belongs to the delivery
    return Reception(delivery + entry, alone.until(target, lambda: len(target.frames) == 1))


def _busy(context: Context) -> Steps[None]:
    while True:
        yield _BUSY


def unicast(target: int) -> Code:
    """``smp_send_reschedule``."""
    return lambda context: context.operations.smp_send_reschedule(context, target)


def mask_send(targets: int) -> Code:
    """``send_IPI_mask`` to CPUs 1 to *targets*."""
    mask = (1 << targets + 1) - 2
    return lambda context: context.operations.send_ipi_mask(context, mask, _VECTOR)


def send_to_all_others(context: Context) -> Steps[None]:
    """``send_IPI_allbutself``."""
    yield from context.operations.send_ipi_allbutself(context, _VECTOR)


def send_to_self(context: Context) -> Steps[None]:
    """``send_IPI_self``."""
    yield from context.operations.send_ipi_self(context, _VECTOR)


def task_priority_change(context: Context) -> Steps[None]:
    """A write of TPR through the table."""
    yield from context.operations.apic_write(Register.TPR, _TASK_PRIORITY)


def timer_arm(bound: Backend) -> Code:
    """The clock event device's ``set_next_event``."""
    return lambda context: bound.set_next_event(context, _TICK)
