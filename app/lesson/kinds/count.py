"""How many there are of something until all is at rest."""

from collections.abc import Mapping
from typing import Any

from app.commands.command import Field
from app.commands.field_types import Cpu, Perhaps, Schema, named
from app.commands.fields import Fields
from app.hw.events import Accepted, InterruptEnded
from app.lesson.kinds.shared import DEAF, IN_SERVICE_MERGES, QUEUED, lets_in, taken_by
from app.lesson.questions import Kind, NotApplicable, Predict, Rule, Value
from app.lesson.situation import Situation, outcome_at, requested
from app.x86.words import VectorNames, vector_words

#: What can be counted, and in words.
_COUNTED = {
    "handlers": "handlers are entered",
    "messages": "messages cross the bus",
    "exits": "times do CPUs leave the guest",
    "hypercalls": "hypercalls are made",
    "accesses": "times is a register of an APIC accessed",
}
_DEAR = ("exits", "hypercalls")


class _AnyCpu:
    """The number of a CPU of the machine; None where the field is absent: any."""

    def read(self, fields: Fields, name: str, default: int | None = None) -> int | None:
        return Cpu().read(fields, name) if fields.given(name) else default

    def write(self, value: int | None) -> int | None:
        return value

    def schema(self) -> Schema:
        return Cpu().schema()


def _asks(values: Mapping[str, Any], names: VectorNames) -> str:
    what = _COUNTED[values["of"]]
    of = "" if values["vector"] is None else f" for {vector_words(values['vector'], names)}"
    on = "" if values["cpu"] is None else f" on CPU {values['cpu']}"
    return f"How many {what}{of}{on} until all is at rest?"


def _count(situation: Situation) -> Value:
    values = situation.values
    if values["of"] != "handlers":
        return situation.more(values["of"])
    situation.rest()  # what never ends has no number
    return sum(taken_by(event, values["cpu"], values["vector"]) is not None for event in situation.events)


# Wrong ideas


def _of(predict: Predict, *counted: str) -> Predict:
    """The idea is about these things alone."""

    def of_these(situation: Situation) -> Value:
        if situation.values["of"] not in counted:
            raise NotApplicable
        return predict(situation)

    return of_these


def _meant(situation: Situation, cpu: int, vector: int) -> bool:
    values = situation.values
    return values["cpu"] in (None, cpu) and values["vector"] in (None, vector)


def _waiting(situation: Situation, *, merged: bool) -> int:
    """Requests that stand at the moment, each once, or with those that were *merged* with it."""
    found = 0
    for cpu in situation.now.machine.cpus:
        again = (cpu.event_channels or cpu.apic).coalesced
        for vector in requested(cpu):
            if _meant(situation, cpu.number, vector):
                found += 1 + (again.get(vector, 0) if merged else 0)
    return found


def _each_request(situation: Situation) -> Value:
    values = situation.values
    asked = sum(outcome_at(event, values["cpu"], values["vector"]) for event in situation.events)
    return _waiting(situation, merged=True) + asked


def _lost_so_far(situation: Situation) -> Value:
    """As many as come from now on, where interrupts were off; none where they still are."""
    number = situation.values["cpu"]
    if number is None or lets_in(situation.now.machine.cpus[number]):
        raise NotApplicable
    if not lets_in(situation.then.machine.cpus[number]):
        return 0
    vector = situation.values["vector"]
    return sum(outcome_at(event, number, vector) for event in situation.events)


def _none_in_service(situation: Situation) -> Value:
    """As many as come while their vector is not in service."""
    serving = {(cpu.number, int(vector)) for cpu in situation.now.machine.cpus for vector in cpu.apic.isr}
    found = _waiting(situation, merged=False)
    for event in situation.events:
        taken = taken_by(event, None, None)
        if taken is not None:
            serving.add((taken.cpu, taken.vector))
        elif isinstance(event, InterruptEnded):
            serving.discard((event.cpu, event.vector))
        elif isinstance(event, Accepted) and (event.cpu, event.vector) not in serving:
            found += _meant(situation, event.cpu, event.vector)
    return found


def _each_target(situation: Situation) -> Value:
    return situation.more("accepted") + situation.more("merged")


def _answers(situation: Situation) -> Value:
    return situation.more("messages") + situation.more("accepted")


def _sends_and_ends(situation: Situation) -> Value:
    return situation.more("ipis_sent") + situation.more("eois")


COUNT = Kind(
    "count",
    _asks,
    _count,
    lambda value, names: f"{value:,}",
    (
        Rule("second_is_queued", QUEUED, _of(_each_request, "handlers")),
        Rule("one_vector_once", "However often a vector is sent, it is one interrupt.", _of(lambda _: 1, "handlers")),
        Rule("interrupts_off_is_deaf", DEAF, _of(_lost_so_far, "handlers")),
        Rule("service_merges", IN_SERVICE_MERGES, _of(_none_in_service, "handlers")),
        Rule("one_for_each_target", "Each target costs one.", _of(_each_target, "messages", *_DEAR)),
        Rule(
            "one_for_each_send",
            "Each send costs one, and nothing else costs any.",
            _of(lambda one: one.more("ipis_sent"), *_DEAR),
        ),
        Rule("one_for_all", "The whole call costs one.", _of(lambda _: 1, "messages", *_DEAR)),
        Rule(
            "one_for_each_call",
            "Each CPU that calls sends a message of its own.",
            _of(lambda one: len(one.commands), "messages"),
        ),
        Rule("answers_are_messages", "Each receiver answers by a message of its own.", _of(_answers, "messages")),
        Rule(
            "one_for_each_access",
            "Each access of the APIC costs one.",
            _of(lambda one: one.more("accesses"), *_DEAR),
        ),
        Rule("sends_and_ends", "Each send costs one, and each EOI.", _of(_sends_and_ends, *_DEAR)),
    ),
    (
        Field("of", named(_COUNTED)),
        Field("cpu", _AnyCpu(), None),
        Field("vector", Perhaps(0, 255), None),
    ),
)
