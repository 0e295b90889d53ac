"""The gate ladder: for anything selected, the list of gates that it passes, and the first closed one in a sentence.

A way in is made of stretches, each of which the model has a function for: a pin's or a local source's gates, those of
a message at its target, those between a request and its CPU. What has come as far as a request has passed all gates
before that, whatever they stand at now.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.backends.backend import Backend
from app.engine.due import Flight
from app.engine.processor import Processor
from app.engine.waits import Link, Waits, gates_before
from app.hw.arriving import free, gates_into, legal, local_gates, mode_of, pin_gates, takes_signals
from app.hw.cpu import Cpu
from app.hw.destination import disabled_targets
from app.hw.event import Reason, disabled_words
from app.hw.gates import (
    APIC_ON,
    ARRIVED,
    DESTINATION,
    IN_GUEST,
    PRIORITY,
    REMOTE_IRR,
    SENT,
    TAKEN,
    VIRTUAL_PRIORITY,
    Gate,
    first_closed,
)
from app.hw.io_apic import is_level
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.hw.waiting import gates_at, reserved, signal_gates, taken_words
from app.state.caption import barred_words
from app.state.shapes import CaptionState, GateState, LadderState, Passage, Status, Way
from app.x86.icr import DeliveryMode
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register
from app.x86.words import VectorNames, interrupt_words, register_words, vector_words

#: What a gate stood at that has closed behind what passed it: of its present value the opposite would be read.
_SO_WHEN_PASSED = "was so when it passed"
_FIXED = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)


class NothingThere(LookupError):
    """What was asked about is not there."""


class Look(NamedTuple):
    """A machine at a moment. Of a recording nobody knows *processors*, *waits* and *backend*."""

    machine: Machine
    flights: Sequence[Flight]
    names: VectorNames
    processors: Sequence[Processor] | None = None
    waits: Waits | None = None
    backend: Backend | None = None

    def cpu(self, number: int) -> Cpu:
        """NothingThere when there is no such CPU."""
        if not 0 <= number < len(self.machine.cpus):
            raise NothingThere(f"there is no CPU {number}: there are 0 to {len(self.machine.cpus) - 1}")
        return self.machine.cpus[number]

    def gates(self, cpu: int, vector: int) -> list[Gate]:
        """The gates between a request and its CPU, with what the back end puts between."""
        if self.processors is None:
            return list(gates_at(self.machine.cpus[cpu], vector))
        gates = list(gates_before(self.processors[cpu], vector))
        if self.backend is not None and self.backend.hypervisor is not None and gates[-1].kind is not IN_GUEST:
            gates.append(Gate(IN_GUEST, "idle"))
        virtual = self.backend is not None and self.backend.definition.has_virtual_page
        return [gate._replace(kind=VIRTUAL_PRIORITY) if virtual and gate.kind is PRIORITY else gate for gate in gates]


class _Way(NamedTuple):
    """What a ladder is made of: *gates* of which the first *passed* are behind it, and how the caption begins."""

    title: str
    way: Way
    status: Status
    gates: list[Gate]
    passed: int
    begins: str
    cpu: int | None = None
    vector: int | None = None
    pin: int | None = None


class _Has(NamedTuple):
    cpu: int
    #: And not in service.
    requested: bool


class Selection(NamedTuple):
    """What a ladder is asked for: a *vector* at a *cpu*, the *source* of an LVT entry of a CPU, what the *code* of a
    CPU waits for, a *pin*, or a *message* under way, perhaps at one of its targets."""

    cpu: int | None = None
    vector: int | None = None
    source: Register | None = None
    pin: int | None = None
    message: int | None = None
    code: bool = False

    @property
    def things(self) -> list[str]:
        """The names of what is asked for."""
        given = {
            **{name: getattr(self, name) is not None for name in ("vector", "source", "pin", "message")},
            "code": self.code,
        }
        return [name for name, asked in given.items() if asked]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Why it selects nothing, or too much, by field; empty when it is one thing."""
        match self.things:
            case []:
                return [("vector", "must be there, or one of source, code, pin, message")]
            case [_, _, *_] as things:
                return [(name, f"only one of {', '.join(things)} may be there") for name in things]
            case ["vector" | "source" | "code" as thing] if self.cpu is None:
                return [("cpu", f"must be there with {thing}")]
            case _:
                return []


