"""Names that others have chosen, as the commands print them."""

import pytest

from app.cli.printed import one_line, say_unusable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a plain name: é, 中.log", "a plain name: é, 中.log"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("no text: \udcff", r"no text: \udcff"),
        ("\u2028\x85", r"\u2028\x85"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, line: str) -> None:
    assert one_line(text) == line


def test_unusable_things_are_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say_unusable("a\nb: no such file")

    assert capsys.readouterr() == ("", "apicscope: a\\nb: no such file\n")
