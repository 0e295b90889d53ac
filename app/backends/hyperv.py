"""Hyper-V's enlightened guest: sends by the cluster-IPI hypercall, EOI by a bit of the assist page, the registers that
matter by synthetic MSRs; what the hypercall cannot do falls back to the native driver.

Source: Linux ``arch/x86/hyperv/hv_apic.c``; Hyper-V TLFS, "HvCallSendSyntheticClusterIpi", "Virtual Processor Assist
Page", "Synthetic MSRs".
"""

from dataclasses import replace

from app.backends import emulation
from app.backends.backend import BackendDefinition, Feature, Mark
from app.backends.shared_eoi import SharesEoiWord, guest_eoi_spared
from app.guest.apic_ops import ApicOperations, Context
from app.guest.asks import READ_TSC
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_6 import apic_driver
from app.guest.linux_6.kernel import XAPIC_OPERATIONS
from app.guest.places import in_file
from app.guest.steps import GuestStep, HostSend, HostWork, Hypercall, ReadMsr, Steps, WriteMsr
from app.hw.cpu import Cpu
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register

HV_X64_MSR_EOI = 0x4000_0070
HV_X64_MSR_ICR = 0x4000_0071
HV_X64_MSR_TPR = 0x4000_0072
HV_X64_MSR_STIMER0_COUNT = 0x4000_00B1
SEND_IPI = "HVCALL_SEND_IPI"
SEND_IPI_EX = "HVCALL_SEND_IPI_EX"
#: The plain hypercall holds 64 virtual processors in one word; ``_EX`` names banks of 64.
PLAIN_PROCESSORS = 64
#: Vectors below are not accepted (``HV_IPI_LOW_VECTOR``).
LOW_VECTOR = 0x10
_SETUP = HostWork("send_ipi_setup", "reads the set of virtual processors")
_REGISTER_OF = {HV_X64_MSR_EOI: Register.EOI, HV_X64_MSR_TPR: Register.TPR}
_MSR_OF = {register: msr for msr, register in _REGISTER_OF.items()}


def hv_apic_read(register: int) -> Steps[int]:
    """EOI and TPR by their synthetic MSRs, all else by the page."""
    msr = _MSR_OF.get(Register(register))
    if msr is not None:
        return (yield ReadMsr(msr))
    return (yield from apic_driver.native_apic_mem_read(register))


def hv_apic_write(register: int, value: int) -> Steps[None]:
    """EOI and TPR by their synthetic MSRs, all else by the page."""
    msr = _MSR_OF.get(Register(register))
    if msr is not None:
        yield WriteMsr(msr, value)
    else:
        yield from apic_driver.native_apic_mem_write(register, value)


def hv_apic_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """One synthetic MSR of 64 bits; ``SET_XAPIC_DEST_FIELD`` keeps 8 of the destination's."""
    yield WriteMsr(HV_X64_MSR_ICR, (destination & 0xFF) << 56 | low)


def hv_apic_eoi_write(context: Context) -> Steps[None]:
    """Clears the assist page's bit; writes the synthetic MSR only if it was clear already."""
    if not (yield from guest_eoi_spared(context)):
        yield WriteMsr(HV_X64_MSR_EOI, 0)


def hv_ce_set_next_event(context: Context, delta: int) -> Steps[None]:
    """The synthetic timer instead of the local one (``drivers/clocksource/hyperv_timer.c``): one MSR."""
    yield WriteMsr(HV_X64_MSR_STIMER0_COUNT, (yield READ_TSC) + delta)


def __send_ipi_mask(context: Context, cpumask: int, vector: int, *, exclude_self: bool = False) -> Steps[int]:
    """1 when the hypercall could do it, or nobody was named. Only the larger hypercall has its arguments in memory of
    this CPU, and interrupts off around it. The highest CPU of the mask decides, be it excluded or not."""
    named = cpumask & ~(1 << context.number) if exclude_self else cpumask
    if not named:
        return 1
    if vector < LOW_VECTOR:
        return 0
    if cpumask >> PLAIN_PROCESSORS == 0:
        yield Hypercall(SEND_IPI, (vector, named))
        return 1
    flags = yield from local_irq_save()
    yield Hypercall(SEND_IPI_EX, (vector, named))
    yield from local_irq_restore(flags)
    return 1


