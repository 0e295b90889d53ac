"""The guest functions that a person can have called, by name."""

from app.engine.commands import CallGuest, SendIpi
from app.guest.apic_ops import CallArguments, Context
from app.guest.generations import GENERATIONS
from app.guest.icr import apic_icr_write
from app.guest.steps import Steps

#: Every function that some kernel has.
GUEST_FUNCTIONS = tuple(dict.fromkeys(name for kernel in GENERATIONS.values() for name in kernel.functions))


def _arguments(context: Context, call: CallGuest) -> CallArguments:
    """What was not named: the next CPU, everyone else, the reschedule vector."""
    kernel = context.kernel
    target = (context.number + 1) % kernel.cpu_count if call.target is None else call.target
    if call.mask is not None:
        mask = call.mask
    elif call.target is not None:
        mask = 1 << call.target
    else:
        mask = kernel.online_mask & ~(1 << context.number)
    vector = kernel.generation.reschedule_vector if call.vector is None else call.vector
    return CallArguments(target, mask, vector, call.wait)


def name_of(call: CallGuest | SendIpi) -> str:
    """The guest function that *call* begins with."""
    return call.function if isinstance(call, CallGuest) else "apic_icr_write"


def begin(context: Context, call: CallGuest | SendIpi) -> Steps[None]:
    """The generator that runs *call*. KeyError when no such function exists."""
    if isinstance(call, SendIpi):
        return apic_icr_write(context, call.icr)
    return context.kernel.generation.functions[call.function](context, _arguments(context, call))
