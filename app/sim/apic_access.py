"""How the guest's code, or its hypervisor's, gets at an APIC: through the page, by register, by MSR."""

from app.hw.apic_base import ApicMode
from app.hw.events import Fault
from app.hw.machine import Machine
from app.x86.model_specific_registers import RESET_BASE

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

    def read_msr(self, cpu: int, msr: int) -> int:
        """RDMSR."""
        value = self._machine.read_msr(cpu, msr)
        return 0 if isinstance(value, Fault) else value
