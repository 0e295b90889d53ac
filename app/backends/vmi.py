"""VMI, VMware's paravirtual interface of 2006-7: ``apic_read`` and ``apic_write`` become calls into the hypervisor.

Registers are not enough to start a CPU: under ``startup_ipi_hook`` the kernel tells the hypervisor in what state the
new CPU is to begin (SetInitialAPState), and the start-up IPI that follows lets it go there.

The calls APICRead and APICWrite have the side effects of the register that they name, so everything above them is the
native code. No fault and no decoding: the call says what it wants. An access that by-passes ``apic_read`` still faults.
Source: Z. Amsden, "VMI Interface Proposal Documentation for I386", LKML, 13 March 2006;
``arch/i386/kernel/vmi.c`` (2.6.21).
"""

from dataclasses import replace

from app.backends import emulation
from app.backends.backend import BackendDefinition
from app.backends.trap_emulate import TrapAndEmulate
from app.guest.apic_ops import ApicOperations, Context
from app.guest.steps import GuestStep, Hypercall, HypervisorCall, Steps
from app.hw.cpu import Cpu

SET_INITIAL_AP_STATE = "SetInitialAPState"
_WAY_IN = "hypervisor_call"


def vmi_apic_read(register: int) -> Steps[int]:
    """VMI call APICRead."""
    value = yield HypervisorCall("APICRead", register, None)
    return value


def vmi_apic_write(register: int, value: int) -> Steps[None]:
    """VMI call APICWrite."""
    yield HypervisorCall("APICWrite", register, value)


def vmi_startup_ipi_hook(context: Context, cpu: int) -> Steps[None]:
    """VMI call SetInitialAPState, for the APIC of that ID."""
    yield Hypercall(SET_INITIAL_AP_STATE, (cpu,), _WAY_IN)


class VmiHypervisor(TrapAndEmulate):
    """Answers VMI calls; whatever else touches the APIC page is trapped as ever."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        if isinstance(step, HypervisorCall):
            return self._answer(step)
        if isinstance(step, Hypercall):
            return self._note_state(step)
        return super().intercept(step, cpu)

    def _answer(self, call: HypervisorCall) -> Steps[int]:
        # The call is an exit too: its price holds both, so that all of it costs what a call-out costs.
        yield call
        result = yield from emulation.emulate(call.register, call.value, by_page=False)
        yield emulation.ENTRY
        return result

    def _note_state(self, call: Hypercall) -> Steps[int]:
        """The state that the CPU is to begin in is no business of its APIC."""
        yield call
        yield emulation.ENTRY
        return 0


def _paravirtualise(native: ApicOperations) -> ApicOperations:
    return replace(native, apic_read=vmi_apic_read, apic_write=vmi_apic_write, startup_ipi_hook=vmi_startup_ipi_hook)


VMI = BackendDefinition(
    name="vmi",
    title="apic_read and apic_write as calls into the hypervisor",
    hypervisor=VmiHypervisor(),
    paravirtualise=_paravirtualise,
    host_entries=emulation.ENTRIES | emulation.DECODING | {_WAY_IN},
    never_in=(("linux-6", "VMI left the kernel with 2.6.37"),),
)
