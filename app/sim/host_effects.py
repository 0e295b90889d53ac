"""What each step of a hypervisor, or of the hardware on its behalf, does to the machine."""

from collections.abc import Callable

from app.guest.steps import (
    Decode,
    EmulatedRead,
    EmulatedWrite,
    HostEndEvent,
    HostSend,
    HostStep,
    HostWork,
    Hypercall,
    HypervisorCall,
    OfferEoiWord,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
    Word,
)
from app.hw.machine import Machine
from app.sim.apic_access import ApicAccess
from app.sim.counters import Counters
from app.sim.events import Event, GuestExited
from app.sim.processor import Frame, Processor
from app.x86.registers import Register


class HostEffects:
    """Performs steps of the host on *machine*, and counts exits, hypercalls and accesses in *counters*."""

    def __init__(
        self, machine: Machine, access: ApicAccess, counters: Counters, record: Callable[[Event], None]
    ) -> None:
        self.counters = counters
        self._machine = machine
        self._access = access
        self._record = record

    def perform(self, processor: Processor, frame: Frame, step: HostStep | HypervisorCall | Hypercall) -> None:
        """Does *step*; its price is the caller's business."""
        match step:
            case VmExit() | HypervisorCall() | Hypercall():
                self._leave_guest(processor, step)
            case VmEntry():
                processor.in_host = False
            case Decode():
                self.counters.accesses += 1
            case EmulatedRead() | EmulatedWrite() | VirtualRead() | VirtualWrite():
                self._reach_apic(processor.cpu.number, frame, step)
            case HostSend(apic_id, vector, mode, _):
                self._machine.send_for(processor.cpu.number, apic_id, vector, mode)
            case HostEndEvent(port):
                self._machine.end_at_io_apic(port)
            case OfferEoiWord(word):
                self._offer_eoi_word(processor, word)
            case HostWork():
                pass

    def _leave_guest(self, processor: Processor, step: VmExit | HypervisorCall | Hypercall) -> None:
        counters = self.counters
        counters.exits += 1
        counters.hypercalls += not isinstance(step, VmExit)
        counters.accesses += isinstance(step, HypervisorCall)
        processor.in_host = True
        self.sync_eoi_word(processor)
        reason = step.reason if isinstance(step, VmExit) else step.name
        self._record(GuestExited(processor.cpu.number, reason))

    def _reach_apic(
        self, cpu: int, frame: Frame, step: EmulatedRead | EmulatedWrite | VirtualRead | VirtualWrite
    ) -> None:
        match step:
            case EmulatedRead(register, by_page):
                frame.value = self._access.load(cpu, register) if by_page else self._access.read(cpu, register)
            case EmulatedWrite(register, value, True):
                self._access.store(cpu, register, value)
            case EmulatedWrite(register, value):
                self._machine.write_register(cpu, register, value)
            case VirtualRead(register):
                self.counters.accesses += 1
                frame.value = self._access.load(cpu, register)
            case VirtualWrite(register, value):
                self.counters.accesses += 1
                self._access.store(cpu, register, value)

    def _offer_eoi_word(self, processor: Processor, word: Word) -> None:
        """Four conditions: switched on (or this step would not be here), one interrupt in service, none waiting, and
        not a level-triggered one."""
        apic = processor.cpu.apic
        if len(apic.isr) == 1 and not apic.irr.bits and not apic.isr.bits & apic.tmr.bits:
            word.value = 1
            processor.eoi_offered = word

    def sync_eoi_word(self, processor: Processor) -> None:
        """At an exit: the guest has cleared the word, so it has ended its interrupt; or else the offer is withdrawn."""
        word, processor.eoi_offered = processor.eoi_offered, None
        if word is None:
            return
        if word.value:
            word.value = 0
        else:
            self._machine.write_register(processor.cpu.number, Register.EOI, 0)
