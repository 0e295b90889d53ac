"""The part of the machine's page that goes to where a condition comes true, or has running stop there: by htmx and by
plain forms."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.breakpoints.reading import LONGEST
from app.breakpoints.words import WORDS
from app.commands.fields import InvalidCommand
from app.commands.reading import read_form
from app.commands.transport import BreakAt, RemoveBreakpoint, RunTo
from app.session.drive import NotPossible
from app.session.session import Session
from app.web.addresses import link
from app.web.api.sessions import registry_of
from app.web.errors import problem_of
from app.web.pages.asked import fields_of, is_htmx
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)

#: What the form's buttons do, by what they are called in it.
ACTS: dict[str, dict[str, str]] = {
    "on": {"type": RunTo.kind},
    "back": {"type": RunTo.kind, "backwards": "true"},
    "hold": {"type": BreakAt.kind},
    "remove": {"type": RemoveBreakpoint.kind},
}


def breakpoints_context(session: Session) -> dict[str, Any]:
    """What `_breakpoint.html` shows: the words that this session can be asked for, and what it holds."""
    recorded = session.drive.generation is None
    words = [word for word in WORDS if not (recorded and word.untold)]
    held = session.breakpoints.state()["held"]
    return {"session": session, "condition_words": words, "held": held, "longest_condition": LONGEST}


@router.get("/s/{session_id}/breakpoint")
async def breakpoints(request: Request, session_id: str) -> Response:
    """The form, with what somebody has written into it, and the breakpoints that the session holds."""
    written = request.query_params.get("condition", "")[:LONGEST]
    return _form(request, registry_of(request).get(session_id), {"condition": written})


@router.post("/s/{session_id}/breakpoint")
async def act(request: Request, session_id: str) -> Response:
    """Goes to a condition, holds it, or removes one; what is wrong stands at the field."""
    session = registry_of(request).get(session_id)
    fields = await fields_of(request)
    written = {name: fields[name] for name in ("condition", "breakpoint") if name in fields}
    try:
        wanted = ACTS.get(fields.get("act", "on"))
        if wanted is None:
            raise InvalidCommand([("act", f"must be one of {', '.join(ACTS)}")])
        answer = await session.submit(read_form(written | wanted, session.cpu_count))
    except (InvalidCommand, NotPossible) as error:
        problem = problem_of(error)
        if not is_htmx(request):
            raise
        told = {"condition": written.get("condition", ""), "problem": problem, "answer": ""}
        return _form(request, session, told, problem.status)
    if not is_htmx(request):
        return RedirectResponse(link(f"/s/{session.id}"), status_code=303)
    return _form(request, session, {"condition": written.get("condition", ""), "answer": answer.text})


def _form(request: Request, session: Session, told: dict[str, Any], status: int = 200) -> Response:
    context = breakpoints_context(session) | told
    return templates.TemplateResponse(request, "pages/machine/_breakpoint_form.html", context, status)
