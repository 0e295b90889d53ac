"""What each step does to the machine, and what it costs."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from app.guest.interrupts import handler_of
from app.guest.steps import (
    PRICES,
    Acknowledge,
    Arriving,
    Decode,
    DisableInterrupts,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    EnterNmi,
    EnterSmm,
    Halt,
    HypervisorCall,
    Load,
    MemoryWrite,
    ResumeFromSmm,
    ReturnFromInterrupt,
    SpinUntil,
    Step,
    Store,
    VmEntry,
    VmExit,
    Word,
    Work,
)
from app.hw.apic_base import ApicMode
from app.hw.events import Fault
from app.hw.machine import Machine
from app.hw.run_state import Arrival, RunState
from app.sim.counters import Counters
from app.sim.events import Event, GuestExited, HandlerEntered, HandlerReturned
from app.sim.processor import Frame, Processor
from app.x86.model_specific_registers import RESET_BASE

# Equal events are made over and over: fetching one costs a quarter of making one.
_handler_entered = lru_cache(4096)(HandlerEntered)
_handler_returned = lru_cache(4096)(HandlerReturned)

_X2APIC = ApicMode.X2APIC  # and finding a member of an enum takes its time


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
        processor.cpu.interrupt_shadow = False  # this is the instruction behind an STI, if there was one
        match step:
            # The hottest first, and without patterns for their fields: those are looked up by name, slowly.
            case Store():
                counters.accesses += 1
                self._store(number, step.register, step.value)
            case Load():
                counters.accesses += 1
                frame.value = self._load(number, step.register)
            case Acknowledge() | EnterNmi() | EnterSmm():
                self._arrive(processor, frame, step)
            case ReturnFromInterrupt() | ResumeFromSmm():
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
            case EnableInterrupts() | DisableInterrupts():
                self._switch_interrupts(processor, step)
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
            case EmulatedRead(register, by_page):
                frame.value = self._load(number, register) if by_page else self._read(number, register)
            case EmulatedWrite(register, value, by_page):
                if by_page:
                    self._store(number, register, value)
                else:
                    self._machine.write_register(number, register, value)
            case VmEntry():
                processor.in_host = False

    def _switch_interrupts(self, processor: Processor, step: EnableInterrupts | DisableInterrupts) -> None:
        if isinstance(step, DisableInterrupts):
            processor.cpu.disable_interrupts()
        elif not processor.held_off:
            processor.cpu.enable_interrupts()

    def _exit(self, processor: Processor, reason: str) -> None:
        processor.in_host = True
        self.counters.exits += 1
        self._record(GuestExited(processor.cpu.number, reason))

    def _load(self, cpu: int, register: int) -> int:
        """From where the guest has mapped its APIC: all ones when there is none any more."""
        return self._read(cpu, register) if self._page_answers(cpu, register) else 0xFFFF_FFFF

    def _store(self, cpu: int, register: int, value: int) -> None:
        if self._page_answers(cpu, register):
            self._machine.write_register(cpu, register, value)

    def _page_answers(self, cpu: int, register: int) -> bool:
        """The guest's mapping leads to the page of power-up; an APIC in x2APIC mode, or moved, is not there."""
        apic = self._machine.cpus[cpu].apic
        if apic.mode is not _X2APIC and apic.base == RESET_BASE:
            return True
        apic.notice_absence(register)
        return False

    def _read(self, cpu: int, register: int) -> int:
        value = self._machine.read_register(cpu, register)
        return 0 if isinstance(value, Fault) else value  # the guest has had its #GP; the kernel goes on with 0

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
        frame.name = handler_of(vector).__name__
        self._record(_handler_entered(cpu.number, vector, frame.name))

    def _return(self, processor: Processor, frame: Frame) -> None:
        processor.frames.pop()
        cpu = processor.cpu
        if frame.returns_from is Arrival.SMI:
            cpu.resume()
        elif frame.returns_from is Arrival.NMI:
            cpu.return_from_nmi()
        cpu.interrupt_flag = frame.previous_flag and not processor.held_off
        if frame.returns_from is Arrival.SMI:
            return
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
