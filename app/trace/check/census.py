"""Counts what a recording did to its APICs, kind by kind, so that each kind can be priced by itself.

Two kinds depend on what the model holds at that moment, so the census is taken while a replay runs: whom an IPI
reached, and whether a hypervisor with a shared EOI word would have spared the guest an EOI.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from app.hw.events import Accepted, Acknowledged, Merged, MessageSent
from app.hw.messages import InterruptMessage, Origin
from app.trace.check.replay import Replay
from app.trace.errors import UnusableRecording
from app.trace.facts import Fact, Limit
from app.trace.operations import Operation, RegisterRead, RegisterWrite, VectorTaken
from app.x86.icr import DestinationMode, Icr, Shorthand, decode_icr
from app.x86.registers import Register

_EOI, _ICR_LOW = int(Register.EOI), int(Register.ICR_LOW)


class Accessed(NamedTuple):
    """An access of a register, other than a write to ICR low or to EOI."""

    register: int
    write: bool


class Sent(NamedTuple):
    """A write to ICR low by *cpu*, with the CPUs that the model sent to: none when it refused to send."""

    cpu: int
    icr: Icr
    #: ICR as it was written: 31:0 the value, 63:32 the destination.
    raw: int
    targets: int


class Ended(NamedTuple):
    """A write to EOI. *spared*: the conditions held under which a shared word makes it unnecessary. *level*: it ended a
    level-triggered interrupt."""

    spared: bool
    level: bool


class Taken(NamedTuple):
    """A CPU took a vector."""


Kind = Accessed | Sent | Ended | Taken


class Census(NamedTuple):
    """How often each kind of thing happened in the recording *name*."""

    name: str
    cpus: int
    kinds: Counter[Kind]
    #: Messages that CPUs sent, as the replay counts them.
    sends: int
    eois: int
    #: Differences that the model does not explain.
    unexplained: int
    #: What the recording cannot show.
    limits: tuple[Limit, ...] = ()

    @property
    def single(self) -> int:
        """Sends that name one CPU by the destination field."""
        return self._sent(lambda sent: sent.icr.shorthand is Shorthand.NONE and sent.targets.bit_count() == 1)

    def _sent(self, meant: Callable[[Sent], bool]) -> int:
        return sum(count for kind, count in self.kinds.items() if isinstance(kind, Sent) and meant(kind))

    @property
    def masks(self) -> int:
        """Sends that name several CPUs by the destination field."""
        return self._sent(lambda sent: sent.icr.shorthand is Shorthand.NONE and sent.targets.bit_count() > 1)

    @property
    def logical(self) -> int:
        """Sends to logical destinations."""
        return self._sent(
            lambda sent: sent.icr.shorthand is Shorthand.NONE and sent.icr.destination_mode is DestinationMode.LOGICAL
        )

    @property
    def spared(self) -> int:
        """EOIs that a word shared with the hypervisor makes unnecessary."""
        return sum(count for kind, count in self.kinds.items() if isinstance(kind, Ended) and kind.spared)

    @property
    def shorthands(self) -> int:
        """Sends by shorthand."""
        return self._sent(lambda sent: sent.icr.shorthand is not Shorthand.NONE)


class CensusTaker:
    """Steps *replay* and counts. UnusableRecording when accesses that are to be counted are not recorded."""

    def __init__(self, replay: Replay) -> None:
        recording = replay.recording
        if recording.accesses_out_of_sight:
            says = "; ".join(limit.says for limit in recording.limits)
            raise UnusableRecording(f"accesses that are not recorded cannot be priced: {says}")
        self._taken_recorded = Fact.VECTORS_TAKEN in recording.facts
        self.replay = replay
        self._machine = replay.machine
        self._operations = replay.recording.operations
        self._kinds: Counter[Kind] = Counter()
        #: CPUs that may end their interrupt without telling.
        self._offered: set[int] = set()

    def run(self, steps: int) -> None:
        """Performs so many operations, or as many as are left."""
        replay = self.replay
        for position in range(replay.position, min(replay.position + steps, replay.length)):
            operation = self._operations[position]
            before = self._before(operation)
            events = self._machine.events
            events.clear()
            replay.step()
            self._note(operation, before)

    def census(self) -> Census:
        """What was counted so far."""
        findings = self.replay.findings
        recording = self.replay.recording
        eois = findings.accesses[_EOI, True]
        return Census(
            recording.name,
            recording.cpu_count,
            self._kinds,
            findings.ipis_sent,
            eois,
            findings.unexplained,
            recording.limits,
        )

    def _before(self, operation: Operation) -> Kind | None:
        """What *operation* is, as far as that is gone afterwards."""
        match operation:
            case RegisterWrite(_, _, cpu, offset) if offset == _EOI:
                apic = self._machine.cpus[cpu].apic
                spared = cpu in self._offered and self._taken_recorded
                return Ended(spared, (apic.isr.highest() or 0) in apic.tmr)
            case RegisterWrite(_, _, cpu, offset, value) if offset == _ICR_LOW:
                raw = self._machine.cpus[cpu].apic.icr & ~0xFFFF_FFFF | value
                return Sent(cpu, decode_icr(raw), raw, 0)
            case RegisterWrite(_, _, _, offset):
                return Accessed(offset, True)
            case RegisterRead(_, _, _, offset):
                return Accessed(offset, False)
            case VectorTaken():
                return Taken()
            case _:
                return None

    def _note(self, operation: Operation, kind: Kind | None) -> None:
        if isinstance(operation, RegisterRead | RegisterWrite):
            self._offered.discard(operation.cpu)  # an EOI uses it up, and every other access exits and withdraws it
        for event in self._machine.events:
            match event:
                case Accepted(cpu) | Merged(cpu):
                    self._offered.discard(cpu)  # whatever comes kicks the guest out
                case Acknowledged(cpu):
                    self._offer(cpu)
                case MessageSent(InterruptMessage() as message) if message.origin is Origin.IPI:
                    if isinstance(kind, Sent):
                        kind = kind._replace(targets=sum(1 << cpu for cpu in self._machine.targets(message)))
                case _:
                    pass
        if kind is not None:
            self._kinds[kind] += 1

    def _offer(self, cpu: int) -> None:
        """One interrupt in service, none waiting, and none that is level-triggered (``apic_sync_pv_eoi_to_guest``)."""
        apic = self._machine.cpus[cpu].apic
        if len(apic.isr) == 1 and not apic.irr.bits and not apic.isr.bits & apic.tmr.bits:
            self._offered.add(cpu)
        else:
            self._offered.discard(cpu)
