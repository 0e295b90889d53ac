"""Two branches of a session at one time: a page with both scores on one axis and a table of what differs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.commands.transport import LATEST, MOST_BRANCHES
from app.session.comparing import Compared, compared
from app.session.moments import found_moment
from app.session.session import Session
from app.web.addresses import link
from app.web.api.sessions import moments_of, registry_of
from app.web.asking import while_there
from app.web.errors import Problem
from app.web.pages.asked import fields_of, is_htmx
from app.web.pages.forms import whole_number
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)

#: Positions of the slider.
_NOTCHES = 500
#: What the address may ask for.
_QUESTION = ("a", "b", "time", "tick")

OneBranch = Annotated[int | None, Query(ge=0, lt=MOST_BRANCHES)]
OneMoment = Annotated[int | None, Query(ge=0, le=LATEST)]


@router.get("/s/{session_id}/branches/compare")
async def compare_branches(
    request: Request,
    session_id: str,
    a: OneBranch = None,
    b: OneBranch = None,
    time: OneMoment = None,
    tick: OneMoment = None,
) -> Response:
    """Branches *a* and *b* (without numbers: the one that is shown, and the one that it leaves or that was begun last)
    at a time in cycles, or at a tick of *a*."""
    if strange := [name for name in request.query_params if name not in _QUESTION]:
        said = f"is not known here; known: {', '.join(_QUESTION)}"
        raise Problem(422, "The query does not fit", f"{strange[0]}: {said}", [(name, said) for name in strange])
    session = registry_of(request).get(session_id)
    first = session.drive.branch if a is None else a
    second = _other(session, first) if b is None else b
    if time is None and tick is not None:
        time = (await found_moment(session, first, tick)).moment.time
    if time is None:
        time = _time_shown(session, first, second)
    found = await while_there(request, compared(session.drive, first, second, time))
    template = "_compared.html" if is_htmx(request) else "page.html"
    return templates.TemplateResponse(request, f"pages/branches/{template}", _context(session, found))


@router.post("/s/{session_id}/branches/link")
async def link_moment(request: Request, session_id: str) -> Response:
    """Gives a tick of a branch a link, and leads there."""
    session = registry_of(request).get(session_id)
    fields = await fields_of(request)
    branch = whole_number(fields, "branch", 0, MOST_BRANCHES - 1, otherwise=0)
    tick = whole_number(fields, "tick", 0, LATEST, otherwise=0)
    moment = await moments_of(request).link(session, branch, tick, "", {"live": False})
    return RedirectResponse(link(f"/m/{moment.link}"), status_code=303)


def _other(session: Session, branch: int) -> int:
    """What *branch* is compared with where nobody says: the course that it leaves, or else the newest."""
    courses = {course.number: course for course in session.drive.branches()}
    parent = courses[branch].parent if branch in courses else None
    return max(courses) if parent is None else parent


def _time_shown(session: Session, a: int, b: int) -> int | None:
    """The time that the session shows, where that is of one of the two and after their fork; else None."""
    if session.drive.branch not in (a, b) or session.drive.live:
        return None
    return session.drive.time


def _context(session: Session, found: Compared) -> dict[str, Any]:
    return {
        "session": session,
        "compared": found,
        "branches": session.drive.branches(),
        "step": max(1, found.last // _NOTCHES),
    }
