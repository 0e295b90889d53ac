"""A guest function that is to be called on a CPU, and how it begins there."""

from typing import NamedTuple

from app.guest.apic_ops import Context
from app.guest.functions import CallArguments
from app.guest.icr import apic_icr_write
from app.guest.steps import Steps
from app.x86.icr import Icr

#: The function that writes an interrupt command through the guest's own driver; it is in no kernel's table.
ICR_WRITE = "apic_icr_write"


class GuestCall(NamedTuple):
    """*function* of the kernel's table with its arguments; or ICR_WRITE with the interrupt command that it writes."""

    function: str
    arguments: CallArguments | Icr


def begin(context: Context, call: GuestCall) -> Steps[None]:
    """The generator that runs *call*. KeyError when the kernel has no such function."""
    if isinstance(call.arguments, Icr):
        return apic_icr_write(context, call.arguments)
    return context.kernel.generation.functions[call.function].begin(context, call.arguments)