def ladder(look: Look, selection: Selection) -> LadderState:
    """The ladder of what is selected, which must be one thing. NothingThere when it is not there."""
    match selection:
        case Selection(cpu=int(cpu), vector=int(vector)):
            return vector_ladder(look, cpu, vector)
        case Selection(cpu=int(cpu), source=Register() as register):
            return source_ladder(look, cpu, register)
        case Selection(cpu=int(cpu), code=True):
            return code_ladder(look, cpu)
        case Selection(pin=int(pin)):
            return pin_ladder(look, pin)
        case Selection(message=int(message), cpu=cpu):
            return message_ladder(look, message, cpu)
        case _:
            field, problem = selection.problems[0]
            raise NothingThere(f"{field}: {problem}")


# What can be selected


def vector_ladder(look: Look, number: int, vector: int) -> LadderState:
    """A vector at a CPU, or a port: requested, coming, in service, or only asked about."""
    cpu = look.cpu(number)
    channels = cpu.event_channels
    requested = cpu.apic.irr if channels is None else channels.pending
    if vector in requested:
        return _ladder(_requested(look, cpu, vector))
    flight = _flight_of(look, number, vector)
    if flight is not None:
        return _message(look, flight, number)
    what = _named(cpu, vector, look.names)
    if channels is None and vector in cpu.apic.isr:
        words = f"{what} is in service on CPU {number}. Its class and those below wait until its EOI."
        gates = [Gate(SENT, "in service"), *_at_cpu(look, cpu, vector)]
        return _ladder(
            _Way(f"{what} on CPU {number}", _way(cpu), "in_service", gates, len(gates), words, number, vector)
        )
    return _asked_about(look, cpu, vector)


def source_ladder(look: Look, number: int, register: Register) -> LadderState:
    """The source of an LVT entry of a CPU. NothingThere when its APIC has no such entry."""
    cpu = look.cpu(number)
    if register not in cpu.apic.lvt:
        raise NothingThere(f"the APIC of CPU {number} has no {register_words(register)}")
    entry = cpu.apic.lvt[register]
    mode, vector = mode_of(register, entry), entry & 0xFF
    gates = list(local_gates(cpu, register))
    title = f"{register_words(register)} of CPU {number}"
    if mode is DeliveryMode.FIXED and vector in cpu.apic.irr:
        way = _requested(look, cpu, vector)
        return _ladder(way._replace(title=title, way="source", gates=[*gates[:-2], *way.gates[2:]], passed=len(gates)))
    rest = look.gates(number, vector) if mode is DeliveryMode.FIXED else list(signal_gates(cpu, mode))
    begins = f"{title} would bring {interrupt_words(vector, mode, look.names)}."
    gates = _without_second(gates, rest)
    return _ladder(_Way(title, "source", "asked_about", gates, 0, begins, number, vector))


