"""Steps in words: what a CPU does, without who does it. The words stand with the kinds, in ``guest/step_kinds``."""

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
