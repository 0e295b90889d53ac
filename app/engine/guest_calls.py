"""The guest functions that a person can have called, as a CPU begins them."""

from app.engine.commands import CallGuest, SendIpi
from app.guest.apic_ops import Context
from app.guest.functions import CallArguments
from app.guest.icr import apic_icr_write
from app.guest.steps import Steps


def name_of(call: CallGuest | SendIpi) -> str:
    """The guest function that *call* begins with."""
    return call.function if isinstance(call, CallGuest) else "apic_icr_write"


def begin(context: Context, call: CallGuest | SendIpi) -> Steps[None]:
    """The generator that runs *call*. KeyError when no such function exists."""
    if isinstance(call, SendIpi):
        return apic_icr_write(context, call.icr)
    named = CallArguments(call.target, call.mask, call.vector, call.wait)
    return context.kernel.generation.functions[call.function].begin(context, named)
