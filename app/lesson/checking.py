"""Whether a lesson holds: every scene is run, every question answered and every task tried, under every back end that
the lesson names."""

from collections.abc import Iterator

from app.lesson.attempts import attempt
from app.lesson.course import Course, course_of
from app.lesson.lesson import Lesson, Problem
from app.lesson.playing import names_of
from app.lesson.questions import NoAnswer, answered


def check_lesson(lesson: Lesson) -> list[Problem]:
    """All that is wrong with *lesson*, in the order of its lines."""
    problems: list[Problem] = []
    for number, scene in enumerate(lesson.scenes):
        if scene.ask is None and scene.task is None:
            problems.append(lesson.problem(("scene", number), "asks nothing: give it an ask or a task"))
    for backend in lesson.machine.all_backends:
        found = _under(lesson, backend)
        if len(lesson.machine.all_backends) > 1:
            found = [one._replace(says=f"under {backend}: {one.says}") for one in found]
        problems += found
    return sorted(problems, key=lambda problem: problem.line)


def _under(lesson: Lesson, backend: str) -> list[Problem]:
    course = course_of(lesson, backend)
    if course.problems:  # what follows would be asked elsewhere than it is meant
        return list(course.problems)
    found: list[Problem] = []
    for number, scene in enumerate(lesson.scenes):
        if scene.ask is not None:
            found += _question(lesson, number, course)
        if scene.task is not None:
            found += _task(lesson, number, backend)
    return found


def _question(lesson: Lesson, number: int, course: Course) -> Iterator[Problem]:
    question = lesson.scenes[number].ask
    assert question is not None, "only scenes that ask are checked"
    simulation = course.at(number)
    try:
        found = answered(question, simulation, names_of(simulation))
    except NoAnswer as none:
        yield lesson.problem(("scene", number, "ask"), f"has no answer: {none}")
        return
    if found.too_easy:
        yield lesson.problem(("scene", number, "ask"), found.too_easy)


def _task(lesson: Lesson, number: int, backend: str) -> Iterator[Problem]:
    task = lesson.scenes[number].task
    assert task is not None, "only scenes with a task are checked"
    path = ("scene", number, "task")
    if attempt(lesson, number, (), backend).passed:
        yield lesson.problem(path, "it is done by letting time go on")
    verdict = attempt(lesson, number, task.answer, backend)
    if not verdict.passed:
        yield lesson.problem((*path, "answer"), f"the model answer fails: {verdict.says}")
    for place, way in enumerate(task.wrong):
        if attempt(lesson, number, way, backend).passed:
            yield lesson.problem((*path, "wrong", place), f"this way does the task: {', '.join(way)}")
