"""Trap and emulate: the guest is untouched. Its APIC page is not mapped, so each access faults; the hypervisor decodes
the instruction, does to its model what the instruction would have done, and goes back behind it.
"""

from app.backends import emulation
from app.backends.backend import Backend
from app.guest.apic_driver import NATIVE_OPERATIONS
from app.guest.steps import (
    Arriving,
    Decode,
    GuestStep,
    Halt,
    Load,
    Steps,
    Store,
    VmEntry,
    VmExit,
)

_EXIT = VmExit("APIC access")
_DECODE = Decode()
_ENTRY = VmEntry()


class TrapAndEmulate:
    """A hypervisor that learns of APIC accesses by page faults."""

    def intercept(self, step: GuestStep) -> Steps[int] | None:
        match step:
            case Load(register):
                return self._access(register, None)
            case Store(register, value):
                return self._access(register, value)
            case Halt():
                return emulation.halt()
            case _:
                return None

    def _access(self, register: int, value: int | None) -> Steps[int]:
        yield _EXIT
        yield _DECODE
        result = yield from emulation.emulate(register, value, by_page=True)
        yield _ENTRY
        return result

    def deliver(self, halted: bool, arrival: Arriving) -> Steps[int]:
        return emulation.deliver(halted, arrival)


TRAP_EMULATE = Backend(
    name="trap-emulate",
    title="MMIO that faults: exit, decode, emulate, re-enter",
    operations=NATIVE_OPERATIONS,
    hypervisor=TrapAndEmulate(),
)
