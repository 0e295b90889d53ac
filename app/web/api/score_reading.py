"""The JSON interface that reads scores: one span explained, and what looks wrong."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import MOST_BRANCHES
from app.engine.journal import moment_at
from app.history.kept import KeptMoment
from app.history.search import Past
from app.history.slices import Slices
from app.score.explanation import Explanation, UnknownSpan, explanation_of
from app.score.findings import FINDING_KINDS, Finding, findings_of
from app.score.then import LineThen
from app.session.drive import NotPossible
from app.session.looking_back import End, in_slices
from app.session.score import Score
from app.session.simulated import SimulatedDrive
from app.web.api.pairs import pairs_of
from app.web.api.sessions import moments_of, registry_of
from app.web.api.shapes import Side, answers
from app.web.asking import while_there
from app.web.errors import Problem
from app.x86.words import VectorNames

router = APIRouter(prefix="/api/v1", tags=["score"])

Branch = Annotated[int | None, Query(ge=0, lt=MOST_BRANCHES, description="A branch; without it the present one.")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SpanShape(_Shape):
    """One span: times in TSC cycles, ticks from 1; `end` and `last` are null while it is open, other numbers -1 and
    texts "" for none."""

    id: int
    kind: str
    lane: int
    value: int
    start: int
    end: int | None
    first: int
    last: int | None
    message: int
    source: int
    name: str
    cause: int


class StepShape(_Shape):
    """A step on an interrupt's way."""

    time: int
    tick: int
    words: str


class Interrupt(_Shape):
    """All spans of one interrupt, and its way."""

    ids: list[int]
    steps: list[StepShape]


class WaitShape(_Shape):
    """A piece of a wait: at which kind of gate, and why that was closed."""

    begin: int = Field(alias="from")
    #: Null: it goes on.
    to: int | None
    #: A gate of the ladder; "": of a long wait this part is not told.
    gate: str
    words: str


class Explained(_Shape):
    """One span explained. The pieces of `waits` adjoin, and cover the wait; of one machine of a pair there are
    none. `next` and `previous` are spans of the same lane and kind."""

    span: SpanShape
    words: str
    interrupt: Interrupt
    waits: list[WaitShape]
    next: int | None
    previous: int | None


class FindingShape(_Shape):
    """Something that looks wrong; `span` is its first cause, `spans` show it."""

    kind: str
    words: str
    time: int
    tick: int
    cpu: int
    span: int
    spans: list[int]


class Findings(_Shape):
    """What looks wrong in a branch, and what each kind means."""

    findings: list[FindingShape]
    kinds: dict[str, str]


@router.get(
    "/sessions/{session_id}/score/spans/{span}", responses=answers(Explained, 404, 409, 422), response_model=None
)
async def read_span(request: Request, session_id: str, span: int, branch: Branch = None) -> Response:
    """One span explained: its whole interrupt, and where that waited for what. It moves nobody."""
    session = registry_of(request).get(session_id)
    drive = session.drive
    number = drive.branch if branch is None else branch
    return await _explained(request, session.score(), number, span, lambda: drive.past(number), drive.vector_names)


@router.get(
    "/pairs/{pair_id}/{name}/score/spans/{span}", responses=answers(Explained, 404, 409, 422), response_model=None
)
async def read_pair_span(request: Request, pair_id: str, name: Side, span: int) -> Response:
    """The same of one machine of a pair, but for what it waited for."""
    machine = pairs_of(request).get(pair_id).machine(name)
    return await _explained(request, machine.score, 0, span, lambda: None, machine.vector_names)


@router.get("/sessions/{session_id}/score/findings", responses=answers(Findings, 404, 409, 422), response_model=None)
async def read_findings(request: Request, session_id: str, branch: Branch = None) -> Response:
    """What looks wrong in a branch: storms, live locks, lost wake-ups, missing EOIs, priority inversions."""
    session = registry_of(request).get(session_id)
    drive = session.drive
    number = drive.branch if branch is None else branch
    idle = number == drive.branch and drive.live and drive.idle
    return await _found(request, session.score(), number, drive.vector_names, idle=idle)


