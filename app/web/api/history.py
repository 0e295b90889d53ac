"""The JSON interface of a session's history: branches, what happened, any moment's state, the journal."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import LATEST, MOST_BRANCHES
from app.session.comparing import last_shared
from app.session.looking_back import MOST_RECORDS, binned, columns, record_json
from app.state.shapes import NumberedState
from app.web.api.sessions import registry_of
from app.web.api.shapes import answers, files
from app.web.asking import while_there

router = APIRouter(prefix="/api/v1", tags=["history"])

JSON_LINES = "application/x-ndjson"
_MOST_BINS = 1_000

OneBranch = Annotated[int | None, Query(ge=0, lt=MOST_BRANCHES, description="A branch; without it the present one.")]
OneTick = Annotated[int | None, Query(ge=0, le=LATEST, description="A tick of the branch; without it its head.")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BranchShape(_Shape):
    """A course of a session's history. `from` is the last tick that it shares with its parent."""

    branch: int
    name: str
    parent: int | None
    leaves_at: int = Field(alias="from")
    head: int
    time: int


class History(_Shape):
    """The moment that is shown, and all branches."""

    branch: int
    tick: int
    branches: list[BranchShape]


class SharedMoment(_Shape):
    """The last moment that two branches share."""

    tick: int
    time: int


class RecordShape(_Shape):
    """Something that happened, in the tick of that number, from 1."""

    tick: int
    time: int
    kind: str
    cpu: int | None
    vector: int | None
    message: int | None
    text: str


class Columns(_Shape):
    """The same as one array per field, without texts."""

    tick: list[int]
    time: list[int]
    kind: list[str]
    cpu: list[int | None]
    vector: list[int | None]
    message: list[int | None]


class Records(_Shape):
    """What happened in some ticks. `next` is the tick to go on from; null: that was all that was asked for."""

    records: list[RecordShape] | Columns | None = None
    #: How many records there are in each of so many equal parts of the ticks from `from` to before `to`.
    bins: list[int] | None = None
    first: int | None = Field(None, alias="from")
    to: int | None = None
    next: int | None


@router.get("/sessions/{session_id}/history", responses=answers(History, 404), response_model=None)
async def read_history(request: Request, session_id: str) -> dict[str, Any]:
    """The moment that is shown, and all branches that the session's history has."""
    return registry_of(request).get(session_id).history()


@router.get(
    "/sessions/{session_id}/history/shared", responses=answers(SharedMoment, 404, 409, 422), response_model=None
)
async def read_shared(
    request: Request, session_id: str, a: Annotated[int, Query(ge=0)], b: Annotated[int, Query(ge=0)]
) -> dict[str, int]:
    """The last moment that branches `a` and `b` share: behind it they are two futures."""
    shared = last_shared(registry_of(request).get(session_id).drive, a, b)
    return {"tick": shared.tick, "time": shared.time}


@router.get("/sessions/{session_id}/records", responses=answers(Records, 404, 409, 422), response_model=None)
async def read_records(
    request: Request,
    session_id: str,
    branch: OneBranch = None,
    first: Annotated[int, Query(alias="from", ge=0, le=LATEST, description="The first tick.")] = 0,
    to: Annotated[int | None, Query(ge=0, le=LATEST, description="The last tick; without it the head.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS, description="So many, and the rest of the last tick.")] = 1_000,
    form: Annotated[Literal["records", "columns"], Query(description="Objects, or one array per field.")] = "records",
    bins: Annotated[int | None, Query(ge=1, le=_MOST_BINS, description="Counts in so many parts instead.")] = None,
) -> dict[str, Any]:
    """What happened in some ticks of a branch. It moves nobody. An answer looks through 200,000 ticks at most."""
    session = registry_of(request).get(session_id)
    if bins and (known := session.record_counts(branch, first, to, bins)):
        return known | {"next": None}
    most = MOST_RECORDS * 100 if bins else limit
    found = await while_there(request, session.records(branch, first, to, most))
    if bins:
        return binned(found, bins, first) | {"next": found.next}
    if form == "columns":
        return {"records": columns(found.records), "next": found.next}
    names = session.drive.vector_names
    return {"records": [record_json(record, names) for record in found.records], "next": found.next}


@router.get("/sessions/{session_id}/state", responses=answers(NumberedState, 404, 409, 422), response_model=None)
async def read_state(
    request: Request, session_id: str, branch: OneBranch = None, tick: OneTick = None
) -> NumberedState:
    """Everything there is to see: now, or at a tick of a branch, which moves nobody."""
    session = registry_of(request).get(session_id)
    if branch is None and tick is None:
        return session.state()
    return await while_there(request, session.state_at(branch, tick))


@router.get("/sessions/{session_id}/journal", responses=files(JSON_LINES, 404, 409, 422), response_model=None)
async def read_journal(request: Request, session_id: str, branch: OneBranch = None) -> Response:
    """What the session was asked in a branch, as JSON lines: first the machine, last where the branch has come to.
    `apicscope run` plays it, and `POST /sessions` takes it."""
    session = registry_of(request).get(session_id)
    text = await while_there(request, session.journal(branch))
    return PlainTextResponse(text, media_type=JSON_LINES)
