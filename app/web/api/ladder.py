"""The JSON interface of the gate ladder: what something selected passes on its way, and where it is held up."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator, WithJsonSchema

from app.hw.machine import MAX_CPUS
from app.state.ladder import Selection
from app.state.shapes import LadderState
from app.state.snapshot import LVT_NAMES
from app.web.addresses import link
from app.web.api.history import OneBranch, OneTick
from app.web.api.pairs import pairs_of
from app.web.api.sessions import check_known, moments_of, registry_of
from app.web.api.shapes import answers
from app.web.asking import while_there
from app.web.errors import Problem
from app.x86.redirection import PIN_COUNT
from app.x86.registers import Register
from app.x86.vectors import VECTOR_COUNT

router = APIRouter(prefix="/api/v1", tags=["history"])

_SOURCES: dict[str, Register] = {name: Register(register) for register, name in LVT_NAMES.items()}
#: As commands take numbers: 97, 0x61.
_WRITTEN = re.compile(r"\s*0[xX][0-9a-fA-F]{1,16}\s*")
Number = Annotated[
    int | None, BeforeValidator(lambda raw: int(raw, 16) if isinstance(raw, str) and _WRITTEN.fullmatch(raw) else raw)
]
SourceName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(_SOURCES)})]


def selection_of(
    cpu: Annotated[Number, Query(ge=0, lt=MAX_CPUS, description="A CPU, with vector, source, code or message.")] = None,
    vector: Annotated[Number, Query(ge=0, lt=VECTOR_COUNT, description="A vector, or a port, at the CPU.")] = None,
    source: Annotated[SourceName | None, Query(description="The source of an LVT entry of the CPU.")] = None,
    code: Annotated[bool, Query(description="What the CPU's code waits for.")] = False,
    pin: Annotated[Number, Query(ge=0, lt=PIN_COUNT, description="A pin of the I/O APIC.")] = None,
    message: Annotated[int | None, Query(ge=0, description="A message under way, by its number.")] = None,
) -> Selection:
    """What was asked for. Problem when that is nothing, or more than one thing."""
    if source is not None:
        check_known("source", source, _SOURCES)
    selection = Selection(cpu, vector, None if source is None else _SOURCES[source], pin, message, code)
    if problems := selection.problems:
        field, said = problems[0]
        raise Problem(422, "That selects nothing", said if len(problems) > 1 else f"{field}: {said}", problems)
    return selection


Selected = Annotated[Selection, Depends(selection_of)]


@router.get("/sessions/{session_id}/ladder", responses=answers(LadderState, 404, 409, 422), response_model=None)
async def read_ladder(
    request: Request, session_id: str, selection: Selected, branch: OneBranch = None, tick: OneTick = None
) -> LadderState:
    """The gates that one thing passes, in their order, and the first closed one in a sentence: now, or at a tick of a
    branch, which moves nobody."""
    session = registry_of(request).get(session_id)
    return _with_addresses(await while_there(request, session.ladder(selection, branch, tick)))


@router.get("/pairs/{pair_id}/{name}/ladder", responses=answers(LadderState, 404, 409, 422), response_model=None)
async def read_ladder_of_pair(
    request: Request, pair_id: str, name: Literal["a", "b"], selection: Selected
) -> LadderState:
    """The same of one machine of a pair, now."""
    return _with_addresses(pairs_of(request).get(pair_id).machine(name).ladder(selection))


@router.get("/moments/{moment_id}/ladder", responses=answers(LadderState, 404, 409, 410, 422), response_model=None)
async def read_ladder_of_moment(request: Request, moment_id: str, selection: Selected) -> LadderState:
    """The same at a moment that has a link."""
    moments = moments_of(request)
    moment = await moments.find(moment_id)
    return _with_addresses(await while_there(request, moments.ladder(moment, selection)))


def _with_addresses(ladder: LadderState) -> LadderState:
    for gate in ladder["gates"]:
        if gate["rule"]["href"] is not None:
            gate["rule"]["href"] = link(gate["rule"]["href"])
    return ladder
