"""Trap and emulate: the guest is untouched. Its APIC page is watched or not mapped, so each access exits; the
hypervisor decodes the instruction, does to its model what that would have done, and goes back behind it. In x2APIC mode
each RDMSR and WRMSR exits, and nothing has to be decoded.
"""

from app.backends import emulation
from app.backends.backend import BackendDefinition, Found, Mark
from app.guest.apic_ops import KernelState
from app.guest.steps import Arriving, Dereference, GuestStep, Halt, Load, ReadMsr, Steps, Store, WriteMsr
from app.hw.cpu import Arrival, Cpu
from app.x86.model_specific_registers import x2apic_offset


class TrapAndEmulate:
    """A hypervisor that learns of APIC accesses by page faults and MSR exits."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        match step:
            case Load(register) | Dereference(register):
                return emulation.trapped_page_access(register, None)
            case Store(register, value):
                return emulation.trapped_page_access(register, value)
            case ReadMsr(msr):
                return emulation.trapped_msr_access(f"RDMSR {msr:#x}", x2apic_offset(msr), None)
            case WriteMsr(msr, value):
                return emulation.trapped_msr_write(f"WRMSR {msr:#x}", msr, value)
            case Halt():
                return emulation.halt()
            case _:
                return None

    def deliver(self, found: Found, arrival: Arriving, cpu: Cpu, kernel: KernelState) -> Steps[int]:
        return emulation.deliver(found, arrival)

    def kick(self, arrival: Arrival, cpu: Cpu) -> Steps[None]:
        return emulation.kick()


TRAP_EMULATE = BackendDefinition(
    name="trap-emulate",
    title="MMIO that faults: exit, decode, emulate, re-enter",
    sentence="The same loads and stores fault: exit, decode, emulate, re-enter, at every access.",
    mark=Mark("crimson", None, "square"),
    hypervisor=TrapAndEmulate(),
    host_entries=emulation.ENTRIES | emulation.DECODING,
)
