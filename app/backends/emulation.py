"""What a hypervisor without APIC hardware does, whichever way the guest comes in: emulate, halt, inject.

Source: Adams and Agesen, "A Comparison of Software and Hardware Techniques for x86 Virtualization", ASPLOS 2006.
"""

from app.backends.backend import Found
from app.guest.steps import (
    Acknowledge,
    Arriving,
    Decode,
    EmulatedMsrWrite,
    EmulatedRead,
    EmulatedWrite,
    EnterNmi,
    EnterSmm,
    Halt,
    HostWork,
    Steps,
    VmEntry,
    VmExit,
)
from app.x86.model_specific_registers import RESET_BASE as RESET_BASE
from app.x86.model_specific_registers import X2APIC_MSRS, x2apic_offset
from app.x86.registers import Register

ENTRY = VmEntry()
#: The entries of a cost sheet by which the steps here are priced; ``DECODING`` is for page accesses alone.
ENTRIES = frozenset({"vm_exit", "vm_entry", "emulate_read", "emulate_write", "send_ipi_target", "inject"})
#: Where the page lies that hardware watches, and the destination that stands for everyone.
XAPIC_BROADCAST, X2APIC_BROADCAST = 0xFF, 0xFFFF_FFFF
_ACCESS = VmExit("APIC access")
_DECODE, _DECODE_EOI = Decode(), Decode("decode_eoi")
#: What page accesses need besides ``ENTRIES``.
DECODING = frozenset({_DECODE.price, _DECODE_EOI.price})
EXTERNAL_INTERRUPT = VmExit("external interrupt")
_WINDOWS = {Acknowledge: VmExit("interrupt window"), EnterNmi: VmExit("NMI window"), EnterSmm: EXTERNAL_INTERRUPT}
_HLT = VmExit("HLT")
NOTIFY = HostWork("send_ipi_target", "requests the vector at a target and notifies its CPU", reaches_target=True)
INJECT = HostWork("inject", "puts the interrupt into the guest")


def emulate(register: int, value: int | None, *, by_page: bool) -> Steps[int]:
    """The access itself, on the hypervisor's model of the APIC: a read when *value* is None. *by_page*: the guest
    touched its APIC page; otherwise it named the register."""
    if value is None:
        return (yield EmulatedRead(register, by_page))
    yield from emulated_write(register, value, NOTIFY, by_page=by_page)
    return 0


def emulated_write(register: int, value: int, notify: HostWork, *, by_page: bool) -> Steps[None]:
    """A write to the model. If it was ICR's, the way to each target comes on top, target after target
    (``kvm_irq_delivery_to_apic``)."""
    targets = yield EmulatedWrite(register, value, by_page)
    for _ in range(targets or 0):
        yield notify


def trapped_page_access(register: int, value: int | None) -> Steps[int]:
    """A load or store that faults: exit, decode, emulate, re-enter. What it takes to see that it is an EOI is a sheet's
    business: KVM on Intel's processors reads it off the exit (``handle_apic_access``, ``fasteoi``)."""
    yield _ACCESS
    yield _DECODE_EOI if register == Register.EOI and value is not None else _DECODE
    result = yield from emulate(register, value, by_page=True)
    yield ENTRY
    return result


def trapped_msr_access(reason: str, register: int, value: int | None) -> Steps[int]:
    """RDMSR or WRMSR that exits. No decoding: the instruction is known, and ECX holds the MSR."""
    yield VmExit(reason)
    result = yield from emulate(register, value, by_page=False)
    yield ENTRY
    return result


def trapped_msr_write(reason: str, msr: int, value: int, notify: HostWork = NOTIFY) -> Steps[int]:
    """WRMSR that exits: of a register of the x2APIC, or of IA32_TSC_DEADLINE, which is the timer's."""
    yield VmExit(reason)
    if msr in X2APIC_MSRS:
        yield from emulated_write(x2apic_offset(msr), value, notify, by_page=False)
    else:
        yield EmulatedMsrWrite(msr, value)
    yield ENTRY
    return 0


def trapped_icr_write(value: int) -> Steps[int]:
    """WRMSR of a synthetic 64-bit ICR with an xAPIC destination: one exit writes both halves."""
    yield VmExit("WRMSR of ICR")
    yield EmulatedWrite(Register.ICR_HIGH, value >> 32, by_page=False)
    yield from emulated_write(Register.ICR_LOW, value & 0xFFFF_FFFF, NOTIFY, by_page=False)
    yield ENTRY
    return 0


def halt() -> Steps[int]:
    """HLT leaves the guest; the virtual CPU sleeps in the hypervisor."""
    yield _HLT
    yield Halt()
    return 0


def leave(found: Found, arrival: Arriving) -> Steps[None]:
    """A running guest is kicked out to get *arrival*; one that did not let it in yet leaves by itself as soon as it
    does ("Interrupt-Window Exiting and Virtual-Interrupt Delivery", "NMI-window exiting"); a halted one is out."""
    match found:
        case Found.RUNNING:
            yield EXTERNAL_INTERRUPT
        case Found.AT_WINDOW:
            yield _WINDOWS[type(arrival)]
        case Found.OUTSIDE:
            pass


def kick() -> Steps[None]:
    """The request is noted already: the notification makes the guest leave, whatever its IF says (``kvm_vcpu_kick``).
    It goes on at once, and leaves again when its window opens (``kvm_check_and_inject_events``)."""
    yield EXTERNAL_INTERRUPT
    yield ENTRY


def deliver(found: Found, arrival: Arriving) -> Steps[int]:
    """Out of the guest, if it is in; the vector is injected at the entry."""
    yield from leave(found, arrival)
    yield INJECT
    vector = yield arrival
    yield ENTRY
    return vector
