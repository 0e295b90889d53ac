"""The JSON interface described for people. Rendered here, because classrooms are offline and the usual page is not."""

import json
import re
from typing import Any

from fastapi import APIRouter, Request, Response

from app.commands.table import COMMANDS
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)

#: A name in a description, which is CommonMark for those who read openapi.json.
_MARKS = re.compile(r"[*`]([^*`]+)[*`]")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every call, from the OpenAPI description, and every command."""
    description = request.app.openapi()
    calls = [
        {
            "call": f"{method.upper()} {path}",
            "does": _MARKS.sub(r"\1", operation["description"]),
            "answers": _answers(operation),
            "body": _body(operation),
        }
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]
    return templates.TemplateResponse(
        request, "pages/docs.html", {"info": description["info"], "calls": calls, "commands": COMMANDS}
    )


def _answers(operation: dict[str, Any]) -> str:
    return ", ".join(operation["responses"])


def _body(operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return json.dumps(content.get("example", {})) if content.get("example") else ""
