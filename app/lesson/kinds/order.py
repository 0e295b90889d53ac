"""In what order a CPU takes what waits and comes."""

from app.hw.events import Accepted
from app.lesson.kinds.shared import CPU, FIRST_COME, LAST_COME, LOW_FIRST, taken_by
from app.lesson.questions import Kind, Rule, Value
from app.lesson.situation import Situation, requested
from app.x86.vectors import priority_class
from app.x86.words import VectorNames, vector_words


def _order(situation: Situation) -> Value:
    situation.rest()  # what never ends has no order
    taken = (taken_by(event, situation.values["cpu"], None) for event in situation.events)
    return tuple(int(one.vector) for one in taken if one is not None)


def _words(value: Value, names: VectorNames) -> str:
    if not isinstance(value, tuple) or not value:
        return "nothing"
    return ", then ".join(vector_words(vector, names) for vector in value)


def _to_come(situation: Situation) -> list[int]:
    """What is requested, and then what comes, in that order."""
    cpu = situation.values["cpu"]
    coming = [int(event.vector) for event in situation.events if isinstance(event, Accepted) and event.cpu == cpu]
    return [*situation.arrivals(cpu, requested(situation.now.machine.cpus[cpu])), *coming]


def _each_once(vectors: list[int]) -> Value:
    return tuple(dict.fromkeys(vectors))


ORDER = Kind(
    "order",
    lambda values, names: f"In which order does CPU {values['cpu']} take what waits and what comes?",
    _order,
    _words,
    (
        Rule("first_come", FIRST_COME, lambda one: tuple(_to_come(one))),
        Rule("last_come", LAST_COME, lambda one: tuple(reversed(_to_come(one)))),
        Rule("low_first", LOW_FIRST, lambda one: _each_once(sorted(_to_come(one)))),
        Rule(
            "highest_first",
            "The highest vector goes first, whatever came before it or is in service.",
            lambda one: _each_once(sorted(_to_come(one), reverse=True)),
        ),
        Rule(
            "class_then_first_come",
            "A higher class goes first, and within a class what came first.",
            lambda one: _each_once(sorted(_to_come(one), key=lambda vector: -priority_class(vector))),
        ),
    ),
    (CPU,),
)
