"""What each step does to the machine, and what it costs."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from app.guest.steps import (
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
    Load,
    MemoryWrite,
    NextEvent,
    ReadMsr,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    TestAndClear,
    Word,
    Work,
    WriteMsr,
)
from app.hw.machine import Machine
from app.hw.run_state import Arrival, RunState
from app.sim.apic_access import ApicAccess
from app.sim.counters import Counters
from app.sim.events import Event, HandlerEntered, HandlerReturned
from app.sim.host_effects import HostEffects
from app.sim.processor import Frame, Processor

# Equal events are made over and over: fetching one costs a quarter of making one.
_handler_entered = lru_cache(4096)(HandlerEntered)
_handler_returned = lru_cache(4096)(HandlerReturned)


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
        number = processor.cpu.number
        counters = self.counters
        processor.cpu.interrupt_shadow = False  # this is the instruction behind an STI, if there was one
        match step:
            # The hottest first, and without patterns for their fields: those are looked up by name, slowly.
            case Store():
                counters.accesses += 1
                self._access.store(number, step.register, step.value)
            case Load() | Dereference():
                counters.accesses += 1
                frame.value = self._access.load(number, step.register)
            case Acknowledge() | EnterNmi() | EnterSmm():
                self._arrive(processor, frame, step)
            case ReturnFromInterrupt() | ResumeFromSmm():
                self._return(processor, frame)
            case Work() | Fence():
                pass
            case Delay():
                return self._wait(processor, step)
            case ReadMsr() | WriteMsr() | NextEvent() | TestAndClear() | MemoryWrite():
                self._perform_elsewhere(processor, frame, step)
            case SpinUntil(word, value):
                if word.value != value:
                    frame.spin = step
                    self._waiting.setdefault(word, []).append(processor)
                    processor.last_step, processor.last_cycles = step, 0
                    return None
            case EnableInterrupts() | DisableInterrupts():
                self._switch_interrupts(processor, step)
            case Halt():
                processor.cpu.run_state = RunState.HALTED
                processor.frames.clear()  # the idle loop, which begins anew after every interrupt
            case _:
                self.host.perform(processor, frame, step)
        cycles = self._costs[step.price] if isinstance(step, PRICED) else self._price[type(step)]
        counters.cycles += cycles
        processor.last_step, processor.last_cycles = step, cycles
        return cycles

    def _wait(self, processor: Processor, step: Delay) -> int:
        """Time goes by, at no cost. Returns how much."""
        processor.last_step, processor.last_cycles = step, 0
        return step.microseconds * self._cycles_a_microsecond

    def _perform_elsewhere(
        self, processor: Processor, frame: Frame, step: ReadMsr | WriteMsr | NextEvent | TestAndClear | MemoryWrite
    ) -> None:
        """What is not in the APIC's page: MSRs, and words of memory."""
        match step:
            case ReadMsr(msr):
                self.counters.accesses += 1
                frame.value = self._access.read_msr(processor.cpu.number, msr)
            case WriteMsr(msr, value):
                self.counters.accesses += 1
                self._machine.write_msr(processor.cpu.number, msr, value)
            case NextEvent():
                self._next_event(processor, frame)
            case MemoryWrite(word, value):
                self._write_word(processor, word, value)
            case TestAndClear(word):
                frame.value = word.value
                self._write_word(processor, word, 0)

    def _switch_interrupts(self, processor: Processor, step: EnableInterrupts | DisableInterrupts) -> None:
        if isinstance(step, DisableInterrupts):
            processor.cpu.disable_interrupts()
        else:
            processor.cpu.enable_interrupts()

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

    def _write_word(self, processor: Processor, word: Word, value: int) -> None:
        word.write(processor.cpu.number, value)
        for waiting in self._waiting.get(word, ()):
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
