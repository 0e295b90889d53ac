"""``apicscope lesson``: lessons checked, and as plain text."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.cli.printed import one_line, say_unusable
from app.cli.progress import Progress
from app.lesson.checking import check_lesson
from app.lesson.lesson import Lesson, Problem
from app.lesson.library import shipped_lessons, shipped_text
from app.lesson.reading import UnreadableLesson, read_lesson
from app.lesson.telling import lesson_words

_GOOD, _BAD, _UNUSABLE = 0, 1, 2


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "lesson",
        help="check lessons, or show one as text",
        description="Lessons are TOML files of scenes with sentences, questions and tasks; those that come along are "
        f"called by name: {', '.join(shipped_lessons())}.",
    )
    deeds = parser.add_subparsers(metavar="DEED", required=True)
    check = deeds.add_parser(
        "check",
        help="run every scene, answer every question, try every task",
        description="Reads each lesson, runs every scene, answers every question and tries every task, under every "
        "back end that the lesson names. Exit status: 0 all hold, 1 something is wrong, 2 a file cannot be read.",
    )
    check.add_argument("files", metavar="FILE", nargs="+", help="a lesson's file, or the name of one that comes along")
    check.set_defaults(run=run_check)
    show = deeds.add_parser(
        "show",
        help="print a lesson as plain text",
        description="Prints a lesson's scenes, sentences and questions. Exit status: 0 shown, 1 something is wrong "
        "with the file, 2 it cannot be read.",
    )
    show.add_argument("file", metavar="FILE", help="a lesson's file, or the name of one that comes along")
    show.add_argument(
        "--answers", action="store_true", help="mark right answers, name the idea behind each wrong one, solve tasks"
    )
    show.set_defaults(run=run_show)


def _text_of(name: str) -> str:
    """The text of a lesson: a file's, or that of one that comes along. OSError when it cannot be read."""
    if name in shipped_lessons() and not Path(name).exists():
        return shipped_text(name)
    return Path(name).read_text(encoding="utf-8")


def run_check(arguments: argparse.Namespace) -> int:
    """Checks each file. 0 when all hold, 1 when something is wrong with one, 2 when one cannot be read."""
    progress = Progress()
    status = _GOOD
    for place, name in enumerate(arguments.files):
        progress.show("checking", place, len(arguments.files))
        status = max(status, _with_lesson(name, progress, partial(_checked, name, progress)))
    progress.clear()
    return status


def _checked(name: str, progress: Progress, lesson: Lesson) -> int:
    problems = check_lesson(lesson)
    progress.clear()
    _print_problems(name, problems)
    if problems:
        return _BAD
    scenes = len(lesson.scenes)
    backends = ", ".join(lesson.machine.all_backends)
    print(f"{one_line(name)}: {scenes} scene{'' if scenes == 1 else 's'} hold under {backends}")
    return _GOOD


def run_show(arguments: argparse.Namespace) -> int:
    """Prints the lesson. 0 when it is shown, 1 when something is wrong with it, 2 when it cannot be read."""
    return _with_lesson(arguments.file, Progress(), lambda lesson: _shown(lesson, answers=arguments.answers))


def _shown(lesson: Lesson, *, answers: bool) -> int:
    print("\n".join(map(one_line, lesson_words(lesson, answers=answers).splitlines())))
    return _GOOD


def _with_lesson(name: str, progress: Progress, use: Callable[[Lesson], int]) -> int:
    try:
        lesson = read_lesson(_text_of(name))
    except UnreadableLesson as unreadable:
        progress.clear()
        _print_problems(name, unreadable.problems)
        return _BAD
    except (OSError, UnicodeDecodeError) as error:
        progress.clear()
        strange = isinstance(error, UnicodeDecodeError)
        reason = "is no text in UTF-8" if strange else getattr(error, "strerror", None) or str(error)
        say_unusable(f"{name}: {reason}")
        return _UNUSABLE
    return use(lesson)


def _print_problems(name: str, problems: list[Problem]) -> None:
    for problem in problems:
        where = f"{name}:{problem.line}"
        print(one_line(": ".join(part for part in (where, problem.key, problem.says) if part)))
