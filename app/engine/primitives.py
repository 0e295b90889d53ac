"""How often one primitive of interrupt work reaches for the APIC, and how often it leaves the guest.

Counted by running the guest's own code on a machine under the back end, with messages that take no time.
"""

from collections.abc import Callable
from typing import NamedTuple

from app.backends.backend import Backend
from app.backends.catalogue import DEFAULT_SHEETS
from app.costs.sheet import load_cost_sheet
from app.engine.counters import Counters
from app.engine.events import Event, HandlerEntered
from app.engine.execution import Execution
from app.engine.processor import Frame, Processor
from app.guest.apic_ops import Context
from app.guest.steps import Steps, Work
from app.hw.cpu import RunState
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode
from app.x86.registers import Register

Code = Callable[[Context], Steps[None]]
_BUSY = Work("handler_timer", "works for itself")
_VECTOR = 0xFC  # which both kernels send to each other
_FIXED = DeliveryMode.FIXED
_TASK_PRIORITY, _TICK = 0x20, 10_000


class Crossings(NamedTuple):
    """Reads and writes of the APIC, ways out of the guest, and hypercalls among these."""

    accesses: int
    exits: int
    hypercalls: int


class Reception(NamedTuple):
    """What an interrupt costs its target, which is running: up to the handler, and from there to the end of it."""

    delivery: Crossings
    handler: Crossings


class _Stand:
    """A machine of *cpus* under *bound*, each CPU at work of its own."""

    def __init__(self, bound: Backend, cpus: int) -> None:
        self.events: list[Event] = []
        self.machine = Machine(cpus, record=self.events.append)
        prices = load_cost_sheet(DEFAULT_SHEETS[bound.generation.name]).cycles
        self._bound = bound
        self._execution = Execution(self.machine, bound, prices, 1000, self.events.append, lambda _: None, Counters())
        self._execution.boot()
        self.machine.settle()
        self.events.clear()

    def counted(self) -> Crossings:
        counters = self._execution.counters
        return Crossings(counters.accesses, counters.exits, counters.hypercalls)

    def processor(self, number: int) -> Processor:
        return self._execution.processors[number]

    def begin(self, number: int, code: Code) -> None:
        """The CPU runs *code*."""
        processor = self.processor(number)
        processor.cpu.run_state = RunState.RUNNING
        context = Context(processor.cpu, self._execution.kernel, self._bound.operations)
        processor.frames.append(Frame("primitive", code(context), self._bound, 0))

    def turn(self, number: int) -> None:
        """The CPU does its next step, and whatever was sent arrives."""
        self._execution.turn(self.processor(number))
        self.machine.settle()


def crossings(bound: Backend, code: Code, cpus: int = 4) -> Crossings:
    """What *code* comes to on CPU 0 of *cpus*."""
    stand = _Stand(bound, cpus)
    ended: list[Crossings] = []

    def watched(context: Context) -> Steps[None]:
        yield from code(context)
        ended.append(stand.counted())

    stand.begin(0, watched)
    stand.machine.set_interrupt_flag(0, False)  # what comes in meanwhile is counted by ``reception``
    while not ended:
        stand.turn(0)
    return ended[0]


def reception(bound: Backend, vector: int = _VECTOR) -> Reception:
    """What one edge-triggered interrupt comes to on a CPU that runs and has nothing else in service."""
    stand = _Stand(bound, 2)
    stand.begin(1, _busy)
    stand.turn(1)
    stand.machine.send_for(0, 1, vector, _FIXED)
    stand.machine.settle()
    while not any(isinstance(event, HandlerEntered) for event in stand.events):
        stand.turn(1)
    while stand.processor(1).in_host:  # the entry belongs to the delivery
        stand.turn(1)
    delivery = stand.counted()
    while len(stand.processor(1).frames) > 1:
        stand.turn(1)
    whole = stand.counted()
    return Reception(delivery, Crossings(*(end - start for end, start in zip(whole, delivery, strict=True))))


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
