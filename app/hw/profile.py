"""Where the manual leaves freedom, or real implementations part: one named choice of everything for a whole machine.

Every option is an enumeration whose values are the words that people read, so that a profile documents itself.
Sources: SDM vol. 3, chapter "Advanced Programmable Interrupt Controller (APIC)"; Linux 6.x ``arch/x86/kvm/lapic.c``,
``irq_comm.c``; QEMU 7.2 ``hw/intc/apic.c`` (x2APIC mode, and with it cluster 15 as a broadcast, came to it with 9.0).
"""

from dataclasses import dataclass, fields
from enum import Enum

from app.x86.registers import LVT_REGISTERS, Register


class LevelTriggeredIpis(Enum):
    """Bits 14 and 15 of ICR, for an IPI that is no INIT de-assert ("Interrupt Command Register (ICR)")."""

    NORMALISED = "level and trigger mode of ICR do not count: every IPI is an edge-triggered assert"
    KEPT = "the trigger mode of ICR travels with the IPI and sets TMR"
    KEPT_UNLESS_DEASSERTED = "the trigger mode travels with the IPI; one with level 0 and trigger level is dropped"


class LogicalAllOnes(Enum):
    """Logical destination 0xFF at an APIC in xAPIC mode ("Logical Destination Mode")."""

    BROADCAST = "0xff names every APIC, whatever its LDR"
    BITWISE = "0xff is compared like any other: an APIC with LDR 0 is not named"


class DeviceBroadcast(Enum):
    """Destination 0xFF of a device's message at an APIC in x2APIC mode."""

    AN_ID = "0xff is an APIC ID like any other"
    BROADCAST = "0xff of a device's message names every APIC"


class LowestPriorityChoice(Enum):
    """Who gets a lowest-priority message of those it names ("Lowest Priority Delivery Mode")."""

    TASK_PRIORITY = "the lowest task-priority class; among equals, who has waited longest for one"
    VECTOR_HASH = (
        "the vector modulo the number of bits of the logical destination; a bit without an enabled APIC drops it"
    )
    LOWEST_ID = "the first APIC named"
    ARBITRATION_PRIORITY = "the focus processor, else the lowest arbitration priority, else the highest APIC ID"


class LowestPriorityBroadcast(Enum):
    """Lowest priority to physical 0xFF, which software must not configure ("Physical Destination Mode")."""

    REFUSED = "it is not supported and reaches nobody"
    FIXED = "it is delivered to everyone, as if fixed"
    ARBITRATED = "one of all is chosen"


class LowestPriorityIpis(Enum):
    """Whether ICR can send lowest-priority IPIs, which is model-specific ("Error Handling", redirectable IPI)."""

    SUPPORTED = "ICR sends lowest-priority IPIs in both modes"
    NOT_IN_X2APIC = "reserved in x2APIC mode: ESR bit 4, and nothing is sent"
    UNSUPPORTED = "not supported in either mode: ESR bit 4, and nothing is sent"


class SameVector(Enum):
    """A request for a vector whose IRR bit is already 1 ("Interrupt Acceptance for Fixed Interrupts")."""

    MERGED = "the two become one, silently (Pentium 4, Xeon and later)"
    RETRIED = "it is refused and the bus tries again until IRR has room (P6 family)"


class SoftwareDisabled(Enum):
    """What IRR already holds when SVR bit 8 becomes 0 ("Local APIC State After It Has Been Software Disabled")."""

    DRAINS = "pending interrupts are held until the CPU masks or handles them: they stay deliverable"
    BLOCKED = "pending interrupts are held and not delivered until the APIC is enabled again"


class WhileSoftwareDisabled(Enum):
    """A fixed interrupt that comes while SVR bit 8 is 0 ("Local APIC State After It Has Been Software Disabled")."""

    REFUSED = "it is refused: only INIT, NMI, SMI and start-up IPIs are taken"
    ACCEPTED = "it sets IRR all the same"


