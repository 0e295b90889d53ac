"""What a guest function costs the CPU that calls it, for any number of targets, without a simulation around it.

The guest's code and its hypervisor's run step by step. In xAPIC mode a sender polls the delivery status until its last
message has arrived; on a virtual-APIC page it is always 0.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from app.backends.backend import Backend
from app.costs.sheet import CostSheet
from app.engine.alone import Alone, NoApic
from app.engine.apic_access import ApicAccess
from app.engine.work import Work
from app.guest.apic_ops import Context, KernelState
from app.guest.steps import Hypercall
from app.hw.machine import MAX_CPUS, Machine
from app.hw.messages import InterruptMessage
from app.measure.functions import MeasuredFunction
from app.x86.icr import DELIVERY_STATUS
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register

_ICR_LOW, _ICR_HIGH = int(Register.ICR_LOW), int(Register.ICR_HIGH)
_ICR_MSR = x2apic_msr(_ICR_LOW)
#: How a write to ICR is called among the ways to send.
ICR_WRITE = "ICR write"


class Sender(NamedTuple):
    """The caller's part: *ways* is how often it reached for ICR and for each hypercall."""

    work: Work
    ways: Counter[str]


class SenderPrices:
    """Callers of *function* under *backend*, priced by *sheet*: the last of 256 CPUs, for those from 0 on."""

    def __init__(self, function: MeasuredFunction, backend: Backend, sheet: CostSheet) -> None:
        self._code = function.by_generation[backend.generation.name]
        self._backend = backend
        machine = Machine(MAX_CPUS, backend.apic_mode)
        self._icr = _CallersIcr(machine, sheet.price("message_flight"))
        self._alone = Alone(machine, backend, sheet.cycles, self._icr)
        self._caller = machine.cpus[-1]
        self._caller.interrupt_flag = True

    def sender(self, targets: int) -> Sender:
        """For so many targets. NoFigure when the sheet lacks a price."""
        kernel = KernelState(
            MAX_CPUS, self._backend.generation
        )  # of its own: nobody has unlocked what the last one left
        context = Context(self._caller, kernel, self._backend.operations)
        before, self._icr.writes = self._alone.counters.work, 0
        ways: Counter[str] = Counter()
        for step in self._alone.steps(self._caller.number, lambda _: self._code(context, (1 << targets) - 1)):
            if type(step) is Hypercall:
                ways[step.name] += 1
        if self._icr.writes:
            ways[ICR_WRITE] = self._icr.writes
        self._icr.settle()
        return Sender(self._alone.counters.work - before, ways)


class _CallersIcr(NoApic):
    """The ICR of the last CPU of *machine*, and how many CPUs each command in it reaches. A message takes *flight*
    cycles, and the delivery status tells of the last one."""

    def __init__(self, machine: Machine, flight: int) -> None:
        super().__init__(machine)
        self._apic = ApicAccess(machine)
        self._cpu = machine.cpus[-1]
        self._clock = machine.clock
        self._flight = flight
        #: By what the two halves of ICR held: each write asks all CPUs whether they are meant.
        self._known: dict[tuple[int, int], Sequence[InterruptMessage]] = {}
        self.writes = 0
        self._leaves = False
        self._arrives = 0

    def load(self, cpu: int, register: int) -> int:
        return DELIVERY_STATUS if register == _ICR_LOW and self._clock.now < self._arrives else 0

    def read(self, cpu: int, register: int) -> int:
        return self.load(cpu, register)

    def store(self, cpu: int, register: int, value: int) -> None:
        if register == _ICR_LOW:
            self._written()
        elif register == _ICR_HIGH:
            self._apic.write(cpu, register, value)

    def write(self, cpu: int, register: int, value: int) -> None:
        self.store(cpu, register, value)

    def write_msr(self, cpu: int, msr: int, value: int) -> None:
        if msr == _ICR_MSR:
            self._written()

    def carry(self, cpu: int, register: int, value: int, *, by_page: bool) -> Sequence[InterruptMessage]:
        """As the model of the APIC has it."""
        self.store(cpu, register, value)
        if register != _ICR_LOW:
            return ()
        key = self._cpu.apic.icr >> 32, value
        messages = self._known.get(key)
        if messages is None:
            messages = self._known[key] = self._apic.carry(cpu, register, value, by_page=False)
        return messages

    def post(self, message: InterruptMessage) -> None:
        self._leaves = True  # the last target's message is behind the work for it

    def _written(self) -> None:
        self.writes += 1
        self._leaves = True

    def step_ended(self) -> None:
        if self._leaves:
            self._leaves, self._arrives = False, self._clock.now + self._flight

    def settle(self) -> None:
        """All has arrived."""
        self._arrives = self._clock.now
