"""Every guest function step by step: where it stands in the kernel, and what it does under one back end."""

from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from app.backends.catalogue import BACKENDS
from app.guest.generations import GENERATIONS
from app.guest.step_kinds import KIND_OF
from app.guest.steps import Step
from app.measure.sequences import Sequence, sequences
from app.state.step_words import step_words
from app.web.errors import Problem
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)

#: What is shown first: an APIC that everybody knows, under the newest kernel.
_FIRST = "linux-6/native-xapic"


class Line(NamedTuple):
    """One step in words, whether it reaches for the APIC or the hypervisor, and its ways out of the guest."""

    words: str
    reaches: bool
    exits: int


class Function(NamedTuple):
    """A guest function and its lines; None: it never comes about."""

    sequence: Sequence
    lines: tuple[Line, ...] | None

    @property
    def exits(self) -> int:
        return sum(line.exits for line in self.lines or ())


def guests() -> dict[str, tuple[str, str]]:
    """Every kernel with every back end that goes with it, by the name that an address has for the two."""
    return {
        f"{kernel.name}/{name}": (kernel.name, name)
        for kernel in GENERATIONS.values()
        for name, definition in BACKENDS.items()
        if definition.reason_against(kernel) is None
    }


def functions_of(generation: str, backend: str) -> tuple[Function, ...]:
    """What the page shows of one guest."""
    event_channels = BACKENDS[backend].event_channels
    return tuple(_function(sequence, event_channels) for sequence in sequences(generation, backend))


def _function(sequence: Sequence, event_channels: bool) -> Function:
    if sequence.steps is None:
        return Function(sequence, None)
    return Function(
        sequence,
        tuple(
            Line(step_words(done.step, event_channels=event_channels), _reaches(done.step), done.exits)
            for done in sequence.steps
        ),
    )


def _reaches(step: Step) -> bool:
    kind = KIND_OF[type(step)]
    return kind.is_access or kind.is_hypercall


@router.get("/guest-functions")
def guest_functions(request: Request, guest: str = _FIRST) -> Response:  # no coroutine: it runs machines, in a thread
    """The functions of the guest that *guest* names: a kernel and a back end, apart by a slash."""
    known = guests()
    if guest not in known:
        raise Problem(422, "There is no such guest", errors=[("guest", f"one of {', '.join(known)}")])
    generation, backend = known[guest]
    context = {
        "guests": known,
        "chosen": guest,
        "kernel": GENERATIONS[generation],
        "back_end": BACKENDS[backend],
        "functions": functions_of(generation, backend),
    }
    return templates.TemplateResponse(request, "pages/guest_functions.html", context)
