"""The verdict: what was claimed in March 2007, and what the numbers of a cost sheet say to it."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.costs.reference import UnusableReference, cost_sheet_of, reference_of
from app.costs.sheet import DEFAULT_COST_SHEET, cost_sheet_names, load_cost_sheet
from app.session.workshop import TookTooLong, TooMuchToDo, Workshop
from app.verdict.answer import Judged, judge
from app.verdict.evidence import NOW, OF_THE_ARGUMENT, SAMPLE, SINCE, THEN
from app.verdict.judgement import Judgement, Tone
from app.verdict.validation.experiments import FACTOR, reasons, summary
from app.web.addresses import link
from app.web.api.shapes import files
from app.web.asking import visitor_of
from app.web.errors import Problem, problem_of
from app.web.pages.asked import is_htmx
from app.web.pages.forms import unknown_fields
from app.web.rendering import templates
from app.web.works import Progress, Works

router = APIRouter(tags=["comparisons"])

#: Seconds until the page says how far it has come instead of waiting on.
_PATIENCE = 1.2
JUDGEMENT_WORDS = {
    Judgement.HOLDS: "The numbers speak for it",
    Judgement.IN_PART: "The numbers speak for and against it",
    Judgement.FAILS: "The numbers speak against it",
    Judgement.SILENT: "The numbers cannot decide it",
}
TONE_WORDS = {Tone.FOR: "for it", Tone.AGAINST: "against it", Tone.OPEN: "no argument either way"}
#: A shape for each, beside its words.
MARKS = {
    Judgement.HOLDS: "full",
    Judgement.IN_PART: "half",
    Judgement.FAILS: "hollow",
    Judgement.SILENT: "dash",
    Tone.FOR: "full",
    Tone.AGAINST: "hollow",
    Tone.OPEN: "dash",
}

_Field = tuple[str, str]
#: The words of a link to the compare page, and the question it asks there, but for the sheet.
_Try = tuple[str, list[_Field]]


def _then(words: str, kind: str, subject: str, *more: _Field) -> _Try:
    return words, [("work", kind), (kind, subject), *more, ("generation", THEN), *_chosen(OF_THE_ARGUMENT)]


def _now(words: str, kind: str, subject: str, *more: _Field) -> _Try:
    return words, [("work", kind), (kind, subject), *more, ("generation", NOW), *_chosen(SINCE)]


def _chosen(backends: tuple[str, ...]) -> list[_Field]:
    return [("backend", name) for name in backends]


_TRIES: dict[str, list[_Try]] = {
    "enough": [_then("the recorded boot", "recording", SAMPLE), _then("the storm", "scenario", "storm")],
    "devices": [_then("the devices' interrupts", "scenario", "devices")],
    "two": [
        _then("one IPI", "function", "smp_send_reschedule", ("targets", "1")),
        _then("the broadcasts", "scenario", "call-function"),
    ],
    "replacement": [
        _then("one IPI", "function", "smp_send_reschedule", ("targets", "1")),
        _then("a call of 64 CPUs", "function", "smp_call_function", ("targets", "64")),
    ],
    "since": [
        _now("one IPI", "function", "smp_send_reschedule", ("targets", "1")),
        _now("a call of 64 CPUs", "function", "smp_call_function", ("targets", "64")),
        _now("the recorded boot", "recording", SAMPLE),
    ],
}


#: The verdicts of a process, by the reference of their sheet.
Verdicts = Works[str, Judged]


def new_verdicts(workshop: Workshop) -> Verdicts:
    """None yet; *workshop* is where they are computed."""

    async def judged(reference: str, progress: Progress, visitor: str) -> Judged:
        found: Judged = await workshop.do(judge, reference, visitor=visitor, tell=progress.tell)
        return found

    return Works(judged)


def verdicts_of(request: Request) -> Verdicts:
    """The verdicts of this process."""
    kept: Verdicts = request.app.state.verdicts
    return kept


@router.get(
    "/verdict",
    responses=files("text/html", 422),
    response_class=Response,
    openapi_extra={"parameters": [{"name": "sheet", "in": "query", "schema": {"type": "string"}}]},
)
async def verdict_page(request: Request) -> Response:
    """The verdict by one sheet, how far that has come, or what is wrong with the sheet's name."""
    asked = request.query_params.get("sheet", "").strip() or DEFAULT_COST_SHEET
    if unknown := unknown_fields(request.query_params.keys(), ("sheet",)):
        problem = Problem(422, "That cannot be done as written", errors=unknown)
        return _page(request, DEFAULT_COST_SHEET, problem=problem)
    try:
        reference = reference_of(cost_sheet_of(asked))
    except UnusableReference as wrong:
        problem = Problem(422, "No such cost sheet", errors=[("sheet", str(wrong))])
        return _page(request, DEFAULT_COST_SHEET, problem=problem)
    try:
        found = await verdicts_of(request).answer(reference, visitor_of(request), _PATIENCE)
    except (TooMuchToDo, TookTooLong) as busy:
        return _page(request, reference, problem=problem_of(busy))
    if isinstance(found, Progress):
        return _page(request, reference, progress=found)
    return _page(request, reference, found=found)


def _page(
    request: Request,
    reference: str,
    *,
    found: Judged | None = None,
    progress: Progress | None = None,
    problem: Problem | None = None,
) -> Response:
    names = cost_sheet_names()
    context: dict[str, Any] = {
        "reference": reference,
        "sheet": cost_sheet_of(reference),
        "sheets": [load_cost_sheet(name) for name in names],
        "own": None if reference in names else reference,
        "verdict": found.verdict if found else None,
        "progress": progress,
        "problem": problem,
        "query": urlencode({"sheet": reference}),
        "tries": {
            key: [(words, _address(fields, reference)) for words, fields in all_] for key, all_ in _TRIES.items()
        },
        "judgement_words": JUDGEMENT_WORDS,
        "tone_words": TONE_WORDS,
        "marks": MARKS,
        "tones": list(Tone),
        "factor": FACTOR,
    }
    if found is not None:
        rows = found.validations
        context |= {"validations": rows, "reasons": reasons(rows), "validation_summary": summary(rows)}
    template = "pages/verdict/_result.html" if is_htmx(request) else "pages/verdict/page.html"
    status = problem.status if problem else 200
    return templates.TemplateResponse(request, template, context, status, {"Vary": "HX-Request"})


def _address(fields: list[_Field], reference: str) -> str:
    return link(f"/compare?{urlencode([*fields, ('sheet', reference)])}")
