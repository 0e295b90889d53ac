"""Turns what came in, JSON or form fields, into commands; says of each bad field what is wrong with it.

Vectors and register values may be numbers or strings such as ``"0x51"`` or ``"81"``.
"""

from collections.abc import Mapping
from typing import Any

from app.commands.fields import Fields, InvalidCommand, shown
from app.commands.table import COMMAND_KINDS, COMMANDS, Command

_OF_ANY_COMMAND = {field.name for command in COMMANDS for field in command.fields()}


def read_command(raw: object, cpu_count: int) -> Command:
    """The command that *raw* is, for a session of *cpu_count* CPUs. InvalidCommand lists every field that is wrong."""
    if not isinstance(raw, Mapping):
        raise InvalidCommand([("", "a command is a JSON object with a type")])
    kind = raw.get("type")
    command = COMMAND_KINDS.get(kind) if isinstance(kind, str) else None
    if command is None:
        known = ", ".join(COMMAND_KINDS)
        raise InvalidCommand([("type", f"{shown(kind)} is no command; known: {known}" if kind else f"one of {known}")])
    fields = Fields(raw, cpu_count)
    fields.only(("type", *(field.name for field in command.fields())))
    read = command.read(fields)
    fields.finish()
    return read


def read_form(form: Mapping[str, str], cpu_count: int) -> Command:
    """As read_command, for the fields of a form: ``arguments.cpu`` is the field ``cpu`` of the object ``arguments``;
    fields of the form's other buttons are none of the command's."""
    fields: dict[str, Any] = {}
    objects: dict[str, dict[str, str]] = {}
    for name, value in form.items():
        outer, _, inner = name.partition(".")
        if outer == name or outer not in _OF_ANY_COMMAND:
            fields[name] = value
        elif value != "":
            objects.setdefault(outer, {})[inner] = value
    fields |= objects
    command = COMMAND_KINDS.get(form.get("type", ""))
    if command is not None:
        own = {field.name for field in command.fields()}
        fields = {name: value for name, value in fields.items() if name in own or name not in _OF_ANY_COMMAND}
        return read_command(command.of_form(fields), cpu_count)
    return read_command(fields, cpu_count)
