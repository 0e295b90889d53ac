"""The guest functions that a person can have called, by name."""

from collections.abc import Callable

from app.guest import smp
from app.guest.apic_driver import apic_icr_write
from app.guest.apic_ops import Context
from app.guest.irq_vectors import RESCHEDULE_VECTOR
from app.guest.steps import Steps
from app.sim.commands import CallGuest, SendIpi


def _target(context: Context, call: CallGuest) -> int:
    """The CPU that was named, or the next one."""
    return (context.number + 1) % context.kernel.cpu_count if call.target is None else call.target


def _mask(context: Context, call: CallGuest) -> int:
    if call.mask is not None:
        return call.mask
    if call.target is not None:
        return 1 << call.target
    return context.kernel.online_mask & ~(1 << context.number)


def _vector(call: CallGuest) -> int:
    return RESCHEDULE_VECTOR if call.vector is None else call.vector


GuestFunction = Callable[[Context, CallGuest], Steps[None]]

GUEST_FUNCTIONS: dict[str, GuestFunction] = {
    "smp_call_function": lambda context, call: smp.smp_call_function(context, call.wait),
    "smp_call_function_single": lambda context, call: smp.smp_call_function_single(
        context, _target(context, call), call.wait
    ),
    "smp_send_reschedule": lambda context, call: smp.smp_send_reschedule(context, _target(context, call)),
    "flush_tlb_others": lambda context, call: smp.flush_tlb_others(context, _mask(context, call)),
    "send_ipi_self": lambda context, call: context.operations.send_ipi_self(context, _vector(call)),
    "send_ipi_allbutself": lambda context, call: context.operations.send_ipi_allbutself(context, _vector(call)),
    "send_ipi_mask": lambda context, call: context.operations.send_ipi_mask(
        context, _mask(context, call), _vector(call)
    ),
}


def name_of(call: CallGuest | SendIpi) -> str:
    """The guest function that *call* begins with."""
    return call.function if isinstance(call, CallGuest) else "apic_icr_write"


def begin(context: Context, call: CallGuest | SendIpi) -> Steps[None]:
    """The generator that runs *call*. KeyError when no such function exists."""
    if isinstance(call, SendIpi):
        return apic_icr_write(context, call.icr)
    return GUEST_FUNCTIONS[call.function](context, call)
