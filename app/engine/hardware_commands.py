"""Commands that go straight to the hardware, past the guest: at once and free of cost."""

from app.engine.commands import (
    ConfigurePin,
    DriveLegacyLine,
    DriveLint,
    DrivePin,
    FireLocalSource,
    HardwareCommand,
    ReadMsr,
    ReadRegister,
    SendMsi,
    WriteCr8,
    WriteMsr,
    WriteRegister,
)
from app.hw.events import Fault, Ignored
from app.hw.machine import Machine


def perform(machine: Machine, command: HardwareCommand) -> int | Fault | Ignored | None:
    """Does *command* to *machine*. Returns the value of a read, the fault that an access met, or why a write did
    nothing."""
    match command:
        case WriteRegister() | ReadRegister() | WriteMsr() | ReadMsr() | WriteCr8():
            return _access(machine, command)
        case DrivePin(pin, level):
            machine.drive_pin(pin, level)
        case ConfigurePin(pin, entry):
            return machine.write_redirection_entry(pin, entry)
        case SendMsi(address, data):
            machine.send_msi(address, data)
        case DriveLint(cpu, pin, level):
            machine.drive_lint(cpu, pin, level)
        case FireLocalSource(cpu, register):
            machine.fire_local(cpu, register)
        case DriveLegacyLine(line, level):
            machine.drive_legacy_line(line, level)
    return None


def _access(
    machine: Machine, command: WriteRegister | ReadRegister | WriteMsr | ReadMsr | WriteCr8
) -> int | Fault | Ignored | None:
    match command:
        case WriteRegister(cpu, register, value):
            return machine.write_register(cpu, register, value)
        case ReadRegister(cpu, register):
            return machine.read_register(cpu, register)
        case WriteMsr(cpu, msr, value):
            return machine.write_msr(cpu, msr, value)
        case ReadMsr(cpu, msr):
            return machine.read_msr(cpu, msr)
        case WriteCr8(cpu, value):
            return machine.write_cr8(cpu, value)


def cpus_concerned(command: HardwareCommand) -> list[int]:
    """The CPUs that may have something to do because of *command*, apart from the targets of its messages."""
    match command:
        case DrivePin() | ConfigurePin() | SendMsi():
            return []
        case DriveLegacyLine():
            return [0]
        case _:
            return [command.cpu]
