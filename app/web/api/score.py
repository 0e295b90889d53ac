"""The JSON interface of scores: the spans of any stretch of time, or how many there are in each of its parts."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import LATEST, MOST_BRANCHES
from app.session.drive import NotPossible
from app.session.score import Covered, Filling, Score
from app.web.api.pairs import pairs_of
from app.web.api.sessions import moments_of, registry_of
from app.web.api.shapes import Side, answers
from app.web.asking import while_there
from app.web.errors import Problem

router = APIRouter(prefix="/api/v1", tags=["score"])

MOST_SPANS = 20_000
_MOST_BINS = 4_000
#: Lane of what is no CPU's.
_DEVICES = -1


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanColumns(_Shape):
    """Spans in the order in which they began, as one array per field."""

    id: list[int]
    kind: list[str]
    lane: list[int]
    value: list[int]
    start: list[int]
    end: list[int | None]
    first: list[int]
    last: list[int | None]
    message: list[int]
    source: list[int]
    name: list[str]
    cause: list[int]


class LaneBins(_Shape):
    """Of one lane, part by part: how many spans begin in it, and which share of it a handler runs."""

    lane: int
    counts: list[int]
    busy: list[float]


class CoveredShape(_Shape):
    """Between these times all spans are known, in TSC cycles."""

    begin: int = Field(alias="from")
    to: int


class FillingShape(_Shape):
    """How far a score is that is still being made."""

    done: int
    of: int
    words: str


class ScoreShape(_Shape):
    """The score of a branch, its parents' part included. `next` is the id behind which to go on; null: that was all."""

    branch: int
    spans: SpanColumns | None = None
    next: int | None = None
    #: With `bins`, instead of the spans: each lane, and the stretch of time that is divided.
    lanes: list[LaneBins] | None = None
    begin: int | None = Field(None, alias="from")
    to: int | None = None
    covered: CoveredShape
    filling: FillingShape | None


class Stretch(_Shape):
    """Which part of a score is asked for."""

    branch: int | None = Field(None, ge=0, lt=MOST_BRANCHES, description="A branch; without it the present one.")
    begin: int = Field(0, alias="from", ge=0, le=LATEST, description="A time in TSC cycles.")
    to: int | None = Field(None, ge=0, le=LATEST, description="A time; without it the end.")
    after: int = Field(0, ge=0, le=LATEST, description="Spans with larger ids alone.")
    limit: int = Field(4_000, ge=1, le=MOST_SPANS, description="No more than so many.")
    bins: int | None = Field(None, ge=1, le=_MOST_BINS, description="Counts in so many parts of the time instead.")


Asked = Annotated[Stretch, Query()]


@router.get("/sessions/{session_id}/score", responses=answers(ScoreShape, 404, 409, 422), response_model=None)
async def read_score(request: Request, session_id: str, asked: Asked) -> Response:
    """The spans of a branch that lie at least partly between two times. It moves nobody."""
    session = registry_of(request).get(session_id)
    return _answer(session.score(), session.drive.branch, session.cpu_count, asked)


@router.get("/pairs/{pair_id}/{name}/score", responses=answers(ScoreShape, 404, 409, 422), response_model=None)
async def read_pair_score(request: Request, pair_id: str, name: Side, asked: Asked) -> Response:
    """The same of one machine of a pair."""
    pair = pairs_of(request).get(pair_id)
    machine = pair.machine(name)
    return _answer(machine.score, 0, machine.cpu_count, asked)


@router.get("/moments/{moment_id}/score", responses=answers(ScoreShape, 404, 409, 410, 422), response_model=None)
async def read_moment_score(request: Request, moment_id: str, asked: Asked) -> Response:
    """The same of the session of a linked moment, also when that is over; without a branch, the moment's."""
    moments = moments_of(request)
    moment = await moments.find(moment_id)
    drive = await while_there(request, moments.drive(moment))
    return _answer(drive.score, moment.branch, len(drive.machine.cpus), asked)


def _answer(score: Score, shown: int, cpus: int, asked: Stretch) -> Response:
    if asked.to is not None and asked.to < asked.begin:
        message = f"from is {asked.begin}, and to is {asked.to}: a stretch does not end before it begins"
        raise Problem(422, "That stretch cannot be", message, [("from", message), ("to", message)])
    branch = shown if asked.branch is None else asked.branch
    try:
        found = _spans(score, branch, asked) if asked.bins is None else _bins(score, branch, cpus, asked)
    except LookupError as error:
        raise NotPossible(str(error), "branch") from error
    told = {"branch": branch, **found, "covered": _covered(score.covered(branch))}
    told["filling"] = _filling(score.filling(branch))
    return Response(json.dumps(told, separators=(",", ":")), media_type="application/json")


def _covered(covered: Covered) -> dict[str, int]:
    return {"from": covered.begin, "to": covered.end}


def _filling(filling: Filling | None) -> dict[str, Any] | None:
    return None if filling is None else filling._asdict()


def _spans(score: Score, branch: int, asked: Stretch) -> dict[str, Any]:
    found = score.line(branch).between(asked.begin, LATEST if asked.to is None else asked.to, asked.after, asked.limit)
    return {"spans": found.columns, "next": found.next}


def _bins(score: Score, branch: int, cpus: int, asked: Stretch) -> dict[str, Any]:
    assert asked.bins is not None, "it is asked for"
    to = score.covered(branch).end if asked.to is None else asked.to
    length = max(0, to - asked.begin)
    edges = [asked.begin + length * part // asked.bins for part in range(asked.bins + 1)]
    lanes = score.line(branch).lanes([*range(cpus), _DEVICES], edges)
    told = [
        {"lane": lane.lane, "counts": lane.counts, "busy": [round(share, 4) for share in lane.busy]} for lane in lanes
    ]
    return {"lanes": told, "from": asked.begin, "to": max(to, asked.begin)}
