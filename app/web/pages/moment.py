"""The page of a linked moment: the machine's page as it was to be seen then, which nobody can change; and a session of
one's own from there."""

import json
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.engine.journal import moment_at
from app.history.kept import KeptMoment
from app.session.moments import Moments
from app.web.api.sessions import moments_of
from app.web.asking import while_there
from app.web.keys import keep_key, keep_owner_key, owner_key
from app.web.pages.asked import elsewhere
from app.web.pages.machine import SPANS_TOLD, reading_context, registry_of, told_last
from app.web.pages.shortcuts import MOMENT_KEYS
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)

#: Said to whoever tries to act.
READ_ONLY = "Nobody can change a linked moment. To act, go on from here in a session of your own."


@router.get("/m/{moment_id}")
async def moment_page(request: Request, moment_id: str) -> Response:
    """What was to be seen at a moment."""
    moments = moments_of(request)
    moment = await moments.find(moment_id)
    state = await while_there(request, moments.state(moment))
    lives = registry_of(request).lives(moment.session)
    context = {
        **reading_context(state),
        "moment": moment,
        "branch": await moments.branch_name(moment),
        "last_spans": await _told_last(request, moments, moment, lives=lives),
        "made": datetime.fromtimestamp(moment.made, UTC),
        "keys": MOMENT_KEYS,
        "past": not json.loads(moment.view).get("live", state["live"]),
        "lives": lives,
        "read_only": READ_ONLY,
    }
    return templates.TemplateResponse(request, "pages/machine/moment.html", context)


async def _told_last(request: Request, moments: Moments, moment: KeptMoment, *, lives: bool) -> list[str]:
    """The newest of what happened before *moment*, in sentences. The score of a session that is over is written only
    when somebody looks at it, which may take long: its events say as much."""
    if lives:
        drive = registry_of(request).get(moment.session).drive
        return told_last(drive, moment.branch, moment_at(moment.tick, moment.time))
    events = await while_there(request, moments.events(moment))
    return [f"At {event['time']:,}: {event['text']}" for event in reversed(events[-SPANS_TOLD:])]


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
