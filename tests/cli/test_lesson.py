"""``apicscope lesson`` checks lessons and shows them as text."""

from pathlib import Path

import pytest

from app.__main__ import main
from app.lesson.library import shipped_lessons
from tests.cli.commands import ROOT
from tests.lesson.lessons import LESSON


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    path = tmp_path / "lesson.toml"
    path.write_text(LESSON)
    return path


def test_a_lesson_that_holds(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "check", str(lesson)]) == 0
    assert capsys.readouterr().out == f"{lesson}: 2 scenes hold under native-xapic, vmi\n"


def test_what_is_wrong_is_told_by_file_and_line_and_the_others_are_checked_all_the_same(
    lesson: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unreadable, failing = tmp_path / "unreadable.toml", tmp_path / "failing.toml"
    unreadable.write_text(LESSON.replace("minutes = 10", "minutes = 0").replace("isr(0x71)", "isr(0x171)"))
    failing.write_text(LESSON.replace('["tpr 0 30"]', '["tpr 0 41"]').replace('backends = ["vmi"]', ""))

    assert main(["lesson", "check", str(unreadable), str(failing), str(lesson)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{unreadable}:4: minutes: 0 is not in 1 to 240",
        f"{unreadable}:29: scene 2, until: column 5: there is no vector 0x171: it is 0 to 255 (0xff)",
        f"{failing}:36: scene 2, task.answer: the model answer fails: taken(0x41) on 0 does not come true",
        f"{lesson}: 2 scenes hold under native-xapic, vmi",
    ]


def test_a_file_that_cannot_be_read_is_told_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")

    for name in ("missing.toml", "bytes.toml", ""):
        assert main(["lesson", "show", str(tmp_path / name)]) == 2
    assert [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "No such file or directory",
        "is no text in UTF-8",
        "Is a directory",
    ]


def test_answers_are_shown_to_who_asks_for_them(lesson: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lesson", "show", str(lesson)]) == 0
    plain = capsys.readouterr().out
    assert main(["lesson", "show", "--answers", str(lesson)]) == 0
    told = capsys.readouterr().out

    assert plain.splitlines()[:2] == ["A request is not an interrupt", "============================="]
    assert "   ? `ipi 1 0 51`: what becomes of 0x51 at CPU 0?" in plain.splitlines()
    assert "     c) it is requested, and waits for PPR to fall" in plain.splitlines()
    assert "   * c) it is requested, and waits for PPR to fall" in told.splitlines()
    assert "        too_low_is_lost: What is below the priority is thrown away." in told.splitlines()
    assert "     does it: tpr 0 30" in told.splitlines()
    assert "tpr 0 30" not in plain
    assert "too_low_is_lost" not in plain


def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lesson.toml"
    path.write_text(LESSON.replace("Make 0x41 run.", "Make \\u001b[31m0x41 run."))

    assert main(["lesson", "show", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_readme_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme.partition("    $ apicscope lesson show --answers ")[2].partition("\n\n")[0]
    name, *shown = block.splitlines()

    assert main(["lesson", "show", "--answers", name]) == 0
    printed = capsys.readouterr().out.splitlines()
    quoted = [line.removeprefix("    ") for line in shown if line.strip() != "…"]
    assert len(quoted) > 5
    assert [line for line in quoted if line not in printed] == []


def test_all_lessons_that_come_along_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["lesson", "--help"])
    told = " ".join(capsys.readouterr().out.split())

    assert "01-request, 02-priority," in told
    assert (
        f"{['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight'][len(shipped_lessons())]} come along"
        in (ROOT / "README.md").read_text()
    )
