"""The JSON interface under ``/api/v1``."""

import json
from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from app.backends.catalogue import BACKENDS, DEFAULT_BACKEND, DEFAULT_SHEETS, generation_for
from app.costs.reference import UnusableReference, cost_sheet_of, reference_of
from app.costs.sheet import CostSheet
from app.guest.generations import GENERATIONS
from app.history.journal_text import InvalidJournal, read_journal
from app.history.kept import KeptSession
from app.hw.profile import DEFAULT_PROFILE, PROFILES
from app.session.archive import Setup
from app.session.moments import Moments
from app.session.registry import Registry
from app.session.session import Session
from app.web.addresses import link
from app.web.api.exact_json import ExactRoute
from app.web.api.shapes import Applied, NewSessionSummary, SessionSummary, answers
from app.web.asking import visitor_of
from app.web.errors import Problem
from app.web.keys import check_key

router = APIRouter(prefix="/api/v1", tags=["sessions"], route_class=ExactRoute)

MOST_CPUS = 255


def _one_of(names: Collection[str]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(names)})


BackendName = Annotated[str, _one_of(BACKENDS)]
ProfileName = Annotated[str, _one_of(PROFILES)]
GenerationName = Annotated[str, _one_of(GENERATIONS)]


IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Any text of yours, such as a UUID: sent again with the same key, the request is done once.",
    ),
]


def key_of_visitor(request: Request, key: str | None) -> str | None:
    """*key* where many visitors' keys are kept together: nobody gets what was made for another."""
    return None if key is None else f"{visitor_of(request)} {key}"


#: Of characters; a command takes about a hundred, and the body holds the text once more escaped.
_LONGEST_JOURNAL = 3 << 20


class Beginning(BaseModel):
    """What a session can go on from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    #: The id of a moment that has a link.
    moment: str


class NewSession(BaseModel):
    """What a session begins with."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cpus: int = Field(4, ge=1, le=MOST_CPUS)
    backend: BackendName = DEFAULT_BACKEND
    profile: ProfileName = DEFAULT_PROFILE
    generation: GenerationName | None = None
    #: A sheet, or a copy with other figures: ``2007``, ``skylake-sp?vm_exit=900``; None is that of the kernel's time.
    cost_sheet: str | None = None
    seed: int = 0
    paused: bool = False
    #: The text of a journal, instead of all others: a session that has done it.
    journal: Annotated[str | None, Field(max_length=_LONGEST_JOURNAL)] = None
    #: A moment, instead of all others: a session that has done what led there.
    start: Beginning | None = Field(None, alias="from")


def registry_of(request: Request) -> Registry:
    """The sessions of this process."""
    registry: Registry = request.app.state.registry
    return registry


def moments_of(request: Request) -> Moments:
    """The linked moments of this process."""
    moments: Moments = request.app.state.moments
    return moments


def links_of(session_id: str) -> dict[str, str]:
    """The addresses of a session."""
    base = link(f"/api/v1/sessions/{session_id}")
    return {"page": link(f"/s/{session_id}"), "state": f"{base}/state", "stream": f"{base}/stream"}


def summary(session: Session) -> dict[str, Any]:
    """A session in short, from what is at hand: no state is built for it."""
    drive = session.drive
    return {
        "id": session.id,
        "title": session.title,
        "cpus": session.cpu_count,
        "backend": drive.backend,
        "cost_sheet": drive.cost_sheet,
        "profile": drive.machine.profile.name,
        "generation": drive.generation,
        "paused": session.paused,
        "asleep": session.sleep.asleep,
        "time": drive.time,
        "viewers": len(session.hub.viewers),
        "links": links_of(session.id),
    }


def summary_at_rest(kept: KeptSession) -> dict[str, Any]:
    """A session that is on disk alone, in short; it comes back when somebody asks for it."""
    title, beginning = Setup.of_text(kept.setup)
    place = json.loads(kept.place)
    return {
        "id": kept.id,
        "title": title,
        "cpus": beginning.cpu_count,
        "backend": place.get("backend", beginning.backend),
        "cost_sheet": place.get("cost_sheet", reference_of(beginning.sheet)),
        "profile": beginning.profile.name,
        "generation": beginning.generation,
        "paused": True,
        "asleep": True,
        "time": place.get("time", 0),
        "viewers": 0,
        "links": links_of(kept.id),
    }


