"""What a person can ask of a session. Closed: whoever handles commands handles all of these."""

from typing import NamedTuple

from app.x86.icr import Icr
from app.x86.registers import Register


class SendIpi(NamedTuple):
    """The guest on *cpu* sends this interrupt command through its back end."""

    cpu: int
    icr: Icr


class CallGuest(NamedTuple):
    """The guest on *cpu* calls one of its functions. What an argument of None means is the function's matter."""

    cpu: int
    function: str
    target: int | None = None
    mask: int | None = None
    vector: int | None = None
    wait: bool = True


class WriteRegister(NamedTuple):
    """Sets an APIC register from outside, at once and free of cost."""

    cpu: int
    register: int
    value: int


class ReadRegister(NamedTuple):
    """Reads an APIC register from outside, at once and free of cost."""

    cpu: int
    register: int


class WriteMsr(NamedTuple):
    """WRMSR from outside: IA32_APIC_BASE, IA32_TSC_DEADLINE, the x2APIC's registers."""

    cpu: int
    msr: int
    value: int


class ReadMsr(NamedTuple):
    """RDMSR from outside."""

    cpu: int
    msr: int


class WriteCr8(NamedTuple):
    """Sets the task-priority class (0-15) from outside."""

    cpu: int
    value: int


class DriveLint(NamedTuple):
    """Something sets LINT0 (*pin* 0) or LINT1 (1) of a CPU."""

    cpu: int
    pin: int
    level: int


class FireLocalSource(NamedTuple):
    """The source of an LVT entry fires: thermal sensor, performance counters, corrected machine checks."""

    cpu: int
    register: Register


class DriveLegacyLine(NamedTuple):
    """A device raises (1) or lowers (0) a line of the 8259."""

    line: int
    level: int


class DrivePin(NamedTuple):
    """A device raises (1) or lowers (0) an I/O APIC input."""

    pin: int
    level: int


class ConfigurePin(NamedTuple):
    """The guest writes a redirection entry (64 bits)."""

    pin: int
    entry: int


class SendMsi(NamedTuple):
    """A device writes an interrupt message."""

    address: int
    data: int


class SetInterruptFlag(NamedTuple):
    """Holds a CPU's interrupt window shut, or lets go."""

    cpu: int
    enabled: bool


class SetBackend(NamedTuple):
    """Swaps the way the guest reaches its APIC. What is under way ends as it began."""

    backend: str


class SetCostSheet(NamedTuple):
    """Prices what is done from now on by the sheet that *reference* names, and begins to count anew."""

    reference: str


class Demonstrate(NamedTuple):
    """Starts or stops the machine's own slow activity."""

    enabled: bool


class Pause(NamedTuple):
    """Stops time."""


class Run(NamedTuple):
    """Lets time run."""


class SetSpeed(NamedTuple):
    """Virtual cycles a second of wall time; None is as fast as it goes."""

    speed: float | None


class StepBy(NamedTuple):
    """Runs so many operations or interrupts, then stands still."""

    unit: str
    amount: int


class RunUntilIdle(NamedTuple):
    """Runs until nothing is left to do, or *limit* operations."""

    limit: int


#: What goes past the guest.
HardwareCommand = (
    WriteRegister
    | ReadRegister
    | WriteMsr
    | ReadMsr
    | WriteCr8
    | DriveLint
    | FireLocalSource
    | DriveLegacyLine
    | DrivePin
    | ConfigurePin
    | SendMsi
)
Stimulus = SendIpi | CallGuest | HardwareCommand | SetInterruptFlag | SetBackend | SetCostSheet | Demonstrate
#: What lets a demonstration go on: all others act on the machine, and their sender wants to see what comes of it alone.
Undisturbing = ReadRegister | ReadMsr | SetInterruptFlag | SetBackend | SetCostSheet | Demonstrate
Transport = Pause | Run | SetSpeed | StepBy | RunUntilIdle
Command = Stimulus | Transport

OPERATION = "operation"
INTERRUPT = "interrupt"
