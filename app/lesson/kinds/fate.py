"""What becomes of a request at a CPU."""

from enum import Enum

from app.commands.lines import RaisePin
from app.hw.event import Event
from app.hw.events import (
    Accepted,
    LineStillUp,
    Merged,
    MessageSent,
    NoTarget,
    PinChanged,
    Refused,
    Retried,
    SendRefused,
)
from app.hw.gates import FLAG, PRIORITY, UPCALL_MASK, GateKind, first_closed
from app.hw.io_apic import EDGE_LOST
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.hw.waiting import gates_at
from app.lesson.kinds.shared import BY_VECTOR, CPU, DEAF, IN_SERVICE_MERGES, QUEUED, TOO_LOW, VECTOR, taken_by
from app.lesson.questions import Kind, NoAnswer, NotApplicable, Predict, Rule, Value
from app.lesson.situation import Happened, Situation, outcome_at, requested
from app.x86.icr import DeliveryMode
from app.x86.words import VectorNames, vector_words


class Fate(Enum):
    """What can become of a request, in words; the last one is only what people expect."""

    TAKEN = "it is taken at once"
    WAITS_PRIORITY = "it is requested, and waits for PPR to fall"
    WAITS_IF = "it is requested, and waits for IF"
    MERGED = "it becomes one with the request that waits already"
    REFUSED = "the CPU drops it"
    NOBODY = "it reaches nobody"
    NOT_SENT = "nothing is sent, now or later"
    KEPT = "nothing is sent now; the line goes on asking"
    QUEUED = "it is queued, and taken once more for itself"


#: The gates at which a request waits that have a fate of their own.
_GATES = {PRIORITY: Fate.WAITS_PRIORITY, FLAG: Fate.WAITS_IF, UPCALL_MASK: Fate.WAITS_IF}


def _fate(situation: Situation) -> Value:
    """The fate of the last request for the vector that is made of the CPU, by its name; where a pin that would make one
    sends nothing, that is it, whatever its line asks for at a later EOI."""
    cpu, vector = situation.values["cpu"], situation.values["vector"]
    fate: Fate | None = None
    looks = False
    asks_again: set[int] = set()
    later: set[int] = set()
    for happened in situation.happens():
        event = happened.event
        match event:
            case LineStillUp(pin):
                asks_again.add(pin)
            case MessageSent(InterruptMessage(origin=Origin.IO_APIC, source=int(pin)) as message) if pin in asks_again:
                later.add(message.number)
        is_later = getattr(event, "message", None) in later
        ended = _silent(happened, cpu, vector) or (None if is_later else _ended(event, cpu, vector))
        if ended is not None:
            fate, looks = ended, False
        elif isinstance(event, Accepted) and outcome_at(event, cpu, vector) and not is_later:
            fate, looks = None, True
        if looks:
            fate = _at_gate(happened, cpu, vector)
            looks = fate is None
    if fate is None:
        raise NoAnswer(f"nobody asks CPU {cpu} for {vector:#04x} here")
    return fate.name


def _ended(event: Event, cpu: int, vector: int) -> Fate | None:
    """The fate of what ends otherwise than by acceptance."""
    match event:
        case Merged() if outcome_at(event, cpu, vector):
            return Fate.MERGED
        case Refused() | Retried() if (event.cpu, event.vector) == (cpu, vector):
            return Fate.REFUSED
        case NoTarget() if event.vector == vector:
            return Fate.NOBODY
        case SendRefused() if event.vector == vector:
            return Fate.NOT_SENT
        case _:
            return None


def _silent(happened: Happened, cpu: int, vector: int) -> Fate | None:
    """The fate of a line that is raised at a pin which sends nothing, and would ask *cpu* for *vector*."""
    match happened.event:
        case PinChanged(pin, 1, str(reason)) if _asks(happened.simulation.machine, pin, cpu, vector):
            return Fate.NOT_SENT if reason == EDGE_LOST else Fate.KEPT
        case _:
            return None


