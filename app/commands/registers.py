"""Registers, MSRs and CR8, read and written from outside: at once, free of cost, whatever the guest's back end is."""

from dataclasses import dataclass
from typing import ClassVar

from app.commands.command import Circumstances, HardwareCommand, Read
from app.commands.field_types import CpuNumber, RegisterOffset, Word32, Word64
from app.commands.line import Line, Surroundings, Values
from app.commands.line_parts import Hexadecimal, Meant, OneCpu, OneOfWords, switch, words
from app.engine.events import RegisterSet
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.hw.local_apic_registers import read_apic_base
from app.x86.model_specific_registers import APIC_ENABLE, X2APIC_ENABLE, Msr
from app.x86.register_map import REGISTERS
from app.x86.registers import SVR_ENABLE, Register
from app.x86.words import register_words

_OF_CPU = OneCpu("CPU", "the CPU", ("cpu",))
_OF_REGISTER = OneOfWords(
    "REGISTER",
    "the manual's short name",
    ("register",),
    {name: Meant(name, REGISTERS[register].title) for name, register in Register.__members__.items()},
)
_MSR = Hexadecimal(
    "MSR",
    "its number, hexadecimal, or apic_base",
    ("msr",),
    highest=0xFFFF_FFFF,
    words={msr.name.lower().removeprefix("ia32_"): msr for msr in Msr},
)
_TPR_VALUE = Hexadecimal("VALUE", "two hexadecimal digits: class and subclass", ("value",), highest=0xFF)
_VALUE = Hexadecimal("VALUE", "hexadecimal", ("value",), highest=0xFFFF_FFFF_FFFF_FFFF)


def _join_svr(values: Values, among: Surroundings) -> Values:
    """SVR as it is, with bit 8 set or clear."""
    svr = among.machine.cpus[values["cpu"]].apic.svr
    return values | {"value": svr | SVR_ENABLE if values["value"] else svr & ~SVR_ENABLE}


def _join_base(values: Values, among: Surroundings) -> Values:
    """IA32_APIC_BASE as it is, with EN and EXTD as the mode has them."""
    base = read_apic_base(among.machine.cpus[values["cpu"]].apic) & ~(APIC_ENABLE | X2APIC_ENABLE)
    return values | {"value": base | values["value"]}


def _look_after_read(simulation: Simulation, cpu: int) -> None:
    """A read of what is no register raises the error interrupt; any other leaves a CPU as it is."""
    if simulation.machine.cpus[cpu].interrupt_deliverable():
        simulation.wake(cpu)


@dataclass(frozen=True, slots=True)
class WriteRegister(HardwareCommand):
    """Sets an APIC register from outside."""

    kind = "write_register"
    description = "Sets a register from outside, at once."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("reg", (_OF_CPU, _OF_REGISTER, _VALUE), example="reg 0 SVR 1ff"),
        Line(
            "tpr",
            (_OF_CPU, _TPR_VALUE),
            example="tpr 2 60",
            says="Sets the task priority from outside, at once.",
            fixed={"register": "TPR"},
            is_short=True,
        ),
        Line(
            "svr",
            (_OF_CPU, switch("value", "enables it by software", "disables it by software")),
            example="svr 2 off",
            says="Switches the local APIC on or off by software: bit 8 of SVR; the rest of it stays.",
            fixed={"register": "SVR"},
            join=_join_svr,
            is_short=True,
        ),
    )

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
    lines: ClassVar[tuple[Line, ...]] = (Line("reg", (_OF_CPU, _OF_REGISTER), example="reg 0 SVR"),)

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
    lines: ClassVar[tuple[Line, ...]] = (
        Line("msr", (_OF_CPU, _MSR, _VALUE), example="msr 0 1b fee00800"),
        Line(
            "apic",
            (
                _OF_CPU,
                words(
                    "value",
                    "off|xapic|x2apic",
                    "the mode",
                    off=(0, "switches it off"),
                    xapic=(APIC_ENABLE, "xAPIC mode"),
                    x2apic=(APIC_ENABLE | X2APIC_ENABLE, "x2APIC mode"),
                ),
            ),
            example="apic 2 off",
            says="Switches a CPU's APIC off, or to another mode: EN and EXTD of IA32_APIC_BASE; the rest of it stays.",
            fixed={"msr": int(Msr.IA32_APIC_BASE)},
            join=_join_base,
            is_short=True,
        ),
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
    lines: ClassVar[tuple[Line, ...]] = (Line("msr", (_OF_CPU, _MSR), example="msr 0 1b"),)

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
    lines: ClassVar[tuple[Line, ...]] = (Line("cr8", (_OF_CPU, _VALUE), example="cr8 2 6"),)

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
