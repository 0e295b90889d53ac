"""Which comes next: the vector that a CPU takes, or the CPU that takes a vector."""

from app.lesson.kinds.shared import (
    BY_VECTOR,
    CPU,
    FIRST_COME,
    LAST_COME,
    LOW_FIRST,
    VECTOR,
    cpu_answer,
    sent,
    taken_by,
    vector_answer,
)
from app.lesson.questions import Kind, NotApplicable, Rule, Value
from app.lesson.situation import Situation, requested
from app.x86.icr import DestinationMode, Shorthand
from app.x86.vectors import priority_class
from app.x86.words import vector_words

# The vector


def _next_vector(situation: Situation) -> Value:
    cpu = situation.values["cpu"]
    taken = (taken_by(one.event, cpu, None) for one in situation.happens())
    return next((one.vector for one in taken if one is not None), None)


def _requested(situation: Situation) -> list[int]:
    waiting = requested(situation.cpu)
    if not waiting:
        raise NotApplicable
    return waiting


def _highest(situation: Situation) -> Value:
    return max(_requested(situation))


def _by_vector(situation: Situation) -> Value:
    """The highest, if its number is above those of TPR and of what is in service."""
    highest, apic = max(_requested(situation)), situation.cpu.apic
    return highest if highest > max(apic.tpr, apic.isr.highest() or 0) else None


def _same_class(situation: Situation) -> Value:
    highest = max(_requested(situation))
    return highest if priority_class(highest) >= priority_class(situation.cpu.apic.ppr) else None


def _first_come(situation: Situation) -> Value:
    return situation.arrivals(situation.cpu.number, _requested(situation))[0]


def _last_come(situation: Situation) -> Value:
    return situation.arrivals(situation.cpu.number, _requested(situation))[-1]


def _only_tpr(situation: Situation) -> Value:
    highest = max(_requested(situation))
    return highest if priority_class(highest) > priority_class(situation.cpu.apic.tpr) else None


NEXT_VECTOR = Kind(
    "next_vector",
    lambda values, names: f"Which vector does CPU {values['cpu']} take next?",
    _next_vector,
    vector_answer,
    (
        Rule("vector_not_class", BY_VECTOR, _by_vector),
        Rule("class_passes_itself", "A vector of the class that holds the rest back gets through.", _same_class),
        Rule("first_come", FIRST_COME, _first_come),
        Rule("last_come", LAST_COME, _last_come),
        Rule("low_first", LOW_FIRST, lambda one: min(_requested(one))),
        Rule(
            "request_is_interrupt", "What is requested is taken, whatever PPR says.", lambda one: max(_requested(one))
        ),
        Rule("only_tpr", "Only the task priority holds vectors back.", _only_tpr),
    ),
    (CPU,),
)


# The CPU


def _next_cpu(situation: Situation) -> Value:
    taken = (taken_by(one.event, None, situation.values["vector"]) for one in situation.happens())
    return next((one.cpu for one in taken if one is not None), None)


def named_cpus(situation: Situation) -> list[int]:
    """The CPUs that the interrupt command names by a shorthand or by a flat logical destination."""
    icr, sender, cpus = sent(situation)
    match icr.shorthand:
        case Shorthand.ALL_EXCLUDING_SELF:
            named = [cpu.number for cpu in cpus if cpu.number != sender]
        case Shorthand.ALL_INCLUDING_SELF:
            named = [cpu.number for cpu in cpus]
        case Shorthand.NONE if icr.destination_mode is DestinationMode.LOGICAL:
            named = [cpu.number for cpu in cpus if cpu.apic.logical_id >> 24 & icr.destination]
        case _:
            named = []
    if not named:
        raise NotApplicable
    return named


def _highest_tpr(situation: Situation) -> Value:
    cpus = situation.then.machine.cpus
    return max(named_cpus(situation), key=lambda cpu: cpus[cpu].apic.tpr)


NEXT_CPU = Kind(
    "next_cpu",
    lambda values, names: f"Which CPU takes {vector_words(values['vector'], names)} first?",
    _next_cpu,
    cpu_answer,
    (
        Rule(
            "lowest_number", "The CPU with the lowest number takes it.", lambda one: min(named_cpus(one), default=None)
        ),
        Rule("highest_number", "The CPU with the highest number does.", lambda one: max(named_cpus(one))),
        Rule("tpr_upside_down", "“Lowest priority” means the CPU with the highest task priority.", _highest_tpr),
    ),
    (VECTOR,),
)
