"""What each step of a hypervisor, or of the hardware on its behalf, does to the machine."""

from collections.abc import Callable
from functools import lru_cache

from app.engine.apic_access import ApicAccess
from app.engine.counters import Counters
from app.engine.events import AccessLeaked, Event, GuestExited
from app.engine.performers import Performer, performs
from app.engine.processor import Frame, Processor
from app.guest.step_kinds import ACCESSES
from app.guest.steps import (
    Decode,
    Dereference,
    EmulatedMsrWrite,
    EmulatedRead,
    EmulatedWrite,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    HypervisorCall,
    OfferEoiWord,
    Step,
    VirtualRead,
    VirtualWrite,
    VmEntry,
    VmExit,
)
from app.hw.cpu import Arrival, Cpu
from app.x86.registers import Register

_ACCESSES = frozenset(ACCESSES)
#: Whose write is an interrupt command.
_COMMANDS = frozenset({Register.ICR_LOW, Register.SELF_IPI})
# Equal events are made over and over: fetching one costs a quarter of making one.
_guest_exited = lru_cache(4096)(GuestExited)


class HostEffects:
    """Performs steps of the host, and counts exits, hypercalls and accesses in *counters*."""

    STATE = ()
    WIRES = ("_access", "_record", "counters")

    def __init__(self, access: ApicAccess, counters: Counters, record: Callable[[Event], None]) -> None:
        self.counters = counters
        self._access = access
        self._record = record

    def performers(self) -> tuple[Performer, ...]:
        """One for each kind of step that is the host's."""
        return (
            performs(VmExit, self._exit),
            performs(HypervisorCall, self._call),
            performs(Hypercall, self._call),
            performs(VmEntry, self._enter),
            performs(Decode, self._decode),
            performs(EmulatedRead, self._read),
            performs(EmulatedWrite, self._carry),
            performs(EmulatedMsrWrite, self._write_msr),
            performs(VirtualRead, self._read_virtual_page),
            performs(VirtualWrite, self._write_virtual_page),
            performs(HostWork, self._work),
            performs(HostSend, self._send),
            performs(HostEndEvent, self._end_event),
            performs(OfferEoiWord, self._offer_eoi_word),
        )

    # Out of the guest and back

    def _exit(self, processor: Processor, frame: Frame, step: VmExit) -> None:
        self._leave_guest(processor, step.reason)

    def _call(self, processor: Processor, frame: Frame, step: HypervisorCall | Hypercall) -> None:
        self.counters.hypercalls += 1
        self._leave_guest(processor, step.name)

    def _leave_guest(self, processor: Processor, reason: str) -> None:
        self.counters.exits += 1
        processor.in_host = processor.stirred = True
        processor.kicked = None
        if processor.eoi_offered is not None:
            self.sync_eoi_word(processor)
        self._record(_guest_exited(processor.cpu.number, reason))

    def _enter(self, processor: Processor, frame: Frame, step: VmEntry) -> None:
        processor.in_host = False
        processor.stirred = True
        processor.windows = held_back(processor.cpu)

    # The model of the guest's APIC

    def _read(self, processor: Processor, frame: Frame, step: EmulatedRead) -> None:
        if step.register == Register.ICR_LOW:
            processor.stirred = True
        read = self._access.load if step.by_page else self._access.read
        frame.value = read(processor.cpu.number, step.register)

    def _read_virtual_page(self, processor: Processor, frame: Frame, step: VirtualRead) -> None:
        frame.value = self._access.read_virtual_page(processor.cpu.number, step.register, by_page=step.by_page)

    def _write_virtual_page(self, processor: Processor, frame: Frame, step: VirtualWrite) -> None:
        if step.then_reaches:
            self._carry(processor, frame, step)
            return
        processor.stirred = True
        write = self._access.store if step.by_page else self._access.write
        write(processor.cpu.number, step.register, step.value)

    def _carry(self, processor: Processor, frame: Frame, step: EmulatedWrite | VirtualWrite) -> None:
        """Writes, and keeps the IPI that comes of it until its targets are reached, one by one."""
        cpu = processor.cpu.number
        processor.stirred = True
        if step.register in _COMMANDS:
            frame.carried.extend(self._access.carry(cpu, step.register, step.value, by_page=step.by_page))
        else:
            write = self._access.store if step.by_page else self._access.write
            write(cpu, step.register, step.value)
        frame.value = len(frame.carried)

    def _write_msr(self, processor: Processor, frame: Frame, step: EmulatedMsrWrite) -> None:
        processor.stirred = True
        self._access.write_msr(processor.cpu.number, step.msr, step.value)

    # Work

    def _decode(self, processor: Processor, frame: Frame, step: Decode) -> None:
        """Takes its time."""

    def _work(self, processor: Processor, frame: Frame, step: HostWork) -> None:
        if step.reaches_target and frame.carried:
            self._access.post(frame.carried.popleft())

    def _send(self, processor: Processor, frame: Frame, step: HostSend) -> None:
        cpu = processor.cpu.number
        self._access.send_for(cpu, step.apic_id, step.vector, step.delivery_mode, step.trigger_mode)

    def _end_event(self, processor: Processor, frame: Frame, step: HostEndEvent) -> None:
        self._access.end_event(step.port)

    def guest_reached(self, processor: Processor, step: Step) -> None:
        """The guest has begun *step*, which the hypervisor or the hardware takes over: counts it if it is an access,
        and notes it if whoever replaced ``apic_read`` thought to have every one."""
        self.counters.accesses += type(step) in _ACCESSES
        if type(step) is Dereference and "apic_read" in processor.frames[-1].backend.overrides:
            self.counters.leaked += 1
            self._record(AccessLeaked(processor.cpu.number, step.register, step.function))

    # The word that spares an EOI

    def _offer_eoi_word(self, processor: Processor, frame: Frame, step: OfferEoiWord) -> None:
        """Four conditions: switched on (or this step would not be here), one interrupt in service, none waiting, and
        not a level-triggered one."""
        apic = processor.cpu.apic
        if len(apic.isr) == 1 and not apic.irr.bits and not apic.isr.bits & apic.tmr.bits:
            step.word.value = 1
            processor.eoi_offered = step.word

    def sync_eoi_word(self, processor: Processor) -> None:
        """At an exit: the guest has cleared the word, so it has ended its interrupt; or else the offer is withdrawn."""
        word, processor.eoi_offered = processor.eoi_offered, None
        if word is None:
            return
        if word.value:
            word.value = 0
        else:
            self._access.write(processor.cpu.number, Register.EOI, 0)


def held_back(cpu: Cpu) -> tuple[Arrival, ...]:
    """What waits for *cpu* and cannot be taken yet, so that the guest is entered without it."""
    channels = cpu.event_channels
    if channels is None and not (cpu.apic.irr.bits or cpu.signalled):
        return ()
    waits = cpu.apic.irr.bits if channels is None else channels.upcall_pending
    interrupt = (waits or cpu.external_requested()) and not cpu.interrupt_deliverable()
    nmi = cpu.nmi_pending and not cpu.nmi_deliverable()
    return (*((Arrival.NMI,) if nmi else ()), *((Arrival.INTERRUPT,) if interrupt else ()))
