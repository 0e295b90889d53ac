"""A lesson as plain text: scenes, sentences and questions, and behind these, for whoever teaches, the answers."""

import textwrap
from collections.abc import Iterator

from app.lesson.course import Course, course_of
from app.lesson.lesson import Lesson, Scene, Task
from app.lesson.playing import names_of
from app.lesson.questions import NoAnswer, Question, answered

_WIDTH = 100
_LETTERS = "abcdefghijklmnop"


def lesson_words(lesson: Lesson, *, answers: bool) -> str:
    """*lesson* in lines of text; with *answers* each answer's idea, and the ways that do a task."""
    machine = lesson.machine
    course = course_of(lesson)
    minutes = f"{lesson.minutes} minute{'' if lesson.minutes == 1 else 's'}"
    lines = [
        lesson.title,
        "=" * len(lesson.title),
        *_wrapped(lesson.summary),
        f"{lesson.level}, {minutes}; {machine.cpus} CPUs, {', '.join(machine.all_backends)}, {machine.generation}",
    ]
    for number, scene in enumerate(lesson.scenes):
        lines += ["", f"{number + 1}. {scene.title}", *_wrapped(scene.say, "   ")]
        lines += (f"   > {line}" for line in scene.do)
        if scene.until is not None:
            lines.append(f"   > until {scene.until.text}")
        lines += _asked(scene, number, course, answers=answers)
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    """Paragraphs filled; a list or code in Markdown keeps its lines."""
    for paragraph in text.split("\n\n"):
        kept = any(line.startswith(("-", "*", "    ", "|", "```")) for line in paragraph.splitlines())
        if kept:
            yield from (f"{indent}{line}" for line in paragraph.splitlines())
        else:
            yield from textwrap.wrap(paragraph, _WIDTH, initial_indent=indent, subsequent_indent=indent)


def _asked(scene: Scene, number: int, course: Course, *, answers: bool) -> Iterator[str]:
    if scene.ask is not None:
        yield from _question(scene.ask, number, course, answers=answers)
    if scene.task is not None:
        yield from _task(scene.task, answers=answers)


def _question(question: Question, number: int, course: Course, *, answers: bool) -> Iterator[str]:
    simulation = course.at(number)
    names = names_of(simulation)
    yield from textwrap.wrap(question.words(names), _WIDTH, initial_indent="   ? ", subsequent_indent="     ")
    try:
        options = answered(question, simulation, names).options
    except NoAnswer as none:
        yield f"     no answer: {none}"
        return
    for letter, option in zip(_LETTERS, options, strict=False):
        mark = "*" if answers and option.right else " "
        yield f"   {mark} {letter}) {option.words}"
        if answers:
            yield from (f"        {rule.name}: {rule.sentence}" for rule in option.ideas)


def _task(task: Task, *, answers: bool) -> Iterator[str]:
    goals = ", and at some time ".join(goal.text for goal in task.goals)
    limits = [f"by {task.most} command{'' if task.most == 1 else 's'} at most"] if task.most is not None else []
    limits += [f"without {task.without.text}"] if task.without is not None else []
    yield f"   ! {'; '.join([goals, *limits])}"
    yield from textwrap.wrap(task.hint, _WIDTH, initial_indent="     hint: ", subsequent_indent="     ")
    if answers:
        yield f"     does it: {', '.join(task.answer)}"
        yield from (f"     does not: {', '.join(way)}" for way in task.wrong)
