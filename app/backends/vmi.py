"""VMI, VMware's paravirtual interface of 2006-7: ``apic_read`` and ``apic_write`` become calls into the hypervisor.

The calls APICRead and APICWrite have the side effects of the register that they name, so everything above them is the
native code. No fault and no decoding: the call says what it wants. An access that by-passes ``apic_read`` still faults.
Source: Z. Amsden, "VMI Interface Proposal Documentation for I386", LKML, 13 March 2006;
``arch/i386/kernel/vmi.c`` (2.6.21).
"""

from dataclasses import replace

from app.backends import emulation
from app.backends.backend import BackendDefinition
from app.backends.trap_emulate import TrapAndEmulate
from app.guest.apic_ops import ApicOperations
from app.guest.steps import GuestStep, HypervisorCall, Steps
from app.hw.cpu import Cpu


def vmi_apic_read(register: int) -> Steps[int]:
    """VMI call APICRead."""
    value = yield HypervisorCall("APICRead", register, None)
    return value


def vmi_apic_write(register: int, value: int) -> Steps[None]:
    """VMI call APICWrite."""
    yield HypervisorCall("APICWrite", register, value)


class VmiHypervisor(TrapAndEmulate):
    """Answers VMI calls; whatever else touches the APIC page is trapped as ever."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        if isinstance(step, HypervisorCall):
            return self._answer(step)
        return super().intercept(step, cpu)

    def _answer(self, call: HypervisorCall) -> Steps[int]:
        # The call is an exit too: its price holds both, so that all of it costs what a call-out costs.
        yield call
        result = yield from emulation.emulate(call.register, call.value, by_page=False)
        yield emulation.ENTRY
        return result


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    return replace(native, apic_read=vmi_apic_read, apic_write=vmi_apic_write)


VMI = BackendDefinition(
    name="vmi",
    title="apic_read and apic_write as calls into the hypervisor",
    hypervisor=VmiHypervisor(),
    paravirtualise=_paravirtualise,
    host_entries=emulation.ENTRIES | {"decode", "hypervisor_call"},
    never_in=(("linux-6", "VMI left the kernel with 2.6.37"),),
)
