"""The stimuli that both machines of a pair are given, one after the other."""

from typing import NamedTuple

from app.engine.commands import CallGuest, DrivePin, HardwareCommand, SendIpi, SendMsi, SetInterruptFlag, Stimulus
from app.guest.generations import GUEST_FUNCTIONS
from app.x86.words import interrupt_words

#: What both machines can be given. What would make them other machines than those that are compared is not.
Pairable = SendIpi | CallGuest | HardwareCommand | SetInterruptFlag


class Cue(NamedTuple):
    """One command of a stimulus, so many cycles after the stimulus began."""

    offset: int
    command: Stimulus
    #: What B is given instead, where its kernel calls the same thing otherwise.
    for_b: Stimulus | None = None


class Script(NamedTuple):
    """Stimuli in their order, and what a reader has to know of where they come from."""

    title: str
    stimuli: tuple[tuple[Cue, ...], ...]
    remarks: tuple[str, ...] = ()


def at_once(*commands: Stimulus) -> tuple[Cue, ...]:
    """One stimulus: *commands*, all at its beginning."""
    return tuple(Cue(0, command) for command in commands)


def sends_through_apic(command: Stimulus) -> bool:
    """Whether it has the guest write ICR itself, below all that a hypervisor without APICs puts in its place."""
    match command:
        case SendIpi():
            return True
        case CallGuest():
            return GUEST_FUNCTIONS[command.function].writes_icr
        case _:
            return False


def stimulus_words(commands: tuple[Stimulus, ...]) -> str:
    """A stimulus in words: "CPU 0 calls smp_call_function()"."""
    match commands:
        case (DrivePin(pin, 1), DrivePin(other, 0)) if pin == other:
            return f"a device pulses pin {pin}"
        case (only,):
            return _words(only)
        case _:
            return ", then ".join(_words(command) for command in commands[:3]) + (" …" if len(commands) > 3 else "")


def _words(command: Stimulus) -> str:
    match command:
        case SendIpi(cpu, icr):
            return f"CPU {cpu} sends {interrupt_words(icr.vector, icr.delivery_mode, {})}"
        case CallGuest(cpu, function, target, mask, vector):
            given = [
                f"cpu {target}" if target is not None else "",
                f"mask {mask:#x}" if mask is not None else "",
                f"{vector:#04x}" if vector is not None else "",
            ]
            return f"CPU {cpu} calls {function}({', '.join(word for word in given if word)})"
        case DrivePin(pin, level):
            return f"a device {'raises' if level else 'lowers'} pin {pin}"
        case SendMsi(_, data):
            return f"a device sends {data & 0xFF:#04x}"
        case _:
            words = "_".join(map(str, command))
            return f"{type(command).__name__}({words.replace('_', ', ')})"
