"""The OpenAPI description: what FastAPI finds, and what it cannot know."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.commands.command import Stimulus
from app.commands.schema import command_schemas
from app.commands.table import COMMAND_KINDS
from app.session.pair import Go
from app.web.api.pairs import COUNTS, MOST_AT_ONCE, STEPS
from app.web.api.shapes import PROBLEM, ProblemDetails
from app.web.api.state_schema import state_schemas

Schema = dict[str, Any]

#: What changes the machine itself is not for a pair, whose machines are what they were chosen to be.
_PAIRABLE = [name for name, command in COMMAND_KINDS.items() if issubclass(command, Stimulus) and command.pairable]


def describe(application: FastAPI) -> None:
    """Has *application* describe itself."""

    def openapi() -> Schema:
        if application.openapi_schema is None:
            application.openapi_schema = _description(application)
        return application.openapi_schema

    application.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change it


def _description(application: FastAPI) -> Schema:
    found = get_openapi(
        title=application.title, version=application.version, summary=application.summary, routes=application.routes
    )
    for path, operations in found["paths"].items():
        for operation in operations.values():
            _leave_out_what_cannot_be(operation["responses"])
            if not path.startswith("/api/"):
                _add_pages(operation["responses"])
    schemas = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    shape = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= shape.pop("$defs")
    schemas["ProblemDetails"] = shape
    schemas |= state_schemas()
    schemas["MomentShape"]["properties"]["state"] = _reference("NumberedState")
    schemas |= {_called(name): schema for name, schema in command_schemas().items()}
    schemas["Command"] = _one_of(COMMAND_KINDS)
    schemas["PairCommand"] = _pair_command()
    schemas["LineAnswer"]["properties"]["command"] = {"anyOf": [_reference("Command"), {"type": "null"}]}
    for path, schema in (("sessions/{session_id}", "Command"), ("pairs/{pair_id}", "PairCommand")):
        body = found["paths"][f"/api/v1/{path}/commands"]["post"]["requestBody"]
        body["content"]["application/json"]["schema"] = _reference(schema)
    return found


def _leave_out_what_cannot_be(responses: Schema) -> None:
    """FastAPI expects a 422 wherever there is a parameter, though any text does for most."""
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]


def _add_pages(responses: Schema) -> None:
    """Whoever asks for HTML gets a problem in HTML, but from the JSON interface."""
    for response in responses.values():
        if PROBLEM in response.get("content", {}):
            response["content"]["text/html"] = {"schema": {"type": "string"}}


def _called(command: str) -> str:
    return "".join(word.capitalize() for word in command.split("_")) + "Command"


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(commands: Iterable[str]) -> Schema:
    references = {name: _reference(_called(name)) for name in commands}
    mapping = {name: reference["$ref"] for name, reference in references.items()}
    return {"oneOf": list(references.values()), "discriminator": {"propertyName": "type", "mapping": mapping}}


def _pair_command() -> Schema:
    go = _go([each.value for each in Go if each.value not in STEPS], {}, "How far the two are to go.")
    count: Schema = {"type": "integer", "enum": list(COUNTS), "default": 1, "description": "-1 undoes a step."}
    step = _go(list(STEPS), {"count": count}, "One step of both, on or back.")
    stimulus = _one_of(_PAIRABLE)
    several = {"type": "array", "items": stimulus, "minItems": 1, "maxItems": MOST_AT_ONCE}
    return {"anyOf": [stimulus, several, go, step], "description": "A stimulus, several at once, or how far to go."}


def _go(kinds: list[str], more: Schema, description: str) -> Schema:
    return {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": kinds}, **more},
        "required": ["type"],
        "additionalProperties": False,
        "description": description,
    }