@router.get("/pairs/{pair_id}/{name}/score/findings", responses=answers(Findings, 404, 409, 422), response_model=None)
async def read_pair_findings(request: Request, pair_id: str, name: Side) -> Response:
    """The same of one machine of a pair."""
    machine = pairs_of(request).get(pair_id).machine(name)
    return await _found(request, machine.score, 0, machine.vector_names, idle=False)


@router.get(
    "/moments/{moment_id}/score/spans/{span}", responses=answers(Explained, 404, 409, 410, 422), response_model=None
)
async def read_span_of_moment(request: Request, moment_id: str, span: int) -> Response:
    """One span explained as it was at a linked moment, also when its session is over: what came later does not
    count."""
    moment, drive = await _moment(request, moment_id)
    at = moment_at(moment.tick, moment.time)

    def slices() -> Slices[Explanation]:
        line = LineThen(drive.score.line(moment.branch), at)
        past = drive.past(moment.branch)
        return (yield from explanation_of(line, span, past, drive.vector_names, at.time, at))

    return _explanation(await while_there(request, _looked_up(slices())))


@router.get("/moments/{moment_id}/score/findings", responses=answers(Findings, 404, 409, 410, 422), response_model=None)
async def read_findings_of_moment(request: Request, moment_id: str) -> Response:
    """What looked wrong at a linked moment, also when its session is over."""
    moment, drive = await _moment(request, moment_id)
    at = moment_at(moment.tick, moment.time)

    def slices() -> Slices[list[Finding]]:
        there = yield from drive.timeline.finder(at.tick, at.time, moment.branch)
        line = LineThen(drive.score.line(moment.branch), at)
        idle = there.idle and there.demonstration is None
        return (yield from findings_of(line, drive.vector_names, at.time, idle=idle))

    return _told(await while_there(request, _looked_up(slices())))


async def _moment(request: Request, moment_id: str) -> tuple[KeptMoment, SimulatedDrive]:
    """A linked moment, and what its session did."""
    moments = moments_of(request)
    moment = await moments.find(moment_id)
    return moment, await while_there(request, moments.drive(moment))


async def _explained(
    request: Request, score: Score, branch: int, span: int, past: Callable[[], Past | None], names: VectorNames
) -> Response:
    def slices() -> Slices[Explanation]:
        return (yield from explanation_of(score.line(branch), span, past(), names, score.covered(branch).end))

    return _explanation(await while_there(request, _looked_up(slices())))


async def _found(request: Request, score: Score, branch: int, names: VectorNames, *, idle: bool) -> Response:
    def slices() -> Slices[list[Finding]]:
        return (yield from findings_of(score.line(branch), names, score.covered(branch).end, idle=idle))

    return _told(await while_there(request, _looked_up(slices())))


async def _looked_up(slices: Slices[End]) -> End:
    """Problem when there is no such span, NotPossible when there is no such branch."""
    try:
        return await in_slices(slices)
    except UnknownSpan as error:
        raise Problem(404, "No such span", str(error)) from error
    except (LookupError, ValueError) as error:
        raise NotPossible(str(error)) from error


def _explanation(found: Explanation) -> Response:
    pieces = [{"from": piece.begin, "to": piece.end, "gate": piece.gate, "words": piece.words} for piece in found.waits]
    if pieces and found.waits_on:
        pieces[-1]["to"] = None
    return _json(
        {
            "span": found.span._asdict(),
            "words": found.words,
            "interrupt": {"ids": [each.id for each in found.whole], "steps": [step._asdict() for step in found.steps]},
            "waits": pieces,
            "next": found.next,
            "previous": found.previous,
        }
    )


def _told(found: list[Finding]) -> Response:
    kinds = {kind.name: kind.words for kind in FINDING_KINDS}
    return _json({"findings": [finding._asdict() for finding in found], "kinds": kinds})


def _json(told: dict[str, Any]) -> Response:
    """There may be thousands of steps, which FastAPI's own way takes long for."""
    return Response(json.dumps(told, separators=(",", ":")), media_type="application/json")
