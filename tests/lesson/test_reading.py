"""A lesson's file says what it means; all that is wrong with it is told at once, by line and key."""

import pytest

from app.lesson.lesson import Problem, Selected
from app.lesson.reading import UnreadableLesson, read_lesson
from tests.lesson.lessons import LESSON


def problems(text: str) -> list[Problem]:
    with pytest.raises(UnreadableLesson) as caught:
        read_lesson(text)
    return caught.value.problems


def with_line(old: str, new: str) -> str:
    assert LESSON.count(old) == 1
    return LESSON.replace(old, new)


def test_a_lesson_is_read_whole() -> None:
    lesson = read_lesson(LESSON)

    first, second = lesson.scenes
    assert (lesson.title, lesson.level, lesson.minutes) == ("A request is not an interrupt", "beginner", 10)
    assert (lesson.machine.cpus, lesson.machine.backend, lesson.machine.backends) == (2, "native-xapic", ("vmi",))
    assert first.say == "CPU 0 has a task priority of 0x50.\nTwo requests have come."
    assert first.do == ("tpr 0 50", "ipi 1 0 41", "ipi 1 0 61", "idle")
    assert (first.select, first.density, first.until) == (Selected(cpu=0, vector=0x41), "lecture", None)
    assert first.ask is not None
    assert (first.ask.kind.name, first.ask.values, first.ask.when) == (
        "fate",
        {"cpu": 0, "vector": 0x51},
        ("ipi 1 0 51",),
    )
    assert second.until is not None
    assert second.until.text == "isr(0x71) on 0"
    assert second.task is not None
    assert [goal.text for goal in second.task.goals] == ["taken(0x41) on 0"]
    assert (second.task.most, len(second.task.wrong)) == (1, 4)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "says"),
    [
        ("minutes = 10", "minutes = 0", 4, "minutes", "0 is not in 1 to 240"),
        ("minutes = 10", 'minutes = "long"', 4, "minutes", "'long' is not a whole number"),
        ("minutes = 10\n", "", 1, "minutes", "is missing"),
        ('"beginner"', '"easy"', 3, "level", "'easy' is none of beginner, intermediate, advanced"),
        ("cpus = 2", "cpus = 256", 8, "machine.cpus", "256 is not in 1 to 255"),
        ("cpus = 2", "cpu = 2", 8, "machine.cpu", "is not known here; known: cpus, backend,"),
        ('["vmi"]', '["vmi", "vmware"]', 5, "backends 2", "'vmware' is none of"),
        ('["vmi"]', '["kvm-pv"]', 5, "backends 1", "kvm-pv: "),
        ('"lecture"', '"huge"', 17, "scene 1, density", "'huge' is none of explore, lecture, review"),
        ("vector = 0x41 }", "vector = 0x141 }", 16, "scene 1, select.vector", "321 is not in 0 to 255 (0x0 to 0xff)"),
        ('"ipi 1 0 61"', '"ipi 1 0 161"', 15, "scene 1, do 3", "'ipi 1 0 161' at column 9: 0x161 is not"),
        ("Make 0x41 run.", "Make <b>0x41</b> run.", 27, "scene 2, say", "has HTML in it"),
        ("Make 0x41 run.", "  ", 27, "scene 2, say", "'  ' is no text"),
        ("minutes = 10", "minutes = 10\n7 = 1", 5, "7", "is not known here"),
        ('"ipi 1 0 61"', '"jump 1"', 15, "scene 1, do 3", "there is no command 'jump'"),
        ('"ipi 1 0 61"', '"seek 3"', 15, "scene 1, do 3", "a lesson only goes on"),
        ('"ipi 1 0 61"', '"step -1"', 15, "scene 1, do 3", "a lesson only goes on"),
        ('"ipi 1 0 61"', "61", 15, "scene 1, do 3", "61 is no line"),
        ('"fate"', '"guess"', 20, "scene 1, ask.kind", "'guess' is none of next_vector,"),
        ("cpu = 0\nvector = 0x51", "cpu = 0\nvector = 0x51\nof = 1", 23, "scene 1, ask.of", "known: kind, when, cpu"),
        ('density = "', 'densty = "', 17, "scene 1, densty", "is not known here; known: title, say, do"),
        ("vector = 0x51\n", "", 19, "scene 1, ask.vector", "is missing"),
        ('when = ["ipi 1 0 51"]\n', "", 19, "scene 1, ask.when", "is missing"),
        ("cpu = 0\nvector = 0x51", "cpu = 2\nvector = 0x51", 21, "scene 1, ask.cpu", "there is no CPU 2"),
        ('when = ["ipi 1 0 51"]', 'when = ["ipi 1 0 51", "idle"]', 23, "scene 1, ask.when 2", "only what acts on the"),
        ('"fate"\ncpu = 0', '"count"\nof = "handlers"\ncpu = 9', 22, "scene 1, ask.cpu", "there is no CPU 9"),
        ("isr(0x71)", "isr(0x171)", 29, "scene 2, until", "column 5: there is no vector 0x171"),
        ("isr(0x71) on 0", "isr(0x71) on 7", 29, "scene 2, until", "there is no CPU 7"),
        ("taken(0x41) on 0", "given(0x41)", 32, "scene 2, task.goal", "there is no word 'given'"),
        ('[["tpr 0 40"]', '["tpr 0 40"', 37, "scene 2, task.wrong 1", "'tpr 0 40' is no list of lines"),
    ],
)
def test_what_is_wrong_is_told_by_line_and_key(old: str, new: str, line: int, key: str, says: str) -> None:
    (found,) = problems(with_line(old, new))

    assert (found.line, found.key) == (line, key)
    assert says in found.says


