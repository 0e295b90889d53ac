"""What frames run, as data: from that and from the replies that a generator got, it can be made anew.

Guest and host code knows its arguments and the replies to what it yields alone (``guest/asks``), so both say where it
stands.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from app.backends.backend import Backend, Found
from app.engine.guest_calls import GuestCall, begin
from app.engine.processor import Frame
from app.engine.programs import Once, Point, Program, Programs
from app.guest.apic_ops import Context
from app.guest.asks import EVENT_AGAIN, EVENT_LOOP
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


#: Names what begins when a hypervisor takes the guest out for something; beside these classes, which name all else.
KICK = "kick"


def code_of(code: Code, backend: Backend, cpu: Cpu, context: Context) -> Steps[None] | Steps[int]:
    """What runs *code* on *cpu*, from its beginning."""
    return GENERATORS[type(code)](code, backend, cpu, context)


def host_of(point: Point, backend: Backend, cpu: Cpu, programs: Programs) -> Point | None:
    """Where that begins which the hypervisor of *backend* does on *cpu* instead of the guest's step at *point*; None
    when the guest does it undisturbed."""
    hypervisor, step = backend.hypervisor, point.yielded
    assert hypervisor is not None
    first = hypervisor.intercept(step, cpu)
    if first is None:
        return None
    if isinstance(point, Once):
        return Once(first)
    # It answers alike each time: it looks at the step, and of the CPU at its number.
    return Program(lambda: hypervisor.intercept(step, cpu), programs, first).begins  # type: ignore[arg-type,return-value]


def kick_of(arrival: Arrival, backend: Backend, cpu: Cpu, programs: Programs) -> Point:
    """Where that begins which takes the guest out for *arrival*."""
    hypervisor = backend.hypervisor
    assert hypervisor is not None
    return programs.beginning((cpu.number, backend, KICK, arrival), lambda: hypervisor.kick(arrival, cpu))


# Anew


def rebuild(frame: Frame, cpu: Cpu, context: Context) -> None:
    """Makes the code of *frame*, which runs on *cpu*, anew from what it was sent. Nothing is performed. Elsewhere when
    it does not come to the steps at which it stood."""
    backend, code = frame.backend, frame.code
    programs = Programs()
    assert code is not None
    program = Program(lambda: code_of(code, backend, cpu, context), programs)
    guest = _come_again(frame, program, frame.guest)
    if frame.spin is not None:
        frame.spin = guest.yielded  # it waits there
    if frame.stands is None:
        frame.point = guest
        return
    frame.stands = guest
    if frame.kick is not None:
        host: Point | None = kick_of(frame.kick.arrival, backend, cpu, programs)
    else:
        host = host_of(guest, backend, cpu, programs)
    if host is None:
        raise Elsewhere(f"{frame.name or frame.code}: {backend.name} no longer takes {frame.step} over")
    assert host.program is not None
    frame.point = _come_again(frame, host.program, frame.point)


def _come_again(frame: Frame, program: Program, stood: Point) -> Point:
    """Where the replies lead to by which the code came to where it *stood*."""
    try:
        point = program.come_to(stood.replies)
    except (StopIteration, AssertionError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise Elsewhere(f"{frame.name or frame.code} under {frame.backend.name} does not go that way") from wrong
    stands, stood_at = point.yielded, stood.yielded
    if stands != stood_at or type(stands) is not type(stood_at):
        raise Elsewhere(f"{frame.name or frame.code} under {frame.backend.name} stands at {stands}, not at {stood_at}")
    return point