class DeviceDeassert(Enum):
    """A device's level-triggered message with level 0 ("Message Data Register Format")."""

    ASKS_NOTHING = "it says that the line is down, and asks for no interrupt"
    DELIVERED = "level does not count: it is delivered like an assert"


class X2ApicEoi(Enum):
    """What WRMSR may write to EOI in x2APIC mode ("x2APIC Register Address Space")."""

    ZERO_ONLY = "0 alone: anything else raises #GP"
    ANYTHING = "any 32-bit value ends the interrupt"


class ApicIdRegister(Enum):
    """The xAPIC ID register ("Local APIC ID")."""

    READ_ONLY = "read-only (Nehalem and later)"
    EIGHT_BITS = "bits 31:24 can be written"
    FOUR_BITS = "bits 27:24 can be written (P6 family)"


class SpuriousVector(Enum):
    """SVR bits 3:0 ("Spurious Interrupt")."""

    PROGRAMMABLE = "all eight bits can be written"
    LOW_NIBBLE_ONES = "bits 3:0 are always 1111 (P6 family)"


class ApicBusErrors(Enum):
    """ESR bits 0-3 ("Error Handling")."""

    ABSENT = "there is no serial APIC bus: bits 0-3 stay 0"
    SEND_ACCEPT = "a message that no APIC accepts sets the send-accept error of its sender"


class WideDestinations(Enum):
    """How a device names an APIC ID above 254 without interrupt remapping, which is not modelled."""

    NONE = "it cannot: destinations have 8 bits"
    EXTENDED_ID = "15 bits: address bits 11:5, entry bits 55:49, as KVM, Xen and Hyper-V offer their guests"
    ADDRESS_HIGH = "32 bits: bits 31:8 in the upper half of the address"
    BOTH = "15 bits in address bits 11:5 and entry bits 55:49, or 32 bits with the upper half of the address"


@dataclass(frozen=True, slots=True, eq=False)  # each is one of a kind, and a key of caches
class Profile:
    """One choice for a machine. ``version`` is the local APIC's version register, ``io_apic_version`` bits 7:0."""

    name: str
    title: str
    version: int
    io_apic_version: int
    x2apic: bool
    tsc_deadline: bool = True
    level_triggered_ipis: LevelTriggeredIpis = LevelTriggeredIpis.NORMALISED
    logical_all_ones: LogicalAllOnes = LogicalAllOnes.BROADCAST
    device_broadcast: DeviceBroadcast = DeviceBroadcast.AN_ID
    lowest_priority: LowestPriorityChoice = LowestPriorityChoice.TASK_PRIORITY
    lowest_priority_broadcast: LowestPriorityBroadcast = LowestPriorityBroadcast.REFUSED
    lowest_priority_ipis: LowestPriorityIpis = LowestPriorityIpis.NOT_IN_X2APIC
    same_vector: SameVector = SameVector.MERGED
    software_disabled: SoftwareDisabled = SoftwareDisabled.DRAINS
    while_software_disabled: WhileSoftwareDisabled = WhileSoftwareDisabled.REFUSED
    device_deassert: DeviceDeassert = DeviceDeassert.ASKS_NOTHING
    x2apic_eoi: X2ApicEoi = X2ApicEoi.ZERO_ONLY
    apic_id_register: ApicIdRegister = ApicIdRegister.READ_ONLY
    spurious_vector: SpuriousVector = SpuriousVector.PROGRAMMABLE
    apic_bus_errors: ApicBusErrors = ApicBusErrors.ABSENT
    wide_destinations: WideDestinations = WideDestinations.NONE

    @property
    def last_lvt_entry(self) -> int:
        """Bits 23:16 of the version register: 5 without, 6 with the CMCI entry."""
        return self.version >> 16 & 0xFF

    @property
    def lvt_registers(self) -> tuple[Register, ...]:
        """The LVT entries that there are: the thermal sensor's from the Pentium 4 on, CMCI since Nehalem."""
        absent = {Register.LVT_THERMAL: self.last_lvt_entry < 5, Register.LVT_CMCI: self.last_lvt_entry < 6}
        return tuple(register for register in LVT_REGISTERS if not absent.get(register))

    @property
    def suppresses_eoi_broadcast(self) -> bool:
        """Whether SVR bit 12 works: bit 24 of the version register."""
        return bool(self.version >> 24 & 1)

    def choices(self) -> list[tuple[str, str]]:
        """(what is chosen, the choice) in words, for everything in which profiles differ."""
        values = [getattr(self, field.name) for field in fields(self)]
        return [((type(value).__doc__ or "").rstrip("."), value.value) for value in values if isinstance(value, Enum)]


