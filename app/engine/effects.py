"""What each step does to the machine, and what it costs."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import get_args

from app.engine.apic_access import ApicAccess
from app.engine.counters import Counters
from app.engine.events import Event, HandlerEntered, HandlerReturned
from app.engine.host_effects import HostEffects
from app.engine.processor import Frame, Processor
from app.guest.memory_steps import touch_memory
from app.guest.steps import (
    MEMORY_STEPS,
    PRICED,
    PRICES,
    Acknowledge,
    Arriving,
    Delay,
    Dereference,
    DisableInterrupts,
    EnableInterrupts,
    EnterNmi,
    EnterSmm,
    Fence,
    Halt,
    HostStep,
    Hypercall,
    HypervisorCall,
    Load,
    MemoryStep,
    NextEvent,
    QueueAdd,
    QueueTakeAll,
    ReadMsr,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    TryLock,
    Word,
    Work,
    WriteMsr,
)
from app.hw.cpu import Arrival, RunState
from app.hw.machine import Machine

# Equal events are made over and over: fetching one costs a quarter of making one.
_handler_entered = lru_cache(4096)(HandlerEntered)
_handler_returned = lru_cache(4096)(HandlerReturned)

#: Steps of a hypervisor, or of the hardware on its behalf.
_OF_HOST: frozenset[type] = frozenset({*get_args(HostStep), Hypercall, HypervisorCall})
_OF_MEMORY = frozenset(MEMORY_STEPS)


class _KindPrices(dict[type[Step], int]):
    """The price of each kind of step, looked up when it is first wanted: a sheet leaves out what its hardware does not
    have, and says so then."""

    def __init__(self, costs: Mapping[str, int]) -> None:
        super().__init__()
        self._costs = costs

    def __missing__(self, kind: type[Step]) -> int:
        price = self[kind] = self._costs[PRICES[kind]]
        return price


class Effects:
    """Performs steps on *machine* at the prices of *costs*; *wake* gets a CPU whose awaited word has changed."""

    def __init__(
        self,
        machine: Machine,
        costs: Mapping[str, int],
        cycles_a_microsecond: int,
        record: Callable[[Event], None],
        wake: Callable[[Processor], None],
        counters: Counters,
    ) -> None:
        self.counters = counters
        self._machine = machine
        self._access = ApicAccess(machine)
        self.host = HostEffects(machine, self._access, self.counters, record)
        self.set_prices(costs, cycles_a_microsecond)
        self._record = record
        self._wake = wake
        self._waiting: dict[Word, list[Processor]] = {}

    def set_prices(self, costs: Mapping[str, int], cycles_a_microsecond: int) -> None:
        """Steps cost this from now on; those that were done have been paid for."""
        self._costs = costs
        self._cycles_a_microsecond = cycles_a_microsecond
        self._price = _KindPrices(costs)

    def perform(self, processor: Processor, frame: Frame, step: Step) -> int | None:
        """Does *step*. Returns its cost in cycles, or None when the CPU now waits."""
        counters = self.counters
        processor.cpu.interrupt_shadow = False  # this is the instruction behind an STI, if there was one
        match step:
            # The hottest first, and without patterns for their fields: those are looked up by name, slowly.
            case Store():
                counters.accesses += 1
                self._access.store(processor.cpu.number, step.register, step.value)
            case Load() | Dereference():
                counters.accesses += 1
                frame.value = self._access.load(processor.cpu.number, step.register)
            case _ if type(step) in _OF_HOST:  # not past all patterns below, which are tried one by one
                self.host.perform(processor, frame, step)  # type: ignore[arg-type]
            case Acknowledge() | EnterNmi() | EnterSmm():
                self._arrive(processor, frame, step)
            case ReturnFromInterrupt() | ResumeFromSmm():
                self._return(processor, frame)
            case SpinUntil() if step.word.value != step.value:
                self._begin_to_wait(processor, frame, step)
                return None
            case Work() | Fence() | SpinUntil():
                pass
            case Delay():
                return self._wait(processor, step)
            case ReadMsr() | WriteMsr() | NextEvent():
                self._perform_elsewhere(processor, frame, step)
            case _ if type(step) in _OF_MEMORY:
                self._touch_memory(processor, frame, step)  # type: ignore[arg-type]
            case EnableInterrupts() | DisableInterrupts() | Halt():
                self._open_or_close(processor, step)
            case _:
                raise AssertionError(f"nothing performs {step}")
        cycles = self._costs[step.price] if isinstance(step, PRICED) else self._price[type(step)]
        counters.cycles += cycles
        processor.last_step, processor.last_cycles = step, cycles
        return cycles

    def _begin_to_wait(self, processor: Processor, frame: Frame, step: SpinUntil) -> None:
        """The word is not what this function waits for."""
        frame.spin = step
        self._waiting.setdefault(step.word, []).append(processor)
        processor.last_step, processor.last_cycles = step, 0

    def _wait(self, processor: Processor, step: Delay) -> int:
        """Time goes by, at no cost. Returns how much."""
        processor.last_step, processor.last_cycles = step, 0
        return step.microseconds * self._cycles_a_microsecond

    def _perform_elsewhere(self, processor: Processor, frame: Frame, step: ReadMsr | WriteMsr | NextEvent) -> None:
        """What is not in the APIC's page: MSRs and events."""
        match step:
            case ReadMsr(msr):
                self.counters.accesses += 1
                frame.value = self._access.read_msr(processor.cpu.number, msr)
            case WriteMsr(msr, value):
                self.counters.accesses += 1
                self._machine.write_msr(processor.cpu.number, msr, value)
            case NextEvent():
                self._next_event(processor, frame)

    def _open_or_close(self, processor: Processor, step: EnableInterrupts | DisableInterrupts | Halt) -> None:
        """Lets interrupts in from now on, or not. Behind HLT the idle loop begins anew after every one."""
        match step:
            case EnableInterrupts():
                processor.cpu.enable_interrupts()
            case DisableInterrupts():
                processor.cpu.disable_interrupts()
            case Halt():
                processor.cpu.run_state = RunState.HALTED
                processor.frames.clear()

    def _next_event(self, processor: Processor, frame: Frame) -> None:
        processor.windows = ()  # the guest looks by itself
        channels = processor.cpu.event_channels
        port = channels.acknowledge() if channels else None
        frame.value = -1 if port is None else port
        if port is not None:
            frame.vector = port
            frame.name = frame.backend.generation.handler_of(port).__name__
            self._record(_handler_entered(processor.cpu.number, port, frame.name))

    def _arrive(self, processor: Processor, frame: Frame, step: Arriving) -> None:
        """Through the gate: interrupts are off from here to IRET."""
        cpu = processor.cpu
        frame.previous_flag = cpu.interrupt_flag
        cpu.interrupt_flag = False
        if isinstance(step, EnterNmi):
            cpu.take_nmi()
            frame.name = "do_nmi"
            return
        if isinstance(step, EnterSmm):
            cpu.take_smi()
            frame.name = "smi_handler"
            return
        vector = cpu.take_interrupt()
        frame.value = frame.vector = vector
        frame.name = frame.backend.generation.handler_of(vector).__name__
        self._record(_handler_entered(cpu.number, vector, frame.name))

    def _return(self, processor: Processor, frame: Frame) -> None:
        processor.frames.pop()
        cpu = processor.cpu
        if frame.returns_from is Arrival.SMI:
            cpu.resume()
        elif frame.returns_from is Arrival.NMI:
            cpu.return_from_nmi()
        cpu.interrupt_flag = frame.previous_flag
        processor.in_host = False
        if frame.returns_from is Arrival.SMI:
            return
        self._record(_handler_returned(cpu.number, frame.vector))

    def _touch_memory(self, processor: Processor, frame: Frame, step: MemoryStep) -> None:
        """Whoever waits for a word that is written looks again."""
        frame.value = touch_memory(step, processor.cpu.number)
        if isinstance(step, QueueAdd | QueueTakeAll) or (isinstance(step, TryLock) and not frame.value):
            return
        for waiting in self._waiting.get(step.word, ()):
            self._wake(waiting)

    def look_again(self, processor: Processor, frame: Frame) -> int | None:
        """Has the word that this function waits for changed? Then it goes on."""
        assert frame.spin is not None
        if frame.spin.word.value != frame.spin.value:
            return None
        waiting = self._waiting[frame.spin.word]
        waiting.remove(processor)
        if not waiting:
            del self._waiting[frame.spin.word]
        frame.spin = None
        cycles = self._price[SpinUntil]
        self.counters.cycles += cycles
        return cycles

    def forget(self, processor: Processor) -> None:
        """The CPU was reset: it no longer waits for any word."""
        for word, waiting in [*self._waiting.items()]:
            if processor in waiting:
                waiting.remove(processor)
            if not waiting:
                del self._waiting[word]
