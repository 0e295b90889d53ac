"""What frames run, as data: from that and from the replies that a generator got, it can be made anew.

Guest and host code knows its arguments and the replies to what it yields alone (``guest/asks``), so both say where it
stands.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.backends.backend import Backend, Found
from app.engine.guest_calls import GuestCall, begin
from app.engine.processor import Frame, Replies
from app.guest.answers import ANSWERS
from app.guest.apic_ops import Context
from app.guest.asks import EVENT_AGAIN, EVENT_LOOP, Again
from app.guest.device_interrupts import do_nmi, smi_handler
from app.guest.steps import (
    Acknowledge,
    Arriving,
    EnterNmi,
    EnterSmm,
    Halt,
    NextEvent,
    ResumeFromSmm,
    ReturnFromInterrupt,
    Step,
    Steps,
)
from app.hw.cpu import Arrival, Cpu

_ACKNOWLEDGE = Acknowledge()
_RETURN = ReturnFromInterrupt()
#: The step that takes each arrival, and the one that ends its handler.
STEPS: dict[Arrival, tuple[Arriving, ReturnFromInterrupt | ResumeFromSmm]] = {
    Arrival.SMI: (EnterSmm(), ResumeFromSmm()),
    Arrival.NMI: (EnterNmi(), _RETURN),
    Arrival.INTERRUPT: (_ACKNOWLEDGE, _RETURN),
}
_HALT = Halt()


class Elsewhere(ValueError):
    """A frame's code does not go the way on which the frame stood: it has changed since, or was given other replies."""


# What a frame runs


class Call(NamedTuple):
    """A guest function that a person had called."""

    call: GuestCall


class DefaultIdle(NamedTuple):
    """The idle loop of a guest whose HLT a hypervisor sees."""


class StartSecondary(NamedTuple):
    """What a CPU does behind a start-up IPI."""


class Take(NamedTuple):
    """Through the gate and to the end of the handler, with no hypervisor there."""

    arrival: Arrival


class Deliver(NamedTuple):
    """The hypervisor, which *found* the CPU so, brings *arrival* into the guest."""

    found: Found
    arrival: Arrival


class Serve(NamedTuple):
    """From the first instruction of a handler until it is back."""

    arrival: Arrival
    vector: int


Code = Call | DefaultIdle | StartSecondary | Take | Deliver | Serve


def _deliver(code: Deliver, backend: Backend, cpu: Cpu, context: Context) -> Steps[int]:
    assert backend.hypervisor is not None
    return backend.hypervisor.deliver(code.found, STEPS[code.arrival][0], cpu, context.kernel)


def _start_secondary(code: StartSecondary, backend: Backend, cpu: Cpu, context: Context) -> Steps[None]:
    return backend.generation.start_secondary(context)


def _call(code: Call, backend: Backend, cpu: Cpu, context: Context) -> Steps[None]:
    return begin(context, code.call)


def _default_idle(code: DefaultIdle, backend: Backend, cpu: Cpu, context: Context) -> Steps[None]:
    yield _HALT


def _take(code: Take, backend: Backend, cpu: Cpu, context: Context) -> Steps[None]:
    vector = yield STEPS[code.arrival][0]
    yield from _handle(backend, context, code.arrival, vector)


def _serve(code: Serve, backend: Backend, cpu: Cpu, context: Context) -> Steps[None]:
    return _handle(backend, context, code.arrival, code.vector)


def _handle(backend: Backend, context: Context, arrival: Arrival, vector: int) -> Steps[None]:
    if arrival is Arrival.INTERRUPT:
        yield from backend.generation.handler_of(vector)(context, vector)
        if backend.event_channels:
            yield EVENT_LOOP
            while (vector := (yield NextEvent())) >= 0:
                yield from backend.generation.handler_of(vector)(context, vector)
                yield EVENT_AGAIN
    else:
        yield from do_nmi(context) if arrival is Arrival.NMI else smi_handler(context)
    yield backend.definition.leaving(backend.generation, arrival) or STEPS[arrival][1]


#: What makes each kind run on a CPU, from its beginning. Only what a hypervisor delivers gives anything: the vector.
GENERATORS: dict[type, Callable[[Any, Backend, Cpu, Context], Steps[None] | Steps[int]]] = {
    Call: _call,
    DefaultIdle: _default_idle,
    StartSecondary: _start_secondary,
    Take: _take,
    Deliver: _deliver,
    Serve: _serve,
}


# What a hypervisor does in between


def kick_of(frame: Frame, cpu: Cpu) -> Steps[int | None]:
    """Takes the guest out for ``frame.kick``, and then gives it what it was to get."""
    assert frame.backend.hypervisor is not None
    assert frame.kick is not None
    return _then(frame.backend.hypervisor.kick(frame.kick.arrival, cpu), frame.kept)


def _then(code: Steps[None], value: int | None) -> Steps[int | None]:
    yield from code
    return value


def past_asks(code: Steps[Any], replies: Replies, yielded: Any, cpu: Cpu) -> Step:
    """Answers what *code* asks, from *yielded* on, up to its next step. *replies* get the answers; when a loop without
    bound goes round again, they are what they were at its head."""
    while (kind := type(yielded)) in ANSWERS:
        reply = ANSWERS[kind](yielded, cpu)
        if kind is Again:
            while replies[-1] != yielded.name:
                replies.pop()
        else:
            replies.append(reply)
        yielded = code.send(reply)
    return yielded  # type: ignore[no-any-return]  # there is an answer to every ask: this is a step


# Anew


def rebuild(frame: Frame, cpu: Cpu, context: Context) -> None:
    """Makes the generators of *frame*, which runs on *cpu*, anew from what they were sent. Nothing is performed.
    Elsewhere when they do not come to the steps at which they stood."""
    backend = frame.backend
    hypervisor = backend.hypervisor
    assert frame.code is not None
    frame.generator = GENERATORS[type(frame.code)](frame.code, backend, cpu, context)
    if frame.host is None:
        replies, stands = frame.replies, frame.step
    else:
        replies, stands = frame.guest_replies, frame.guest_step
    guest = _come_again(frame, frame.generator, replies, stands)
    if frame.spin is not None:
        frame.spin = guest  # type: ignore[assignment]  # it waits there
    if frame.host is None:
        frame.step = guest
        return
    frame.guest_step = guest
    if frame.kick is not None:
        frame.host = kick_of(frame, cpu)
    else:
        assert hypervisor is not None
        frame.host = hypervisor.intercept(guest, cpu)  # type: ignore[arg-type]  # it is a step of the guest
    if frame.host is None:
        raise Elsewhere(f"{frame.name or frame.code}: {backend.name} no longer takes {guest} over")
    frame.step = _come_again(frame, frame.host, frame.replies, frame.step)


def _come_again(frame: Frame, code: Steps[Any], replies: Replies, stood: Step | None) -> Step | None:
    """Lets *code* come to the step at which it *stood*, if it has begun."""
    step: Any = None if replies else stood
    try:
        for reply in replies:
            step = code.send(reply)  # type: ignore[arg-type]  # None starts it
    except (StopIteration, AssertionError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise Elsewhere(f"{frame.name or frame.code} under {frame.backend.name} does not go that way") from wrong
    if step != stood or type(step) is not type(stood):
        raise Elsewhere(f"{frame.name or frame.code} under {frame.backend.name} stands at {step}, not at {stood}")
    return step