def pin_ladder(look: Look, pin: int) -> LadderState:
    """A pin of the I/O APIC, up to the CPU that it interrupts."""
    if not 0 <= pin < PIN_COUNT:
        raise NothingThere(f"there is no pin {pin}: there are 0 to {PIN_COUNT - 1}")
    io_apic = look.machine.io_apic
    flight = next((one for one in look.flights if _is_of_pin(one, pin)), None)
    if flight is not None:
        return _message(look, flight, None)
    message = io_apic.message_of(pin, 0)
    gates = list(pin_gates(io_apic, pin))
    targets = look.machine.targets(message)
    title = f"Pin {pin}"
    waits = next((place for place, gate in enumerate(gates) if gate.kind is REMOTE_IRR and not gate.is_open), None)
    has = _who_has(look.machine, message.vector) if message.delivery_mode in _FIXED else None
    is_its = waits is not None or (not is_level(io_apic.entries[pin]) and has is not None and has.cpu in targets)
    if has is not None and has.requested and is_its:
        way = _requested(look, look.cpu(has.cpu), message.vector)
        passed = len(gates) + way.passed
        gates = [*gates, Gate(DESTINATION, message.destination_words()), *way.gates[1:]]
        return _ladder(way._replace(title=title, way="pin", gates=gates, passed=passed, pin=pin))
    if has is not None and waits is not None:
        why = f"remote IRR is 1 until CPU {has.cpu}'s EOI of {message.vector:#04x}"
        gates[waits] = gates[waits]._replace(why=why)
    begins = f"{title} would bring {interrupt_words(message.vector, message.delivery_mode, look.names)}."
    gates += _to_targets(look, message, None)
    return _ladder(
        _Way(title, "pin", "asked_about", gates, 0, begins, targets[0] if targets else None, message.vector, pin)
    )


def message_ladder(look: Look, number: int, cpu: int | None = None) -> LadderState:
    """A message under way, at one of its targets: *cpu*, or the one where it is held up. NothingThere when no such
    message is under way."""
    flight = next((one for one in look.flights if one.message.number == number), None)
    if flight is None:
        raise NothingThere(f"message {number} is not under way")
    return _message(look, flight, cpu)


def code_ladder(look: Look, number: int) -> LadderState:
    """The code of a CPU: what it waits for, across CPUs, and the gates of the vector at which the chain ends."""
    look.cpu(number)
    if look.processors is None or look.waits is None:
        raise NothingThere("nobody knows what runs in a recording")
    wait = look.waits.of(look.processors[number])
    if wait is None:
        words = f"CPU {number} waits for nobody."
        return {
            "title": f"Code of CPU {number}",
            "way": "code",
            "status": "runs",
            "gates": [],
            "chain": [],
            "caption": _caption("runs", words, number, None, None),
        }
    end = next((link for link in reversed(wait.links) if link.vector is not None), None)
    gates: list[GateState] = []
    if end is not None and end.vector is not None:
        gates = vector_ladder(look, end.cpu, end.vector)["gates"]
    first = f"CPU {number} {wait.words}."
    words = " ".join([first, *wait.because[-1:]])
    links = [Link(first, number), *wait.links]
    return {
        "title": f"Code of CPU {number}",
        "way": "code",
        "status": "waits",
        "gates": gates,
        "chain": [{"words": link.words, "cpu": link.cpu, "vector": link.vector} for link in links],
        "caption": _caption("stuck" if wait.for_ever else "waits", words, number, end.vector if end else None, None),
    }


# Stretches


def _at_cpu(look: Look, cpu: Cpu, vector: int) -> list[Gate]:
    """The gates of a message at its target, from the bus to the CPU, each once."""
    return _without_second(list(gates_into(cpu, vector)), look.gates(cpu.number, vector))


def _without_second(first: list[Gate], second: list[Gate]) -> list[Gate]:
    """*first* and then *second*; a gate that both have stands in the place that it has in *first*, closed if it is in
    either."""
    closed = {gate.kind: gate for gate in second if not gate.is_open}
    kinds = {gate.kind for gate in first}
    merged = [closed.get(gate.kind, gate) if gate.is_open else gate for gate in first]
    return [*merged, *(gate for gate in second if gate.kind not in kinds)]


