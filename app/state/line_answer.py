"""What somebody is told who writes a line: the command that it is, what is wrong with it, what may come next, and what
it would come to."""

from collections.abc import Callable
from typing import Any

from app.commands.command import Refusal, Stimulus
from app.commands.line import Misfit, Surroundings
from app.commands.line_reading import ReadLine, read_line
from app.commands.table import Command
from app.state.foresight import Foreseen

Json = dict[str, Any]


def line_answer(
    text: str,
    caret: int | None,
    among: Surroundings,
    objection: Callable[[Command], Refusal | None],
    foresee: Callable[[Command], Foreseen | None],
) -> Json:
    """The answer for *text* as JSON. *objection* says why a command cannot be done now, *foresee* what would come of
    one that can."""
    read = read_line(text, among, caret)
    misfit, command = read.misfit, read.command
    if command is not None:
        refused = objection(command)
        if refused is not None:
            misfit, command = _place_of(refused, read, text), None
    return {
        "command": None if command is None else _in_whole_numbers(command.to_json()),
        "problem": None if misfit is None else {"from": misfit.start, "to": misfit.end, "says": misfit.says},
        "hint": read.hint if command is None else _does(command),
        "syntax": read.syntax,
        "completions": [{"text": one.text, "says": one.says} for one in read.completions],
        "replaces": {"from": read.replaced, "to": len(text) if caret is None else min(max(caret, 0), len(text))},
        "preview": None if command is None else _preview(foresee(command)),
    }


#: Above this a number of JavaScript has no last digit any more (``Number.MAX_SAFE_INTEGER``).
_LARGEST_EXACT = (1 << 53) - 1


def _in_whole_numbers(value: Any) -> Any:
    """A command's JSON as scripts can send it on: numbers that they cannot hold are texts, which commands read, too."""
    if isinstance(value, dict):
        return {name: _in_whole_numbers(one) for name, one in value.items()}
    return f"{value:#x}" if type(value) is int and value > _LARGEST_EXACT else value


def _does(command: Command) -> str:
    return command.words if isinstance(command, Stimulus) else command.description


def _place_of(refused: Refusal, read: ReadLine, text: str) -> Misfit:
    """The word that a refusal is about; the whole line where it is about none."""
    word = read.places.get(refused.field)
    start, end = (word.start, word.end) if word else (len(text) - len(text.lstrip()), len(text.rstrip()))
    return Misfit(start, end, refused.message)


def _preview(foreseen: Foreseen | None) -> Json | None:
    if foreseen is None:
        return None
    icr = None if foreseen.icr is None else f"{foreseen.icr:#018x}"
    return {**foreseen._asdict(), "icr": icr}
