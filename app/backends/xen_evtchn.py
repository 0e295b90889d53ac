"""A Xen PV guest: no APIC at all. The "small and sane replacement": all that the kernel has above the register.

A send is one hypercall for each target; an interrupt is an upcall, which handles every pending port before it returns;
an EOI is nothing, but for a level-triggered device. Source: Linux ``arch/i386/xen/smp.c`` (2.6.23),
``arch/x86/xen/smp.c``, ``drivers/xen/events/events_base.c``; Xen ``public/event_channel.h``, ``public/physdev.h``.
"""

from app.backends import emulation
from app.backends.backend import BackendDefinition
from app.guest.apic_ops import ApicOperations, Context, Kernel
from app.guest.cpumask import cpus_of
from app.guest.steps import (
    Arriving,
    Dereference,
    EmulatedMsrWrite,
    GuestStep,
    Halt,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    Steps,
    VmExit,
)
from app.hw.cpu import Cpu
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr

SEND, BLOCK, EOI = "EVTCHNOP_send", "SCHEDOP_block", "PHYSDEVOP_eoi"
TIMER = "VCPUOP_set_singleshot_timer"
#: A PV guest comes in by a software interrupt or SYSCALL, not by VMCALL.
_WAY_IN = "hypervisor_call"
_UPCALL = HostWork("evtchn_upcall", "makes the guest run its upcall")
_EVENT_CHECK = VmExit("event check")


def xen_apic_read(register: int) -> Steps[int]:
    """There is none: 0."""
    return 0
    yield  # a generator all the same


def xen_apic_write(register: int, value: int) -> Steps[None]:
    """There is none: nothing happens."""
    return
    yield


def xen_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """There is none: nothing is sent."""
    return
    yield


def xen_eoi(context: Context) -> Steps[None]:
    """The pending bit is cleared already. A level-triggered device needs a hypercall (``pirq_query_unmask``)."""
    channels = context.cpu.event_channels
    if channels is None or not channels.level.bits:
        return
    for port in tuple(channels.level):
        if port not in channels.pending:
            channels.level.clear(port)
            yield Hypercall(EOI, (port,), _WAY_IN)


def xen_send_ipi_one(context: Context, cpu: int, vector: int) -> Steps[None]:
    """``notify_remote_via_irq``: the port that this CPU's peer listens to."""
    yield Hypercall(SEND, (cpu, vector), _WAY_IN)


def xen_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one hypercall each."""
    for cpu in cpus_of(cpumask):
        yield from xen_send_ipi_one(context, cpu, vector)


def xen_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """The same without the CPU that asks."""
    yield from xen_send_ipi_mask(context, cpumask & ~(1 << context.number), vector)


def xen_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU: one hypercall each."""
    yield from xen_send_ipi_mask(context, context.kernel.online_mask & ~(1 << context.number), vector)


def xen_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU: one hypercall each."""
    yield from xen_send_ipi_mask(context, context.kernel.online_mask, vector)


def xen_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks: a hypercall like any other."""
    yield from xen_send_ipi_one(context, context.number, vector)


def xen_smp_send_reschedule(context: Context, cpu: int) -> Steps[None]:
    """``smp_ops.smp_send_reschedule``."""
    yield from xen_send_ipi_one(context, cpu, context.kernel.generation.reschedule_vector)


def xen_vcpuop_set_next_event(context: Context, delta: int) -> Steps[None]:
    """The virtual CPU's own timer (``arch/x86/xen/time.c``): one hypercall."""
    yield Hypercall(TIMER, (context.cpu.apic.clock.now + delta,), _WAY_IN)


class XenHypervisor:
    """Xen below a PV guest."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case Hypercall():
                return self._answer(step)
            case Halt():
                return self._block()
            case Dereference():
                return self._dummy_page()
            case _:
                return None

    def _answer(self, call: Hypercall) -> Steps[int]:
        yield call
        if call.name == SEND:
            cpu, port = call.arguments
            yield HostSend(cpu, port, DeliveryMode.FIXED, "evtchn_send")
        elif call.name == TIMER:
            yield EmulatedMsrWrite(Msr.IA32_TSC_DEADLINE, call.arguments[0])
        else:
            yield HostEndEvent(call.arguments[0])
        yield emulation.ENTRY
        return 0

    def _dummy_page(self) -> Steps[int]:
        """Where the page would be, Xen's guest maps an empty one (``xen_set_fixmap``: FIX_APIC_BASE)."""
        return 0
        yield

    def _block(self) -> Steps[int]:
        yield Hypercall(BLOCK, (), _WAY_IN)
        yield Halt()
        return 0

    def deliver(self, halted: bool, arrival: Arriving, cpu: Cpu, kernel: Kernel) -> Steps[int]:
        """The upcall: a running guest is interrupted by Xen's own event-check IPI first."""
        if not halted:
            yield _EVENT_CHECK
        yield _UPCALL
        vector = yield arrival
        yield emulation.ENTRY
        return vector


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    def xen_smp_call_function_mask(context: Context, cpumask: int, wait: bool) -> Steps[None]:
        """``smp_ops``: the kernel's own bookkeeping, written again over events."""
        yield from native.smp_call_function_mask(context, cpumask, wait)

    def xen_flush_tlb_others(context: Context, cpumask: int) -> Steps[None]:
        """The kernel's own, over events. (``MMUEXT_TLB_FLUSH_MULTI``, which needs no guest CPU, is not modelled.)"""
        yield from native.flush_tlb_others(context, cpumask)

    everything = ApicOperations(
        apic_read=xen_apic_read,
        apic_write=xen_apic_write,
        icr_write=xen_icr_write,
        eoi=xen_eoi,
        send_ipi=xen_send_ipi_one,
        send_ipi_mask=xen_send_ipi_mask,
        send_ipi_mask_allbutself=xen_send_ipi_mask_allbutself,
        send_ipi_allbutself=xen_send_ipi_allbutself,
        send_ipi_all=xen_send_ipi_all,
        send_ipi_self=xen_send_ipi_self,
        smp_send_reschedule=xen_smp_send_reschedule,
        smp_call_function_mask=xen_smp_call_function_mask,
        flush_tlb_others=xen_flush_tlb_others,
        startup_ipi_hook=native.startup_ipi_hook,
    )
    return everything.where_present_in(native)


XEN_EVTCHN = BackendDefinition(
    name="xen-evtchn",
    title="no APIC: event channels, pending and mask words in a shared page",
    hypervisor=XenHypervisor(),
    paravirtualise=_paravirtualise,
    event_channels=True,
    host_entries=frozenset({_WAY_IN, "vm_exit", "vm_entry", "emulate_write", "evtchn_send", "evtchn_upcall"}),
    set_next_event=xen_vcpuop_set_next_event,
)