def test_all_that_is_wrong_comes_at_once_in_the_order_of_lines() -> None:
    text = with_line("minutes = 10", "minutes = 0").replace("tpr 0 50", "tpr 9 50").replace("isr(0x71)", "isr(")
    text = text.replace('["ipi 1 0 41"]]', '["ipi 1 0 941"]]').replace("cpus = 2", 'cpus = 2\nbackend = "bare"')

    found = problems(text)

    assert [one.line for one in found] == [4, 9, 16, 30, 38]
    assert [one.key for one in found] == [
        "minutes",
        "machine.backend",
        "scene 1, do 1",
        "scene 2, until",
        "scene 2, task.wrong 4 1",
    ]


def test_two_wrong_ways_are_too_few() -> None:
    (found,) = problems(with_line('["tpr 0 40", "tpr 0 30"], ["ipi 1 0 41"]]', "]"))

    assert (found.key, found.says[:22]) == ("scene 2, task.wrong", "a list of 3 ways or mo")


def test_a_text_that_is_no_toml_says_where() -> None:
    (found,) = problems(LESSON.replace("cpus = 2", "cpus == 2"))

    assert (found.line, found.key) == (8, "")
    assert found.says.startswith("this is no TOML: ")


@pytest.mark.parametrize("text", ["", "scene = 3", "[[scene]]\n", "scene = [1]", "machine = 3", "[scene]\n"])
def test_whatever_is_written_is_told_and_never_raises_anything_else(text: str) -> None:
    assert all(one.says for one in problems(text))


def test_line_ends_of_other_systems_count_as_well() -> None:
    (found,) = problems(with_line("minutes = 10", "minutes = 0").replace("\n", "\r\n"))

    assert found.line == 4


def told(text: str) -> list[Problem]:
    try:
        read_lesson(text)
    except UnreadableLesson as unreadable:
        return unreadable.problems
    return []


PLACES = [number for number, line in enumerate(LESSON.splitlines()) if " = " in line and "'''" not in line]


@pytest.mark.parametrize(
    "odd", ["-1", "1.5", "true", '""', "1979-05-27", "[[]]", "{ a = 1 }", "10000000000000000000000"]
)
def test_any_value_anywhere_is_read_or_told_by_its_line(odd: str) -> None:
    for place in PLACES:
        lines = LESSON.splitlines()
        lines[place] = f"{lines[place].partition(' = ')[0]} = {odd}"

        found = told("\n".join(lines))

        assert not found or place + 1 in [one.line for one in found], lines[place]
        assert all(one.says and 1 <= one.line <= len(lines) for one in found)


def test_text_with_signs_that_only_look_like_html_is_text() -> None:
    lesson = read_lesson(LESSON.replace("Make 0x41 run.", "Is 4 < 5, and a<=b > c?"))

    assert lesson.scenes[1].say == "Is 4 < 5, and a<=b > c?"


@pytest.mark.parametrize("text", ["a = " + "[" * 900 + "]" * 900, "a = " + "{a = " * 900 + "1" + "}" * 900])
def test_what_is_nested_too_deep_is_told(text: str) -> None:
    assert problems(text) == [Problem(1, "", "is nested too deep")]


@pytest.mark.parametrize("deep", range(100, 900, 100))
def test_whatever_is_nested_less_deep_is_told_too(deep: int) -> None:
    assert problems("a = " + "[" * deep + "]" * deep)[0].key in ("", "a")