@router.post(
    "/sessions",
    status_code=201,
    responses=answers(NewSessionSummary, 404, 409, 410, 415, 422, 507, status=201, writes=True),
    response_model=None,
)
async def create_session(
    request: Request, response: Response, wanted: NewSession | None = None, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Makes a machine: quiet, at full speed. The answer's key is what ends it."""
    chosen = wanted or NewSession()  # type: ignore[call-arg]  # every field has a default
    repeats = registry_of(request).repeats

    async def create() -> dict[str, Any]:
        session = await _begun(request, chosen)
        await registry_of(request).kept(session)
        return summary(session) | {"key": session.key}

    made = await repeats.once(key_of_visitor(request, idempotency_key), chosen.model_dump(), create)
    response.headers["Location"] = link(f"/api/v1/sessions/{made['id']}")
    return made


async def _begun(request: Request, wanted: NewSession) -> Session:
    if wanted.start is not None:
        _check_alone(wanted, "start", "the moment says it")
        moments = moments_of(request)
        return await moments.begin(await moments.find(wanted.start.moment))
    return _created(request, wanted) if wanted.journal is None else await _from_journal(request, wanted)


def _check_alone(wanted: NewSession, field: str, reason: str) -> None:
    """Problem when other fields are given with *field*, for *reason*."""
    others = sorted(wanted.model_fields_set - {field})
    if others:
        raise Problem(422, "The body does not fit", f"{others[0]}: {reason}", [(others[0], reason)])


async def _from_journal(request: Request, wanted: NewSession) -> Session:
    _check_alone(wanted, "journal", "the journal says it")
    try:
        journal = read_journal(wanted.journal or "")
    except InvalidJournal as invalid:
        raise Problem(422, "This is no journal", str(invalid), [("journal", str(invalid))]) from invalid
    return await registry_of(request).open_journal(journal)


def _created(request: Request, wanted: NewSession) -> Session:
    check_known("backend", wanted.backend, BACKENDS)
    check_known("profile", wanted.profile, PROFILES)
    if wanted.generation is not None:
        check_known("generation", wanted.generation, GENERATIONS)
    generation = generation_of(wanted.backend, wanted.generation)
    return registry_of(request).create(
        wanted.cpus,
        wanted.backend,
        wanted.seed,
        wanted.paused,
        profile=wanted.profile,
        generation=generation,
        sheet=sheet_of(wanted.cost_sheet, wanted.backend, generation),
    )


def generation_of(backend: str, generation: str | None) -> str:
    """The kernel that was asked for, or the first that *backend* goes with. Problem says why a pair does not."""
    chosen = generation or generation_for(backend)
    reason = BACKENDS[backend].reason_against(GENERATIONS[chosen])
    if reason is not None:
        raise Problem(422, "These do not go together", f"{backend}: {reason}", [("generation", f"{backend}: {reason}")])
    return chosen


def sheet_of(reference: str | None, backend: str, generation: str) -> CostSheet:
    """The sheet that was asked for, or that of the kernel's time. Problem says what is wrong with the text, or why
    *backend* cannot be priced by it."""
    try:
        sheet = cost_sheet_of(reference or DEFAULT_SHEETS[generation])
    except UnusableReference as unusable:
        raise Problem(422, "No such cost sheet", str(unusable), [("cost_sheet", str(unusable))]) from unusable
    reason = BACKENDS[backend].reason_against_sheet(sheet)
    if reason is not None:
        message = f"{backend}: {reason}"
        raise Problem(422, "These do not go together", message, [("cost_sheet", message)])
    return sheet


def check_known(field: str, name: str, known: Collection[str]) -> None:
    """Problem when *name*, of the body's *field*, is none of *known*."""
    if name not in known:
        message = f"{name[:40]!r} is none of {', '.join(known)}"
        raise Problem(422, "The body does not fit", f"{field}: {message}", [(field, message)])


@router.get("/sessions", responses=answers(list[SessionSummary]), response_model=None)
async def list_sessions(request: Request) -> list[dict[str, Any]]:
    """All sessions, in short: those in memory, then those that rest on disk."""
    registry = registry_of(request)
    return [summary(session) for session in registry.all()] + [summary_at_rest(one) for one in registry.resting()]


@router.get("/sessions/{session_id}", responses=answers(SessionSummary, 404), response_model=None)
async def read_session(request: Request, session_id: str) -> dict[str, Any]:
    """One session, in short; it wakes up behind the answer."""
    session = registry_of(request).get(session_id)
    short = summary(session)
    session.touch()
    return short


@router.delete(
    "/sessions/{session_id}", status_code=204, responses=answers(None, 401, 404, 507, status=204, writes=True)
)
async def end_session(request: Request, session_id: str) -> None:
    """Ends a session, for whoever holds its key; its viewers are told."""
    registry = registry_of(request)
    check_key(request, registry.get(session_id))
    await registry.end(session_id)


@router.post(
    "/sessions/{session_id}/commands",
    responses=answers(Applied, 404, 409, 415, 422, 507, writes=True),
    response_model=None,
)
async def submit_command(
    request: Request, session_id: str, command: Annotated[Any, Body()], idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Applies one command and says so once it has been applied, or is well under way. Under one Idempotency-Key it is
    applied once, however often it is sent."""
    session = registry_of(request).get(session_id)

    async def submit() -> dict[str, Any]:
        answer = await session.submit_raw(command, idempotency_key)
        return {"command": answer.command, "seq": answer.seq, "text": answer.text, **answer.values}

    return await session.repeats.once(idempotency_key, command, submit)
