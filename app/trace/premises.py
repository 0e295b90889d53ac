"""What a recording shows, and what it does not, judged by its operations: where it begins, where its machine was reset,
from where on a CPU's registers are out of sight. All of it is found before anything is replayed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from app.hw.machine import MAX_XAPIC_CPUS
from app.trace.facts import EVERY_FACT, Fact, Limit
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
from app.x86 import lvt
from app.x86.icr import DeliveryMode, Icr, Shorthand, decode_icr
from app.x86.redirection import MASKED, PIN_COUNT, RESET, IoApicRegister
from app.x86.registers import Register

_RESET_SVR = 0xFF
_SVR_MEANING = 0x1FF
_LEVEL = 1 << 15
#: LDR has bits 31:24 in xAPIC mode; in x2APIC mode its low half is the CPU within a cluster.
_RESERVED_IN_LDR = 0x00FF_FFFF
_SELECT, _WINDOW = 0x00, 0x10
_LINT0 = 3
#: What registers hold after power-up that only software changes, by a write that a recording shows.
_AFTER_RESET: dict[int, int] = {
    Register.LDR: 0,
    Register.DFR: 0xFFFF_FFFF,
    **dict.fromkeys(range(Register.LVT_TIMER, Register.LVT_ERROR + 1, 16), lvt.RESET),
}
_BROADCAST = 0xFF
#: So many writes, and no read among them, are no accident.
_MANY_WRITES = 50
_REQUESTING = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
#: What says nothing of the guest: lines do it by themselves.
_QUIET = (PinDriven, LocalSourceFired)

_NO_ACCESSES = (
    "accesses of local-APIC registers are not recorded (trace events memory_region_ops_read and "
    "memory_region_ops_write), so no vector that is taken can be checked"
)
_NO_TRACE_EVENTS = (
    "it says which vectors were taken, but the trace events of the APICs are missing "
    "(QEMU's options -trace and -msg timestamp=on)"
)
_NO_READS = "reads of local-APIC registers are not recorded (trace event memory_region_ops_read), so none is checked"
_NO_WRITES = (
    "writes of local-APIC registers are not recorded (trace event memory_region_ops_write), so neither reads of them "
    "nor vectors that are taken can be checked"
)
_NO_VECTORS = (
    "vectors that CPUs take are not recorded (QEMU's option -d int; with KVM there is no such record): each is taken "
    "when it is ended, and its order is not checked"
)
_NO_SOURCES = (
    "it is not recorded when local timers fire (trace event apic_local_deliver): a timer's vector counts as the "
    "timer's whenever that is armed"
)
_NO_PINS = (
    "it is not recorded what devices do to I/O APIC pins (trace event ioapic_set_irq), so the I/O APIC's messages are "
    "not checked"
)
_NO_MESSAGES = "no interrupt message of the I/O APIC or of a device is recorded, so none is checked"
_NO_EOI_BROADCASTS = "EOIs told to the I/O APIC are not recorded (trace event ioapic_eoi_broadcast), so none is checked"
_REMAPPED = (
    "an IOMMU remaps interrupt messages, and how it does the recording does not show: the I/O APIC's "
    "messages, and vectors that CPUs take, are not checked in this recording"
)
_X2APIC = (
    "{cpus} to x2APIC mode: registers are MSRs then, which the recording does not show. From here on no vector that a "
    "CPU takes is checked, because what is sent and ended in that mode is unseen"
)
_GONE = (
    "from here on {count:,} vectors are taken, but no CPU uses its APIC's page any more: as in x2APIC mode, whose "
    "registers are MSRs, which the recording does not show. Nothing is checked of local APICs from here on"
)
_MIDDLE = (
    "the recording begins in the middle: in line {line} {what}, and no line before has set that up. What was set "
    "before is unknown until the recording shows it, and what hangs on it is not checked"
)
_RESET = "the machine was reset here: it goes on from reset values"


def recording_of(plain: Recording, limits: Sequence[Limit], *, remapped_from: int | None, cpus_seen: int) -> Recording:
    """*plain*, the bare operations in their order, with its facts, its resets and all its limits.

    *limits* are those that the reader has found itself. *remapped_from*: the line of the first message that an IOMMU
    remaps. *cpus_seen*: how many CPUs there are at least, by other signs than their accesses; that counts only where
    those are out of sight.
    """
    survey = _Survey(plain.apic_ids[0])
    for operation in plain.operations:
        survey.see(operation)
    operations = _with(plain.operations, survey.resets)
    gone = _gone(operations, max(plain.cpu_count, cpus_seen))
    if gone is not None or survey.out_of_sight:
        plain = plain._replace(apic_ids=_more_ids(plain.apic_ids, cpus_seen))
    if gone is not None:
        operations = _with(operations, [X2ApicEntered(gone.line, gone.time, cpu) for cpu in range(plain.cpu_count)])
    lacks = dict(_lacking(survey, remapped_from))
    found = [limit for limit in lacks.values() if limit is not None]
    found += [Limit(reset.line, _RESET) for reset in survey.resets]
    found += _switches(operations) if gone is None else [Limit(gone.line, _GONE.format(count=gone.vectors))]
    return plain._replace(
        operations=operations,
        facts=EVERY_FACT - lacks.keys(),
        limits=tuple(sorted([*found, *limits], key=lambda limit: limit.line)),
    )


class _Survey:
    """What the operations tell of the recording as a whole."""

    def __init__(self, bootstrap_id: int) -> None:
        self._bootstrap_id = bootstrap_id
        self.kinds: Counter[type] = Counter()
        self.resets: list[MachineReset] = []
        #: The first thing that cannot come first: its line, and what it is.
        self.middle: tuple[int, str] | None = None
        self.ended = False
        self.armed = False
        self.level = False
        self.unmasked = False
        #: What each CPU wrote to SVR last, since the machine's last reset.
        self._svr: dict[int, int] = {}
        self._bootstrap_init = False
        #: Whether the first access of all finds SVR as it is after power-up: that is a beginning.
        self._begun = False
        self._icr_high: dict[int, int] = {}
        self._started = False
        self._select = -1
        self._written_registers: set[tuple[int, int]] = set()
        #: Indexes of the I/O APIC that have been written since the machine's last reset.
        self._written_indexes: set[int] = set()
        #: The first of the latest operations that say nothing of the guest: a reset may lie before them.
        self._quiet: Operation | None = None
        self._looks: dict[type, Callable[[Any], None]] = {
            RegisterWrite: self._written,
            RegisterRead: self._read,
            IoApicWrite: self._io_apic_written,
            IoApicRead: self._io_apic_read,
            DeviceMessage: self._sent_by_device,
        }

    def see(self, operation: Operation) -> None:
        """The next operation."""
        kind = type(operation)
        self.kinds[kind] += 1
        if (look := self._looks.get(kind)) is not None:
            look(operation)
        self._quiet = (self._quiet or operation) if kind in _QUIET or _is_mute(operation) else None

    @property
    def out_of_sight(self) -> bool:
        """Whether there may be CPUs that never use their APIC's page."""
        return not self.kinds[RegisterRead] + self.kinds[RegisterWrite] or self.kinds[X2ApicEntered] > 0

    def _sent_by_device(self, operation: DeviceMessage) -> None:
        self.level = self.level or bool(operation.data & _LEVEL)

    def _io_apic_written(self, operation: IoApicWrite) -> None:
        if operation.offset == _SELECT:
            self._select = operation.value & 0xFF
        elif operation.offset == _WINDOW:
            self._written_indexes.add(self._select)
            low_half = self._select >= IoApicRegister.REDIRECTION and not self._select & 1
            self.unmasked = self.unmasked or (low_half and not operation.value & MASKED)

    def _io_apic_read(self, operation: IoApicRead) -> None:
        index = self._select - IoApicRegister.REDIRECTION
        if operation.offset != _WINDOW or not 0 <= index < 2 * PIN_COUNT or self._select in self._written_indexes:
            return
        pin, high = divmod(index, 2)
        if operation.value != (0 if high else RESET):
            what = f"the I/O APIC's entry of pin {pin} is read as {operation.value:#x}"
            self._begins_before(operation.line, what)

    def _written(self, operation: RegisterWrite) -> None:
        cpu, offset, value = operation.cpu, operation.offset, operation.value
        self._runs(cpu, operation.line)
        if offset in _AFTER_RESET:
            self._written_registers.add((cpu, offset))
        if offset == Register.SVR:
            self._svr[cpu] = value
            if not cpu:
                self._bootstrap_init = False
        elif offset == Register.EOI:
            self.ended = True
            self._needs_enabled(cpu, operation.line, "ends an interrupt")
        elif offset == Register.ICR_HIGH:
            self._icr_high[cpu] = value
        elif offset == Register.ICR_LOW:
            self._sent(operation)
        elif offset == Register.TIMER_INITIAL_COUNT and value:
            self.armed = True
            self._needs_enabled(cpu, operation.line, "starts its timer")

    def _sent(self, operation: RegisterWrite) -> None:
        cpu = operation.cpu
        icr = decode_icr(self._icr_high.get(cpu, 0) << 32 | operation.value)
        if icr.delivery_mode is DeliveryMode.STARTUP:
            self._started = True
        elif icr.delivery_mode in _REQUESTING:
            self._needs_enabled(cpu, operation.line, "sends an interrupt")
        elif icr.delivery_mode is DeliveryMode.INIT and self._names_bootstrap(cpu, icr):
            self._bootstrap_init = True  # what it reads next is no sign of a reset of the machine

    def _names_bootstrap(self, sender: int, icr: Icr) -> bool:
        match icr.shorthand:
            case Shorthand.NONE:
                return icr.destination in (self._bootstrap_id, _BROADCAST)
            case Shorthand.ALL_EXCLUDING_SELF:
                return sender != 0
            case Shorthand.SELF:
                return sender == 0
            case Shorthand.ALL_INCLUDING_SELF:
                return True

    def _read(self, operation: RegisterRead) -> None:
        cpu = operation.cpu
        self._runs(cpu, operation.line)
        if operation.offset != Register.SVR:
            reset = _AFTER_RESET.get(operation.offset)
            if reset not in (None, operation.value) and (cpu, operation.offset) not in self._written_registers:
                name = Register(operation.offset).name
                self._begins_before(operation.line, f"CPU {cpu} reads {name} as {operation.value:#x}")
            return
        written = self._svr.get(cpu)
        if written is None:
            if operation.value & _SVR_MEANING != _RESET_SVR:
                self._begins_before(operation.line, f"CPU {cpu} reads SVR as {operation.value:#x}")
            elif not cpu and self.kinds[RegisterRead] + self.kinds[RegisterWrite] == 1:
                self._begun = True
        elif not cpu and operation.value == _RESET_SVR != written & _SVR_MEANING and not self._bootstrap_init:
            first = self._quiet or operation
            self.resets.append(MachineReset(first.line, first.time))
            self._svr.clear()
            self._icr_high.clear()
            self._written_indexes.clear()
            self._started = False

    def _runs(self, cpu: int, line: int) -> None:
        if cpu and not self._started:
            self._begins_before(line, f"CPU {cpu} runs, though nothing has started it")
            self._started = True

    def _needs_enabled(self, cpu: int, line: int, what: str) -> None:
        if cpu not in self._svr:
            self._begins_before(line, f"CPU {cpu} {what}")

    def _begins_before(self, line: int, what: str) -> None:
        if self.middle is None and not self._begun and not self.resets:
            self.middle = (line, what)


