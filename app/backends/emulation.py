"""What a hypervisor without APIC hardware does, whichever way the guest comes in: emulate, halt, inject.

Source: Adams and Agesen, "A Comparison of Software and Hardware Techniques for x86 Virtualization", ASPLOS 2006.
"""

from app.guest.steps import Arriving, EmulatedRead, EmulatedWrite, Halt, Steps, VmEntry, VmExit

_ENTRY = VmEntry()
_EXTERNAL_INTERRUPT = VmExit("external interrupt")
_HLT = VmExit("HLT")


def emulate(register: int, value: int | None, *, by_page: bool) -> Steps[int]:
    """The access itself, on the hypervisor's model of the APIC: a read when *value* is None. *by_page*: the guest
    touched its APIC page; otherwise it named the register."""
    if value is None:
        return (yield EmulatedRead(register, by_page))
    yield EmulatedWrite(register, value, by_page)
    return 0


def halt() -> Steps[int]:
    """HLT leaves the guest; the virtual CPU sleeps in the hypervisor."""
    yield _HLT
    yield Halt()
    return 0


def deliver(halted: bool, arrival: Arriving) -> Steps[int]:
    """A running guest is kicked out first; a halted one is out already. The vector is injected at the entry."""
    if not halted:
        yield _EXTERNAL_INTERRUPT
    vector = yield arrival
    yield _ENTRY
    return vector
