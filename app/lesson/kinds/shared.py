"""What several kinds share: parameters, answers in words, ideas that answer several questions."""

from collections.abc import Sequence

from app.commands.command import Field
from app.commands.field_types import Cpu, Whole
from app.commands.guest import SendIpi
from app.engine.events import Event
from app.hw.cpu import Cpu as HardwareCpu
from app.lesson.questions import NotApplicable, Value
from app.lesson.situation import Situation, VectorTaken
from app.x86.icr import Icr
from app.x86.words import VectorNames, vector_words

CPU = Field("cpu", Cpu())
VECTOR = Field("vector", Whole(0, 255, bits=True))

# Sentences of ideas that answer several questions

BY_VECTOR = "A higher vector always pre-empts a lower one."
FIRST_COME = "Interrupts are served in the order in which they came."
LAST_COME = "What came last interrupts what came before."
LOW_FIRST = "The lower the vector, the higher its priority."
DEAF = "A CPU whose interrupts are off receives nothing: what comes is lost."
TOO_LOW = "What is below the priority is thrown away."
QUEUED = "A second request is queued behind the first, and handled for itself."
IN_SERVICE_MERGES = "What comes while its vector is in service is one with that."


def vector_answer(value: Value, names: VectorNames) -> str:
    """A vector, by the kernel's name if it has one."""
    return vector_words(value, names) if isinstance(value, int) else "nothing"


def cpu_answer(value: Value, names: VectorNames) -> str:
    """One CPU, or none."""
    return f"CPU {value}" if isinstance(value, int) else "no CPU"


def cpus_answer(value: Value, names: VectorNames) -> str:
    """A set of CPUs, which may be empty."""
    return f"CPU {', '.join(map(str, value))}" if isinstance(value, tuple) and value else "no CPU"


def taken_by(event: Event, cpu: int | None, vector: int | None) -> VectorTaken | None:
    """*event*, if a *cpu* takes a *vector* by it; None: any."""
    if isinstance(event, VectorTaken) and cpu in (None, event.cpu) and vector in (None, event.vector):
        return event
    return None


def lets_in(cpu: HardwareCpu) -> bool:
    """Whether interrupts come into *cpu*, priority apart."""
    return cpu.interrupt_flag and not cpu.held_off


def sent(situation: Situation) -> tuple[Icr, int, Sequence[HardwareCpu]]:
    """The last interrupt command that is given, who gives it, and all CPUs. NotApplicable where none is."""
    for command in reversed(situation.commands):
        if isinstance(command, SendIpi):
            return command.icr, command.cpu, situation.now.machine.cpus
    raise NotApplicable
