"""What each step of a hypervisor, or of the hardware on its behalf, does to the machine."""

from collections.abc import Callable

from app.engine.apic_access import ApicAccess
from app.engine.counters import Counters
from app.engine.events import AccessLeaked, Event, GuestExited
from app.engine.processor import Frame, Processor
from app.guest.steps import (
    ACCESSES,
    Decode,
    Dereference,
    EmulatedMsrWrite,
    EmulatedRead,
    EmulatedWrite,
    HostEndEvent,
    HostSend,
    HostStep,
    HostWork,
    Hypercall,
    HypervisorCall,
    OfferEoiWord,
    Step,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
    Word,
)
from app.hw.cpu import Arrival, Cpu
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
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
                processor.windows = held_back(processor.cpu)
            case EmulatedRead() | EmulatedWrite() | VirtualRead() | VirtualWrite():
                self._reach_apic(processor.cpu.number, frame, step)
            case EmulatedMsrWrite(msr, value):
                self._machine.write_msr(processor.cpu.number, msr, value)
            case HostSend(apic_id, vector, mode, _, trigger):
                self._machine.send_for(processor.cpu.number, apic_id, vector, mode, trigger)
            case HostEndEvent(port):
                self._machine.end_at_io_apic(port)
            case OfferEoiWord(word):
                self._offer_eoi_word(processor, word)
            case HostWork(reaches_target=True) if frame.carried:
                self._machine.post(frame.carried.popleft())
            case Decode() | HostWork():
                pass

    def _leave_guest(self, processor: Processor, step: VmExit | HypervisorCall | Hypercall) -> None:
        counters = self.counters
        counters.exits += 1
        counters.hypercalls += not isinstance(step, VmExit)
        processor.in_host = True
        processor.kicked = None
        self.sync_eoi_word(processor)
        reason = step.reason if isinstance(step, VmExit) else step.name
        self._record(GuestExited(processor.cpu.number, reason))

    def _reach_apic(
        self, cpu: int, frame: Frame, step: EmulatedRead | EmulatedWrite | VirtualRead | VirtualWrite
    ) -> None:
        match step:
            case EmulatedRead(register, by_page):
                frame.value = self._access.load(cpu, register) if by_page else self._access.read(cpu, register)
            case VirtualRead(register, by_page):
                frame.value = self._access.read_virtual_page(cpu, register, by_page=by_page)
            case EmulatedWrite(register, value, by_page):
                self._carry(frame, cpu, register, value, by_page=by_page)
            case VirtualWrite(register, value, _, by_page, True):
                self._carry(frame, cpu, register, value, by_page=by_page)
            case VirtualWrite(register, value, _, by_page):
                self._write(cpu, register, value, by_page=by_page)

    def _carry(self, frame: Frame, cpu: int, register: int, value: int, *, by_page: bool) -> None:
        """Writes, and keeps the IPI that comes of it until its targets are reached, one by one."""
        self._machine.carry_ipis()
        self._write(cpu, register, value, by_page=by_page)
        frame.carried.extend(self._machine.take_carried())
        frame.value = len(frame.carried)

    def _write(self, cpu: int, register: int, value: int, *, by_page: bool) -> None:
        if by_page:
            self._access.store(cpu, register, value)
        else:
            self._machine.write_register(cpu, register, value)

    def guest_reached(self, processor: Processor, step: Step) -> None:
        """The guest has begun *step*, which the hypervisor or the hardware takes over: counts it if it is an access,
        and notes it if whoever replaced ``apic_read`` thought to have every one."""
        self.counters.accesses += isinstance(step, ACCESSES)
        if isinstance(step, Dereference) and "apic_read" in processor.frames[-1].backend.overrides:
            self.counters.leaked += 1
            self._record(AccessLeaked(processor.cpu.number, step.register, step.function))

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


def held_back(cpu: Cpu) -> tuple[Arrival, ...]:
    """What waits for *cpu* and cannot be taken yet, so that the guest is entered without it."""
    channels = cpu.event_channels
    waits = cpu.apic.irr.bits if channels is None else channels.upcall_pending
    interrupt = (waits or cpu.external_requested()) and not cpu.interrupt_deliverable()
    nmi = cpu.nmi_pending and not cpu.nmi_deliverable()
    return (*((Arrival.NMI,) if nmi else ()), *((Arrival.INTERRUPT,) if interrupt else ()))


def targets_named(machine: Machine, since: int = 0) -> int:
    """How many CPUs the hypervisor has to reach for what *machine* has posted since message *since* of its outbox."""
    posted = machine.outbox[since:]
    return sum(
        len(machine.targets(message)) for message in posted if isinstance(message, InterruptMessage) and message.is_ipi
    )