def _is_mute(operation: Operation) -> bool:
    """Whether *operation* is a message without a vector, which QEMU's I/O APIC sends while it is reset."""
    return type(operation) is DeviceMessage and not operation.data & 0xFF


def _lacking(survey: _Survey, remapped_from: int | None) -> Iterable[tuple[Fact, Limit | None]]:
    """The facts that the recording cannot show, each with its limit where something in the recording hangs on it."""
    kinds = survey.kinds
    reads, writes, vectors = kinds[RegisterRead], kinds[RegisterWrite], kinds[VectorTaken]
    switched, accessed = kinds[X2ApicEntered] > 0, reads + writes > 0
    if not accessed:
        yield Fact.REGISTER_WRITES, _first(_NO_ACCESSES if kinds.total() > vectors else _NO_TRACE_EVENTS, not switched)
        yield Fact.REGISTER_READS, None
    elif not writes and vectors:
        yield Fact.REGISTER_WRITES, _first(_NO_WRITES)
    elif not reads:
        yield Fact.REGISTER_READS, _first(_NO_READS, writes >= _MANY_WRITES)
    if not vectors and survey.ended:
        yield Fact.VECTORS_TAKEN, _first(_NO_VECTORS)
    if not kinds[LocalSourceFired]:
        yield Fact.LOCAL_SOURCES, _first(_NO_SOURCES, survey.armed)
    if not kinds[PinDriven]:
        yield Fact.PINS, _first(_NO_PINS, survey.unmasked and kinds[DeviceMessage] > 0)
    if not kinds[DeviceMessage]:
        meant = accessed and survey.unmasked and kinds[PinDriven] > 0 and remapped_from is None
        yield Fact.MESSAGES, _first(_NO_MESSAGES, meant)
    if not kinds[EoiBroadcastSeen]:
        yield Fact.EOI_BROADCASTS, _first(_NO_EOI_BROADCASTS, survey.level and survey.ended)
    if remapped_from is not None:
        yield Fact.DESTINATIONS, Limit(remapped_from, _REMAPPED)
    if reads and not writes:
        yield Fact.BEGINNING, None  # what is written from the beginning on is unseen
    elif survey.middle is not None:
        line, what = survey.middle
        yield Fact.BEGINNING, _first(_MIDDLE.format(line=line, what=what))


