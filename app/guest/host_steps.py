"""Steps of a hypervisor, or of the hardware on its behalf. Back ends yield them instead of a step of the guest."""

from typing import NamedTuple

from app.guest.memory import Word
from app.x86.icr import DeliveryMode, TriggerMode


class VmExit(NamedTuple):
    """The CPU leaves the guest; *price* says by which mechanism."""

    reason: str
    price: str = "vm_exit"


class Decode(NamedTuple):
    """The hypervisor fetches and decodes the guest's instruction, to learn what it wanted; or learns of an EOI, for
    which *price* is another."""

    price: str = "decode"


class EmulatedRead(NamedTuple):
    """The hypervisor reads its model of the guest's APIC. *by_page*: the guest used the page, which may be dead."""

    register: int
    by_page: bool = True


class EmulatedWrite(NamedTuple):
    """The hypervisor writes its model of the guest's APIC. *by_page* as in EmulatedRead. Gives the number of CPUs that
    a write of ICR sends to: each is work of its own, and hears of it behind that work."""

    register: int
    value: int
    by_page: bool = True


class EmulatedMsrWrite(NamedTuple):
    """The hypervisor does for the guest what WRMSR of an MSR beside the APIC's would do: IA32_TSC_DEADLINE."""

    msr: int
    value: int


class HostWork(NamedTuple):
    """Work of the hypervisor; ``price`` is its entry in the cost sheet."""

    price: str
    what: str
    #: It is the way to the next CPU that the write before it names: once it is done, the message goes there.
    reaches_target: bool = False


class HostSend(NamedTuple):
    """The hypervisor sends an interrupt to the guest's APIC *apic_id*, for one of its CPUs."""

    apic_id: int
    vector: int
    delivery_mode: DeliveryMode
    price: str = "send_ipi_target"
    trigger_mode: TriggerMode = TriggerMode.EDGE


class HostEndEvent(NamedTuple):
    """The hypervisor tells the I/O APIC that the guest has served a level-triggered event."""

    port: int


class OfferEoiWord(NamedTuple):
    """The hypervisor sets the EOI word of this CPU if the guest may end its interrupt without telling."""

    word: Word


class VirtualRead(NamedTuple):
    """Hardware answers a read from the virtual-APIC page; the CPU stays in the guest. *by_page* as in EmulatedRead."""

    register: int
    by_page: bool = True


class VirtualWrite(NamedTuple):
    """Hardware carries a write out on the virtual APIC; the CPU stays in the guest. ``price`` says which kind. Gives
    what EmulatedWrite gives, if targets hear of it by work of their own (*then_reaches*)."""

    register: int
    value: int
    price: str
    by_page: bool = True
    then_reaches: bool = False


class VmEntry(NamedTuple):
    """The CPU goes back to the guest; *price* says by which mechanism."""

    price: str = "vm_entry"


HostStep = (
    VmExit
    | Decode
    | EmulatedRead
    | EmulatedWrite
    | EmulatedMsrWrite
    | HostWork
    | HostSend
    | HostEndEvent
    | OfferEoiWord
    | VirtualRead
    | VirtualWrite
    | VmEntry
)