INTEL_SDM = Profile(
    name="intel-sdm",
    title="The manual; where it leaves freedom, what Pentium 4 and Xeon processors do",
    version=0x0005_0014,
    io_apic_version=0x11,
    x2apic=True,
)
INTEL_XEON = Profile(
    name="intel-xeon",
    title="A Xeon since Nehalem: CMCI entry, EOI-broadcast suppression, I/O APIC with EOI register",
    version=0x0106_0015,
    io_apic_version=0x20,
    x2apic=True,
    lowest_priority_ipis=LowestPriorityIpis.UNSUPPORTED,
)
INTEL_P6 = Profile(
    name="intel-p6",
    title="The P6 family on its serial APIC bus: refuse and retry, arbitration priority, focus processor",
    version=0x0004_0011,
    io_apic_version=0x11,
    x2apic=False,
    tsc_deadline=False,
    lowest_priority=LowestPriorityChoice.ARBITRATION_PRIORITY,
    lowest_priority_ipis=LowestPriorityIpis.SUPPORTED,
    same_vector=SameVector.RETRIED,
    apic_id_register=ApicIdRegister.FOUR_BITS,
    spurious_vector=SpuriousVector.LOW_NIBBLE_ONES,
    apic_bus_errors=ApicBusErrors.SEND_ACCEPT,
)
KVM = Profile(
    name="kvm",
    title="The in-kernel APIC of Linux's KVM, where it and the manual leave each other room",
    version=0x0005_0014,
    io_apic_version=0x11,
    x2apic=True,
    level_triggered_ipis=LevelTriggeredIpis.KEPT_UNLESS_DEASSERTED,
    device_broadcast=DeviceBroadcast.BROADCAST,
    lowest_priority=LowestPriorityChoice.VECTOR_HASH,
    lowest_priority_broadcast=LowestPriorityBroadcast.FIXED,
    lowest_priority_ipis=LowestPriorityIpis.SUPPORTED,
    device_deassert=DeviceDeassert.DELIVERED,
    x2apic_eoi=X2ApicEoi.ANYTHING,
    apic_id_register=ApicIdRegister.EIGHT_BITS,
    wide_destinations=WideDestinations.BOTH,
)
QEMU = Profile(
    name="qemu",
    title="QEMU 7.2's own APIC (TCG), where it and the manual leave each other room",
    version=0x0005_0014,
    io_apic_version=0x20,
    x2apic=False,
    level_triggered_ipis=LevelTriggeredIpis.KEPT,
    logical_all_ones=LogicalAllOnes.BITWISE,
    lowest_priority=LowestPriorityChoice.LOWEST_ID,
    lowest_priority_broadcast=LowestPriorityBroadcast.ARBITRATED,
    lowest_priority_ipis=LowestPriorityIpis.SUPPORTED,
    software_disabled=SoftwareDisabled.BLOCKED,
    while_software_disabled=WhileSoftwareDisabled.ACCEPTED,
    device_deassert=DeviceDeassert.DELIVERED,
    apic_id_register=ApicIdRegister.EIGHT_BITS,
)

#: Every profile, by the name that commands and the page use.
PROFILES = {profile.name: profile for profile in (INTEL_SDM, INTEL_XEON, INTEL_P6, KVM, QEMU)}
DEFAULT_PROFILE = INTEL_SDM.name
