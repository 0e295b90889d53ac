"""What the kernel asks of other CPUs: Linux 2.6.22, ``arch/i386/kernel/smp.c``. Names are the kernel's."""

from app.guest.apic_ops import Context
from app.guest.asks import LOCK_AGAIN, LOCK_LOOP, PrepareCall
from app.guest.linux_2_6_22.irq_vectors import CALL_FUNCTION_VECTOR, INVALIDATE_TLB_VECTOR, RESCHEDULE_VECTOR
from app.guest.memory import Word
from app.guest.steps import AtomicOr, MemoryWrite, SpinUntil, Steps, TryLock


def spin_lock(lock: Word) -> Steps[None]:
    """Takes the lock by one atomic operation; while that fails, waits until it looks free and tries again
    (``__raw_spin_lock``)."""
    yield LOCK_LOOP
    while not (yield TryLock(lock)):
        yield SpinUntil(lock, 0)
        yield LOCK_AGAIN


def spin_unlock(lock: Word) -> Steps[None]:
    """Lets the next one in."""
    yield MemoryWrite(lock, 0)


def smp_call_function_mask(context: Context, cpumask: int, wait: bool) -> Steps[None]:
    """``smp_ops.smp_call_function_mask``: a hypervisor may replace what is behind it."""
    yield from context.operations.smp_call_function_mask(context, cpumask, wait)


def native_smp_call_function_mask(context: Context, cpumask: int, wait: bool) -> Steps[None]:
    """Has every CPU of *cpumask* run a function; waits until all have begun and, with *wait*, ended."""
    kernel = context.kernel
    everyone_else = kernel.online_mask & ~(1 << context.number)
    yield from spin_lock(kernel.call_lock)
    cpumask &= everyone_else
    count = cpumask.bit_count()
    if not count:
        yield from spin_unlock(kernel.call_lock)
        return
    data = kernel.call_data
    yield PrepareCall(data, wait)
    if cpumask == everyone_else:
        yield from context.operations.send_ipi_allbutself(context, CALL_FUNCTION_VECTOR)
    else:
        yield from context.operations.send_ipi_mask(context, cpumask, CALL_FUNCTION_VECTOR)
    yield SpinUntil(data.started, count, cpumask, CALL_FUNCTION_VECTOR)
    if wait:
        yield SpinUntil(data.finished, count, cpumask, CALL_FUNCTION_VECTOR)
    yield from spin_unlock(kernel.call_lock)


def smp_call_function(context: Context, wait: bool = True) -> Steps[None]:
    """Has every other CPU run a function."""
    yield from smp_call_function_mask(context, context.kernel.online_mask, wait)


def smp_call_function_single(context: Context, cpu: int, wait: bool = True) -> Steps[None]:
    """Has one other CPU run a function. The calling CPU itself is refused (-EBUSY)."""
    if cpu != context.number:
        yield from smp_call_function_mask(context, 1 << cpu, wait)


def smp_send_reschedule(context: Context, cpu: int) -> Steps[None]:
    """``smp_ops.smp_send_reschedule``: a hypervisor may replace what is behind it."""
    yield from context.operations.smp_send_reschedule(context, cpu)


def native_smp_send_reschedule(context: Context, cpu: int) -> Steps[None]:
    """Makes *cpu* look at its run queue."""
    yield from context.operations.send_ipi_mask(context, 1 << cpu, RESCHEDULE_VECTOR)


def flush_tlb_others(context: Context, cpumask: int) -> Steps[None]:
    """``paravirt_ops.flush_tlb_others``: a hypervisor may replace what is behind it."""
    yield from context.operations.flush_tlb_others(context, cpumask)


def native_flush_tlb_others(context: Context, cpumask: int) -> Steps[None]:
    """Has the CPUs of *cpumask* drop their translations, and waits for them."""
    kernel = context.kernel
    cpumask &= kernel.online_mask & ~(1 << context.number)
    if not cpumask:
        return
    yield from spin_lock(kernel.tlbstate_lock)
    yield AtomicOr(kernel.flush_cpumask, cpumask)
    yield from context.operations.send_ipi_mask(context, cpumask, INVALIDATE_TLB_VECTOR)
    yield SpinUntil(kernel.flush_cpumask, 0)
    yield from spin_unlock(kernel.tlbstate_lock)
