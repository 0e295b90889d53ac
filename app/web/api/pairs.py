"""Pairs in JSON, under ``/api/v1/pairs``: two machines in step, and what each made of every stimulus."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.backends.catalogue import BACKENDS, DEFAULT_SHEETS
from app.commands.command import Stimulus
from app.commands.fields import InvalidCommand
from app.commands.lines import LowerPin, RaisePin
from app.commands.reading import read_command
from app.commands.table import Command
from app.costs.reference import reference_of
from app.guest.generations import GENERATIONS
from app.pair.pair_json import stimulus_json
from app.pair.recorded_script import Machine
from app.session.drive import NotPossible
from app.session.pair import Back, Go, Pair
from app.session.pairs import Pairs, Wanted
from app.session.registry import sample_file
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.state.shapes import NumberedState
from app.web.addresses import link
from app.web.api.exact_json import ExactRoute
from app.web.api.sessions import (
    MOST_CPUS,
    BackendName,
    GenerationName,
    IdempotencyKey,
    check_known,
    key_of_visitor,
    registry_of,
    sheet_of,
)
from app.web.api.shapes import NewPairSummary, PairProgress, PairSummary, answers
from app.web.api.shapes import Stimulus as StimulusShape
from app.web.asking import visitor_of, while_there
from app.web.errors import Problem
from app.web.keys import check_key

router = APIRouter(prefix="/api/v1", tags=["pairs"], route_class=ExactRoute)

MOST_AT_ONCE = 100
_ENOUGH_INTERRUPTS = 2_000
_GO = {go.value: go for go in Go}
#: What undoes a step: the same command with the count -1.
_BACK = {Go.STIMULUS: Back.STIMULUS, Go.ARRIVAL: Back.ARRIVAL}
#: The kinds of command that have a ``count``, and what it may be.
STEPS = tuple(go.value for go in _BACK)
COUNTS = (-1, 1)


class NewMachine(BaseModel):
    """One of the two: a back end and a kernel; without one, both get the newest with which both back ends go."""

    model_config = ConfigDict(extra="forbid", strict=True)

    backend: BackendName
    generation: GenerationName | None = None


#: A pair starts from nothing, from a session or from a sample.
_STARTS: list[JsonValue] = [
    {"properties": {"session": {"type": "null"}, "sample": {"type": "null"}}},
    {"properties": {"session": {"type": "string"}, "sample": {"type": "null"}}, "required": ["session"]},
    {"properties": {"session": {"type": "null"}, "sample": {"type": "string"}}, "required": ["sample"]},
]


class NewPair(BaseModel):
    """What a pair begins with. At most one of ``session`` (its id: both machines are given what it was given) and
    ``sample`` (the name of a recording that comes along) may be there; with either, the pair stands still at first and
    has as many CPUs; with a session, its kernel and its cost sheet are the usual ones."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"oneOf": _STARTS})

    a: NewMachine
    b: NewMachine
    cpus: int = Field(4, ge=1, le=MOST_CPUS)
    #: One sheet for both: ``skylake-sp``, ``2007?vm_exit=900``; None is that of the newer kernel's time.
    cost_sheet: str | None = None
    paused: bool = False
    session: str | None = None
    sample: str | None = None


def pairs_of(request: Request) -> Pairs:
    """The pairs of this process."""
    pairs: Pairs = request.app.state.pairs
    return pairs


def wanted_pair(wanted: NewPair, session: Session | None = None) -> Wanted:
    """*wanted*, as the machines are made; what it leaves open is as in *session*. Problem says which field does not
    fit, and why."""
    for name, one in (("a", wanted.a), ("b", wanted.b)):
        check_known(f"{name}.backend", one.backend, BACKENDS)
        if one.generation is not None:
            check_known(f"{name}.generation", one.generation, GENERATIONS)
    drive = session.drive if session else None
    simulation = drive.simulation if isinstance(drive, SimulatedDrive) else None
    a, b = _machines(wanted.a, wanted.b, simulation.generation if simulation else None)
    newer = max((a.generation, b.generation), key=list(GENERATIONS).index)
    if simulation is not None and wanted.cost_sheet is None:
        reference = reference_of(simulation.sheet)
    else:
        reference = wanted.cost_sheet or DEFAULT_SHEETS[newer]
    sheet = sheet_of(reference, a.backend, a.generation)
    sheet_of(reference, b.backend, b.generation)
    return Wanted(a, b, sheet, wanted.cpus, wanted.paused)


