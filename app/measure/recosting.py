"""Prices a recording again: what each thing that it did would have come to under another back end.

Back ends that keep the guest's own way to the registers are charged for each recorded access. The others reach the same
ends by other means: a recorded write to ICR is an IPI, and its destination decides what that back end's guest calls.

Whom an IPI is for is the recording's, how it is addressed the priced guest's: a kernel that names every CPU by its APIC
ID does not send the logical masks of the recorded one. So an IPI with a destination is sent again by that kernel's own
function, which brings its own poll and its own halves of ICR.
"""

from collections import Counter

from app.backends.backend import Backend, Found
from app.backends.catalogue import backend as backend_of
from app.costs.sheet import CostSheet
from app.engine.costing import AccessCost, Walk, drained, walk
from app.guest.apic_ops import Context, KernelState, absent
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.steps import (
    Acknowledge,
    EmulatedWrite,
    Hypercall,
    NextEvent,
    ReturnFromInterrupt,
    Step,
    Steps,
    VmEntry,
    price_of,
)
from app.hw.cpu import Arrival
from app.hw.machine import Machine
from app.measure.comparison import Shares, Uses
from app.measure.observation import TIMER_REGISTERS
from app.measure.running import Measured
from app.trace.check.census import Accessed, Census, Ended, Kind, Sent, Taken
from app.x86.icr import DeliveryMode, Shorthand
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_NOTHING = Walk([], 0)
_DIRECT = (DeliveryMode.FIXED, DeliveryMode.NMI)
_ICR = (Register.ICR_LOW, Register.ICR_HIGH)
_LOGICAL_OR_SHORTHAND = 1 << 11 | 3 << 18


def measure_recording(census: Census, backend: str, generation: str, sheet: CostSheet) -> Measured:
    """What *census* comes to. ValueError for an impossible pair or a sheet that cannot price it."""
    prices = RecordedPrices(census.cpus, backend_of(backend, generation, sheet))
    uses = [0, 0, 0]
    shares = dict.fromkeys(Shares._fields, 0)
    paid: set[str] = set()
    for kind, count in prices.counted(census).items():
        walked = prices.walk(kind)
        paid.update(map(price_of, walked.steps))
        cost: AccessCost = walked.cost(sheet)
        for place in range(len(uses)):
            uses[place] += count * cost[place]
        shares[_share(kind)] += count * cost.cycles
    return Measured(Uses(*uses), Shares(**shares), None, census.sends, census.eois, frozenset(paid))


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


class RecordedPrices:
    """The steps of each kind under *backend*, on a machine like the recorded one."""

    def __init__(self, cpus: int, backend: Backend) -> None:
        self._backend = backend
        self._table = backend.operations
        self._machine = Machine(cpus, backend.apic_mode)
        if backend.event_channels:
            self._machine.transplant(backend.apic_mode, event_channels=True)
        for cpu in self._machine.cpus:
            cpu.interrupt_flag = True
        self._kernel = KernelState(cpus, backend.generation)
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

    def walk(self, kind: Kind) -> Walk:
        """Every step that *kind* comes to."""
        match kind:
            case Accessed():
                return self._access(kind)
            case Sent():
                return self._send(kind)
            case Ended():
                return self._end(kind)
            case Taken():
                return self._take()

    def _context(self, cpu: int) -> Context:
        return Context(self._machine.cpus[cpu], self._kernel, self._table)

    def _run(self, code: Steps[int] | Steps[None], cpu: int = 0, targets: int = 0) -> Walk:
        """*targets* is how many CPUs the whole of it sends to."""
        return walk(self._backend, code, self._machine.cpus[cpu], lambda step: _reached(step, targets))

    # Registers

    def _access(self, access: Accessed) -> Walk:
        register, write = access
        if register not in REGISTERS or (register in _ICR and not self._by_register):
            return _NOTHING  # no delivery status to wait for, and no second half to write
        if self._backend.event_channels:
            return self._arm_by_hypercall() if access == (Register.TIMER_INITIAL_COUNT, True) else _NOTHING
        return self._run(self._table.apic_write(register, 0) if write else self._table.apic_read(register))

    def _arm_by_hypercall(self) -> Walk:
        call = Hypercall("VCPUOP_set_singleshot_timer", (), "pv_hypercall")
        return Walk([call, EmulatedWrite(Register.TIMER_INITIAL_COUNT, 0, by_page=False), VmEntry("pv_return")], 0)

    # Sends

    def _send(self, sent: Sent) -> Walk:
        targets = sent.targets.bit_count()
        if self._by_register and not _is_addressed(sent):
            self._machine.cpus[sent.cpu].apic.icr = sent.raw
            return self._run(self._table.apic_write(Register.ICR_LOW, sent.raw & 0xFFFF_FFFF), sent.cpu, targets)
        context = self._context(sent.cpu)
        if not sent.targets or sent.icr.delivery_mode not in _DIRECT:
            if self._table.icr_write is absent:
                return _NOTHING
            return self._run(self._table.icr_write(context, sent.icr.low(), sent.icr.destination), sent.cpu, targets)
        return self._run(self._operation(context, sent), sent.cpu, targets)

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

    def _end(self, ended: Ended) -> Walk:
        cpu = self._machine.cpus[0]
        self._kernel.eoi_words[0].value = int(ended.spared)
        cpu.apic.isr.clear_all()
        cpu.apic.tmr.clear_all()
        if ended.level:
            cpu.apic.isr.set(FIRST_LEGAL_VECTOR)
            cpu.apic.tmr.set(FIRST_LEGAL_VECTOR)
            if cpu.event_channels is not None:
                cpu.event_channels.level.set(FIRST_LEGAL_VECTOR)
        return self._run(self._table.eoi(self._context(0)))

    # Delivery

    def _take(self) -> Walk:
        """From the running guest through the gate and back: the handler itself is not in the recording."""
        steps: list[Step] = []
        arrival = Acknowledge()
        if self._backend.hypervisor is None:
            steps.append(arrival)
        else:
            cpu = self._machine.cpus[0]
            delivery = self._backend.hypervisor.deliver(Found.RUNNING, arrival, cpu, self._kernel)
            drained(delivery, cpu, lambda step: _kept(steps, step))
        if self._backend.event_channels:
            steps.append(NextEvent())
        by_call = self._backend.definition.leaving(self._backend.generation, Arrival.INTERRUPT)
        return Walk([*steps, *([by_call] if by_call else []), ReturnFromInterrupt()], 0)


def _is_addressed(sent: Sent) -> bool:
    """An ordinary IPI or an NMI, to CPUs that its destination names."""
    ordinary = sent.icr.delivery_mode in _DIRECT and sent.icr.shorthand is Shorthand.NONE
    return ordinary and bool(sent.targets)


def _reached(step: Step, targets: int) -> int:
    """How many of the *targets* an emulated write of ICR, or of SELF IPI, sends to: a physical destination is one."""
    match step:
        case EmulatedWrite(Register.ICR_LOW, value):
            return min(targets, 1) if value & _LOGICAL_OR_SHORTHAND == 0 else targets
        case EmulatedWrite(Register.SELF_IPI):
            return targets
        case _:
            return 0


def _kept(steps: list[Step], step: Step) -> int:
    steps.append(step)
    return 0
