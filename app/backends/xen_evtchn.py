"""A Xen PV guest: no APIC at all. The "small and sane replacement": all that the kernel has above the register.

A send is one hypercall for each target; an interrupt is an upcall, which handles every pending port before it returns;
an EOI is nothing, but for a level-triggered device. Source: Linux ``arch/i386/xen/smp.c`` (2.6.23),
``arch/x86/xen/smp.c``, ``drivers/xen/events/events_base.c``; Xen ``public/event_channel.h``, ``public/physdev.h``.
"""

from app.backends.backend import BackendDefinition, Found, Mark
from app.guest.apic_ops import ApicOperations, Context, Generation, KernelState
from app.guest.asks import (
    READ_FLAGS,
    READ_LEVEL_PORTS,
    READ_TSC,
    READ_UPCALL_PENDING,
    EndLevelPort,
    PrepareCall,
    PrintNoPort,
)
from app.guest.cpumask import cpus_of
from app.guest.linux_2_6_22.irq_vectors import CALL_FUNCTION_VECTOR
from app.guest.linux_2_6_22.smp import spin_lock, spin_unlock
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.places import in_file
from app.guest.steps import (
    Acknowledge,
    Arriving,
    Dereference,
    EmulatedMsrWrite,
    EnableInterrupts,
    GuestStep,
    Halt,
    HostEndEvent,
    HostSend,
    HostWork,
    Hypercall,
    ReturnFromInterrupt,
    SpinUntil,
    Steps,
    VmEntry,
    VmExit,
)
from app.hw.cpu import Arrival, Cpu
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr

SEND, BLOCK, YIELD, EOI = "EVTCHNOP_send", "SCHEDOP_block", "SCHEDOP_yield", "PHYSDEVOP_eoi"
TIMER, SEND_NMI = "VCPUOP_set_singleshot_timer", "VCPUOP_send_nmi"
#: ``xen_iret`` of a 64-bit guest, and ``xen_force_evtchn_callback``, which wants nothing but to come back from Xen.
IRET, FORCE_CALLBACK = "iret", "xen_version"
#: A PV guest comes in by a software interrupt or SYSCALL, not by VMCALL.
_WAY_IN = "pv_hypercall"
_ENTRY = VmEntry("pv_return")
_STI, _RETURN = EnableInterrupts(), ReturnFromInterrupt()
_LONG_MODE = 64
_UPCALL = HostWork("evtchn_upcall", "makes the guest run its upcall")
_EVENT_CHECK = VmExit("event check", "pv_interrupt")


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
    for port in cpus_of((yield READ_LEVEL_PORTS)):
        if (yield EndLevelPort(port)):
            yield Hypercall(EOI, (port,), _WAY_IN)


def xen_send_ipi_one(context: Context, cpu: int, vector: int) -> Steps[None]:
    """``notify_remote_via_irq``: the port that this CPU's peer listens to. An NMI has a hypercall of its own; a vector
    to which the kernel maps no port is printed and dropped (``xen_map_vector``, ``arch/x86/xen/smp.c``)."""
    vectors = context.kernel.generation
    if vector == NMI_VECTOR and vectors.bits == _LONG_MODE:
        yield Hypercall(SEND_NMI, (cpu,), _WAY_IN)
    elif vector in vectors.ipi_vectors:
        yield Hypercall(SEND, (cpu, vector), _WAY_IN)
    else:
        mode = DeliveryMode.NMI if vector == NMI_VECTOR else DeliveryMode.FIXED
        yield PrintNoPort(vector, mode)


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


def xen_call_function_and_yield(context: Context, cpumask: int, wait: bool) -> Steps[None]:
    """``xen_smp_call_function_mask`` of 2.6.23: a hypercall for each target, and one so that they get to run. (Its one
    loop looks at both counts; the second cannot be complete before the first.)"""
    kernel = context.kernel
    yield from spin_lock(kernel.call_lock)
    cpumask &= kernel.online_mask & ~(1 << context.number)
    count = cpumask.bit_count()
    if count:
        data = kernel.call_data
        yield PrepareCall(data, wait)
        yield from xen_send_ipi_mask(context, cpumask, CALL_FUNCTION_VECTOR)
        yield Hypercall(YIELD, (), _WAY_IN)
        yield SpinUntil(data.started, count, cpumask, CALL_FUNCTION_VECTOR)
        if wait:
            yield SpinUntil(data.finished, count, cpumask, CALL_FUNCTION_VECTOR)
    yield from spin_unlock(kernel.call_lock)


def xen_vcpuop_set_next_event(context: Context, delta: int) -> Steps[None]:
    """The virtual CPU's own timer (``arch/x86/xen/time.c``): one hypercall."""
    yield Hypercall(TIMER, ((yield READ_TSC) + delta,), _WAY_IN)


