"""Prices a recording again: what each thing that it did would have come to under another back end.

Back ends that keep the guest's own way to the registers are charged for each recorded access. The others reach the same
ends by other means: a recorded write to ICR is an IPI, and its destination decides what that back end's guest calls.

Whom an IPI is for is the recording's, how it is addressed the priced guest's: a kernel that names every CPU by its APIC
ID does not send the logical masks of the recorded one. So an IPI with a destination is sent again by that kernel's own
function, which brings its own poll and its own halves of ICR.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from app.backends.backend import Backend
from app.backends.catalogue import backend as backend_of
from app.costs.sheet import CostSheet
from app.engine.alone import Alone, Code, NoApic, Run
from app.engine.primitives import reception
from app.engine.work import Work
from app.guest.apic_ops import Context, absent
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.steps import Steps
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
from app.measure.comparison import Shares
from app.measure.observation import TIMER_REGISTERS
from app.measure.running import Measured
from app.trace.check.census import Accessed, Census, Ended, Kind, Sent, Taken
from app.x86.icr import DeliveryMode, Shorthand
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_NOTHING = Run((), Work())
_DIRECT = (DeliveryMode.FIXED, DeliveryMode.NMI)
_ICR = (Register.ICR_LOW, Register.ICR_HIGH)
_LOGICAL_OR_SHORTHAND = 1 << 11 | 3 << 18


def measure_recording(census: Census, backend: str, generation: str, sheet: CostSheet) -> Measured:
    """What *census* comes to. ValueError for an impossible pair or a sheet that cannot price it."""
    prices = RecordedPrices(census.cpus, backend_of(backend, generation, sheet), sheet)
    work = Work()
    shares = dict.fromkeys(Shares._fields, 0)
    paid: set[str] = set()
    for kind, count in prices.counted(census).items():
        run = prices.run(kind)
        paid |= run.paid
        work += run.work.times(count)
        shares[_share(kind)] += count * run.work.cycles
    return Measured(work, Shares(**shares), None, census.sends, census.eois, frozenset(paid))


def _share(kind: Kind) -> str:
    match kind:
        case Sent():
            return "sends"
        case Ended():
            return "eois"
        case Accessed(register):
            return "timer" if register in TIMER_REGISTERS else "sends" if register in _ICR else "rest"
        case Taken():
            return "rest"


class _NoApic(NoApic):
    """Whom a send reaches is the recording's: of *targets* CPUs in all, a physical destination is one."""

    def carry(self, cpu: int, register: int, value: int, *, by_page: bool) -> Sequence[InterruptMessage]:
        found = super().carry(cpu, register, value, by_page=by_page)
        physical = register == Register.ICR_LOW and value & _LOGICAL_OR_SHORTHAND == 0
        return found[:1] if physical else found


