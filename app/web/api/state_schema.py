"""JSON Schema of the state, for the OpenAPI description, from the types that it is built from."""

import inspect
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from app.state.shapes import LadderState, NumberedState

Schema = dict[str, Any]

_PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}


def state_schemas() -> dict[str, Schema]:
    """The schemas of ``NumberedState``, of ``LadderState`` and of all that these are made of, by their names."""
    found: dict[str, Schema] = {}
    _add(NumberedState, found)
    _add(LadderState, found)
    return found


def _add(kind: type, found: dict[str, Schema]) -> None:
    if kind.__name__ in found:
        return
    fields = get_type_hints(kind, include_extras=True)
    schema: Schema = {"type": "object", "title": kind.__name__, "description": inspect.getdoc(kind)}
    found[kind.__name__] = schema
    schema["properties"] = {name: _schema_of(field, found) for name, field in fields.items()}
    schema["required"] = [name for name, field in fields.items() if get_origin(field) is not NotRequired]
    schema["additionalProperties"] = False


def _schema_of(kind: Any, found: dict[str, Schema]) -> Schema:
    origin, parts = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        _add(kind, found)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    if origin is NotRequired:
        return _schema_of(parts[0], found)
    if origin is Annotated:
        return {"type": "string", "enum": [value for each in parts[1:] for value in _values(each)]}
    if origin is Literal:
        return {"type": "string", "enum": list(parts)}
    if origin is UnionType:
        return {"anyOf": [_schema_of(part, found) for part in parts]}
    if origin is list:
        return {"type": "array", "items": _schema_of(parts[0], found)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(parts[1], found)}
    return {"type": _PLAIN[kind]}


def _values(each: Any) -> list[str]:
    if isinstance(each, type) and issubclass(each, Enum):
        return [str(member.value) for member in each]
    return [str(value) for value in (each if isinstance(each, tuple) else get_args(each))]
