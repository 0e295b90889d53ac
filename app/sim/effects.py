"""What each step does to the machine, and what it costs."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from app.guest.interrupts import handler_of
from app.guest.steps import (
    PRICES,
    Acknowledge,
    Decode,
    DisableInterrupts,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    EnterNmi,
    Halt,
    HypervisorCall,
    Load,
    MemoryWrite,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    VmEntry,
    VmExit,
    Word,
    Work,
)
from app.hw.cpu import RunState
from app.hw.events import Fault
from app.hw.machine import Machine
from app.sim.counters import Counters
from app.sim.events import Event, GuestExited, HandlerEntered, HandlerReturned
from app.sim.processor import Frame, Processor

# Equal events are made over and over: fetching one costs a quarter of making one.
_handler_entered = lru_cache(4096)(HandlerEntered)
_handler_returned = lru_cache(4096)(HandlerReturned)


class Effects:
    """Performs steps on *machine* at the prices of *costs*; *wake* gets a CPU whose awaited word has changed."""

    def __init__(
        self,
        machine: Machine,
        costs: Mapping[str, int],
        record: Callable[[Event], None],
        wake: Callable[[Processor], None],
    ) -> None:
        self.counters = Counters()
        self._machine = machine
        self._costs = costs
        self._price: dict[type[Step], int] = {kind: costs[entry] for kind, entry in PRICES.items()}
        self._record = record
        self._wake = wake
        self._waiting: dict[Word, list[Processor]] = {}

    def perform(self, processor: Processor, frame: Frame, step: Step) -> int | None:
        """Does *step*. Returns its cost in cycles, or None when the CPU now waits."""
        number = processor.cpu.number
        counters = self.counters
        match step:
            # The hottest first, and without patterns for their fields: those are looked up by name, slowly.
            case Store():
                counters.accesses += 1
                self._machine.write_register(number, step.register, step.value)
            case Load():
                counters.accesses += 1
                frame.value = self._read(number, step.register)
            case Acknowledge() | EnterNmi():
                self._arrive(processor, frame, step)
            case ReturnFromInterrupt():
                self._return(processor, frame)
            case Work():
                pass
            case MemoryWrite(word, value):
                self._write_word(word, value)
            case SpinUntil(word, value):
                if word.value != value:
                    frame.spin = step
                    self._waiting.setdefault(word, []).append(processor)
                    processor.last_step, processor.last_cycles = step, 0
                    return None
            case EnableInterrupts():
                processor.cpu.interrupt_flag = not processor.held_off
            case DisableInterrupts():
                processor.cpu.interrupt_flag = False
            case Halt():
                processor.cpu.run_state = RunState.HALTED
                processor.frames.clear()  # the idle loop, which begins anew after every interrupt
            case _:
                self._perform_in_host(processor, frame, step)
        cycles = self._costs[step.price] if isinstance(step, Work) else self._price[type(step)]
        counters.cycles += cycles
        processor.last_step, processor.last_cycles = step, cycles
        return cycles

    def _perform_in_host(
        self,
        processor: Processor,
        frame: Frame,
        step: VmExit | VmEntry | Decode | EmulatedRead | EmulatedWrite | HypervisorCall,
    ) -> None:
        number = processor.cpu.number
        match step:
            case VmExit(reason):
                self._exit(processor, reason)
            case HypervisorCall(name):
                self.counters.accesses += 1
                self.counters.hypercalls += 1
                self._exit(processor, name)
            case Decode():
                self.counters.accesses += 1
            case EmulatedRead(register):
                frame.value = self._read(number, register)
            case EmulatedWrite(register, value):
                self._machine.write_register(number, register, value)
            case VmEntry():
                processor.in_host = False

    def _exit(self, processor: Processor, reason: str) -> None:
        processor.in_host = True
        self.counters.exits += 1
        self._record(GuestExited(processor.cpu.number, reason))

    def _read(self, cpu: int, register: int) -> int:
        value = self._machine.read_register(cpu, register)
        return 0 if isinstance(value, Fault) else value  # the guest has had its #GP; the kernel goes on with 0

    def _arrive(self, processor: Processor, frame: Frame, step: Acknowledge | EnterNmi) -> None:
        """Through the gate: interrupts are off from here to IRET."""
        cpu = processor.cpu
        frame.previous_flag = cpu.interrupt_flag
        cpu.interrupt_flag = False
        if isinstance(step, EnterNmi):
            cpu.take_nmi()
            frame.name = "do_nmi"
            return
        vector = cpu.apic.acknowledge()
        frame.value = frame.vector = vector
        frame.name = handler_of(vector).__name__
        self._record(_handler_entered(cpu.number, vector, frame.name))

    def _return(self, processor: Processor, frame: Frame) -> None:
        processor.frames.pop()
        cpu = processor.cpu
        cpu.interrupt_flag = frame.previous_flag and not processor.held_off
        if frame.returns_from == "nmi":
            cpu.nmi_running = False
        self._record(_handler_returned(cpu.number, frame.vector))

    def _write_word(self, word: Word, value: int) -> None:
        word.value = value
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
        for waiting in self._waiting.values():
            if processor in waiting:
                waiting.remove(processor)
