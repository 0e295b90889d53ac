"""The lessons that come along hold, and what their questions compute is what then happens: the scene is run on, and its
events and registers are looked at, without any of the code that answers."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.backends.catalogue import backend
from app.costs.reference import cost_sheet_of
from app.engine.events import Event, GuestExited
from app.history.timeline import Timeline
from app.hw.events import Accepted, Acknowledged, InterruptEnded, Merged, MessageSent, PinChanged
from app.hw.messages import InterruptMessage
from app.lesson.checking import check_lesson
from app.lesson.course import Course, course_of
from app.lesson.kinds.table import KINDS
from app.lesson.lesson import Lesson
from app.lesson.library import shipped_lessons, shipped_text
from app.lesson.playing import names_of, play
from app.lesson.questions import answered
from app.lesson.reading import read_lesson
from app.x86.registers import Register

pytestmark = pytest.mark.slow

LESSONS = {name: read_lesson(shipped_text(name)) for name in shipped_lessons()}
QUESTIONS = [
    pytest.param(name, backend, number, id=f"{name}-{backend}-{number + 1}")
    for name, lesson in LESSONS.items()
    for backend in lesson.machine.all_backends
    for number, scene in enumerate(lesson.scenes)
    if scene.ask is not None
]


@pytest.fixture(scope="module")
def courses() -> dict[tuple[str, str], Course]:
    return {
        (name, backend): course_of(lesson, backend)
        for name, lesson in LESSONS.items()
        for backend in lesson.machine.all_backends
    }


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_that_comes_along_holds(name: str) -> None:
    assert check_lesson(LESSONS[name]) == []


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_every_scene_says_little_and_asks_something(lesson: Lesson) -> None:
    for scene in lesson.scenes:
        assert len(scene.say) <= 300
        assert scene.ask is not None or scene.task is not None
    assert any(scene.task is not None for scene in lesson.scenes)


def test_the_numbers_that_a_lesson_says_are_those_of_its_kernel() -> None:
    lesson = LESSONS["08-two-or-nine"]
    sheet = cost_sheet_of(lesson.machine.cost_sheet)

    overrides = backend("xen-evtchn", lesson.machine.generation, sheet).overrides

    assert "it replaces nine operations" in lesson.scenes[3].say
    assert len(overrides) == 9
    assert {"apic_read", "apic_write"} <= set(backend("vmi", lesson.machine.generation, sheet).overrides)


def test_unknown_lessons_are_unknown() -> None:
    with pytest.raises(KeyError):
        shipped_text("../reading")


@pytest.mark.parametrize(("name", "backend", "number"), QUESTIONS)
def test_what_is_computed_is_what_then_happens(
    courses: dict[tuple[str, str], Course], name: str, backend: str, number: int
) -> None:
    course, question = courses[name, backend], LESSONS[name].scenes[number].ask
    assert question is not None
    simulation = course.at(number)
    value = answered(question, simulation, names_of(simulation)).right.value

    course.show(number)
    timeline, begins = course.timeline, course.moments[number]
    for line in question.when:
        play(line, timeline)
    at_once = timeline.moment
    timeline.run(operations=4_000, until_idle=True)
    happened = [one.event for one in timeline.records(begins.tick + 1, timeline.moment.tick)]

    assert value == expected(question.kind.name, question.values, happened, timeline, at_once.tick)


def expected(kind: str, values: Mapping[str, Any], happened: list[Event], timeline: Timeline, tick: int) -> object:
    """What a person would read off the log, and off the registers."""
    cpu, vector = values.get("cpu"), values.get("vector")
    taken = [one for one in happened if isinstance(one, Acknowledged) and cpu in (None, one.cpu)]
    match kind:
        case "next_vector":
            return taken[0].vector if taken else None
        case "order":
            return tuple(one.vector for one in taken)
        case "receivers":
            came = [one for one in happened if isinstance(one, Accepted | Merged) and one.vector == vector]
            return tuple(sorted({one.cpu for one in came}))
        case "count" if values["of"] == "handlers":
            return sum(one.vector == vector for one in taken)
        case "count" if values["of"] == "messages":
            return len(list(messages(happened)))
        case "count" if values["of"] == "exits":
            return sum(isinstance(one, GuestExited) for one in happened)
        case "count" if values["of"] == "hypercalls":
            return sum(isinstance(one, GuestExited) and one.reason not in ("APIC access", "HLT") for one in happened)
        case "ppr":
            return timeline.at(tick).machine.read_register(values["cpu"], Register.PPR)
        case "ended":
            return next(one.vector for one in happened if isinstance(one, InterruptEnded) and one.cpu == cpu)
        case "waits_for":
            return awaited(values["cpu"], timeline)
        case "fate":
            return fate(happened, values["cpu"], values["vector"], timeline)
        case _:
            raise AssertionError(f"{kind} is asked by no lesson yet: say here what then happens")


def messages(happened: list[Event]) -> Iterator[MessageSent]:
    for event in happened:
        if isinstance(event, MessageSent):
            part = event.message.part if isinstance(event.message, InterruptMessage) else None
            if not part:
                yield event


def awaited(cpu: int, timeline: Timeline) -> tuple[int, ...]:
    """Whoever took the lock for which *cpu* spins; or else those that have not taken what was sent to them."""
    spin = timeline.simulation.processors[cpu].spinning
    if spin is None:
        return ()
    if "lock" in spin.word.name and spin.vector is None:
        assert spin.word.written_last is not None
        return (spin.word.written_last,)
    return tuple(one.number for one in timeline.simulation.machine.cpus if one.apic.irr.bits)


def fate(happened: list[Event], cpu: int, vector: int, timeline: Timeline) -> str:
    silent = [one for one in happened if isinstance(one, PinChanged) and one.level and one.reason]
    if silent:
        masked_edge = "edge is lost" in str(silent[-1].reason)
        return "NOT_SENT" if masked_edge else "KEPT"
    ends = [one for one in happened if isinstance(one, Accepted | Merged) and (one.cpu, one.vector) == (cpu, vector)]
    if isinstance(ends[-1], Merged):
        return "MERGED"
    if any(isinstance(one, Acknowledged) and (one.cpu, one.vector) == (cpu, vector) for one in happened):
        served = next(one for one in happened if isinstance(one, InterruptEnded | Acknowledged) and one.cpu == cpu)
        return "TAKEN" if served.vector == vector and isinstance(served, Acknowledged) else "WAITS_PRIORITY"
    apic = timeline.simulation.machine.cpus[cpu].apic
    return "WAITS_PRIORITY" if vector >> 4 <= apic.ppr >> 4 else "WAITS_IF"


def test_every_kind_of_question_has_ideas_with_sentences_of_their_own() -> None:
    for kind in KINDS.values():
        names = [rule.name for rule in kind.rules]
        sentences = [rule.sentence for rule in kind.rules]
        assert len(set(names)) == len(names) == len(set(sentences)), kind.name
        assert all(sentence.endswith(".") and len(sentence) < 90 for sentence in sentences), kind.name
