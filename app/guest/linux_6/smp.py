"""What the kernel asks of other CPUs: Linux 6.12, ``kernel/smp.c``, ``arch/x86/kernel/smp.c``,
``arch/x86/kernel/apic/ipi.c``, ``arch/x86/mm/tlb.c``."""

from app.guest.apic_ops import Context
from app.guest.asks import LockRequest
from app.guest.cpumask import cpus_of
from app.guest.linux_6.irq_vectors import CALL_FUNCTION_SINGLE_VECTOR, CALL_FUNCTION_VECTOR, RESCHEDULE_VECTOR
from app.guest.memory import CallSingleData
from app.guest.steps import QueueAdd, SpinUntil, Steps


def smp_call_function_many_cond(context: Context, cpumask: int, wait: bool) -> Steps[None]:
    """Puts this CPU's request into the queue of every CPU of *cpumask*; an IPI goes only to those whose queue was
    empty. With *wait*, waits until each request is unlocked."""
    kernel = context.kernel
    cpumask &= kernel.online_mask & ~(1 << context.number)
    data = kernel.cfd_data[context.number]
    to_tell = 0
    for cpu in cpus_of(cpumask):
        request = data.request_to(cpu)
        yield from csd_lock(request, cpu)
        if (yield QueueAdd(kernel.call_single_queues[cpu], request)):
            to_tell |= 1 << cpu
    one_to_tell = to_tell.bit_count() == 1
    if one_to_tell:
        yield from send_call_function_single_ipi(context, to_tell.bit_length() - 1)
    elif to_tell:
        yield from context.operations.smp_call_function_mask(context, to_tell, wait)
    for cpu in cpus_of(cpumask) if wait else ():
        single = one_to_tell and to_tell >> cpu & 1
        yield from csd_lock_wait(
            data.request_to(cpu), cpu, CALL_FUNCTION_SINGLE_VECTOR if single else CALL_FUNCTION_VECTOR
        )


def csd_lock(request: CallSingleData, cpu: int) -> Steps[None]:
    """Makes the request to *cpu* this call's: the one before, for which nobody waited, has to be over."""
    if not (yield LockRequest(request)):
        yield from csd_lock_wait(request, cpu, CALL_FUNCTION_VECTOR)
        yield LockRequest(request)


def csd_lock_wait(request: CallSingleData, cpu: int, vector: int) -> Steps[None]:
    """Waits until *cpu*, which *vector* has told, has unlocked the request."""
    yield SpinUntil(request.lock, 0, 1 << cpu, vector)


def smp_call_function(context: Context, wait: bool) -> Steps[None]:
    """Has every other CPU run a function."""
    yield from smp_call_function_many_cond(context, context.kernel.online_mask, wait)


def smp_call_function_single(context: Context, cpu: int, wait: bool) -> Steps[None]:
    """Has one other CPU run a function."""
    yield from smp_call_function_many_cond(context, 1 << cpu, wait)


def send_call_function_single_ipi(context: Context, cpu: int) -> Steps[None]:
    """``native_send_call_func_single_ipi``."""
    yield from context.operations.send_ipi(context, cpu, CALL_FUNCTION_SINGLE_VECTOR)


def native_send_call_func_ipi(context: Context, cpumask: int, wait: bool) -> Steps[None]:
    """To everyone else by shorthand, if that is who is meant; else to the mask."""
    if cpumask == context.kernel.online_mask & ~(1 << context.number):
        yield from context.operations.send_ipi_allbutself(context, CALL_FUNCTION_VECTOR)
    else:
        yield from context.operations.send_ipi_mask(context, cpumask, CALL_FUNCTION_VECTOR)


def apic_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, if there is one (``ipi.c``). Shorthands are in use: all CPUs have been started once."""
    if context.kernel.cpu_count > 1:
        yield from context.operations.send_ipi_allbutself(context, vector)


def smp_send_reschedule(context: Context, cpu: int) -> Steps[None]:
    """``arch_smp_send_reschedule``: a hypervisor may replace what is behind it."""
    yield from context.operations.smp_send_reschedule(context, cpu)


def native_smp_send_reschedule(context: Context, cpu: int) -> Steps[None]:
    """Makes *cpu* look at its run queue."""
    yield from context.operations.send_ipi(context, cpu, RESCHEDULE_VECTOR)


def flush_tlb_multi(context: Context, cpumask: int) -> Steps[None]:
    """Has the CPUs of *cpumask* drop their translations; a hypervisor may replace what is behind it."""
    yield from context.operations.flush_tlb_others(context, cpumask)


def native_flush_tlb_multi(context: Context, cpumask: int) -> Steps[None]:
    """``on_each_cpu_cond_mask(flush_tlb_func)``: no vector of its own."""
    yield from smp_call_function_many_cond(context, cpumask, wait=True)
