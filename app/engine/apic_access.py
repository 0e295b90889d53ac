"""How the guest's code, or its hypervisor's, gets at an APIC: through the page, by register, by MSR, by message."""

from collections.abc import Sequence

from app.hw.events import Fault
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, TriggerMode
from app.x86.model_specific_registers import RESET_BASE, ApicMode
from app.x86.registers import Register

_X2APIC = ApicMode.X2APIC  # finding a member of an enum takes its time
_ALL_ONES = 0xFFFF_FFFF


class ApicAccess:
    """Accesses on *machine*: all that a step can reach beside its CPU and memory. Others may stand in for it
    (``engine/alone``).

    The guest's mapping leads to the page of power-up; a #GP gives it 0. What is sent lies in the machine's ``outbox``.
    """

    STATE = ()
    WIRES = ("_machine",)

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

    def write(self, cpu: int, register: int, value: int) -> None:
        """By register, in the mode of the APIC."""
        self._machine.write_register(cpu, register, value)

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

    def write_msr(self, cpu: int, msr: int, value: int) -> None:
        """WRMSR."""
        self._machine.write_msr(cpu, msr, value)

    # What a hypervisor does

    def carry(self, cpu: int, register: int, value: int, *, by_page: bool) -> Sequence[InterruptMessage]:
        """A write by a hypervisor that takes the IPI of it to its targets, one by one: a message for each."""
        self._machine.carry_ipis()
        if by_page:
            self.store(cpu, register, value)
        else:
            self.write(cpu, register, value)
        return self._machine.take_carried()

    def post(self, message: InterruptMessage) -> None:
        """A carried IPI goes on its way."""
        self._machine.post(message)

    def send_for(self, cpu: int, apic_id: int, vector: int, mode: DeliveryMode, trigger: TriggerMode) -> None:
        """An interrupt for *apic_id* on behalf of *cpu*, whose ICR has no part in it."""
        self._machine.send_for(cpu, apic_id, vector, mode, trigger)

    def end_event(self, port: int) -> None:
        """The I/O APIC hears that the level-triggered event of *port* was served."""
        self._machine.end_at_io_apic(port)

    def step_ended(self) -> None:
        """The step is over that has reached for the APIC, and the clock stands at its end: what it sent leaves."""
