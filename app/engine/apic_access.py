"""How the guest's code, or its hypervisor's, gets at an APIC: through the page, by register, by MSR."""

from app.hw.events import Fault
from app.hw.machine import Machine
from app.x86.icr import DELIVERY_STATUS
from app.x86.model_specific_registers import RESET_BASE, ApicMode
from app.x86.registers import Register

_X2APIC = ApicMode.X2APIC  # finding a member of an enum takes its time
_ALL_ONES = 0xFFFF_FFFF


class ApicAccess:
    """Accesses on *machine*. The guest's mapping leads to the page of power-up; a #GP gives it 0."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def load(self, cpu: int, register: int) -> int:
        """From where the guest has mapped its APIC: all ones when there is none any more."""
        return self.read(cpu, register) if self._page_answers(cpu, register) else _ALL_ONES

    def store(self, cpu: int, register: int, value: int) -> None:
        """To where the guest has mapped its APIC: nothing happens when there is none any more."""
        if self._page_answers(cpu, register):
            self._machine.write_register(cpu, register, value)

    def _page_answers(self, cpu: int, register: int) -> bool:
        """An APIC in x2APIC mode, or moved, is not there."""
        apic = self._machine.cpus[cpu].apic
        if apic.mode is not _X2APIC and apic.base == RESET_BASE:
            return True
        apic.notice_absence(register)
        return False

    def read(self, cpu: int, register: int) -> int:
        """By register, in the mode of the APIC."""
        value = self._machine.read_register(cpu, register)
        return 0 if isinstance(value, Fault) else value

    def read_virtual_page(self, cpu: int, register: int, *, by_page: bool) -> int:
        """What hardware answers from the virtual-APIC page. That is memory, and nothing sets ICR's delivery status in
        it: IPI virtualisation takes a command with the bit clear and leaves it so (SDM vol. 3, "IPI Virtualization"),
        and behind an exit KVM clears it (``kvm_lapic_reg_write``)."""
        if by_page and not self._page_answers(cpu, register):
            return _ALL_ONES
        value = self.read(cpu, register)
        return value & ~DELIVERY_STATUS if register == Register.ICR_LOW else value

    def read_msr(self, cpu: int, msr: int) -> int:
        """RDMSR."""
        value = self._machine.read_msr(cpu, msr)
        return 0 if isinstance(value, Fault) else value
