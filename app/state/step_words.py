"""Steps in words: what a CPU does, without who does it. The words stand with the kinds, in ``guest/step_kinds``."""

from app.engine.processor import Processor
from app.guest.step_kinds import KIND_OF
from app.guest.steps import Step
from app.x86.words import register_words


def step_words(step: Step, *, event_channels: bool = False) -> str:
    """What a step does, without who does it; *event_channels*: by a guest that has those instead of an APIC."""
    kind = KIND_OF[type(step)]
    words = (kind.upcall_words if event_channels else "") or kind.words
    register: int | None = getattr(step, "register", None)
    said = words if isinstance(words, str) else words(step)
    return said.format(step=step, register="" if register is None else register_words(register))


def last_step_words(processor: Processor) -> str:
    """The step that *processor* did last; empty when there was none."""
    step = processor.last_step
    return step_words(step, event_channels=processor.cpu.event_channels is not None) if step is not None else ""
