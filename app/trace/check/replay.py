"""Replays a recording through the model, one operation after the other, and holds each answer of the two together."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from app.hw.cpu import RunState
from app.hw.destination import addressed
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.hw.profile import INTEL_SDM, Profile
from app.trace.check.findings import Difference, Findings
from app.trace.check.io_apic_check import IoApicCheck
from app.trace.check.local_sources import LocalSources
from app.trace.check.model_watch import ModelWatch
from app.trace.check.qemu_shadow import ShadowApic
from app.trace.check.read_check import ReadCheck
from app.trace.check.sentences import sentence
from app.trace.check.taken_check import TakenCheck
from app.trace.check.unseen import Unseen
from app.trace.facts import Fact
from app.trace.operations import (
    DeviceMessage,
    EoiBroadcastSeen,
    IoApicRead,
    IoApicWrite,
    LocalSourceFired,
    MachineReset,
    Operation,
    PinDriven,
    Recording,
    RegisterRead,
    RegisterWrite,
    VectorTaken,
    X2ApicEntered,
)
from app.trace.readers.qemu_cpus import first_to_end
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register

_REGISTER_SIZE = 4
_TIMER_REGISTERS = (Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT)
#: Operations in which a CPU that has taken a vector is expected to end it.
_LOOK_AHEAD = 5000
_LEVEL = 1 << 15
_ASSERT = 1 << 14
_REDIRECTION_HINT = 1 << 3
#: An APIC ID that no CPU of a recording has.
_NOBODY = 0xFE_FFFF
#: What the I/O APIC's sending leads to: such lines still belong to the operation before them.
_CONSEQUENCES = (DeviceMessage, EoiBroadcastSeen)


class Replay:
    """*recording*, from its first operation to its last. ``machine`` is the model as it now stands."""

    def __init__(self, recording: Recording, profile: Profile = INTEL_SDM) -> None:
        self.recording = recording
        self.machine = machine = Machine(recording.cpu_count, profile=profile, apic_ids=recording.apic_ids)
        for cpu in machine.cpus:
            if not cpu.bootstrap:
                cpu.run_state = RunState.WAIT_FOR_SIPI
        self._clock = machine.clock
        self.position = 0
        self.findings = Findings(recording.cpu_count)
        self._operations = recording.operations
        self._last: Operation | None = None
        self._note = ""
        facts = recording.facts
        self._taken_recorded = Fact.VECTORS_TAKEN in facts
        self._remapped = Fact.DESTINATIONS not in facts
        self._shadows = [ShadowApic() for _ in machine.cpus]
        self._unseen = unseen = Unseen(machine.cpus, self._shadows, facts)
        self._sources = LocalSources(self._shadows, recorded=Fact.LOCAL_SOURCES in facts)
        self._taken = TakenCheck(machine, self.findings, self._sources, self._shadows, unseen, self._ends_next)
        self._reads = ReadCheck(recording, machine, self.findings, self._shadows, self._taken, self._sources, unseen)
        self._watch = ModelWatch(machine, self.findings, self._sources, self._shadows, unseen)
        self._io_apic = IoApicCheck(machine, self.findings, unseen, facts)
        self._performers: dict[type, Callable[[Any], None]] = {
            RegisterRead: self._read,
            RegisterWrite: self._write,
            DeviceMessage: self._device_message,
            IoApicRead: self._io_apic.read,
            IoApicWrite: self._io_apic_write,
            PinDriven: self._pin_driven,
            LocalSourceFired: self._sources.fired,
            EoiBroadcastSeen: self._eoi_broadcast,
            VectorTaken: self._vector_taken,
            X2ApicEntered: self._x2apic_entered,
            MachineReset: self._machine_reset,
        }

    # Where it is

    @property
    def length(self) -> int:
        """The number of operations."""
        return len(self._operations)

    @property
    def finished(self) -> bool:
        return self.position >= len(self._operations)

    @property
    def line(self) -> int:
        """The recording's line of the last operation; 0 before the first."""
        return self._last.line if self._last else 0

    @property
    def time(self) -> int:
        return self.machine.clock.now

    @property
    def next_time(self) -> int | None:
        """When the next operation happens; None when there is none left."""
        return None if self.finished else self._operations[self.position].time

    # What it has found so far, for those who watch

    @property
    def reads_checked(self) -> int:
        return self.findings.reads.checked

    @property
    def reads_mismatched(self) -> int:
        return self.findings.reads.mismatched

    @property
    def vectors_checked(self) -> int:
        return self.findings.vectors.checked

    @property
    def vectors_mismatched(self) -> int:
        return self.findings.vectors.mismatched

    @property
    def ipis_sent(self) -> int:
        return self.findings.ipis_sent

    @property
    def accesses(self) -> Counter[tuple[int, bool]]:
        """Accesses of local-APIC registers: (offset, whether a write) to their number."""
        return self.findings.accesses

    def describe(self) -> str:
        """The last operation and how the model sees it, in words."""
        return sentence(self._last, self._note) if self._last else "nothing has happened yet"

    # One operation

    def step(self) -> None:
        """Performs the next operation. What the model reports goes to ``machine.events``."""
        operation = self._operations[self.position]
        self.position += 1
        self._last = operation
        self._note = ""
        self._clock.now = operation.time
        kind = type(operation)
        if kind not in _CONSEQUENCES:
            self._io_apic.settle()
        self._performers[kind](operation)
        if self.position == len(self._operations):
            self._io_apic.end(line=operation.line)

    def _read(self, operation: RegisterRead) -> None:
        cpu, offset = operation.cpu, operation.offset
        self._runs(cpu, operation.line)
        self.findings.accesses[offset, False] += 1
        self._shadows[cpu].note_access(offset)
        start = len(self.machine.events)
        self._note = self._reads.check(operation)
        self._watch.look(start, operation.line)

    def _write(self, operation: RegisterWrite) -> None:
        cpu, offset, value = operation.cpu, operation.offset, operation.value
        self._runs(cpu, operation.line)
        self.findings.accesses[offset, True] += 1
        shadow = self._shadows[cpu]
        shadow.note_access(offset)
        if operation.size != _REGISTER_SIZE:
            return  # ignored: registers are written whole
        shadow.written[offset] = value
        self._unseen.written(cpu, offset)
        start = len(self.machine.events)
        if offset == Register.EOI and not self._taken_recorded:
            self._taken.take_before_eoi(cpu, self._broadcast_next())
        self.machine.write_register(cpu, offset, value)
        if offset == Register.ICR_LOW:
            self.findings.targets[sum(len(self.machine.targets(sent)) for sent in self._ipis())] += 1
        if offset in _TIMER_REGISTERS:
            self._sources.timer_written(cpu)
        self._settle(operation.line)
        self._watch.look(start, operation.line, level=offset == Register.ICR_LOW and bool(value & _LEVEL))

    def _broadcast_next(self) -> int | None:
        """The vector whose EOI the recording has broadcast next."""
        following = None if self.finished else self._operations[self.position]
        return following.vector if isinstance(following, EoiBroadcastSeen) else None

    def _ipis(self) -> list[InterruptMessage]:
        """The messages that a CPU has just sent."""
        outbox = self.machine.outbox
        return [sent for sent in outbox if isinstance(sent, InterruptMessage) and sent.origin is Origin.IPI]

    def _device_message(self, operation: DeviceMessage) -> None:
        msi = self._io_apic.recorded(operation)
        if msi is None:
            self._note = "the model's I/O APIC has sent it"
            return
        start = len(self.machine.events)
        # QEMU does not look at the redirection hint, so all get it whom it names, nor at assert or de-assert.
        self.machine.send_msi(operation.address & ~_REDIRECTION_HINT, operation.data | _ASSERT)
        self._settle(operation.line)
        self._watch.look(start, operation.line, level=bool(operation.data & _LEVEL))

    def _io_apic_write(self, operation: IoApicWrite) -> None:
        self._sends(operation, self._io_apic.write)

    def _pin_driven(self, operation: PinDriven) -> None:
        self._sends(operation, self._io_apic.drive)

    def _sends(self, operation: Any, perform: Callable[[Any], None]) -> None:
        start = len(self.machine.events)
        perform(operation)
        self._settle(operation.line)
        self._watch.look(start, operation.line)

    def _eoi_broadcast(self, operation: EoiBroadcastSeen) -> None:
        triggers = [shadow.triggers.get(operation.vector) for shadow in self._shadows]
        known = next((trigger[1] for trigger in triggers if trigger and trigger[0]), None)
        self._io_apic.eoi_recorded(operation, known)

    def _vector_taken(self, operation: VectorTaken) -> None:
        if not self._unseen.vectors:
            self._note = "not checked"
            self.findings.vectors_unseen += 1
            self._no_longer_waits(operation)
            return
        cpu = operation.cpu if operation.cpu is not None else self._guessed_cpu(operation.vector)
        self._runs(cpu, operation.line)
        self.machine.cpus[cpu].interrupt_flag = True
        self._note = f"CPU {cpu}, {self._taken.check(operation, cpu)}"
        self.machine.retry()
        self._settle(operation.line)

    def _no_longer_waits(self, operation: VectorTaken) -> None:
        """Somebody took the vector: it does not wait any more at that CPU, or at the first that it waits at."""
        for cpu in self.machine.cpus:
            if operation.vector in cpu.apic.irr and operation.cpu in (None, cpu.number):
                cpu.apic.irr.clear(operation.vector)
                cpu.apic.coalesced.pop(operation.vector, None)
                return

    def _guessed_cpu(self, vector: int) -> int:
        """Who took *vector*, when the recording does not say: of the CPUs that could, the one that ends it first."""
        running = [cpu.number for cpu in self.machine.cpus if cpu.run_state is not RunState.WAIT_FOR_SIPI]
        able = [cpu for cpu in running if self._taken.can_take(cpu, vector)]
        candidates = able or running or [0]
        if len(candidates) == 1:
            return candidates[0]
        return first_to_end(candidates, self._operations[self.position : self.position + _LOOK_AHEAD])

    def _ends_next(self, cpu: int) -> bool:
        """Whether the recording has *cpu* end an interrupt before it takes another."""
        for operation in self._operations[self.position : self.position + _LOOK_AHEAD]:
            if isinstance(operation, VectorTaken) and operation.cpu == cpu:
                return False
            if isinstance(operation, RegisterWrite) and operation.cpu == cpu and operation.offset == Register.EOI:
                return True
        return False

    # What changes what can be seen

    def _x2apic_entered(self, operation: X2ApicEntered) -> None:
        cpu = self.machine.cpus[operation.cpu]
        if cpu.apic.mode is not ApicMode.X2APIC and self.machine.profile.x2apic:
            cpu.apic.enter_mode(ApicMode.X2APIC)
        self._unseen.x2apic_entered(operation.cpu)
        self._runs(operation.cpu, operation.line)

    def _machine_reset(self, operation: MachineReset) -> None:
        """Everything as after power-up, but for what devices do to pins."""
        start = len(self.machine.events)
        for cpu in self.machine.cpus:
            if cpu.apic.mode is not ApicMode.XAPIC:
                cpu.apic.enter_mode(ApicMode.XAPIC)
            cpu.init_pending = True
            cpu.look_at_signals()
        self.machine.take_resets()
        self._watch.look(start, operation.line)
        self._io_apic.reset()
        self._unseen.machine_reset()
        self._note = "it goes on from reset values"

    def _runs(self, cpu: int, line: int) -> None:
        """*cpu* does something, so it is not waiting to be started."""
        if self.machine.cpus[cpu].run_state is RunState.WAIT_FOR_SIPI:
            self.machine.cpus[cpu].run_state = RunState.RUNNING
            if self._unseen.starts:
                return
            what = f"CPU {cpu} runs, but nothing in the recording has started it"
            self.findings.others.checked += 1
            self.findings.others.differ(Difference(line, what, None))

    # Messages arrive at once: the recording has no time in between

    def _settle(self, line: int) -> None:
        machine = self.machine
        outbox = machine.outbox
        while outbox:
            message = outbox.pop(0)
            if isinstance(message, EoiBroadcast):
                self._io_apic.ended(message.vector, line)
                machine.deliver(message)
            else:
                self._deliver(message, line)
            if machine.retrying:
                machine.retry()

    def _deliver(self, message: InterruptMessage, line: int) -> None:
        if self._remapped and message.origin is Origin.IO_APIC:
            self._send_to_iommu(message)
            return
        lowest = message.delivery_mode is DeliveryMode.LOWEST_PRIORITY
        start = len(self.machine.events)
        reached = self.machine.deliver(self._arbitrated(message) if lowest else message)
        self.machine.take_resets()
        if message.destination_mode is DestinationMode.LOGICAL:
            self._watch.unreached(start, message, line)
        if message.origin is Origin.IPI:
            self.findings.ipis_sent += 1
        elif message.origin is Origin.IO_APIC:
            self._io_apic.sent(message, line)
        if message.delivery_mode is DeliveryMode.NMI:
            # NMIs are not in the recording; they run at once.
            for cpu in reached:
                if cpu.nmi_deliverable():
                    cpu.take_nmi()
                    cpu.return_from_nmi()

    def _send_to_iommu(self, message: InterruptMessage) -> None:
        """Where *message* goes is for an IOMMU to know, so no CPU of the model gets it."""
        start = len(self.machine.events)
        self.machine.deliver(message._replace(destination=_NOBODY, destination_mode=DestinationMode.PHYSICAL))
        del self.machine.events[start:]

    def _arbitrated(self, message: InterruptMessage) -> InterruptMessage:
        """Who wins a lowest-priority message is the chipset's choice; QEMU's takes the lowest APIC ID."""
        named = addressed(message, self.machine.cpus)
        if len(named) < 2:
            return message
        winner = min(cpu.apic.apic_id for cpu in named)
        return message._replace(destination=winner, destination_mode=DestinationMode.PHYSICAL, shorthand=Shorthand.NONE)
