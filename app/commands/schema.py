"""JSON Schema of the commands, from the same readers that take them: each is run once over fields that note what they
are asked for, instead of fields that hold something."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, cast

from app.commands.fields import MISSING, Fields
from app.commands.table import COMMANDS, Command
from app.hw.machine import MAX_CPUS

Schema = dict[str, Any]
Choice = TypeVar("Choice")

#: How whole numbers are written in strings: 81, 0x51.
_WRITTEN_BOOLEANS = ["true", "false", "on", "off", "yes", "no", "1", "0"]
_WRITTEN_NUMBER = r"^\s*-?(0[xX][0-9a-fA-F]+|[0-9]+)\s*$"


class _NotedFields(Fields):
    """Fields that hold nothing and note what is asked of them. Of the optional ones those in *absent* are not there."""

    def __init__(self, absent: Collection[str] = ()) -> None:
        super().__init__({}, MAX_CPUS)
        self.schemas: dict[str, Schema] = {}
        self.required: list[str] = []
        self.asked_for: list[str] = []
        self._absent = absent

    def _note(self, name: str, schema: Schema, default: object = MISSING) -> None:
        if default is MISSING and name not in self.asked_for:
            self.required.append(name)
        elif default is not MISSING:
            schema = {"anyOf": [schema, {"type": "null"}], "default": default}
        self.schemas[name] = schema

    def finish(self) -> None:
        """Nothing can be wrong."""

    def only(self, known: Collection[str]) -> None:
        """Nobody has given anything."""

    def refuse(self, name: str, message: str) -> None:
        """Nothing was given that could be refused."""

    def given(self, name: str) -> bool:
        if name not in self.asked_for:
            self.asked_for.append(name)
        return name not in self._absent

    def number(self, name: str, lowest: int, highest: int, default: int = MISSING) -> int:
        whole = {"type": "integer", "minimum": lowest, "maximum": highest}
        self._note(name, {"anyOf": [whole, {"type": "string", "pattern": _WRITTEN_NUMBER}]}, default)
        return lowest if default is MISSING else default

    def number_of(self, name: str, numbers: Collection[int]) -> int:
        written = {"type": "string", "pattern": _WRITTEN_NUMBER}
        self._note(name, {"anyOf": [{"type": "integer", "enum": sorted(numbers)}, written]})
        return min(numbers)

    def cpu(self, name: str) -> int:
        return self.number(name, 0, MAX_CPUS - 1)

    def mask(self) -> int | None:
        number: Schema = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _WRITTEN_NUMBER}]}
        self.given("mask")
        self.given("cpus")
        self._note("mask", number | {"description": "The CPUs as bits."})
        listed = {"anyOf": [{"type": "array", "items": number, "minItems": 1}, {"type": "string"}]}
        self._note("cpus", listed | {"description": "The CPUs as a list, or as text with commas."})
        return 1

    def choice(
        self,
        name: str,
        choices: Mapping[str, Choice],
        default: Choice = MISSING,
        transform: Callable[[str], str] = lambda text: text,
    ) -> Choice:
        called = next((each for each, choice in choices.items() if choice is default), MISSING)
        any_case = transform("a") != "a"
        self._note(name, {"type": "string"} if any_case else {"type": "string", "enum": list(choices)}, called)
        if any_case:
            self.schemas[name]["description"] = f"One of {', '.join(choices)}, in any case."
        return next(iter(choices.values())) if default is MISSING else default

    def boolean(self, name: str, default: bool = MISSING) -> bool:
        self._note(name, {"anyOf": [{"type": "boolean"}, {"type": "string", "enum": _WRITTEN_BOOLEANS}]}, default)
        return False

    def speed(self, name: str, slowest: float, fastest: float) -> float | None:
        number = {"type": "number", "minimum": slowest, "maximum": fastest}
        self._note(name, {"anyOf": [number, {"type": "string"}, {"type": "null"}]})
        return None

    def cost_sheet(self, name: str) -> str:
        self._note(name, {"type": "string"})
        return ""

    def nested(self, name: str) -> "Fields":
        inner = _NotedFields(self._absent)
        self.schemas[name] = {"inner": inner}
        return inner

    def as_object(self) -> Schema:
        """The schema of an object with these fields, and no others."""
        properties = {
            name: cast("_NotedFields", schema["inner"]).as_object() if "inner" in schema else schema
            for name, schema in self.schemas.items()
        }
        required = [name for name in self.required if name not in self.asked_for]
        shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return shape | ({"required": required} if required else {})


def command_schemas() -> dict[str, Schema]:
    """The schema of each command, by its kind."""
    return {command.kind: _schema(command) for command in COMMANDS}


def _schema(command: type[Command]) -> Schema:
    everything = _NotedFields()
    command.read(everything)
    asked_for = list(everything.asked_for)
    for inner in (schema["inner"] for schema in everything.schemas.values() if "inner" in schema):
        asked_for += inner.asked_for
    for absent in asked_for:  # what is read only where another field is absent
        otherwise = _NotedFields((absent,))
        command.read(otherwise)
        _add(everything, otherwise)
    schema = everything.as_object()
    schema["properties"] = {"type": {"type": "string", "const": command.kind}, **schema["properties"]}
    schema["required"] = ["type", *schema.get("required", [])]
    return schema | {"description": command.description}


def _add(everything: _NotedFields, other: _NotedFields) -> None:
    for name, schema in other.schemas.items():
        if "inner" in schema and name in everything.schemas:
            _add(everything.schemas[name]["inner"], schema["inner"])
        else:
            everything.schemas.setdefault(name, schema)
    everything.asked_for += [name for name in other.asked_for if name not in everything.asked_for]