class RecordedPrices:
    """The steps of each kind under *backend*, on a machine like the recorded one, by *sheet*."""

    def __init__(self, cpus: int, backend: Backend, sheet: CostSheet) -> None:
        self._backend = backend
        self._sheet = sheet
        self._table = backend.operations
        self._machine = Machine(cpus, backend.apic_mode)
        if backend.event_channels:
            self._machine.transplant(backend.apic_mode, event_channels=True)
        for cpu in self._machine.cpus:
            cpu.interrupt_flag = True
        self._access = _NoApic(self._machine)
        self._alone = Alone(self._machine, backend, sheet.cycles, self._access)
        #: It has the recorded guest's way to the registers.
        self._by_register = backend.sends_by_halves

    def counted(self, census: Census) -> Counter[Kind]:
        """What is to be priced: without the poll and the upper half of ICR that belonged to a send which the kernel's
        own function does again."""
        kinds = Counter(census.kinds)
        if self._by_register:
            again = sum(count for kind, count in kinds.items() if isinstance(kind, Sent) and _is_addressed(kind))
            for part in (Accessed(Register.ICR_LOW, False), Accessed(Register.ICR_HIGH, True)):
                kinds[part] = max(0, kinds[part] - again)
        return kinds

    def run(self, kind: Kind) -> Run:
        """Every step that *kind* comes to."""
        match kind:
            case Accessed():
                return self._read_or_write(kind)
            case Sent():
                return self._send(kind)
            case Ended():
                return self._end(kind)
            case Taken():
                return self._take()

    def _run(self, code: Code, cpu: int = 0, targets: int = 0) -> Run:
        """*targets* is how many CPUs the whole of it sends to."""
        self._access.targets = targets
        return self._alone.run(cpu, code)

    # Registers

    def _read_or_write(self, access: Accessed) -> Run:
        register, write = access
        if register not in REGISTERS or (register in _ICR and not self._by_register):
            return _NOTHING  # no delivery status to wait for, and no second half to write
        if self._backend.event_channels:
            arms = access == (Register.TIMER_INITIAL_COUNT, True)
            return self._run(lambda context: self._backend.set_next_event(context, 0)) if arms else _NOTHING
        return self._run(lambda _: self._table.apic_write(register, 0) if write else self._table.apic_read(register))

    # Sends

    def _send(self, sent: Sent) -> Run:
        targets = sent.targets.bit_count()
        if self._by_register and not _is_addressed(sent):
            self._machine.cpus[sent.cpu].apic.icr = sent.raw
            low = sent.raw & 0xFFFF_FFFF
            return self._run(lambda _: self._table.apic_write(Register.ICR_LOW, low), sent.cpu, targets)
        if sent.targets and sent.icr.delivery_mode in _DIRECT:
            return self._run(lambda context: self._operation(context, sent), sent.cpu, targets)
        if self._table.icr_write is absent:
            return _NOTHING
        low, destination = sent.icr.low(), sent.icr.destination
        return self._run(lambda context: self._table.icr_write(context, low, destination), sent.cpu, targets)

    def _operation(self, context: Context, sent: Sent) -> Steps[None]:
        """The entry of the table through which a kernel asks for this IPI."""
        table = self._table
        vector = NMI_VECTOR if sent.icr.delivery_mode is DeliveryMode.NMI else sent.icr.vector
        match sent.icr.shorthand:
            case Shorthand.SELF:
                return table.send_ipi_self(context, vector)
            case Shorthand.ALL_EXCLUDING_SELF:
                return table.send_ipi_allbutself(context, vector)
            case Shorthand.ALL_INCLUDING_SELF if table.send_ipi_all is not absent:
                return table.send_ipi_all(context, vector)
            case _ if sent.targets.bit_count() == 1 and table.send_ipi is not absent:
                return table.send_ipi(context, sent.targets.bit_length() - 1, vector)
            case _:
                return table.send_ipi_mask(context, sent.targets, vector)

    # EOI

    def _end(self, ended: Ended) -> Run:
        cpu = self._machine.cpus[0]
        self._alone.execution.kernel.eoi_words[0].value = int(ended.spared)
        cpu.apic.isr.clear_all()
        cpu.apic.tmr.clear_all()
        if ended.level:
            cpu.apic.isr.set(FIRST_LEGAL_VECTOR)
            cpu.apic.tmr.set(FIRST_LEGAL_VECTOR)
            if cpu.event_channels is not None:
                cpu.event_channels.level.set(FIRST_LEGAL_VECTOR)
        return self._run(self._table.eoi)

    # Delivery

    def _take(self) -> Run:
        """From the running guest through the gate and back: the handler itself is not in the recording."""
        kernel = replace(self._backend.generation, handler_of=lambda vector: _no_handler)
        received = reception(replace(self._backend, generation=kernel), self._sheet)
        return received.delivery + received.handler


def _no_handler(context: Context, vector: int) -> Steps[None]:
    return
    yield


def _is_addressed(sent: Sent) -> bool:
    """An ordinary IPI or an NMI, to CPUs that its destination names."""
    ordinary = sent.icr.delivery_mode in _DIRECT and sent.icr.shorthand is Shorthand.NONE
    return ordinary and bool(sent.targets)
