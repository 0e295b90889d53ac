"""What a person is told once a command has been applied."""

from app.backends.catalogue import BACKENDS
from app.engine.commands import (
    CallGuest,
    ConfigurePin,
    Demonstrate,
    DriveLegacyLine,
    DriveLint,
    DrivePin,
    FireLocalSource,
    HardwareCommand,
    ReadMsr,
    ReadRegister,
    SendIpi,
    SendMsi,
    SetBackend,
    SetCostSheet,
    SetInterruptFlag,
    Stimulus,
    WriteCr8,
    WriteMsr,
    WriteRegister,
)
from app.x86.words import VectorNames, interrupt_words, register_words


def answer_words(command: Stimulus, names: VectorNames, *, paused: bool, remark: str = "") -> str:
    """One sentence; a second one when nothing will be seen of it before time runs. *names* are the kernel's vectors,
    *remark* what the cost sheet leaves out of the back end."""
    later = " It begins when time runs." if paused else ""
    match command:
        case SendIpi(cpu, icr):
            return f"CPU {cpu} has been told to send {interrupt_words(icr.vector, icr.delivery_mode, names)}.{later}"
        case CallGuest(cpu, function):
            return f"CPU {cpu} has been told to call {function}().{later}"
        case SetInterruptFlag(cpu, enabled):
            return f"CPU {cpu}: its interrupts are {'let in' if enabled else 'held off'}."
        case SetBackend(backend):
            if BACKENDS[backend].event_channels:
                return f"What begins now has no APIC but event channels ({backend})."
            return f"What begins now reaches the APIC by {backend}{f' {remark}' if remark else ''}."
        case SetCostSheet(reference):
            less = f" The back end begins everything {remark}." if remark else ""
            return f"What is done from now on is priced by {reference}.{less} The counters begin anew."
        case Demonstrate(enabled):
            return "The machine stirs by itself." if enabled else "The machine is quiet."
        case _:
            return _hardware_words(command)


def ignored_words(command: Stimulus, reason: str) -> str:
    """What a person is told whose write did nothing, for *reason*."""
    match command:
        case WriteRegister(cpu, register):
            return f"CPU {cpu}: {register_words(register)} was not written (ignored: {reason})."
        case WriteMsr(cpu, msr):
            return f"CPU {cpu}: MSR {msr:#x} was not written (ignored: {reason})."
        case _:
            return f"Nothing was written (ignored: {reason})."


def _hardware_words(command: HardwareCommand) -> str:
    match command:
        case WriteRegister(cpu, register, value):
            return f"CPU {cpu}: {register_words(register)} was written: {value:#x}."
        case ReadRegister(cpu, register):
            return f"CPU {cpu}: {register_words(register)} was read."
        case WriteMsr(cpu, msr, value):
            return f"CPU {cpu}: MSR {msr:#x} was written: {value:#x}."
        case ReadMsr(cpu, msr):
            return f"CPU {cpu}: MSR {msr:#x} was read."
        case WriteCr8(cpu, value):
            return f"CPU {cpu}: CR8 was written: {value:#x}."
        case DriveLint(cpu, pin, level):
            return f"CPU {cpu}: LINT{pin} is {'up' if level else 'down'}."
        case FireLocalSource(cpu, register):
            return f"CPU {cpu}: the source of {register_words(register)} has fired."
        case DriveLegacyLine(line, level):
            return f"Line {line} of the 8259 is {'up' if level else 'down'}."
        case DrivePin(pin, level):
            return f"Pin {pin} is {'up' if level else 'down'}."
        case ConfigurePin(pin):
            return f"Pin {pin} has a new redirection entry."
        case SendMsi():
            return "The device has written its message."