def _requested(look: Look, cpu: Cpu, vector: int) -> _Way:
    """What is requested has passed the bus; how, nobody has kept."""
    gates = look.gates(cpu.number, vector)
    on = [gate for gate in gates if gate.kind is APIC_ON]
    request = free(cpu, vector)
    merged = (cpu.event_channels or cpu.apic).coalesced.get(vector, 0)
    often = f", asked for {merged + 1} times" if merged else ""
    request = request._replace(value=request.value.partition(":")[0] + often, why="")
    before = [Gate(SENT, "has arrived"), *on, legal(vector), request]
    closed = first_closed(gates)
    what = _named(cpu, vector, look.names)
    begins = (
        barred_words(cpu, vector, closed, look.names) if closed else f"{what} on CPU {cpu.number}: {taken_words(cpu)}."
    )
    rest = [gate for gate in gates if gate.kind is not APIC_ON]
    passed = 1 if on and not on[0].is_open else len(before)
    title = f"{what} on CPU {cpu.number}"
    return _Way(title, _way(cpu), "requested", [*before, *rest], passed, begins, cpu.number, vector)


def _asked_about(look: Look, cpu: Cpu, vector: int) -> LadderState:
    """Nobody has asked for it: by a local source or a pin if one has that vector, else by a message."""
    if cpu.event_channels is None:
        for register, entry in sorted(cpu.apic.lvt.items()):
            if entry & 0xFF == vector and mode_of(register, entry) is DeliveryMode.FIXED:
                return source_ladder(look, cpu.number, register)
    for pin in range(PIN_COUNT):
        message = look.machine.io_apic.message_of(pin, 0)
        fits = message.vector == vector and message.delivery_mode in _FIXED
        if vector and fits and cpu.number in look.machine.targets(message):
            return pin_ladder(look, pin)
    what = _named(cpu, vector, look.names)
    gates = [Gate(SENT, "not sent"), *_at_cpu(look, cpu, vector)]
    begins = f"Nobody has sent {what} to CPU {cpu.number}."
    return _ladder(_Way(f"{what} on CPU {cpu.number}", _way(cpu), "asked_about", gates, 0, begins, cpu.number, vector))


def _message(look: Look, flight: Flight, number: int | None) -> LadderState:
    message = flight.message
    way = Gate(ARRIVED, f"arrives at {flight.arrives:,}", "it is on its way")
    sent = Gate(SENT, f"began at {flight.sent:,}")
    if isinstance(message, EoiBroadcast):
        what = f"The EOI of {vector_words(message.vector, look.names)}"
        begins = f"{what} is on its way from CPU {message.source} to the I/O APIC."
        return _ladder(_Way(what, "message", "coming", [sent, way], 1, begins, message.source, message.vector))
    rest, targets = _to_targets(look, message, number), look.machine.targets(message)
    what = interrupt_words(message.vector, message.delivery_mode, look.names)
    whom = f"CPU {', '.join(map(str, targets[:8]))}{' …' if len(targets) > 8 else ''}" if targets else "nobody"
    closed = first_closed(rest)
    then = f" There it would not come in yet: {closed.why}." if closed else ""
    begins = f"{what} is on its way to {whom}.{then}"
    target = number if number is not None else targets[0] if targets else None
    gates = [sent, way, *rest]
    return _ladder(
        _Way(f"{what}, message {message.number}", "message", "coming", gates, 1, begins, target, message.vector)
    )


def _to_targets(look: Look, message: InterruptMessage, number: int | None) -> list[Gate]:
    """The gates of *message* from the bus on: at target *number*, or at the first where it is held up."""
    targets = look.machine.targets(message)
    if not targets:
        disabled = disabled_targets(message, look.machine.cpus)
        whose = f": {disabled_words(disabled).rstrip('.')}" if disabled else ""
        why = f"{Reason.NO_SUCH_DESTINATION.value}{whose}"
        return [Gate(DESTINATION, message.destination_words(), why)]
    named = Gate(DESTINATION, f"{message.destination_words()}: CPU {', '.join(map(str, targets[:4]))}")
    wanted = [number] if number in targets else targets
    ways = [_into(look, look.machine.cpus[cpu], message) for cpu in wanted]
    return [named, *next((way for way in ways if first_closed(way)), ways[0])]


