"""Every back end, by the name that commands and the page use."""

from app.backends.apicv import APICV
from app.backends.backend import Backend, BackendDefinition
from app.backends.hyperv import HYPERV
from app.backends.kvm_pv import KVM_PV
from app.backends.native import NATIVE_X2APIC, NATIVE_XAPIC
from app.backends.trap_emulate import TRAP_EMULATE
from app.backends.vmi import VMI
from app.backends.xen_evtchn import XEN_EVTCHN
from app.costs.sheet import CostSheet
from app.guest.generations import DEFAULT_GENERATION, GENERATIONS
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22
from app.x86.model_specific_registers import ApicMode

BACKENDS: dict[str, BackendDefinition] = {
    definition.name: definition
    for definition in (NATIVE_XAPIC, NATIVE_X2APIC, TRAP_EMULATE, VMI, KVM_PV, HYPERV, XEN_EVTCHN, APICV)
}
#: The hardware of each kernel's time, as a cost sheet.
DEFAULT_SHEETS = {"linux-2.6.22": "2007", "linux-6": "sapphire-rapids"}
DEFAULT_BACKEND = NATIVE_XAPIC.name
#: Those under which the kernel of the argument goes through its register operations one by one, as a recording does.
BY_REGISTERS = tuple(
    name
    for name, definition in BACKENDS.items()
    if definition.reason_against(LINUX_2_6_22) is None and definition.bind(LINUX_2_6_22).sends_by_halves
)


def backend(name: str, generation: str = DEFAULT_GENERATION, sheet: CostSheet | None = None) -> Backend:
    """The back end *name* under the kernel *generation*: with *sheet*, the one that it can price, which may be a lesser
    one of that name. KeyError for an unknown name, ValueError (why) for what does not go together."""
    definition, kernel = BACKENDS[name], GENERATIONS[generation]
    if sheet is None or definition.reason_against(kernel):  # the kernel speaks before the sheet
        return definition.bind(kernel)
    return definition.by_sheet(sheet).bind(kernel)


def reason_against(name: str, generation: str, sheet: CostSheet) -> str | None:
    """Why there is no guest of that kernel over back end *name*, priced by *sheet*; None when there is."""
    definition = BACKENDS[name]
    return definition.reason_against(GENERATIONS[generation]) or definition.reason_against_sheet(sheet)


def with_other_kernels(generation: str, *, x2apic: bool) -> dict[str, list[str]]:
    """The back ends that the kernel *generation* does not go with, by the first kernel that does; without *x2apic*
    there are none of x2APIC mode."""
    found: dict[str, list[str]] = {}
    for name, definition in BACKENDS.items():
        there = x2apic or definition.apic_mode is not ApicMode.X2APIC
        if there and definition.reason_against(GENERATIONS[generation]) is not None:
            found.setdefault(generation_for(name), []).append(name)
    return found


def generation_for(name: str) -> str:
    """The generation that a session with back end *name* gets when it asks for none: the first that goes with it."""
    return next(key for key, kernel in GENERATIONS.items() if BACKENDS[name].reason_against(kernel) is None)
