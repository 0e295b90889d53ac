"""Registers, MSRs and CR8, read and written from outside: at once, free of cost, whatever the guest's back end is."""

from dataclasses import dataclass

from app.commands.command import Circumstances, HardwareCommand, Read
from app.commands.field_types import CpuNumber, RegisterOffset, Word32, Word64
from app.engine.events import RegisterSet
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.x86.words import register_words


def _look_after_read(simulation: Simulation, cpu: int) -> None:
    """A read of what is no register raises the error interrupt; any other leaves a CPU as it is."""
    if simulation.machine.cpus[cpu].interrupt_deliverable():
        simulation.wake(cpu)


@dataclass(frozen=True, slots=True)
class WriteRegister(HardwareCommand):
    """Sets an APIC register from outside."""

    kind = "write_register"
    description = "Sets a register from outside, at once."

    cpu: CpuNumber
    register: RegisterOffset
    value: Word64

    @property
    def words(self) -> str:
        return f"{register_words(self.register)} of CPU {self.cpu} is written from outside with {self.value:#x}"

    def perform(self, simulation: Simulation) -> Result:
        cpu = simulation.machine.cpus[self.cpu].number  # if there is none, nothing has happened
        simulation.record(RegisterSet(cpu, self.register, self.value))
        result = simulation.machine.write_register(self.cpu, self.register, self.value)
        simulation.wake(self.cpu)
        return result

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: {register_words(self.register)} was written: {self.value:#x}."

    def ignored_words(self, reason: str) -> str:
        return f"CPU {self.cpu}: {register_words(self.register)} was not written (ignored: {reason})."


@dataclass(frozen=True, slots=True)
class ReadRegister(Read):
    """Reads an APIC register from outside."""

    kind = "read_register"
    description = "Reads a register from outside, at once."

    cpu: CpuNumber
    register: RegisterOffset

    @property
    def words(self) -> str:
        return f"{register_words(self.register)} of CPU {self.cpu} is read from outside"

    def perform(self, simulation: Simulation) -> Result:
        result = simulation.machine.read_register(self.cpu, self.register)
        _look_after_read(simulation, self.cpu)
        return result

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: {register_words(self.register)} was read."


@dataclass(frozen=True, slots=True)
class Wrmsr(HardwareCommand):
    """WRMSR from outside: IA32_APIC_BASE, IA32_TSC_DEADLINE, the x2APIC's registers."""

    kind = "write_msr"
    description = (
        "WRMSR from outside, at once: 0x1b (IA32_APIC_BASE), 0x6e0 (IA32_TSC_DEADLINE), 0x800 to 0x8ff in x2APIC mode."
    )

    cpu: CpuNumber
    msr: Word32
    value: Word64

    @property
    def words(self) -> str:
        return f"MSR {self.msr:#x} of CPU {self.cpu} is written from outside with {self.value:#x}"

    def perform(self, simulation: Simulation) -> Result:
        result = simulation.machine.write_msr(self.cpu, self.msr, self.value)
        simulation.wake(self.cpu)
        return result

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: MSR {self.msr:#x} was written: {self.value:#x}."

    def ignored_words(self, reason: str) -> str:
        return f"CPU {self.cpu}: MSR {self.msr:#x} was not written (ignored: {reason})."


@dataclass(frozen=True, slots=True)
class Rdmsr(Read):
    """RDMSR from outside."""

    kind = "read_msr"
    description = "RDMSR from outside, at once."

    cpu: CpuNumber
    msr: Word32

    @property
    def words(self) -> str:
        return f"MSR {self.msr:#x} of CPU {self.cpu} is read from outside"

    def perform(self, simulation: Simulation) -> Result:
        result = simulation.machine.read_msr(self.cpu, self.msr)
        _look_after_read(simulation, self.cpu)
        return result

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: MSR {self.msr:#x} was read."


@dataclass(frozen=True, slots=True)
class WriteCr8(HardwareCommand):
    """Sets the task-priority class (0-15) from outside."""

    kind = "write_cr8"
    description = "Sets the task-priority class from outside, at once."

    cpu: CpuNumber
    value: Word64

    @property
    def words(self) -> str:
        return f"CR8 of CPU {self.cpu} is written from outside with {self.value:#x}"

    def perform(self, simulation: Simulation) -> Result:
        result = simulation.machine.write_cr8(self.cpu, self.value)
        simulation.wake(self.cpu)
        return result

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: CR8 was written: {self.value:#x}."


RegisterCommand = WriteRegister | ReadRegister | Wrmsr | Rdmsr | WriteCr8