def _into(look: Look, cpu: Cpu, message: InterruptMessage) -> list[Gate]:
    if message.delivery_mode in _FIXED:
        return _at_cpu(look, cpu, message.vector)
    on = takes_signals(cpu.apic)
    if message.delivery_mode is DeliveryMode.STARTUP and message.origin is not Origin.IPI:
        return [on, reserved(message.delivery_mode)]
    return [on, *signal_gates(cpu, message.delivery_mode)]


# Of it all


def _ladder(way: _Way) -> LadderState:
    closed = next((place for place, gate in enumerate(way.gates) if place >= way.passed and not gate.is_open), None)
    bar = None if closed is None else way.gates[closed]
    taken = Gate(TAKEN, "at the next instruction boundary" if bar is None and way.status == "requested" else "")
    gates = [_gate(gate, _state(place, way, closed)) for place, gate in enumerate([*way.gates, taken])]
    words = way.begins
    if way.status == "asked_about":
        then = f"not come in: {bar.why}" if bar else f"be taken at the next instruction boundary of CPU {way.cpu}"
        words += f" It would {then}."
    kind = {"coming": "coming", "in_service": "handles"}.get(way.status, "barred" if bar else "next")
    return {
        "title": way.title,
        "way": way.way,
        "status": way.status,
        "gates": gates,
        "chain": [],
        "caption": _caption(kind, words, way.cpu, way.vector, way.pin),
    }


def _state(place: int, way: _Way, closed: int | None) -> Passage:
    if place == closed:
        return "barred"
    if closed is not None and place > closed:
        return "not_reached"
    if way.status == "asked_about" and (place == len(way.gates) or way.gates[place].kind is SENT):
        return "not_reached"
    return "passed"


def _gate(gate: Gate, state: Passage) -> GateState:
    kind = gate.kind
    value = _SO_WHEN_PASSED if state == "passed" and not gate.is_open else gate.value
    words = gate.why if state == "barred" else ": ".join(part for part in (kind.words, value) if part)
    return {
        "gate": kind.name,
        "name": kind.words,
        "state": state,
        "open": gate.is_open,
        "value": value,
        "words": f"{words[:1].upper()}{words[1:]}.",
        "rule": {"section": kind.section, "href": f"/registers#{kind.register}" if kind.register else None},
    }


def _caption(kind: str, words: str, cpu: int | None, vector: int | None, pin: int | None) -> CaptionState:
    return {"kind": kind, "words": words, "cpu": cpu, "vector": vector, "pin": pin}


def _named(cpu: Cpu, vector: int, names: VectorNames) -> str:
    return f"{'' if cpu.event_channels is None else 'Port '}{vector_words(vector, names)}"


def _way(cpu: Cpu) -> Way:
    return "vector" if cpu.event_channels is None else "port"


def _flight_of(look: Look, number: int, vector: int) -> Flight | None:
    """The first that brings *vector* to CPU *number*."""
    return next((one for one in look.flights if _brings(one, number, vector, look.machine)), None)


def _brings(flight: Flight, number: int, vector: int, machine: Machine) -> bool:
    message = flight.message
    if isinstance(message, EoiBroadcast) or message.vector != vector or message.delivery_mode not in _FIXED:
        return False
    return number in machine.targets(message)


def _is_of_pin(flight: Flight, pin: int) -> bool:
    message = flight.message
    return isinstance(message, InterruptMessage) and message.origin is Origin.IO_APIC and message.source == pin


def _who_has(machine: Machine, vector: int) -> _Has | None:
    """The first CPU that has *vector* requested, or else in service."""
    for cpu in machine.cpus:
        if vector in (cpu.apic.irr if cpu.event_channels is None else cpu.event_channels.pending):
            return _Has(cpu.number, True)
    return next((_Has(cpu.number, False) for cpu in machine.cpus if vector in cpu.apic.isr), None)