def _machines(a: NewMachine, b: NewMachine, usual: str | None) -> tuple[Machine, Machine]:
    """Both with one kernel, if any goes with both: what was asked for, the *usual* one, the newest. Problem where a
    kernel was asked for with which a back end does not go."""
    asked = [one.generation for one in (a, b) if one.generation is not None]
    order = [*asked, *([usual] if usual else []), *reversed(GENERATIONS)]
    shared = next((name for name in order if all(_reason(one, name) is None for one in (a, b))), None)
    machines = []
    for side, one in (("a", a), ("b", b)):
        own = next(name for name in (shared, *order) if name is not None and _reason(one, name) is None)
        chosen = one.generation or own
        reason = _reason(one, chosen)
        if reason is not None:
            message = f"{one.backend}: {reason}"
            raise Problem(422, "These do not go together", message, [(f"{side}.generation", message)])
        machines.append(Machine(one.backend, chosen))
    return machines[0], machines[1]


def _reason(machine: NewMachine, generation: str) -> str | None:
    return BACKENDS[machine.backend].reason_against(GENERATIONS[generation])


def pair_summary(pair: Pair) -> dict[str, Any]:
    """A pair in short, with its running totals."""
    base = link(f"/api/v1/pairs/{pair.id}")
    a, b = pair.lock_step.totals()
    return {
        "id": pair.id,
        "title": pair.title,
        "start": pair.script.title,
        "remarks": list(pair.script.remarks),
        "cpus": pair.machines["a"].cpu_count,
        "cost_sheet": pair.lock_step.a.simulation.sheet.name,
        "asleep": pair.sleep.asleep,
        **pair.progress(),
        **{
            name: {
                "backend": side.simulation.backend,
                "generation": side.simulation.generation,
                "time": side.simulation.time,
                "total": total.as_dict(),
                "links": {"state": f"{base}/{name}/state", "stream": f"{base}/{name}/stream"},
            }
            for name, side, total in zip("ab", pair.lock_step.sides, (a, b), strict=True)
        },
        "links": {"page": link(f"/ab/{pair.id}"), "stimuli": f"{base}/stimuli", "commands": f"{base}/commands"},
    }