class XenHypervisor:
    """Xen below a PV guest."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case Hypercall():
                return self._answer(step)
            case Halt():
                return self._block()
            case EnableInterrupts():
                return self._check_events()
            case Dereference():
                return self._dummy_page()
            case _:
                return None

    def _answer(self, call: Hypercall) -> Steps[int]:
        yield call
        if call.name == IRET:
            yield _RETURN  # which ends the handler: nothing comes after it
        if call.name == SEND:
            cpu, port = call.arguments
            yield HostSend(cpu, port, DeliveryMode.FIXED, "evtchn_send")
        elif call.name == SEND_NMI:
            yield HostSend(call.arguments[0], NMI_VECTOR, DeliveryMode.NMI, "evtchn_send")
        elif call.name == TIMER:
            yield EmulatedMsrWrite(Msr.IA32_TSC_DEADLINE, call.arguments[0])
        elif call.name == EOI:
            yield HostEndEvent(call.arguments[0])
        yield _ENTRY
        return 0

    def _check_events(self) -> Steps[int]:
        """``xen_irq_enable``, ``check_events``: with something pending, the guest goes into Xen, which comes back by
        the upcall. There is nothing to look at where upcalls were let in already."""
        enabled = yield READ_FLAGS
        yield _STI
        if not enabled and (yield READ_UPCALL_PENDING):
            yield Hypercall(FORCE_CALLBACK, (), _WAY_IN)
        return 0

    def _dummy_page(self) -> Steps[int]:
        """Where the page would be, Xen's guest maps an empty one (``xen_set_fixmap``: FIX_APIC_BASE)."""
        return 0
        yield

    def _block(self) -> Steps[int]:
        yield Hypercall(BLOCK, (), _WAY_IN)
        yield Halt()
        return 0

    def deliver(self, found: Found, arrival: Arriving, cpu: Cpu, kernel: KernelState) -> Steps[int]:
        """The upcall: a running guest is interrupted by Xen's own event-check IPI first. No window has to be waited
        for: what is pending, the guest sees at its STI, and Xen at the iret hypercall, by which a 64-bit guest has just
        come back and a 32-bit one comes back only if something is pending."""
        match found:
            case Found.RUNNING:
                yield _EVENT_CHECK
            case Found.AT_WINDOW if isinstance(arrival, Acknowledge) and kernel.generation.bits != _LONG_MODE:
                yield Hypercall(IRET, (), _WAY_IN)
            case Found.AT_WINDOW | Found.OUTSIDE:
                pass
        yield _UPCALL
        vector = yield arrival
        yield _ENTRY
        return vector

    def kick(self, arrival: Arrival, cpu: Cpu) -> Steps[None]:
        """``vcpu_mark_events_pending``, ``vcpu_kick``: the event-check IPI takes a running guest out, and does not ask
        whether upcalls are masked."""
        yield _EVENT_CHECK
        yield _ENTRY


def iret_call(generation: Generation, arrival: Arrival) -> Hypercall | None:
    """The hypercall by which a handler goes back: every one of a 64-bit guest, which cannot leave its ring by itself,
    and of a 32-bit one that of an NMI (``xen_iret`` in ``arch/x86/xen/xen-asm.S``, ``arch/i386/xen/xen-asm.S``)."""
    by_xen = generation.bits == _LONG_MODE or arrival is Arrival.NMI
    return Hypercall(IRET, (), _WAY_IN) if by_xen and arrival is not Arrival.SMI else None


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    def xen_smp_call_function_mask(context: Context, cpumask: int, wait: bool) -> Steps[None]:
        """``smp_ops``: the kernel's own bookkeeping, over events. The first of the two kernels then lets the others run
        (``arch/i386/xen/smp.c``); today's does that for a CPU whose time was stolen alone, and here none is."""
        if context.kernel.generation.bits == _LONG_MODE:
            yield from native.smp_call_function_mask(context, cpumask, wait)
        else:
            yield from xen_call_function_and_yield(context, cpumask, wait)

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
    sentence="No APIC at all: event channels, pending bits in a shared page, one hypercall for each target.",
    mark=Mark("blue", "2 4", "cross", filled=True),
    hypervisor=XenHypervisor(),
    paravirtualise=_paravirtualise,
    event_channels=True,
    host_entries=frozenset({_WAY_IN, "pv_interrupt", "pv_return", "emulate_write", "evtchn_send", "evtchn_upcall"}),
    set_next_event=xen_vcpuop_set_next_event,
    iret_call=iret_call,
    places=in_file(
        "arch/x86/xen/smp.c",
        (xen_send_ipi_mask, "xen_send_IPI_mask, __xen_send_IPI_mask", 206),
        (xen_send_ipi_mask_allbutself, "xen_send_IPI_mask_allbutself", 231),
        (xen_send_ipi_allbutself, "xen_send_IPI_allbutself", 249),
        (xen_send_ipi_all, "xen_send_IPI_all", 215),
        (xen_send_ipi_self, "xen_send_IPI_self", 223),
        (xen_smp_send_reschedule, "xen_smp_send_reschedule", 139),
    )
    | in_file(
        "arch/x86/xen/apic.c",
        (xen_apic_read, "xen_apic_read", 39),
        (xen_apic_write, "xen_apic_write", 65),
        (xen_eoi, "xen_apic_eoi", 76),
    ),
    recording_remarks=(
        "Under xen-evtchn a write of the timer's initial count is one hypercall; every other access vanishes. The "
        "hypercalls that bring CPUs up are not priced.",
    ),
)
