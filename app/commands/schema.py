"""The commands in JSON Schema, for the OpenAPI description."""

from app.commands.field_types import Schema, described
from app.commands.table import COMMANDS, Command


def command_schemas() -> dict[str, Schema]:
    """The schema of each command, by its kind: an object with its fields, and no others."""
    return {command.kind: _schema(command) for command in COMMANDS}


def _schema(command: type[Command]) -> Schema:
    kind = {"type": "string", "const": command.kind}
    fields = {field.name: described(field.type, field.default) for field in command.fields()}
    return {
        "type": "object",
        "properties": {"type": kind, **fields},
        "required": ["type", *(field.name for field in command.fields() if field.required)],
        "additionalProperties": False,
        "description": command.description,
    }
