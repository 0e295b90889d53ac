"""The stimuli that both machines of a pair are given, one after the other."""

from typing import NamedTuple

from app.commands.command import Stimulus
from app.commands.lines import LowerPin, RaisePin


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


def stimulus_words(commands: tuple[Stimulus, ...]) -> str:
    """A stimulus in words: "CPU 0 calls smp_call_function()"."""
    match commands:
        case (RaisePin(pin), LowerPin(other)) if pin == other:
            return f"a device pulses pin {pin}"
        case _:
            words = ", then ".join(command.words for command in commands[:3])
            return words + (" …" if len(commands) > 3 else "")
