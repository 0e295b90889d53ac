"""The JSON interface of linked moments."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import LATEST, MOST_BRANCHES
from app.history.kept import KeptMoment
from app.session.moments import LARGEST_VIEW, LONGEST_NOTE
from app.web.addresses import link
from app.web.api.exact_json import ExactRoute
from app.web.api.sessions import moments_of, registry_of
from app.web.api.shapes import answers
from app.web.asking import while_there
from app.web.errors import Problem

router = APIRouter(prefix="/api/v1", tags=["moments"], route_class=ExactRoute)


class NewMoment(BaseModel):
    """Which moment is to have a link; what is shown, where no branch and no tick is given."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tick: Annotated[int | None, Field(ge=0, le=LATEST)] = None
    branch: Annotated[int | None, Field(ge=0, lt=MOST_BRANCHES)] = None
    #: For people.
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    #: For programs: it comes back as it was.
    view: dict[str, Any] = {}


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LinkedMoment(_Shape):
    """A moment has a link."""

    id: str
    #: The page that shows it.
    link: str


class EventShape(_Shape):
    """Something that happened."""

    n: int
    time: int
    kind: str
    cpu: int | None
    vector: int | None
    message: int | None
    pin: int | None
    text: str


class MomentShape(LinkedMoment):
    """A moment, and what was to be seen at it."""

    session: str
    branch: int
    tick: int
    time: int
    #: In seconds since 1970.
    made: float
    note: str
    view: dict[str, Any]
    #: A ``NumberedState``, as the description says.
    state: dict[str, Any]
    #: The newest of what happened before it, as the stream has it.
    events: list[EventShape]


def moment_link(moment: KeptMoment) -> str:
    """The address of the page that shows *moment*."""
    return link(f"/m/{moment.link}")


@router.post(
    "/sessions/{session_id}/moments",
    status_code=201,
    responses=answers(LinkedMoment, 404, 409, 415, 422, 507, status=201, writes=True),
    response_model=None,
)
async def link_moment(
    request: Request, response: Response, session_id: str, wanted: NewMoment | None = None
) -> dict[str, Any]:
    """Gives a moment of a session a link, which never comes to mean another moment."""
    chosen = wanted or NewMoment()
    if len(json.dumps(chosen.view)) > LARGEST_VIEW:
        message = f"takes more than {LARGEST_VIEW:,} bytes"
        raise Problem(422, "The body does not fit", f"view: {message}", [("view", message)])
    session = registry_of(request).get(session_id)
    moment = await moments_of(request).link(session, chosen.branch, chosen.tick, chosen.note, chosen.view)
    response.headers["Location"] = link(f"/api/v1/moments/{moment.link}")
    return {"id": moment.link, "link": moment_link(moment)}


@router.get("/moments/{moment_id}", responses=answers(MomentShape, 404, 409, 410), response_model=None)
async def read_moment(request: Request, moment_id: str) -> dict[str, Any]:
    """A moment that has a link, and everything that was to be seen at it."""
    moment = await moments_of(request).find(moment_id)
    return {
        "id": moment.link,
        "link": moment_link(moment),
        "session": moment.session,
        "branch": moment.branch,
        "tick": moment.tick,
        "time": moment.time,
        "made": moment.made,
        "note": moment.note,
        "view": json.loads(moment.view),
        "state": await while_there(request, moments_of(request).state(moment)),
        "events": await while_there(request, moments_of(request).events(moment)),
    }
