"""What the kernel does when an interrupt comes: Linux 6.12, ``arch/x86/kernel/{smp,irq}.c``, ``kernel/smp.c``."""

from app.guest import handler_work
from app.guest.apic_ops import Context, Handler
from app.guest.asks import NextRequest
from app.guest.device_interrupts import do_irq
from app.guest.linux_6.irq_vectors import (
    CALL_FUNCTION_SINGLE_VECTOR,
    CALL_FUNCTION_VECTOR,
    EOI_FIRST_VECTORS,
    EOI_LAST_VECTORS,
    ERROR_APIC_VECTOR,
    LOCAL_TIMER_VECTOR,
    RESCHEDULE_VECTOR,
    SPURIOUS_APIC_VECTOR,
    UNUSED_SYSTEM_VECTORS,
)
from app.guest.memory import NOBODY
from app.guest.steps import MemoryWrite, QueueTakeAll, Steps
from app.x86.registers import Register

_ESR = int(Register.ESR)
#: Within one of the eight words of ISR.
_WORD = 31


def sysvec_reschedule_ipi(context: Context, vector: int) -> Steps[None]:
    """EOI, and the scheduler runs on the way out."""
    yield from context.operations.eoi(context)
    yield handler_work.RESCHEDULE


def sysvec_call_function(context: Context, vector: int) -> Steps[None]:
    """EOI first, then ``flush_smp_call_function_queue``."""
    yield from context.operations.eoi(context)
    yield from flush_smp_call_function_queue(context)


def sysvec_call_function_single(context: Context, vector: int) -> Steps[None]:
    """As sysvec_call_function: the queue does not know which vector came."""
    yield from context.operations.eoi(context)
    yield from flush_smp_call_function_queue(context)


def flush_smp_call_function_queue(context: Context) -> Steps[None]:
    """Takes the whole queue at once, runs each request and unlocks it."""
    kernel, cpu = context.kernel, context.number
    source = yield QueueTakeAll(kernel.call_single_queues[cpu])
    while source != NOBODY:
        request = kernel.cfd_data[source].request_to(cpu)
        source = yield NextRequest(request)  # once it is unlocked, its sender may use it again
        yield handler_work.CALLED_FUNCTION
        yield MemoryWrite(request.lock, 0)


def sysvec_apic_timer_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first, then the tick."""
    yield from context.operations.eoi(context)
    yield handler_work.TIMER


def sysvec_spurious_apic_interrupt(context: Context, vector: int) -> Steps[None]:
    """Vector 0xff: neither looks nor ends anything (since 5.3, commit f8a8fe61fec8). What was really sent as 0xff stays
    in service, and keeps class f shut."""
    return
    yield  # a generator all the same


def spurious_interrupt(context: Context, vector: int) -> Steps[None]:
    """A vector of the system's that nothing is behind: an EOI only if it is really in service."""
    in_service = yield from context.operations.apic_read(Register.ISR0 + ((vector & ~_WORD) >> 1))
    if in_service >> (vector & _WORD) & 1:
        yield from context.operations.eoi(context)


def sysvec_error_interrupt(context: Context, vector: int) -> Steps[None]:
    """Reads the version (is there an ESR to latch?), latches ESR, reads it, and ends."""
    yield from context.operations.apic_read(Register.VERSION)
    yield from context.operations.apic_write(_ESR, 0)
    yield from context.operations.apic_read(_ESR)
    yield from context.operations.eoi(context)


def eoi_first(context: Context, vector: int) -> Steps[None]:
    """``sysvec_irq_work``, ``sysvec_x86_platform_ipi``, KVM's own: EOI, and what they are there for."""
    yield from context.operations.eoi(context)
    yield handler_work.DEVICE


def eoi_last(context: Context, vector: int) -> Steps[None]:
    """``sysvec_thermal``, ``sysvec_threshold``, ``sysvec_deferred_error``: the EOI comes behind the work."""
    yield handler_work.DEVICE
    yield from context.operations.eoi(context)


_HANDLERS: dict[int, Handler] = {
    RESCHEDULE_VECTOR: sysvec_reschedule_ipi,
    CALL_FUNCTION_VECTOR: sysvec_call_function,
    CALL_FUNCTION_SINGLE_VECTOR: sysvec_call_function_single,
    LOCAL_TIMER_VECTOR: sysvec_apic_timer_interrupt,
    SPURIOUS_APIC_VECTOR: sysvec_spurious_apic_interrupt,
    ERROR_APIC_VECTOR: sysvec_error_interrupt,
    **dict.fromkeys(EOI_FIRST_VECTORS, eoi_first),
    **dict.fromkeys(EOI_LAST_VECTORS, eoi_last),
    **dict.fromkeys(UNUSED_SYSTEM_VECTORS, spurious_interrupt),
}


def handler_of(vector: int) -> Handler:
    """The function that the gate of *vector* leads to (``apic_idts``, ``idt_setup_apic_and_irq_gates``)."""
    return _HANDLERS.get(vector, do_irq)
