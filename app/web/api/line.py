"""The JSON interface of commands as lines: what a line is, what may come next, what it would come to."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from app.commands.line_reading import LONGEST_LINE
from app.hw.machine import MAX_CPUS
from app.web.api.sessions import registry_of
from app.web.api.shapes import LineAnswer, answers

router = APIRouter(prefix="/api/v1", tags=["sessions"])


class WrittenLine(BaseModel):
    """A line that somebody writes, or has written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(max_length=LONGEST_LINE)
    #: Where somebody still writes, in characters; without it the line is whole, and what is missing is a problem.
    caret: int | None = Field(None, ge=0)
    #: The CPU that is selected, which ``.`` names.
    selected: int | None = Field(None, ge=0, lt=MAX_CPUS)


@router.post(
    "/sessions/{session_id}/line", responses=answers(LineAnswer, 404, 415, 422, writes=True), response_model=None
)
async def read_line(request: Request, session_id: str, line: WrittenLine) -> dict[str, Any]:
    """Reads a command that is written as one line, `ipi 0 2 61`. It changes nothing, and a line that is wrong or half
    written is no error."""
    session = registry_of(request).get(session_id)
    selected = line.selected if line.selected is not None and line.selected < session.cpu_count else None
    return session.line(line.text, line.caret, selected)
