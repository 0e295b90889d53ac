"""What each step does to the machine, and what it costs."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from app.engine.apic_access import ApicAccess
from app.engine.counters import Counters
from app.engine.events import Event, HandlerEntered, HandlerReturned
from app.engine.host_effects import HostEffects
from app.engine.performers import Performer, performs
from app.engine.processor import Frame, Processor
from app.guest.apic_ops import Generation
from app.guest.memory_steps import touch_memory
from app.guest.step_kinds import KIND_OF
from app.guest.steps import (
    Acknowledge,
    AtomicAdd,
    AtomicClear,
    AtomicOr,
    Delay,
    Dereference,
    DisableInterrupts,
    EnableInterrupts,
    EnterNmi,
    EnterSmm,
    Fence,
    Halt,
    Load,
    MemoryStep,
    MemoryWrite,
    NextEvent,
    QueueAdd,
    QueueTakeAll,
    ReadMsr,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    TestAndClear,
    TryLock,
    Word,
    Work,
    WriteMsr,
)
from app.hw.cpu import Arrival, RunState
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register
from app.x86.units import Cycles

_ICR_LOW, _TPR = int(Register.ICR_LOW), int(Register.TPR)
_TPR_MSR = x2apic_msr(_TPR)
# Equal events are made over and over: fetching one costs a quarter of making one.
_handler_entered = lru_cache(4096)(HandlerEntered)
_handler_returned = lru_cache(4096)(HandlerReturned)


@lru_cache(4096)
def _handler_name(generation: Generation, vector: int) -> str:
    """What the kernel calls the function to which the gate of *vector* leads."""
    return generation.handler_of(vector).__name__


class _KindPrices(dict[type[Step], Cycles | None]):
    """The price of each kind of step, looked up when it is first wanted: a sheet leaves out what its hardware does not
    have, and says so then. None: each step brings its own entry, or is no work."""

    def __init__(self, costs: Mapping[str, Cycles]) -> None:
        super().__init__()
        self._costs = costs

    def __missing__(self, kind: type[Step]) -> Cycles | None:
        entry = KIND_OF[kind].entry
        price = self[kind] = self._costs[entry] if entry else None
        return price


class Effects:
    """Performs steps by *access*, at the prices of *costs*; *wake* gets a CPU whose awaited word has changed."""

    STATE = ("waiting",)
    WIRES = (
        *("_access", "_record", "_wake", "counters", "host", "performers"),
        *("_costs", "_cycles_a_microsecond", "_price"),
    )

    def __init__(
        self,
        access: ApicAccess,
        costs: Mapping[str, Cycles],
        cycles_a_microsecond: int,
        record: Callable[[Event], None],
        wake: Callable[[Processor], None],
        counters: Counters,
    ) -> None:
        self.counters = counters
        self._access = access
        self.host = HostEffects(access, self.counters, record)
        self.set_prices(costs, cycles_a_microsecond)
        self._record = record
        self._wake = wake
        #: Who waits for which word, in the order in which they look again.
        self.waiting: dict[Word, list[Processor]] = {}
        #: By kind of step; a test holds it against the table of them all.
        self.performers = dict(self._performers())

    def _performers(self) -> tuple[Performer, ...]:
        return (
            *self.host.performers(),
            performs(Load, self._load),
            performs(Dereference, self._load),
            performs(Store, self._store),
            performs(ReadMsr, self._read_msr),
            performs(WriteMsr, self._write_msr),
            performs(NextEvent, self._next_event),
            performs(MemoryWrite, self._touch_memory),
            performs(AtomicAdd, self._touch_memory),
            performs(AtomicOr, self._touch_memory),
            performs(AtomicClear, self._touch_memory),
            performs(TryLock, self._touch_memory),
            performs(TestAndClear, self._touch_memory),
            performs(QueueAdd, self._touch_memory),
            performs(QueueTakeAll, self._touch_memory),
            performs(SpinUntil, self._spin),
            performs(Work, self._take_time),
            performs(Fence, self._take_time),
            performs(Delay, self._take_time),
            performs(EnableInterrupts, self._enable_interrupts),
            performs(DisableInterrupts, self._disable_interrupts),
            performs(Halt, self._halt),
            performs(Acknowledge, self._take_interrupt),
            performs(EnterNmi, self._take_nmi),
            performs(EnterSmm, self._take_smi),
            performs(ReturnFromInterrupt, self._return),
            performs(ResumeFromSmm, self._return),
        )

    def set_prices(self, costs: Mapping[str, Cycles], cycles_a_microsecond: int) -> None:
        """Steps cost this from now on; those that were done have been paid for."""
        self._costs = costs
        self._cycles_a_microsecond = cycles_a_microsecond
        self._price = _KindPrices(costs)

    def perform(self, processor: Processor, frame: Frame, step: Step) -> Cycles | None:
        """Does *step*. Returns the cycles that it takes, or None when the CPU now waits."""
        processor.cpu.interrupt_shadow = False  # this is the instruction behind an STI, if there was one
        kind = type(step)
        processor.spins = False
        processor.last_step = step
        self.performers[kind](processor, frame, step)
        if processor.spins:
            processor.last_cycles = 0
            return None
        cycles = self._price[kind]
        if cycles is None:
            if kind is Delay:
                return self._wait(processor, step)  # type: ignore[arg-type]  # it is one
            cycles = self._costs[step.price]  # type: ignore[union-attr]  # a kind without an entry has the field
        self.counters.cycles += cycles
        processor.last_cycles = cycles
        return cycles

    def _wait(self, processor: Processor, step: Delay) -> Cycles:
        """Time goes by, at no cost. Returns how much."""
        processor.last_cycles = 0
        return Cycles(step.microseconds * self._cycles_a_microsecond)

    def _take_time(self, processor: Processor, frame: Frame, step: Work | Fence | Delay) -> None:
        """Nothing else comes of it."""

    # The APIC

    def _load(self, processor: Processor, frame: Frame, step: Load | Dereference) -> None:
        self.counters.accesses += 1
        if step.register == _ICR_LOW:
            processor.stirred = True
        frame.value = self._access.load(processor.cpu.number, step.register)

    def _store(self, processor: Processor, frame: Frame, step: Store) -> None:
        self.counters.accesses += 1
        if step.register == _TPR:
            processor.stirred = True
        self._access.store(processor.cpu.number, step.register, step.value)

    def _read_msr(self, processor: Processor, frame: Frame, step: ReadMsr) -> None:
        self.counters.accesses += 1
        frame.value = self._access.read_msr(processor.cpu.number, step.msr)

    def _write_msr(self, processor: Processor, frame: Frame, step: WriteMsr) -> None:
        self.counters.accesses += 1
        if step.msr == _TPR_MSR:
            processor.stirred = True
        self._access.write_msr(processor.cpu.number, step.msr, step.value)

    # The interrupt flag

    def _enable_interrupts(self, processor: Processor, frame: Frame, step: EnableInterrupts) -> None:
        processor.stirred = True
        processor.cpu.enable_interrupts()

    def _disable_interrupts(self, processor: Processor, frame: Frame, step: DisableInterrupts) -> None:
        processor.stirred = True
        processor.cpu.disable_interrupts()

    def _halt(self, processor: Processor, frame: Frame, step: Halt) -> None:
        """Behind HLT the idle loop begins anew after every one."""
        processor.stirred = True
        processor.cpu.run_state = RunState.HALTED
        processor.frames.clear()

    # Through the gate and back: interrupts are off from here to IRET

    def _take_interrupt(self, processor: Processor, frame: Frame, step: Acknowledge) -> None:
        self._close(processor, frame)
        frame.value = vector = processor.cpu.take_interrupt()
        self._enter_handler(processor, frame, vector)

    def _take_nmi(self, processor: Processor, frame: Frame, step: EnterNmi) -> None:
        self._close(processor, frame)
        processor.cpu.take_nmi()
        frame.name = "do_nmi"

    def _take_smi(self, processor: Processor, frame: Frame, step: EnterSmm) -> None:
        self._close(processor, frame)
        processor.cpu.take_smi()
        frame.name = "smi_handler"

    def _close(self, processor: Processor, frame: Frame) -> None:
        processor.stirred = True
        frame.previous_flag = processor.cpu.interrupt_flag
        processor.cpu.interrupt_flag = False

    def _enter_handler(self, processor: Processor, frame: Frame, vector: int) -> None:
        frame.vector = vector
        frame.name = _handler_name(frame.backend.generation, vector)
        self._record(_handler_entered(processor.cpu.number, vector, frame.name))

    def _next_event(self, processor: Processor, frame: Frame, step: NextEvent) -> None:
        processor.windows = ()  # the guest looks by itself
        channels = processor.cpu.event_channels
        port = channels.acknowledge() if channels else None
        frame.value = -1 if port is None else port
        if port is not None:
            self._enter_handler(processor, frame, port)

    def _return(self, processor: Processor, frame: Frame, step: ReturnFromInterrupt | ResumeFromSmm) -> None:
        processor.frames.pop()
        processor.stirred = True
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

    # Words of memory

    def _touch_memory(self, processor: Processor, frame: Frame, step: MemoryStep) -> None:
        """Whoever waits for a word that is written looks again."""
        frame.value = touch_memory(step, processor.cpu.number)
        if isinstance(step, QueueAdd | QueueTakeAll) or (isinstance(step, TryLock) and not frame.value):
            return
        for waiting in self.waiting.get(step.word, ()):
            self._wake(waiting)

    def _spin(self, processor: Processor, frame: Frame, step: SpinUntil) -> None:
        """Begins to wait, unless the word is what this function waits for."""
        if step.word.value != step.value:
            frame.spin = step
            processor.stirred = True
            self.waiting.setdefault(step.word, []).append(processor)
            processor.spins = True

    def look_again(self, processor: Processor, frame: Frame) -> Cycles | None:
        """Has the word that this function waits for changed? Then it goes on."""
        assert frame.spin is not None
        if frame.spin.word.value != frame.spin.value:
            return None
        waiting = self.waiting[frame.spin.word]
        waiting.remove(processor)
        if not waiting:
            del self.waiting[frame.spin.word]
        frame.spin = None
        processor.spins = False
        processor.stirred = True
        cycles = self._price[SpinUntil]
        assert cycles is not None, "a wait stands under an entry of its own"
        self.counters.cycles += cycles
        return cycles

    def forget(self, processor: Processor) -> None:
        """The CPU was reset: it no longer waits for any word."""
        processor.spins = False
        for word, waiting in [*self.waiting.items()]:
            if processor in waiting:
                waiting.remove(processor)
            if not waiting:
                del self.waiting[word]
