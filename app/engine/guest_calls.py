"""A guest function that is to be called on a CPU, and how it begins there."""

from typing import NamedTuple

from app.guest.apic_ops import Context
from app.guest.functions import CallArguments
from app.guest.icr import apic_icr_write
from app.guest.steps import Steps
from app.x86.icr import Icr


class GuestCall(NamedTuple):
    """*function* of the kernel's table with its arguments; or ``apic_icr_write``, which is in none, with the interrupt
    command that it writes."""

    function: str
    arguments: CallArguments | Icr


def icr_write(icr: Icr) -> GuestCall:
    """The call that writes *icr* through the guest's own driver."""
    return GuestCall("apic_icr_write", icr)


def begin(context: Context, call: GuestCall) -> Steps[None]:
    """The generator that runs *call*. KeyError when the kernel has no such function."""
    if isinstance(call.arguments, Icr):
        return apic_icr_write(context, call.arguments)
    return context.kernel.generation.functions[call.function].begin(context, call.arguments)
