"""Runs a benchmark's guest on a host like the one that was measured, and reads off what it took."""

import random
from collections import Counter
from dataclasses import dataclass, replace

from app.backends.apicv import APICV, BEFORE_IPI_VIRTUALIZATION, ApicvFeature, ApicvHypervisor, apicv
from app.backends.backend import Backend, BackendDefinition
from app.backends.kvm_pv import KVM_PV
from app.backends.native import NATIVE_X2APIC, NATIVE_XAPIC
from app.backends.trap_emulate import TRAP_EMULATE
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.costs.sheet import CostSheet
from app.engine.event_log import WholeLog
from app.engine.events import CallFinished, CallStarted, GuestExited
from app.engine.simulation import Simulation
from app.guest.handler_work import CALLED_FUNCTION
from app.guest.steps import EmulatedWrite, GuestStep, HostWork, ReadMsr, Steps, VirtualWrite, VmEntry, VmExit, WriteMsr
from app.hw.cpu import Cpu
from app.measure.observation import Observation
from app.verdict.benchmark_guests import ROUNDS, Driver, benchmark_guest
from app.x86.model_specific_registers import ApicMode, x2apic_msr
from app.x86.registers import Register

_ICR_MSR, _EOI_MSR = x2apic_msr(Register.ICR_LOW), x2apic_msr(Register.EOI)
#: Anything but a fixed, physical send without a shorthand.
_NOT_VIRTUALISED = 7 << 8 | 1 << 11 | 3 << 18
_POST = HostWork("post_interrupt", "posts the vector to the target and notifies its CPU", reaches_target=True)
_VIRTUAL_IPI = HostWork("ipi_virtualization", "hardware posts the vector itself", reaches_target=True)


class VirtualX2Apic(ApicvHypervisor):
    """APICv under a guest in x2APIC mode: EOI is the hardware's, a send exits unless IPIs are virtualised."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case WriteMsr(msr, value) if msr == _ICR_MSR:
                virtual = ApicvFeature.IPI_VIRTUALIZATION in self.features and not value & _NOT_VIRTUALISED
                return self._virtual_send(value) if virtual else self._send(value)
            case WriteMsr() | ReadMsr():
                return None
            case _:
                return super().intercept(step, cpu)

    def _virtual_send(self, value: int) -> Steps[int]:
        yield VirtualWrite(Register.ICR_LOW, value, "msr_write", by_page=False, then_reaches=True)
        yield _VIRTUAL_IPI
        return 0

    def _send(self, value: int) -> Steps[int]:
        yield VmExit("WRMSR of ICR")
        targets = yield EmulatedWrite(Register.ICR_LOW, value, by_page=False)
        for _ in range(targets or 0):
            yield _POST
        yield VmEntry()
        return 0


def _virtual_x2apic(features: ApicvFeature, name: str) -> BackendDefinition:
    return replace(apicv(features, name), apic_mode=ApicMode.X2APIC, hypervisor=VirtualX2Apic(features))


#: Hosts as they were measured.
TRAPPED_XAPIC = TRAP_EMULATE
TRAPPED_X2APIC = replace(TRAP_EMULATE, apic_mode=ApicMode.X2APIC)
PV = KVM_PV
APICV_XAPIC = BEFORE_IPI_VIRTUALIZATION
APICV_X2APIC = _virtual_x2apic(ApicvFeature.ALL & ~ApicvFeature.IPI_VIRTUALIZATION, "apicv")
IPIV_XAPIC = APICV
IPIV_X2APIC = _virtual_x2apic(ApicvFeature.ALL, "apicv")


@dataclass(frozen=True, slots=True)
class Host:
    """What was measured: hypervisor, prices, CPUs, and whether those that wait poll or halt."""

    definition: BackendDefinition
    sheet: CostSheet
    cpus: int
    polling: bool
    driver: Driver = ()

    @property
    def microseconds(self) -> float:
        """Of one cycle."""
        return 1 / (self.sheet.gigahertz * 1000)

    def start(self) -> Simulation:
        """The machine, booted, with its CPUs in their idle loops."""
        guest = benchmark_guest()
        bound = self.definition.bind(guest)
        operations = replace(bound.operations, **dict(self.driver))  # type: ignore[arg-type]  # each fits its entry
        backend = replace(bound, operations=operations)
        simulation = self._booted(backend)
        for cpu in range(1, self.cpus) if self.polling else ():
            simulation.apply(CallGuest(cpu, "poll_idle"))
        simulation.run(until_idle=True)
        simulation.take_log()
        simulation.execution.count_anew()
        return simulation

    def _booted(self, backend: Backend) -> Simulation:
        # Booting is native whoever the host is; the guest that was measured takes over behind it.
        native = NATIVE_X2APIC if backend.x2apic else NATIVE_XAPIC
        simulation = Simulation(self.cpus, native.name, self.sheet, generation="linux-6", log=WholeLog)
        simulation.execution.replace_guest(backend)
        return simulation


def cycles_a_round(host: Host, program: str) -> float:
    """CPU 0 runs *program* of the benchmark guest from its call to its return: TSC cycles of one round."""
    simulation = host.start()
    simulation.apply(CallGuest(0, program))
    simulation.run(until_idle=True)
    log = simulation.take_log()
    started = next(time for time, event in log if isinstance(event, CallStarted) and event.cpu == 0)
    finished = next(time for time, event in log if isinstance(event, CallFinished) and event.function == program)
    return (finished - started) / ROUNDS


def cycles_one_way(host: Host, program: str) -> int:
    """From the call of *program* on CPU 0 to the beginning of the function that it has another CPU run: TSC cycles of
    the first round. It is what ``handle_ipi`` of ``ipi_benchmark`` stamps, the first column of its figures."""
    simulation = host.start()
    observation = Observation(simulation)
    simulation.apply(CallGuest(0, program))
    simulation.run(until_idle=True)
    log = simulation.take_log()
    started = next(time for time, event in log if isinstance(event, CallStarted) and event.cpu == 0)
    return next(done.time for done in observation.steps if done.step is CALLED_FUNCTION) - started


# A second of a device's interrupts

#: Vectors of devices of four priority classes.
_DEVICE_VECTORS = (0x31, 0x41, 0x51, 0x61)
_MSI_TO_CPU_1 = 0xFEE0_1000


@dataclass(frozen=True, slots=True)
class Load:
    """What a time of interrupts made of the guest, scaled to a second."""

    entries: float
    register_traps: float


def interrupt_load(host: Host, interrupts_a_second: int, seconds: float = 0.05) -> Load:
    """CPU 1 polls while a device interrupts it at irregular moments (as independent packets come; always the same)."""
    simulation = host.start()
    chance = random.Random(2012)
    a_second = host.sheet.gigahertz * 1e9
    begin = simulation.time
    moment = float(begin)
    while (moment := moment + chance.expovariate(interrupts_a_second) * a_second) < begin + seconds * a_second:
        simulation.run(until=round(moment))
        simulation.apply(SendMsi(_MSI_TO_CPU_1, chance.choice(_DEVICE_VECTORS)))
    simulation.run(until_idle=True)
    exits = Counter(event.reason for _, event in simulation.take_log() if isinstance(event, GuestExited))
    traps = exits[f"WRMSR {_EOI_MSR:#x}"]
    return Load(exits.total() / seconds, traps / seconds)