def hv_send_ipi(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU."""
    if not (yield from __send_ipi_mask(context, 1 << cpu, vector)):
        yield from XAPIC_OPERATIONS.send_ipi(context, cpu, vector)


def hv_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one hypercall, whatever their number."""
    if not (yield from __send_ipi_mask(context, cpumask, vector)):
        yield from XAPIC_OPERATIONS.send_ipi_mask(context, cpumask, vector)


def hv_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """The same without the CPU that asks."""
    if not (yield from __send_ipi_mask(context, cpumask, vector, exclude_self=True)):
        yield from XAPIC_OPERATIONS.send_ipi_mask_allbutself(context, cpumask, vector)


def hv_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU: never by shorthand."""
    yield from hv_send_ipi_mask_allbutself(context, context.kernel.online_mask, vector)


def hv_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU."""
    if not (yield from __send_ipi_mask(context, context.kernel.online_mask, vector)):
        yield from XAPIC_OPERATIONS.send_ipi_all(context, vector)


def hv_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks: by hypercall, too."""
    if not (yield from __send_ipi_mask(context, 1 << context.number, vector)):
        yield from XAPIC_OPERATIONS.send_ipi_self(context, vector)


class HypervHypervisor(SharesEoiWord):
    """Hyper-V without APIC hardware."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case Hypercall():
                return self._send_ipi(step)
            case ReadMsr(msr) if msr in _REGISTER_OF:
                register = _REGISTER_OF[msr]
                return emulation.trapped_msr_access(f"RDMSR of {register.name}", register, None)
            case WriteMsr(msr, value) if msr == HV_X64_MSR_ICR:
                return emulation.trapped_icr_write(value)
            case WriteMsr(msr, value) if msr == HV_X64_MSR_STIMER0_COUNT:
                return emulation.trapped_msr_write("WRMSR of STIMER0_COUNT", Msr.IA32_TSC_DEADLINE, value)
            case WriteMsr(msr, value) if msr in _REGISTER_OF:
                register = _REGISTER_OF[msr]
                return emulation.trapped_msr_access(f"WRMSR of {register.name}", register, value)
            case _:
                return super().intercept(step, cpu)

    def _send_ipi(self, call: Hypercall) -> Steps[int]:
        yield call
        vector, processors = call.arguments
        yield _SETUP
        for cpu in cpus_of(processors):
            yield HostSend(cpu, vector, DeliveryMode.FIXED)
        yield emulation.ENTRY
        return 0


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    return replace(
        native,
        apic_read=hv_apic_read,
        apic_write=hv_apic_write,
        icr_write=hv_apic_icr_write,
        eoi=hv_apic_eoi_write,
        send_ipi=hv_send_ipi,
        send_ipi_mask=hv_send_ipi_mask,
        send_ipi_mask_allbutself=hv_send_ipi_mask_allbutself,
        send_ipi_allbutself=hv_send_ipi_allbutself,
        send_ipi_all=hv_send_ipi_all,
        send_ipi_self=hv_send_ipi_self,
    )


HYPERV = BackendDefinition(
    name="hyperv",
    title="cluster-IPI hypercall, synthetic MSRs, EOI by the assist page",
    sentence="Sends are one hypercall, an EOI a bit of the assist page; synthetic MSRs stand for EOI, ICR and TPR.",
    mark=Mark("blue", "9 4", "wedge", filled=True),
    hypervisor=HypervHypervisor(),
    paravirtualise=_paravirtualise,
    host_entries=emulation.ENTRIES | emulation.DECODING | {"hypercall", "send_ipi_setup"},
    features=(Feature("send_ipi_setup", "the cluster-IPI hypercall", "every send of a vector above 15"),),
    set_next_event=hv_ce_set_next_event,
    never_in=(("linux-2.6.22", "Hyper-V's guest support came with 2.6.32, its IPI hypercall with 4.18"),),
    shares_eoi_word=True,
    places=in_file(
        "arch/x86/hyperv/hv_apic.c",
        (hv_apic_read, "hv_apic_read", 56),
        (hv_apic_write, "hv_apic_write", 75),
        (hv_apic_icr_write, "hv_apic_icr_write", 45),
        (hv_apic_eoi_write, "hv_apic_eoi_write", 89),
        (hv_send_ipi, "hv_send_ipi, __send_ipi_one", 254),
        (hv_send_ipi_mask, "hv_send_ipi_mask, __send_ipi_mask", 260),
        (hv_send_ipi_mask_allbutself, "hv_send_ipi_mask_allbutself", 266),
        (hv_send_ipi_allbutself, "hv_send_ipi_allbutself", 272),
        (hv_send_ipi_all, "hv_send_ipi_all", 277),
        (hv_send_ipi_self, "hv_send_ipi_self", 283),
    )
    | in_file("drivers/clocksource/hyperv_timer.c", (hv_ce_set_next_event, "hv_ce_set_next_event", 78)),
    recording_remarks=("hyperv keeps the APIC's timer: synthetic timers are not modelled.",),
)
