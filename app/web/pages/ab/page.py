"""The A/B pages: a form that chooses two machines, and the two side by side, interrupt by interrupt."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from app.commands.reading import read_form
from app.guest.generations import GENERATIONS
from app.pair.script import stimulus_words
from app.session.drive import NotPossible
from app.session.pair import Back, Go, Pair
from app.session.registry import File, UnknownSession, sample_file
from app.session.session import Session
from app.web.addresses import link
from app.web.api.pairs import give, pairs_of, pulse, wanted_pair
from app.web.api.sessions import registry_of
from app.web.asking import visitor_of, while_there
from app.web.errors import Problem
from app.web.keys import check_cookie, holds_key, keep_key
from app.web.pages.ab.form import (
    EMPTY,
    FROM_SESSION,
    REFUSALS,
    UPLOAD,
    Form,
    filled,
    form_context,
    problem_at,
    wrong_with,
)
from app.web.pages.ab.result import result_context, spoken_result
from app.web.pages.asked import elsewhere, fields_of, is_htmx
from app.web.pages.choices import functions_of, vector_of, vectors_of
from app.web.pages.forms import text_fields, whole_number
from app.web.pages.machine import first_act
from app.web.pages.shortcuts import PAIR_KEYS, announced, captions
from app.web.rendering import templates
from app.x86.redirection import PIN_COUNT

router = APIRouter(include_in_schema=False)


@router.get("/ab")
async def choose(request: Request) -> Response:
    """The form; its address may hold its fields, and the id of the session from which one comes as ``session``."""
    return _form(request, *(await _asked(request, request.query_params.multi_items())))


@router.post("/ab")
async def create(request: Request) -> Response:
    """A pair, from whatever the form says that it starts with; what is wrong stands at the field, in the form."""
    sent = await request.form()
    form, session, problem = await _asked(request, sent.multi_items())
    if problem is not None:
        return _form(request, form, session, problem)
    try:
        pair = await _made(request, form, session, sent.get("recording"))
    except REFUSALS as refused:
        return _form(request, form, session, problem_at(refused, form))
    page = f"/ab/{pair.id}"
    return keep_key(request, elsewhere(request, page), pair, page)


async def _asked(
    request: Request, items: list[tuple[str, str | UploadFile]] | list[tuple[str, str]]
) -> tuple[Form, Session | None, Problem | None]:
    """The form as it was filled in, the session that it starts from, and what is wrong so far."""
    fields = text_fields(items)
    session, errors = None, []
    if fields.get("session"):
        try:
            session = await registry_of(request).find(fields["session"])
        except UnknownSession as unknown:
            errors = problem_at(unknown, Form()).errors
            fields = {name: value for name, value in fields.items() if (name, value) != ("start", FROM_SESSION)}
    form = filled(fields, session if request.method == "GET" else None)
    starts = {EMPTY, UPLOAD, *dict(registry_of(request).samples()), *([FROM_SESSION] if session else [])}
    errors += wrong_with(form, {name for name, _ in items} - {*Form._fields, "recording"}, starts)
    return form, session, Problem(422, "The form does not fit", errors=errors) if errors else None


async def _made(request: Request, form: Form, session: Session | None, upload: object) -> Pair:
    pairs, wanted, visitor = pairs_of(request), wanted_pair(form.wanted), visitor_of(request)
    if form.start == EMPTY:
        return pairs.create(wanted)
    if form.start == FROM_SESSION and session is not None:
        return await while_there(request, pairs.create_from_session(wanted, session, visitor))
    if form.start != UPLOAD:
        return await while_there(request, pairs.create_from_recording(wanted, sample_file(form.start, visitor)))
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Problem(422, "Which recording?", errors=[("recording", "choose a file first")])
    file = File(upload.filename, await upload.read(), visitor)
    return await while_there(request, pairs.create_from_recording(wanted, file))


def _form(request: Request, form: Form, session: Session | None, problem: Problem | None) -> Response:
    context = form_context(request, form, session, problem)
    return templates.TemplateResponse(request, "pages/ab/page.html", context, problem.status if problem else 200)


@router.get("/ab/{pair_id}")
async def pair_page(request: Request, pair_id: str, opened: int = 0, until: int = 0) -> Response:
    """The two machines; *opened* is the stimulus that is shown step by step, *until* the last of the table."""
    pair = pairs_of(request).get(pair_id)
    cpus = pair.machines["a"].cpu_count
    kernel = GENERATIONS[pair.lock_step.a.simulation.generation]
    names = kernel.vector_names
    context: dict[str, Any] = {
        "functions": functions_of(kernel),
        "vectors": vectors_of(names),
        "reschedule": vector_of("reschedule", names),
        "cpu_count": cpus,
        "pin_count": PIN_COUNT,
        "act": first_act(cpus),
        "mine": holds_key(request, pair),
        "announced": lambda action: announced(PAIR_KEYS, action),
        "captions": lambda action: captions(PAIR_KEYS, action),
        **result_context(pair, opened, until),
    }
    return templates.TemplateResponse(request, "pages/ab/pair.html", context)


@router.get("/ab/{pair_id}/result")
async def result(request: Request, pair_id: str, opened: int = 0, until: int = 0) -> Response:
    """The part of the page that changes."""
    pair = pairs_of(request).get(pair_id)
    return templates.TemplateResponse(request, "pages/ab/_result.html", result_context(pair, opened, until))


@router.post("/ab/{pair_id}/end")
async def end(request: Request, pair_id: str) -> Response:
    """Ends the pair, for all who look at it; only the browser that has made it can."""
    pairs = pairs_of(request)
    check_cookie(request, pairs.get(pair_id))
    await pairs.end(pair_id)
    return elsewhere(request, "/ab")


@router.post("/ab/{pair_id}/stimuli")
async def stimulus(request: Request, pair_id: str) -> Response:
    """One stimulus for both, from a form."""
    pair = pairs_of(request).get(pair_id)
    fields = await fields_of(request)
    if fields.get("type") == "pulse_pin":
        commands: list[Any] = [*pulse(whole_number(fields, "pin", 0, PIN_COUNT - 1, otherwise=0))]
    else:
        commands = [read_form(fields, pair.machines["a"].cpu_count)]
    await give(pair, commands)
    if pair.paused:
        return _answer(request, pair, f"{stimulus_words(tuple(commands))}: it waits for Next stimulus or Run.")
    return _answer(request, pair, spoken_result(pair))


@router.post("/ab/{pair_id}/go")
async def go(request: Request, pair_id: str) -> Response:
    """How far the two are to go, or what step is undone."""
    pair = pairs_of(request).get(pair_id)
    fields = await fields_of(request)
    if "back" in fields:
        return await _back(request, pair, fields["back"])
    wanted = fields.get("go", "")
    known = {one.value: one for one in Go}
    if wanted not in known:
        raise NotPossible(f"a pair knows {', '.join(known)}")
    idle = pair.lock_step.at_rest and not pair.progress()["waiting"]
    await pair.ask(known[wanted])
    if known[wanted] in (Go.STIMULUS, Go.ARRIVAL) and idle:
        return _answer(request, pair, "No stimulus waits. Cause one: it will wait for Next stimulus or Run.")
    words = {Go.ON: "Both run.", Go.NOT: "Time stands still."}
    return _answer(request, pair, words.get(known[wanted]) or spoken_result(pair))


async def _back(request: Request, pair: Pair, unit: str) -> Response:
    known = {one.value: one for one in Back}
    if unit not in known:
        raise NotPossible(f"a pair goes back by {', '.join(known)}")
    before = pair.timeline.moment
    await pair.ask(known[unit])
    now = pair.progress()
    if pair.timeline.moment == before:
        return _answer(request, pair, "This is the beginning: there is nothing to undo.")
    where = ("after" if now["at_rest"] else "within") + f" stimulus {now['stimuli']}"
    place = where if now["stimuli"] else "at the beginning"
    waits = "1 stimulus waits" if now["waiting"] == 1 else f"{now['waiting']:,} stimuli wait"
    return _answer(request, pair, f"Both are back {place}. {waits}; what you cause now comes last.")


def _answer(request: Request, pair: Pair, words: str) -> Response:
    if not is_htmx(request):
        return RedirectResponse(link(f"/ab/{pair.id}"), status_code=303)
    return templates.TemplateResponse(request, "parts/_answer.html", {"answer": {"text": words}})
