"""The part of the machine's page that has its flags: put one, go to one, take one away; by htmx and by plain forms."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.commands.transport import LATEST
from app.session.flags import LONGEST_WORD, flag_word
from app.session.moments import has_links
from app.session.session import Session
from app.web.addresses import link
from app.web.api.flags import flag_link
from app.web.api.sessions import moments_of, registry_of
from app.web.pages.asked import fields_of, is_htmx
from app.web.pages.forms import whole_number
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)


def flags_context(session: Session) -> dict[str, Any]:
    """What `_flags.html` shows."""
    names = {course.number: course.name for course in session.drive.branches()}
    flags = [{"flag": flag, "branch": names[flag.branch], "address": flag_link(flag)} for flag in session.flags.all()]
    return {"session": session, "flags": flags, "longest_word": LONGEST_WORD, "links_last": has_links(session)}


@router.get("/s/{session_id}/flags")
async def flags(request: Request, session_id: str) -> Response:
    """The list of the session's flags."""
    return _flags(request, registry_of(request).get(session_id), "")


@router.post("/s/{session_id}/flags")
async def put_flag(request: Request, session_id: str) -> Response:
    """Puts a flag at the moment that is shown."""
    session = registry_of(request).get(session_id)
    word = flag_word((await fields_of(request)).get("word", ""))
    flag = await moments_of(request).put_flag(session, None, None, word)
    return _answer(request, session, f"“{flag.word}” stands at tick {flag.moment.tick:,}.")


@router.post("/s/{session_id}/flags/remove")
async def remove_flag(request: Request, session_id: str) -> Response:
    """Takes a flag away."""
    session = registry_of(request).get(session_id)
    number = whole_number(await fields_of(request), "flag", 0, LATEST, otherwise=LATEST)
    word = session.flags.find(number).word
    await moments_of(request).remove_flag(session, number)
    return _answer(request, session, f"“{word}” is taken away.")


def _answer(request: Request, session: Session, said: str) -> Response:
    if not is_htmx(request):
        return RedirectResponse(link(f"/s/{session.id}"), status_code=303)
    return _flags(request, session, said)


def _flags(request: Request, session: Session, answer: str) -> Response:
    context = flags_context(session) | {"answer": answer}
    return templates.TemplateResponse(request, "pages/machine/_flag_list.html", context)