def _asks(machine: Machine, pin: int, cpu: int, vector: int) -> bool:
    """Whether the entry of *pin* names *vector* and *cpu*, be it as one of several that could be chosen."""
    message = machine.io_apic.message_of(pin, 0)._replace(delivery_mode=DeliveryMode.FIXED)
    return message.vector == vector and cpu in machine.targets(message)


def _at_gate(happened: Happened, cpu: int, vector: int) -> Fate | None:
    """Whether the request is taken, or what it waits at; None while that is only another's turn."""
    target = happened.simulation.machine.cpus[cpu]
    if taken_by(happened.event, cpu, vector) or vector not in requested(target):
        return Fate.TAKEN
    gate = first_closed(gates_at(target, vector))
    return None if gate is None else _GATES.get(gate.kind)


def _words(value: Value, names: VectorNames) -> str:
    return Fate[str(value)].value


# Wrong ideas


def _closed(situation: Situation, *kinds: GateKind) -> bool:
    gates = gates_at(situation.cpu, situation.values["vector"])
    return any(gate.kind in kinds and not gate.is_open for gate in gates)


def _lost_while(*kinds: GateKind) -> Predict:
    def predict(situation: Situation) -> Value:
        if not _closed(situation, *kinds):
            raise NotApplicable
        return Fate.REFUSED.name

    return predict


def _by_vector(situation: Situation) -> Value:
    apic = situation.cpu.apic
    higher = situation.values["vector"] > max(apic.tpr, apic.isr.highest() or 0)
    return (Fate.TAKEN if higher else Fate.WAITS_PRIORITY).name


def _queued(situation: Situation) -> Value:
    cpu, vector = situation.cpu, situation.values["vector"]
    if vector in requested(cpu) or vector in cpu.apic.isr:
        return Fate.QUEUED.name
    if sum(outcome_at(event, cpu.number, vector) for event in situation.events) < 2:
        raise NotApplicable
    return Fate.QUEUED.name


def _service_merges(situation: Situation) -> Value:
    if situation.values["vector"] not in situation.cpu.apic.isr:
        raise NotApplicable
    return Fate.MERGED.name


def _if_alone(situation: Situation) -> Value:
    return (Fate.WAITS_IF if _closed(situation, FLAG, UPCALL_MASK) else Fate.TAKEN).name


def _priority_alone(situation: Situation) -> Value:
    return (Fate.WAITS_PRIORITY if _closed(situation, PRIORITY) else Fate.TAKEN).name


def _of_pin(fate: Fate) -> Predict:
    def predict(situation: Situation) -> Value:
        if not any(isinstance(command, RaisePin) for command in situation.commands):
            raise NotApplicable
        return fate.name

    return predict


FATE = Kind(
    "fate",
    lambda values, names: f"What becomes of {vector_words(values['vector'], names)} at CPU {values['cpu']}?",
    _fate,
    _words,
    (
        Rule("request_is_interrupt", "What is sent interrupts, at once.", lambda _: Fate.TAKEN.name),
        Rule("pin_keeps_all", "A pin keeps what it could not send, and sends it later.", _of_pin(Fate.KEPT)),
        Rule("pin_forgets_all", "What a pin cannot send is lost.", _of_pin(Fate.NOT_SENT)),
        Rule("second_is_queued", QUEUED, _queued),
        Rule("service_merges", IN_SERVICE_MERGES, _service_merges),
        Rule("interrupts_off_is_deaf", DEAF, _lost_while(FLAG, UPCALL_MASK)),
        Rule("too_low_is_lost", TOO_LOW, _lost_while(PRIORITY)),
        Rule("vector_not_class", BY_VECTOR, _by_vector),
        Rule("only_if", "IF alone decides when a request is taken.", _if_alone),
        Rule("only_priority", "Priority alone decides when a request is taken.", _priority_alone),
    ),
    (CPU, VECTOR),
    needs_when=True,
)
