"""The page of a linked moment: a picture in words, which nobody can change; and a session of one's own from there."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.state.vocabulary import RUN_STATES
from app.web.api.sessions import moments_of
from app.web.asking import while_there
from app.web.keys import keep_key, keep_owner_key, owner_key
from app.web.pages.asked import elsewhere
from app.web.pages.machine import registry_of
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)


@router.get("/m/{moment_id}")
async def moment_page(request: Request, moment_id: str) -> Response:
    """What was to be seen at a moment."""
    moments = moments_of(request)
    moment = await moments.find(moment_id)
    context = {
        "moment": moment,
        "made": datetime.fromtimestamp(moment.made, UTC),
        "state": await while_there(request, moments.state(moment)),
        "run_states": RUN_STATES,
    }
    return templates.TemplateResponse(request, "pages/moment.html", context)


@router.post("/m/{moment_id}/begin")
async def begin(request: Request, moment_id: str) -> Response:
    """A session of one's own that begins at that moment."""
    moments = moments_of(request)
    opened = await moments.begin(await moments.find(moment_id), owner_key(request))
    session = await registry_of(request).kept(opened)
    page = f"/s/{session.id}"
    response = keep_key(request, elsewhere(request, page), session, page)
    keep_owner_key(request, response, session)
    return response
