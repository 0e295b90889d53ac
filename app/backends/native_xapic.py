"""The guest is alone on the hardware: every access is a load or a store to the APIC page."""

from app.backends.backend import Backend
from app.guest.apic_driver import NATIVE_OPERATIONS

NATIVE_XAPIC = Backend(
    name="native-xapic",
    title="MMIO loads and stores to a real local APIC",
    operations=NATIVE_OPERATIONS,
    hypervisor=None,
)
