"""JSON Schema, as tests hold values against it."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs would be one more dependency

Json = dict[str, Any]


def check_schema(schema: Json) -> None:
    """Fails when *schema* is none."""
    jsonschema.Draft202012Validator.check_schema(schema)


def check(value: Any, schema: Json) -> None:
    """Fails when *value* does not fit, and says where."""
    jsonschema.Draft202012Validator(schema).validate(value)


def fits(value: Any, schema: Json) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))
