"""The A/B pages: a form that chooses two machines, and the two side by side, interrupt by interrupt."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from app.backends.cost_sheet import cost_sheet_names
from app.compare.script import stimulus_words
from app.guest.generations import GENERATIONS
from app.session.drive import NotPossible
from app.session.pair import Go, Pair
from app.session.recorded import RecordedDrive
from app.web.ab_result import result_context, spoken_result
from app.web.api import registry_of
from app.web.errors import Problem
from app.web.forms import command_from_form, text_fields, whole_number
from app.web.pages import MOST_CPUS, elsewhere, fields_of, first_act, is_htmx
from app.web.pairs import NewMachine, NewPair, give, pairs_of, pulse, wanted_pair
from app.web.rendering import templates
from app.web.vocabulary import BACKENDS, functions_of, vector_of, vectors_of
from app.x86.redirection import PIN_COUNT

router = APIRouter(include_in_schema=False)


@router.get("/ab")
async def choose(request: Request, session: str = "") -> Response:
    """The form; *session* is the id of the session from which one comes."""
    registry = registry_of(request)
    came_from = registry.get(session) if session else None
    backend = came_from.drive.backend if came_from else BACKENDS[0][0]
    context = {
        "backends": BACKENDS,
        "generations": list(GENERATIONS.values()),
        "cost_sheets": cost_sheet_names(),
        "samples": registry.samples(),
        "session": came_from,
        "recorded": came_from is not None and isinstance(came_from.drive, RecordedDrive),
        "chosen": (backend, "vmi" if backend != "vmi" else "native-xapic"),
        "pairs": pairs_of(request).all(),
        "most_cpus": MOST_CPUS,
    }
    return templates.TemplateResponse(request, "ab.html", context)


@router.post("/ab")
async def create(request: Request) -> Response:
    """A pair, from whatever the form says that it starts with."""
    form = await request.form()
    fields = text_fields(form.multi_items())
    pairs, start = pairs_of(request), fields.get("start") or "empty"
    wanted = wanted_pair(
        NewPair(
            a=NewMachine(backend=fields.get("a", ""), generation=fields.get("a_generation") or None),
            b=NewMachine(backend=fields.get("b", ""), generation=fields.get("b_generation") or None),
            cpus=whole_number(fields, "cpus", 1, MOST_CPUS, otherwise=4),
            cost_sheet=fields.get("cost_sheet") or None,
        )
    )
    upload = form.get("recording")
    if start == "empty":
        pair = await pairs.create(wanted)
    elif start == "session":
        pair = await pairs.create_from_session(wanted, registry_of(request).get(fields.get("session", "")))
    elif start == "upload":
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise Problem(422, "Which recording?", errors=[("recording", "choose a file first")])
        pair = await pairs.create_from_recording(wanted, upload.filename, await upload.read())
    else:
        pair = await pairs.create_from_sample(wanted, start)
    return elsewhere(request, f"/ab/{pair.id}")


@router.get("/ab/{pair_id}")
async def pair_page(request: Request, pair_id: str, opened: int = 0, until: int = 0) -> Response:
    """The two machines; *opened* is the stimulus that is shown step by step, *until* the last of the table."""
    pair = pairs_of(request).get(pair_id)
    cpus = pair.machines["a"].cpu_count
    names = GENERATIONS[pair.lock_step.a.simulation.generation].vector_names
    context: dict[str, Any] = {
        "functions": functions_of(names),
        "vectors": vectors_of(names),
        "reschedule": vector_of("reschedule", names),
        "cpu_count": cpus,
        "pin_count": PIN_COUNT,
        "act": first_act(cpus),
        **result_context(pair, opened, until),
    }
    return templates.TemplateResponse(request, "ab_pair.html", context)


@router.get("/ab/{pair_id}/result")
async def result(request: Request, pair_id: str, opened: int = 0, until: int = 0) -> Response:
    """The part of the page that changes."""
    pair = pairs_of(request).get(pair_id)
    return templates.TemplateResponse(request, "_ab_result.html", result_context(pair, opened, until))


@router.post("/ab/{pair_id}/stimuli")
async def stimulus(request: Request, pair_id: str) -> Response:
    """One stimulus for both, from a form."""
    pair = pairs_of(request).get(pair_id)
    fields = await fields_of(request)
    if fields.get("type") == "pulse_pin":
        commands: list[Any] = [*pulse(whole_number(fields, "pin", 0, PIN_COUNT - 1, otherwise=0))]
    else:
        commands = [command_from_form(fields, pair.machines["a"].cpu_count)]
    await give(pair, commands)
    if pair.paused:
        return _answer(request, pair, f"{stimulus_words(tuple(commands))}: it waits for Next stimulus or Run.")
    return _answer(request, pair, spoken_result(pair))


@router.post("/ab/{pair_id}/go")
async def go(request: Request, pair_id: str) -> Response:
    """How far the two are to go."""
    pair = pairs_of(request).get(pair_id)
    wanted = (await fields_of(request)).get("go", "")
    known = {one.value: one for one in Go}
    if wanted not in known:
        raise NotPossible(f"a pair knows {', '.join(known)}")
    idle = pair.lock_step.at_rest and not pair.progress()["waiting"]
    await pair.ask(known[wanted])
    if known[wanted] in (Go.STIMULUS, Go.ARRIVAL) and idle:
        return _answer(request, pair, "No stimulus waits. Cause one: it will wait for Next stimulus or Run.")
    words = {Go.ON: "Both run.", Go.NOT: "Time stands still."}
    return _answer(request, pair, words.get(known[wanted]) or spoken_result(pair))


def _answer(request: Request, pair: Pair, words: str) -> Response:
    if not is_htmx(request):
        return RedirectResponse(f"/ab/{pair.id}", status_code=303)
    return templates.TemplateResponse(request, "_answer.html", {"answer": {"text": words}})
