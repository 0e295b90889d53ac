"""The guest is alone on the hardware: every access is a load or a store to the APIC page, or RDMSR and WRMSR."""

from app.backends.backend import BackendDefinition, Mark
from app.x86.model_specific_registers import ApicMode

NATIVE_XAPIC = BackendDefinition(
    name="native-xapic",
    title="MMIO loads and stores to a real local APIC",
    sentence="Loads and stores to a real local APIC. Nothing is overridden, nothing is crossed.",
    mark=Mark("ink", None, "circle"),
)
NATIVE_X2APIC = BackendDefinition(
    name="native-x2apic",
    title="RDMSR and WRMSR to a real local APIC",
    sentence="RDMSR and WRMSR to a real local APIC. Nothing is overridden, nothing is crossed.",
    mark=Mark("ink", "9 4", "circle", filled=True),
    apic_mode=ApicMode.X2APIC,
    interrupt_remapping=True,
)
