"""One sentence about a moment: what bars the way of whatever tells most, or what ended otherwise than by acceptance.

Each CPU has the sentence that tells most of it, which stays the same as long as the CPU does; of these, of the pins, of
what ended and of what is under way, the first kind of the table below is the caption.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from app.engine.due import Flight
from app.engine.endings import Ending
from app.engine.processor import Processor
from app.engine.waits import Wait, gates_before
from app.guest.step_kinds import KIND_OF, Side
from app.hw.cpu import Cpu, RunState
from app.hw.event import Event, Reason
from app.hw.events import ErrorNoticed, Merged, PinChanged, Refused, RegisterFaulted, Retried, SendRefused
from app.hw.gates import FIRST, SHADOW, Gate, first_closed
from app.hw.io_apic import EDGE_LOST, UP_ALREADY
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast
from app.hw.waiting import gates_at, signal_gates, taken_words
from app.state.shapes import CaptionState
from app.state.step_words import last_step_words
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, Icr
from app.x86.redirection import LEVEL, MASKED, REMOTE_IRR
from app.x86.registers import Register
from app.x86.words import VectorNames, interrupt_words, vector_words

#: What a caption can be about, the most telling first: name, and what it says.
CAPTION_KINDS: dict[str, str] = {
    "stuck": "code that waits for what nothing under way brings, and why",
    "ended": "what ended otherwise than by acceptance since somebody acted last",
    "barred": "a requested vector, and the gate that it waits at",
    "unended": "a vector in service that no handler ends",
    "pin": "a line that asks while its pin sends nothing",
    "switch": "a back end that takes over as soon as nothing is under way",
    "waits": "code that waits, and for what",
    "coming": "a message under way",
    "next": "a vector that is taken next",
    "called": "a call that a CPU has not begun",
    "merged": "a request that became part of another since somebody acted last",
    "handles": "a handler that runs",
    "runs": "a function that runs",
    "startup": "a CPU that waits for a start-up IPI",
    "idle": "nothing waits",
}
_RANKS = {kind: rank for rank, kind in enumerate(CAPTION_KINDS)}
#: Links of a chain that are said.
_MOST_LINKS = 3
#: Requested vectors of one CPU that are looked at.
_MOST_ASKED = 4
#: CPUs that are named one by one.
_MOST_CPUS = 8
#: Gates that open by themselves with the next instruction, or when another has been taken.
_IN_TURN = (SHADOW, FIRST)
#: Endings after which what was asked for goes on all the same, or which follow from another.
_IN_PASSING = (Merged, Retried)


class Telling(NamedTuple):
    """A sentence about one thing: *kind* is of CAPTION_KINDS; *weight* orders those of one kind, the greatest first;
    *cpus* are those that it speaks of besides *cpu*."""

    kind: str
    words: str
    cpu: int | None = None
    vector: int | None = None
    pin: int | None = None
    weight: int = 0
    cpus: tuple[int, ...] = ()


# Of one CPU


def telling_of(processor: Processor, wait: Wait | None, names: VectorNames) -> Telling | None:
    """What tells most of a CPU that runs guest code; None when it idles."""
    cpu = processor.cpu
    if wait is not None and wait.for_ever:
        return _of_wait("stuck", cpu.number, wait)
    requested = _of_requests(cpu, lambda vector: first_closed(gates_before(processor, vector)), names)
    if requested is not None and requested.kind == "barred":
        return requested
    return (
        _of_signals(cpu)
        or _unended(processor, names)
        or _of_wait("waits", cpu.number, wait)
        or requested
        or _of_work(processor, names)
    )


def telling_of_recorded(cpu: Cpu, names: VectorNames) -> Telling | None:
    """The same where nothing is known of what runs."""
    requested = _of_requests(cpu, lambda vector: first_closed(gates_at(cpu, vector)), names)
    return requested or _of_signals(cpu) or _of_start(cpu)


def _requests(cpu: Cpu) -> Sequence[int]:
    """Requested vectors, or pending ports, in the order in which they would be taken: the first few."""
    channels = cpu.event_channels
    return list(cpu.apic.irr)[: -_MOST_ASKED - 1 : -1] if channels is None else list(channels.pending)[:_MOST_ASKED]


def _of_requests(cpu: Cpu, gate_of: Callable[[int], Gate | None], names: VectorNames) -> Telling | None:
    """The first that waits at a gate, rather one that does not only wait for another; or else what is taken next."""
    gates = [(vector, gate_of(vector)) for vector in _requests(cpu)]
    if not gates:
        return None
    barred = [(vector, gate) for vector, gate in gates if gate is not None]
    if not barred:
        vector = gates[0][0]
        what = "" if cpu.event_channels is None else "port "
        words = f"CPU {cpu.number}, {what}{vector_words(vector, names)}: {taken_words(cpu)}."
        return Telling("next", words, cpu.number, vector)
    vector, gate = min(barred, key=lambda one: one[1].kind is FIRST)
    return Telling("barred", barred_words(cpu, vector, gate, names), cpu.number, vector)


def barred_words(cpu: Cpu, vector: int, gate: Gate, names: VectorNames) -> str:
    """That *vector*, or a port, which is requested, waits on *cpu* at *gate*."""
    asker = vector_words(vector, names) if cpu.event_channels is None else f"Port {vector_words(vector, names)}"
    merged = (cpu.event_channels or cpu.apic).coalesced.get(vector, 0)
    often = "again" if merged == 1 else f"{merged} times more"
    again = f" It was asked for {often} meanwhile: the requests are one." if merged else ""
    return f"{asker} waits on CPU {cpu.number}: {gate.why}{_further(gates_at(cpu, vector))}.{again}"


def _further(gates: Iterable[Gate]) -> str:
    """What else bars the way, behind the first closed gate, as the hardware has it."""
    closed = [gate for gate in gates if gate.why]
    return "".join(f"; and {gate.why}" for gate in closed[1:] if gate.kind not in _IN_TURN)


def _of_signals(cpu: Cpu) -> Telling | None:
    """A signal without a vector that is latched, or asks, and cannot come in yet."""
    if not cpu.signalled:
        return None
    latched = {
        DeliveryMode.SMI: cpu.smi_pending,
        DeliveryMode.INIT: cpu.init_pending,
        DeliveryMode.NMI: bool(cpu.nmi_pending),
        DeliveryMode.EXTINT: cpu.external_requested(),
    }
    for mode in (mode for mode, waits in latched.items() if waits):
        gates = list(signal_gates(cpu, mode))
        gate = first_closed(gates)
        if gate is not None:
            why = f"{gate.why}{_further(gates)}"
            return Telling("barred", f"{interrupt_words(0, mode, {})} waits on CPU {cpu.number}: {why}.", cpu.number)
    return None


def _of_wait(kind: str, cpu: int, wait: Wait | None) -> Telling | None:
    if wait is None:
        return None
    links = " ".join(wait.because[:_MOST_LINKS])
    return Telling(
        kind, f"CPU {cpu} {wait.words}. {links}".rstrip(), cpu, weight=len(wait.because), cpus=tuple(wait.cpus)
    )


def _unended(processor: Processor, names: VectorNames) -> Telling | None:
    cpu = processor.cpu
    vector = cpu.apic.isr.highest()
    if vector is None or processor.handlers():
        return None
    what = vector_words(vector, names)
    words = (
        f"{what} is in service on CPU {cpu.number} without a handler: no EOI came, and its class and those below wait."
    )
    return Telling("unended", words, cpu.number, vector)


def _of_work(processor: Processor, names: VectorNames) -> Telling | None:
    number, handlers = processor.cpu.number, processor.handlers()
    step = _in_hypervisor(processor)
    if handlers and handlers[-1].name:
        handler = handlers[-1]
        what = handler.name if handler.vector is None else vector_words(handler.vector, names)
        return Telling("handles", f"CPU {number} handles {what}{step}.", number, handler.vector)
    if processor.frames and processor.frames[-1].name:
        return Telling("runs", f"CPU {number} runs {processor.frames[-1].name}(){step}.", number)
    return _of_start(processor.cpu) or _of_calls(processor, names)


def _in_hypervisor(processor: Processor) -> str:
    """That the CPU is there, and what is done there: its own step, or the one that the guest left by."""
    step = processor.last_step
    if not processor.in_host or step is None:
        return ""
    by_host = KIND_OF[type(step)].side is Side.HOST
    return f", in the hypervisor: {last_step_words(processor)}" if by_host else ", in the hypervisor"


def _of_calls(processor: Processor, names: VectorNames) -> Telling | None:
    """What a CPU was told to do, and has not begun: so it is as long as time stands still."""
    if not processor.calls:
        return None
    number, call = processor.cpu.number, processor.calls[0]
    command = call.arguments
    if isinstance(command, Icr):
        what = f"send {interrupt_words(command.vector, command.delivery_mode, names)}"
    else:
        what = f"call {call.function}()"
    more = len(processor.calls) - 1
    then = f", and {more} more call{'s' if more > 1 else ''} after it" if more else ""
    return Telling("called", f"CPU {number} is to {what} as soon as time runs{then}.", number)


def _of_start(cpu: Cpu) -> Telling | None:
    if cpu.run_state is not RunState.WAIT_FOR_SIPI:
        return None
    return Telling("startup", f"CPU {cpu.number} waits for a start-up IPI and runs nothing.", cpu.number)


# Of pins


def _of_pins(machine: Machine) -> list[Telling]:
    """Lines that ask while their pins, which are level-triggered, send nothing."""
    tellings = []
    for pin, line in enumerate(machine.io_apic.lines):
        why = _why_silent(machine.io_apic.entries[pin], machine) if line else ""
        if why:
            tellings.append(Telling("pin", f"The line of pin {pin} is up, and nothing is sent: {why}.", pin=pin))
    return tellings


def _why_silent(entry: int, machine: Machine) -> str:
    if not entry & LEVEL:
        return ""
    if entry & MASKED:
        return "the pin is masked"
    if entry & REMOTE_IRR:
        vector = entry & 0xFF
        ends = _who_ends(vector, machine)
        whose = "the" if ends is None else f"CPU {ends.cpu}'s"
        return f"remote IRR is 1 until {whose} EOI of {vector:#04x}"
    return "" if entry & DELIVERY_STATUS else "what it sent last was not accepted"


# Of the machine


def machine_caption(
    machine: Machine,
    tellings: Sequence[Telling | None],
    endings: Sequence[Ending],
    flights: Sequence[Flight],
    names: VectorNames,
    switch: Telling | None = None,
) -> CaptionState:
    """What tells most: *tellings* of each CPU, what the pins, what ended and what is under way tell, and the *switch*
    to another back end that waits."""
    pins = _of_pins(machine)
    found = [one for one in tellings if one is not None]
    stuck = {cpu for one in found if one.kind == "stuck" for cpu in (one.cpu, *one.cpus)}
    found += pins
    found += [switch] if switch else []
    found += _of_endings(machine, endings, pins, stuck, names)
    found += _of_flights(flights, machine, names)
    if not found:
        return {
            "kind": "idle",
            "words": "Nothing waits, and nothing is under way.",
            "cpu": None,
            "vector": None,
            "pin": None,
        }
    best = min(found, key=_order)
    words = best.words
    if best.kind == "barred":
        others = sum(one.kind == "barred" for one in found) - 1
        words += f" {others} more CPU{'s have' if others > 1 else ' has'} a vector that waits." if others else ""
    if best.kind == "stuck":  # it stays so; what somebody did meanwhile had its end all the same
        words = " ".join((words, *(one.words for one in found if one.kind == "ended")))
    return {"kind": best.kind, "words": words, "cpu": best.cpu, "vector": best.vector, "pin": best.pin}


def _order(telling: Telling) -> tuple[int, int]:
    return _RANKS[telling.kind], -telling.weight


def _of_flights(flights: Sequence[Flight], machine: Machine, names: VectorNames) -> Iterator[Telling]:
    if not flights:
        return
    message = flights[0].message
    if isinstance(message, EoiBroadcast):
        words = (
            f"The EOI of {vector_words(message.vector, names)} is on its way from CPU {message.source} to the I/O APIC."
        )
        yield Telling("coming", words, message.source, message.vector)
        return
    targets = machine.targets(message)
    whom = (
        f"CPU {', '.join(map(str, targets[:_MOST_CPUS]))}{' …' if len(targets) > _MOST_CPUS else ''}"
        if targets
        else "nobody"
    )
    what = interrupt_words(message.vector, message.delivery_mode, names)
    yield Telling("coming", f"{what} is on its way to {whom}.", targets[0] if targets else None, message.vector)


def telling_of_switch(
    now: str, following: str | None, processors: Sequence[Processor], flights: Sequence[Flight]
) -> Telling | None:
    """That *following* is to take over from the back end of *now*, and what it waits for; None when none is."""
    if following is None:
        return None
    busy = [str(processor.cpu.number) for processor in processors if processor.frames]
    many = len(flights)
    under_way = [
        *([f"code on CPU {', '.join(busy[:_MOST_CPUS])}{' …' if len(busy) > _MOST_CPUS else ''}"] if busy else []),
        *([f"{many} message{'s' if many > 1 else ''}"] if many else []),
    ]
    words = (
        f"{following} takes over as soon as nothing is under way. Until then {now} goes on: {' and '.join(under_way)}."
    )
    return Telling("switch", words)


# Of what ended


def _of_endings(
    machine: Machine, endings: Sequence[Ending], pins: Sequence[Telling], stuck: set[int | None], names: VectorNames
) -> Iterator[Telling]:
    """The newest that is a cause, unless code that is stuck over it tells more."""
    asking = {one.pin for one in pins}
    causes = [ending for ending in endings if ending.fresh and _counts(ending.event, machine, asking)]
    ending = next(
        (one for one in reversed(causes) if not isinstance(one.event, ErrorNoticed)), causes[-1] if causes else None
    )
    if ending is None:
        return
    event, place = ending.event, ending.event.place
    kind = "merged" if isinstance(event, _IN_PASSING) else "ended"
    if kind == "ended" and place.cpu is not None and place.cpu in stuck:
        return
    times = f" So it went {ending.times} times." if ending.times > 1 else ""
    words = f"{event.words(names)}{_more(event, machine)}{times}"
    yield Telling(kind, words, place.cpu, place.vector, place.pin)


def _counts(event: Event, machine: Machine, asking: set[int | None]) -> bool:
    """Whether the present still bears it out, and nothing else says it better."""
    match event:
        case PinChanged(pin):
            return pin in asking or event.reason in (EDGE_LOST, UP_ALREADY)
        case SendRefused():
            return event.reason is not Reason.INIT_DEASSERT
        case Merged(cpu, vector):
            return vector not in (machine.cpus[cpu].event_channels or machine.cpus[cpu].apic).coalesced
        case _:
            return True


def _more(event: Event, machine: Machine) -> str:
    """What the event could not know."""
    match event:
        case Refused(cpu) if machine.cpus[cpu].run_state is RunState.WAIT_FOR_SIPI:
            return " It was reset by INIT and waits for a start-up IPI."
        case RegisterFaulted(cpu, Register.EOI) if (vector := machine.cpus[cpu].apic.isr.highest()) is not None:
            return f" {vector:#04x} stays in service."
        case PinChanged(pin):
            entry = machine.io_apic.entries[pin]
            return _where_it_is(entry & 0xFF, machine) if entry & REMOTE_IRR else ""
        case _:
            return ""


class _Ends(NamedTuple):
    """The CPU whose EOI is awaited, and where it has the vector until then."""

    cpu: int
    where: str


def _who_ends(vector: int, machine: Machine) -> _Ends | None:
    """Whose EOI of a level-triggered *vector* is awaited: where TMR has it as such, if anywhere."""
    found = [
        (vector in cpu.apic.tmr, _Ends(cpu.number, where))
        for cpu in machine.cpus
        for where, vectors in (("in service", cpu.apic.isr), ("requested", cpu.apic.irr))
        if vector in vectors
    ]
    return max(found, key=lambda one: one[0], default=(False, None))[1]


def _where_it_is(vector: int, machine: Machine) -> str:
    ends = _who_ends(vector, machine)
    return (
        f" No CPU has {vector:#04x} any more." if ends is None else f" CPU {ends.cpu} has {vector:#04x} {ends.where}."
    )
