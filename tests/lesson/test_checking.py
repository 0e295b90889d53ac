"""A lesson holds when its scenes come about, its questions are worth asking and its tasks can be done and missed."""

import pytest

from app.lesson.checking import check_lesson
from app.lesson.lesson import Problem
from app.lesson.reading import read_lesson
from tests.lesson.lessons import LESSON


def found(*changes: tuple[str, str]) -> list[Problem]:
    text = LESSON
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return check_lesson(read_lesson(text))


ONE_BACKEND = ('backends = ["vmi"]\n', "\n")


def test_a_lesson_that_holds_has_no_problems() -> None:
    assert found() == []


def test_a_model_answer_that_fails_is_told_under_each_back_end() -> None:
    problems = found(('answer = ["tpr 0 30"]', 'answer = ["tpr 0 41"]'))

    assert problems == [
        (36, "scene 2, task.answer", f"under {name}: the model answer fails: taken(0x41) on 0 does not come true")
        for name in ("native-xapic", "vmi")
    ]


@pytest.mark.parametrize(
    ("change", "line", "key", "says"),
    [
        (('["ipi 1 0 41"]]', '["cr8 0 3"]]'), 37, "scene 2, task.wrong 4", "this way does the task: cr8 0 3"),
        (('"taken(0x41) on 0"', '"ended(0x71)"'), 31, "scene 2, task", "it is done by letting time go on"),
        (("isr(0x71)", "isr(0x41)"), 29, "scene 2, until", "isr(0x41) on 0 does not come true within 20,000 ticks"),
        (("vector = 0x51", "vector = 0x52"), 19, "scene 1, ask", "has no answer: nobody asks CPU 0 for 0x52 here"),
        (('"fate"\ncpu = 0\nvector = 0x51', '"next_vector"\ncpu = 1'), 19, "scene 1, ask", "it is too easy: of the"),
    ],
)
def test_what_does_not_hold_is_told_by_line_and_key(change: tuple[str, str], line: int, key: str, says: str) -> None:
    problem = found(ONE_BACKEND, change)[0]

    assert problem[:2] == (line, key)
    assert problem[2].startswith(says)


def test_a_scene_that_asks_nothing_is_told() -> None:
    at = LESSON.index("[scene.task]")

    assert [tuple(one) for one in check_lesson(read_lesson(LESSON[:at]))] == [
        (25, "scene 2", "asks nothing: give it an ask or a task")
    ]
