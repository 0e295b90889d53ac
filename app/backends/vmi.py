"""VMI, VMware's paravirtual interface of 2006-7: ``apic_read`` and ``apic_write`` become calls into the hypervisor.

Registers are not enough to start a CPU: under ``startup_ipi_hook`` the kernel tells the hypervisor in what state the
new CPU is to begin (SetInitialAPState), and the start-up IPI that follows lets it go there.

The calls APICRead and APICWrite have the side effects of the register that they name, so everything above them is the
native code. No fault and no decoding: the call says what it wants. An access that by-passes ``apic_read`` still faults.
Source: Z. Amsden, "VMI Interface Proposal Documentation for I386", LKML, 13 March 2006;
``arch/i386/kernel/vmi.c`` (2.6.21).
"""

from dataclasses import replace
from typing import NamedTuple

from app.backends import emulation
from app.backends.backend import RECALLED, TREE, BackendDefinition, Mark, Turn
from app.backends.trap_emulate import TrapAndEmulate
from app.guest.apic_ops import ApicOperations, Context
from app.guest.places import in_file
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


class Hook(NamedTuple):
    """One entry of ``paravirt_ops`` that VMI fills, with what it fills in, and what becomes of it in this model."""

    name: str
    becomes: str
    here: str


#: Everything about the APIC and the interrupt flag, in the order of ``activate_vmi`` (``arch/i386/kernel/vmi.c``).
HOOKS_SOURCE = "arch/i386/kernel/vmi.c, activate_vmi; include/asm-i386/paravirt.h, struct paravirt_ops (2.6.22)"
HOOKS = (
    Hook(
        "save_fl, restore_fl, irq_disable, irq_enable",
        "VMI calls GetInterruptMask, SetInterruptMask, DisableInterrupts, EnableInterrupts",
        "two steps around each send that has two halves, priced as CLI and STI: the ROM answers them in the guest",
    ),
    Hook(
        "startup_ipi_hook",
        "vmi_startup_ipi_hook, with VMI call SetInitialAPState",
        "in the table: the answer to what registers are not enough for, a hypercall before the first start-up IPI",
    ),
    Hook("apic_read", "VMI call APICRead", "in the table"),
    Hook("apic_write", "VMI call APICWrite", "in the table"),
    Hook(
        "apic_write_atomic",
        "VMI call APICWrite, the same one",
        "never called: apic_write_around is apic_write in a kernel that is not built for the first Pentiums",
    ),
    Hook(
        "setup_boot_clock, setup_secondary_clock",
        "vmi_timer_setup_boot_alarm, vmi_timer_setup_secondary_alarm, with VMI calls SetAlarm and CancelAlarm",
        "beside the table, and not modelled: the local timer is armed, by one call as well",
    ),
)

VMI = BackendDefinition(
    name="vmi",
    title="apic_read and apic_write as calls into the hypervisor",
    sentence="apic_read and apic_write alone become calls into the hypervisor; all above them stays as it was.",
    mark=Mark("amber", None, "triangle", filled=True),
    hypervisor=VmiHypervisor(),
    paravirtualise=_paravirtualise,
    host_entries=emulation.ENTRIES | emulation.DECODING | {_WAY_IN},
    never_in=(("linux-6", "VMI left the kernel with 2.6.37"),),
    places=in_file(
        "arch/i386/kernel/vmi.c",
        (vmi_apic_read, "activate_vmi: para_fill(apic_read, APICRead)"),
        (vmi_apic_write, "activate_vmi: para_fill(apic_write, APICWrite)"),
        (vmi_startup_ipi_hook, "vmi_startup_ipi_hook, SetInitialAPState"),
    ),
    history=(
        Turn(
            2007,
            "2.6.21",
            "VMI arrives; boot clock, secondary clock and start-up IPI hooks join",
            "The first user of the register operations.",
            TREE,
        ),
        Turn(2011, "2.6.37", "VMI is removed", "The paravirtual user of the register level is gone.", RECALLED),
    ),
)
