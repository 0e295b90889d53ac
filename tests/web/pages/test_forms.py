"""What the pages' forms and scripts ask for is what commands are called."""

import re
from pathlib import Path

from app.commands.table import COMMAND_KINDS
from app.session.pair import Go

ROOT = Path(__file__).parents[3]
#: A page of a pair raises a pin and lowers it with one button.
_PULSE = "pulse_pin"


def asked_for(folder: str, suffix: str, pattern: str) -> set[str]:
    files = sorted((ROOT / folder).rglob(f"*{suffix}"))
    return {kind for file in files for kind in re.findall(pattern, file.read_text())}


def test_forms_ask_for_commands_that_there_are() -> None:
    kinds = asked_for("templates", ".html", r'name="type" value="(\w+)"')

    assert len(kinds) > 5
    assert kinds <= {*COMMAND_KINDS, _PULSE}


def test_scripts_send_commands_that_there_are() -> None:
    kinds = asked_for("static/js", ".js", r'send\(\{ type: "(\w+)"')

    assert len(kinds) > 5
    assert kinds <= {*COMMAND_KINDS, *(go.value for go in Go)}