def _first(says: str, meant: bool = True) -> Limit | None:
    """A limit of the whole recording; None where nothing in it is *meant* by that."""
    return Limit(1, says) if meant else None


def _more_ids(apic_ids: tuple[int, ...], cpus: int) -> tuple[int, ...]:
    """*apic_ids* and as many more that are free, for *cpus* CPUs in all."""
    free = (apic_id for apic_id in range(MAX_XAPIC_CPUS) if apic_id not in apic_ids)
    return (*apic_ids, *islice(free, max(cpus - len(apic_ids), 0)))


# From where on registers are out of sight


class _Gone(NamedTuple):
    """No CPU uses its APIC's page from *line* on, though so many vectors are taken."""

    line: int
    time: int
    vectors: int


def _gone(operations: Sequence[Operation], cpus: int) -> _Gone | None:
    """Where the accesses of local APICs end though interrupts go on: each needs an EOI, unless it is the 8259's."""
    if any(isinstance(operation, X2ApicEntered) for operation in operations):
        return None
    taken: Counter[int] = Counter()
    legacy = 0
    after: Operation | None = None
    for operation in reversed(operations):
        if isinstance(operation, RegisterRead | RegisterWrite):
            if isinstance(operation, RegisterRead) and _shows_x2apic(operation):
                after = operation
                continue
            break
        if isinstance(operation, VectorTaken):
            taken[operation.vector] += 1
        elif isinstance(operation, LocalSourceFired) and operation.entry == _LINT0:
            legacy += 1
        after = operation
    else:
        return None  # there were none to begin with
    # A CPU that has taken a vector takes it again only when it has ended it.
    if after is None or not taken or max(taken.values()) <= cpus + 1 or taken.total() <= legacy:
        return None
    return _Gone(after.line, after.time, taken.total())


def _shows_x2apic(operation: RegisterRead) -> bool:
    """Whether what is read from LDR cannot be an xAPIC's."""
    return operation.offset == Register.LDR and bool(operation.value & _RESERVED_IN_LDR)


def _switches(operations: Sequence[Operation]) -> Iterable[Limit]:
    """One limit for all that follow one another."""
    entered = [operation for operation in operations if isinstance(operation, X2ApicEntered)]
    if entered:
        cpus = sorted({operation.cpu for operation in entered})
        one = f"CPU {cpus[0]} switches"
        many = f"CPU {entered[0].cpu}, and later {len(cpus) - 1} more, switch"
        yield Limit(entered[0].line, _X2APIC.format(cpus=one if len(cpus) == 1 else many))


def _with(operations: Sequence[Operation], more: Sequence[Operation]) -> Sequence[Operation]:
    """*operations* with *more*, each before what else is in its line."""
    return sorted([*more, *operations], key=lambda operation: operation.line) if more else operations
