"""The JSON interface that reads scores: one span explained, and what looks wrong."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from app.commands.transport import MOST_BRANCHES
from app.history.search import Past
from app.history.slices import Slices
from app.score.explanation import Explanation, explanation_of
from app.score.findings import FINDING_KINDS, Finding, findings_of
from app.session.drive import NotPossible
from app.session.looking_back import End, in_slices
from app.session.score import Score
from app.web.api.pairs import pairs_of
from app.web.api.sessions import registry_of
from app.web.api.shapes import Side, answers
from app.web.asking import while_there
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
    to: int
    gate: str
    words: str


class Explained(_Shape):
    """One span explained. The pieces of `waits` adjoin, and cover the wait exactly; of one machine of a pair there are
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
async def read_span(request: Request, session_id: str, span: int, branch: Branch = None) -> dict[str, Any]:
    """One span explained: its whole interrupt, and where that waited for what. It moves nobody."""
    session = registry_of(request).get(session_id)
    drive = session.drive
    number = drive.branch if branch is None else branch
    return await _explained(request, session.score(), number, span, lambda: drive.past(number), drive.vector_names)


@router.get(
    "/pairs/{pair_id}/{name}/score/spans/{span}", responses=answers(Explained, 404, 409, 422), response_model=None
)
async def read_pair_span(request: Request, pair_id: str, name: Side, span: int) -> dict[str, Any]:
    """The same of one machine of a pair, but for what it waited for."""
    machine = pairs_of(request).get(pair_id).machine(name)
    return await _explained(request, machine.score, 0, span, lambda: None, machine.vector_names)


@router.get("/sessions/{session_id}/score/findings", responses=answers(Findings, 404, 409, 422), response_model=None)
async def read_findings(request: Request, session_id: str, branch: Branch = None) -> dict[str, Any]:
    """What looks wrong in a branch: storms, live locks, lost wake-ups, missing EOIs, priority inversions."""
    session = registry_of(request).get(session_id)
    drive = session.drive
    number = drive.branch if branch is None else branch
    idle = number == drive.branch and drive.live and drive.idle
    return await _found(request, session.score(), number, drive.vector_names, idle=idle)


@router.get("/pairs/{pair_id}/{name}/score/findings", responses=answers(Findings, 404, 409, 422), response_model=None)
async def read_pair_findings(request: Request, pair_id: str, name: Side) -> dict[str, Any]:
    """The same of one machine of a pair."""
    machine = pairs_of(request).get(pair_id).machine(name)
    return await _found(request, machine.score, 0, machine.vector_names, idle=False)


async def _explained(
    request: Request, score: Score, branch: int, span: int, past: Callable[[], Past | None], names: VectorNames
) -> dict[str, Any]:
    def slices() -> Slices[Explanation]:
        return (yield from explanation_of(score.line(branch), span, past(), names, score.covered(branch).end))

    found = await while_there(request, _looked_up(slices()))
    return {
        "span": found.span._asdict(),
        "words": found.words,
        "interrupt": {"ids": [each.id for each in found.whole], "steps": [step._asdict() for step in found.steps]},
        "waits": [
            {"from": piece.begin, "to": piece.end, "gate": piece.gate, "words": piece.words} for piece in found.waits
        ],
        "next": found.next,
        "previous": found.previous,
    }


async def _found(request: Request, score: Score, branch: int, names: VectorNames, *, idle: bool) -> dict[str, Any]:
    def slices() -> Slices[list[Finding]]:
        return (yield from findings_of(score.line(branch), names, score.covered(branch).end, idle=idle))

    found = await while_there(request, _looked_up(slices()))
    return {
        "findings": [finding._asdict() for finding in found],
        "kinds": {kind.name: kind.words for kind in FINDING_KINDS},
    }


async def _looked_up(slices: Slices[End]) -> End:
    """NotPossible when there is no such branch or span."""
    try:
        return await in_slices(slices)
    except (LookupError, ValueError) as error:
        raise NotPossible(str(error)) from error
