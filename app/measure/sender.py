"""What a guest function costs the CPU that calls it, for any number of targets, without a simulation around it.

The guest's code and its hypervisor's run step by step, with a clock of their own: in xAPIC mode a sender polls the
delivery status until its last message has arrived. On a virtual-APIC page it is always 0.
"""

from collections import Counter
from typing import NamedTuple

from app.backends.backend import Backend
from app.costs.sheet import CostSheet
from app.engine.costing import walk
from app.engine.host_effects import targets_named
from app.guest.apic_ops import Context, KernelState
from app.guest.steps import (
    EXITS,
    MEMORY_STEPS,
    PRICES,
    Decode,
    DisableInterrupts,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    Fence,
    HostSend,
    HostWork,
    Hypercall,
    HypervisorCall,
    Load,
    SpinUntil,
    Step,
    Store,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    WriteMsr,
    price_of,
)
from app.hw.machine import MAX_CPUS, Machine
from app.measure.functions import MeasuredFunction
from app.x86.icr import DELIVERY_STATUS
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register

_ICR_LOW = Register.ICR_LOW
_ICR = (_ICR_LOW, Register.ICR_HIGH)
_ICR_MSR = x2apic_msr(_ICR_LOW)
_READS = (Load, EmulatedRead)
#: Steps that only take their time.
_QUIET = (VirtualRead, *MEMORY_STEPS, SpinUntil, DisableInterrupts, EnableInterrupts, Decode, VmEntry, Fence, HostSend)
#: How a write to ICR is called among the ways to send.
ICR_WRITE = "ICR write"


class Sender(NamedTuple):
    """The caller's part: *ways* is how often it reached for ICR and for each hypercall."""

    cycles: int
    exits: int
    hypercalls: int
    ways: Counter[str]


class SenderPrices:
    """Callers of *function* under *backend*, priced by *sheet*: the last of 256 CPUs, for those from 0 on."""

    def __init__(self, function: MeasuredFunction, backend: Backend, sheet: CostSheet) -> None:
        self._code = function.by_generation[backend.generation.name]
        self._backend = backend
        self._sheet = sheet
        machine = Machine(MAX_CPUS, backend.apic_mode)
        self._reach = _Reach(machine)
        self._cpu = machine.cpus[-1]
        self._cpu.interrupt_flag = True

    def sender(self, targets: int) -> Sender:
        """For so many targets. NoFigure when the sheet lacks a price."""
        kernel = KernelState(MAX_CPUS, self._backend.generation)
        context = Context(self._cpu, kernel, self._backend.operations)
        clock = _Clock(self._reach, self._sheet)
        walk(self._backend, self._code(context, (1 << targets) - 1), self._cpu, clock.perform)
        return Sender(clock.now, clock.exits, clock.hypercalls, clock.ways)


class _Reach:
    """The sender's ICR in the hypervisor's model, and how many CPUs each command in it reaches."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._sender = len(machine.cpus) - 1
        #: By what the two halves of ICR held: each write asks all CPUs whether they are meant.
        self._known: dict[tuple[int, int], int] = {}

    def written(self, register: int, value: int) -> int:
        """How many CPUs a write reaches that the hypervisor carries out."""
        key = self._machine.cpus[self._sender].apic.icr >> 32, value
        if register == _ICR_LOW and key in self._known:
            return self._known[key]
        self._machine.write_register(self._sender, register, value)
        targets = targets_named(self._machine)
        self._machine.outbox.clear()
        if register == _ICR_LOW:
            self._known[key] = targets
        return targets


class _Clock:
    """Adds up what steps cost, and knows whom an emulated ICR reaches and whether that is still under way."""

    def __init__(self, reach: _Reach, sheet: CostSheet) -> None:
        self.now = 0
        self.exits = 0
        self.hypercalls = 0
        self.ways: Counter[str] = Counter()
        self._reach = reach
        self._sheet = sheet
        prices = sheet.cycles
        self._by_kind: dict[type[Step], int] = {k: prices[name] for k, name in PRICES.items() if name in prices}
        self._flight = sheet.price("message_flight")
        self._arrives = 0

    def perform(self, step: Step) -> int:
        """The value that *step* reads."""
        began = self.now
        # Curves take hundreds of thousands of steps: the commonest kinds go without patterns, which are slow.
        cycles = self._by_kind.get(type(step))
        self.now += self._sheet.price(price_of(step)) if cycles is None else cycles
        if isinstance(step, _READS):
            return DELIVERY_STATUS if began < self._arrives and step.register == _ICR_LOW else 0
        if isinstance(step, _QUIET):
            return 0
        if isinstance(step, HostWork):
            if step.reaches_target:
                self._arrives = self.now + self._flight  # the last target's message is behind the work for it
            return 0
        match step:
            case Store(register) | VirtualWrite(register) if register == _ICR_LOW:
                self._sent()
            case EmulatedWrite(register, value) | VirtualWrite(register, value) if register in _ICR:
                return self._written(register, value)
            case WriteMsr(msr) if msr == _ICR_MSR:
                self._sent()
            case _ if isinstance(step, EXITS):
                self._left(step)
            case _:
                pass
        return 0

    def _sent(self) -> None:
        self.ways[ICR_WRITE] += 1
        self._arrives = self.now + self._flight  # it leaves when the write is over

    def _written(self, register: int, value: int) -> int:
        """The number of CPUs that the hypervisor has to reach, as the model of the APIC has it."""
        if register == _ICR_LOW:
            self._sent()
        return self._reach.written(register, value)

    def _left(self, step: Step) -> None:
        self.exits += 1
        if isinstance(step, Hypercall | HypervisorCall):
            self.hypercalls += 1
        if isinstance(step, Hypercall):
            self.ways[step.name] += 1