@router.post(
    "/pairs",
    status_code=201,
    responses=answers(NewPairSummary, 404, 409, 415, 422, status=201, writes=True),
    response_model=None,
)
async def create_pair(
    request: Request, response: Response, wanted: NewPair, idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """Makes two machines that are given the same stimuli. The answer's key is what ends them."""

    async def create() -> dict[str, Any]:
        making = _created(request, wanted)
        # Whoever has a key may go away and ask again: what is made for it goes on.
        pair = await (making if idempotency_key else while_there(request, making))
        return pair_summary(pair) | {"key": pair.key}

    made = await pairs_of(request).repeats.once(key_of_visitor(request, idempotency_key), wanted.model_dump(), create)
    response.headers["Location"] = link(f"/api/v1/pairs/{made['id']}")
    return made


async def _created(request: Request, wanted: NewPair) -> Pair:
    pairs = pairs_of(request)
    if wanted.session is not None and wanted.sample is not None:
        raise InvalidCommand([("sample", "a pair starts from a session or from a recording, not from both")])
    session = None if wanted.session is None else await registry_of(request).find(wanted.session)
    chosen = wanted_pair(wanted, session)
    if session is not None:
        return await pairs.create_from_session(chosen, session, visitor_of(request))
    if wanted.sample is not None:
        return await pairs.create_from_recording(chosen, sample_file(wanted.sample, visitor_of(request)))
    return pairs.create(chosen)


@router.get("/pairs", responses=answers(list[PairSummary]), response_model=None)
async def list_pairs(request: Request) -> list[dict[str, Any]]:
    """All pairs, in short."""
    return [pair_summary(pair) for pair in pairs_of(request).all()]


@router.get("/pairs/{pair_id}", responses=answers(PairSummary, 404), response_model=None)
async def read_pair(request: Request, pair_id: str) -> dict[str, Any]:
    """One pair, in short; it wakes up behind the answer."""
    pair = pairs_of(request).get(pair_id)
    short = pair_summary(pair)
    pair.touch()
    return short


@router.delete("/pairs/{pair_id}", status_code=204, responses=answers(None, 401, 404, status=204, writes=True))
async def end_pair(request: Request, pair_id: str) -> None:
    """Ends a pair, for whoever holds its key; its viewers are told."""
    pairs = pairs_of(request)
    check_key(request, pairs.get(pair_id))
    await pairs.end(pair_id)


@router.get("/pairs/{pair_id}/stimuli", responses=answers(list[StimulusShape], 404, 422), response_model=None)
async def read_stimuli(
    request: Request,
    pair_id: str,
    first: Annotated[int, Query(ge=1)] = 1,
    count: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 50,
) -> list[dict[str, Any]]:
    """What the two made of each stimulus from number *first* on, interrupt by interrupt. Fewer than *count* where they
    have had very many: ask again behind the last."""
    lock_step = pairs_of(request).get(pair_id).lock_step
    found: list[dict[str, Any]] = []
    for number in range(first, min(first + count - 1, lock_step.stimuli) + 1):
        found.append(stimulus_json(lock_step.aligned(number)))
        if sum(len(one["interrupts"]) for one in found) >= _ENOUGH_INTERRUPTS:
            break
    return found


@router.get("/pairs/{pair_id}/{name}/state", responses=answers(NumberedState, 404, 422), response_model=None)
async def read_machine(request: Request, pair_id: str, name: Literal["a", "b"]) -> NumberedState:
    """Everything there is to see of one machine."""
    return pairs_of(request).get(pair_id).machine(name).state()


@router.post(
    "/pairs/{pair_id}/commands", responses=answers(PairProgress, 404, 409, 415, 422, writes=True), response_model=None
)
async def submit(
    request: Request, pair_id: str, command: Annotated[Any, Body()], idempotency_key: IdempotencyKey = None
) -> dict[str, Any]:
    """One stimulus for both machines (a list is one stimulus too: all of it at once), or how far they are to go: run,
    pause, next, step. The last two take a count of -1, too, which undoes one; what was undone waits to come again.
    Answers when it has been done, or, but for a step back, is well under way. Under one Idempotency-Key it is done
    once, however often it is sent."""
    pair = pairs_of(request).get(pair_id)
    return await pair.repeats.once(idempotency_key, command, lambda: _submitted(pair, command))


async def _submitted(pair: Pair, command: Any) -> dict[str, Any]:
    kind = command.get("type") if isinstance(command, Mapping) else None
    if isinstance(kind, str) and kind in _GO:
        await pair.ask(_way(_GO[kind], command))
    else:
        raw = command if isinstance(command, list) else [command]
        if not 0 < len(raw) <= MOST_AT_ONCE:
            raise InvalidCommand([("", f"one to {MOST_AT_ONCE} commands are one stimulus")])
        await give(pair, [read_command(one, pair.machines["a"].cpu_count) for one in raw])
    return {**pair.progress()}


def _way(go: Go, command: Mapping[Any, Any]) -> Go | Back:
    """How far both are to go, or back. InvalidCommand for a field that does not fit."""
    known = ("type", "count") if go in _BACK else ("type",)
    if unknown := [name for name in command if name not in known]:
        raise InvalidCommand([(str(name), "is not known") for name in unknown])
    count = command.get("count", 1)
    if type(count) is not int or count not in COUNTS:
        raise InvalidCommand([("count", "a pair goes one step: 1 on, or -1 back")])
    return go if count > 0 else _BACK[go]


async def give(pair: Pair, commands: Sequence[Command]) -> None:
    """Gives both machines one stimulus. NotPossible for what a pair cannot be told."""
    stimulus: list[Stimulus] = []
    for command in commands:
        if not (isinstance(command, Stimulus) and command.pairable):
            raise NotPossible(
                f"a pair takes stimuli, and run, pause, next and step; {type(command).__name__} is neither"
            )
        stimulus.append(command)
    await pair.give(*stimulus)


def pulse(pin: int) -> list[RaisePin | LowerPin]:
    """A device raises a pin and lowers it at once: a level that stayed up would interrupt for ever."""
    return [RaisePin(pin), LowerPin(pin)]
