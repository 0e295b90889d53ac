"""What people type into the page's forms."""

from collections.abc import Iterable, Mapping

from starlette.datastructures import UploadFile

from app.commands.fields import InvalidCommand
from app.commands.guest import SendIpi
from app.commands.reading import read_form


def text_fields(form: Iterable[tuple[str, str | UploadFile]]) -> dict[str, str]:
    """The text fields of a form, stripped; of a repeated field the last counts."""
    return {name: value.strip() for name, value in form if isinstance(value, str)}


def unknown_fields(names: Iterable[str], known: tuple[str, ...]) -> list[tuple[str, str]]:
    """Those of *names* that nobody reads here, each with those that are read."""
    found = dict.fromkeys(name for name in names if name not in known)
    return [(name[:40], f"is no field here; known: {', '.join(known)}") for name in found]


def send_ipi_from_form(fields: Mapping[str, str], cpu_count: int) -> SendIpi:
    """The IPI being composed, as if it were to be sent now. Raises InvalidCommand."""
    command = read_form({**fields, "type": "send_ipi"}, cpu_count)
    if not isinstance(command, SendIpi):
        raise TypeError(f"send_ipi became {command!r}")
    return command


def whole_number(fields: Mapping[str, str], name: str, lowest: int, highest: int, otherwise: int) -> int:
    """A decimal field within bounds. Raises InvalidCommand naming the field."""
    written = fields.get(name, "")
    if written == "":
        return otherwise
    digits = written.isascii() and written.isdigit() and len(written) <= 9
    if not digits or not lowest <= int(written) <= highest:
        raise InvalidCommand([(name, f"must be a whole number from {lowest} to {highest}, not {written[:40]!r}")])
    return int(written)
