"""The compare page: one workload under several back ends, in a sentence, tables, charts, files and a report."""

from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from app.backends.catalogue import BACKENDS
from app.charts.curve import Measure
from app.charts.scales import ScaleKind
from app.charts.shares import PARTS
from app.commands.fields import InvalidCommand
from app.costs.entries import CONFIDENCE_WORDS
from app.costs.sheet import cost_sheet_names
from app.guest.generations import GENERATIONS
from app.measure.answer import Answer
from app.measure.export import as_csv, curve_csv
from app.measure.functions import MEASURED_FUNCTIONS
from app.measure.scenarios import SCENARIOS
from app.session import jobs
from app.session.workshop import TookTooLong, TooMuchToDo, Workshop
from app.web.addresses import link
from app.web.api.shapes import Comparison, answers, files
from app.web.asking import visitor_of, while_there
from app.web.errors import Problem, problem_of
from app.web.pages.asked import elsewhere, is_htmx
from app.web.pages.compare.answer import Answering
from app.web.pages.compare.export import everything_as_json
from app.web.pages.compare.question import MOST_TARGETS, USUAL_SHEET, Kind, Question, question_of
from app.web.pages.compare.view import CHARTS, View
from app.web.pages.costs.page import counts_of
from app.web.pages.machine import registry_of
from app.web.rendering import templates
from app.web.uploads import Uploads
from app.web.works import Progress, Works

router = APIRouter(tags=["comparisons"])

#: Seconds until the page says how far it has come instead of waiting on.
_PATIENCE = 1.2


def _field(name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}


#: The fields of a question, as the description of the interface has them.
_QUESTION = {
    "parameters": [
        _field("work", {"type": "string", "enum": list(get_args(Kind))}, "What is compared; without it a function."),
        _field("function", {"type": "string", "enum": list(MEASURED_FUNCTIONS)}, "The guest's function."),
        _field("targets", {"type": "integer", "minimum": 1, "maximum": MOST_TARGETS}, "How many CPUs it is for."),
        _field("scenario", {"type": "string", "enum": list(SCENARIOS)}, "The scenario."),
        _field("recording", {"type": "string"}, "A sample, or what has been sent."),
        _field("generation", {"type": "string", "enum": ["", *GENERATIONS]}, "The kernel; empty: of the sheet's time."),
        _field("backend", {"type": "array", "items": {"type": "string", "enum": list(BACKENDS)}}, "Without it all."),
        _field("sheet", {"type": "string"}, "A cost sheet, or a copy: `skylake-sp?vm_exit=900`."),
        _field("measure", {"type": "string", "enum": list(get_args(Measure))}, "Whose cycles the curves show."),
        _field("scale", {"type": "string", "enum": ["auto", *get_args(ScaleKind)]}, "The scale of the curves."),
    ]
}


class Comparisons:
    """What the compare page keeps while the process lives."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.uploads = Uploads()
        self._answering = Answering(self.uploads, workshop)
        self.works: Works[Question, Answer] = Works(self._answering)

    def stop(self) -> None:
        """Ends what is under way."""
        self.works.stop()
        self._answering.stop()


def comparisons_of(request: Request) -> Comparisons:
    """The comparisons of this process."""
    comparisons: Comparisons = request.app.state.comparisons
    return comparisons


def subjects_of(request: Request) -> dict[Kind, dict[str, str]]:
    """Everything that can be compared, name to title."""
    functions = dict.fromkeys(function.name for function in MEASURED_FUNCTIONS.values())
    samples = dict(registry_of(request).samples())
    return {
        "function": {name: name for name in functions},
        "scenario": {scenario.name: f"{scenario.name}: {scenario.title}" for scenario in SCENARIOS.values()},
        "recording": {**samples, **comparisons_of(request).uploads.names()},
    }


def _asked(request: Request) -> Question:
    return question_of(request.query_params.multi_items(), subjects_of(request))


@router.get("/compare", include_in_schema=False)
async def compare_page(request: Request) -> Response:
    """The form with its answer, how far that has come, or what is wrong with the question."""
    try:
        question = _asked(request)
    except InvalidCommand as wrong:
        return _page(request, None, problem=problem_of(wrong))
    try:
        answer = await comparisons_of(request).works.answer(question.work, visitor_of(request), _PATIENCE)
    except (TooMuchToDo, TookTooLong, ValueError) as wrong:
        return _page(request, question, problem=problem_of(wrong))
    if isinstance(answer, Progress):
        so_far = answer.so_far
        view = View(question, so_far) if isinstance(so_far, Answer) else None
        return _page(request, question, view=view, progress=answer)
    return _page(request, question, view=View(question, answer))


def _page(
    request: Request,
    question: Question | None,
    *,
    view: View | None = None,
    progress: Progress | None = None,
    problem: Problem | None = None,
) -> Response:
    context: dict[str, Any] = {
        "asked": question or question_of([], subjects_of(request)),
        "view": view,
        "progress": progress,
        "problem": problem,
        **_words(request),
    }
    template = "pages/compare/_result.html" if is_htmx(request) else "pages/compare/page.html"
    headers = {"Vary": "HX-Request"}
    if problem is not None:  # also where the curves alone were waited for
        headers |= {"HX-Retarget": "#result", "HX-Reselect": "#result"}
    if question is not None and request.headers.get("HX-Source", "").startswith("form"):
        headers["HX-Push-Url"] = link(f"/compare?{question.query}")  # without the fields of other workloads
    return templates.TemplateResponse(request, template, context, problem.status if problem else 200, headers)


def _words(request: Request) -> dict[str, Any]:
    """What the page says whatever the answer is."""
    return {
        "subjects": subjects_of(request),
        "backends": list(BACKENDS.values()),
        "generations": list(GENERATIONS.values()),
        "sheets": cost_sheet_names(),
        "usual_sheet": USUAL_SHEET,
        "most_targets": MOST_TARGETS,
        "parts": PARTS,
        "confidence_words": CONFIDENCE_WORDS,
        "counts_of": counts_of,
    }


@router.post("/compare/recordings", include_in_schema=False)
async def upload(request: Request) -> Response:
    """Takes a recorded log and leads to the address of its comparison."""
    form = await request.form()
    sent = form.get("log")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Problem(422, "Which recording?", errors=[("log", "choose a file first")])
    data = await sent.read()
    comparisons = comparisons_of(request)
    checked = comparisons.workshop.do(jobs.check, sent.filename, data, visitor=visitor_of(request))
    await while_there(request, checked)  # what cannot be read is kept nowhere
    kept = comparisons.uploads.add(sent.filename, data)
    rest = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "work"]
    question = question_of([*rest, ("work", "recording"), ("recording", kept.key)], subjects_of(request))
    return elsewhere(request, f"/compare?{question.query}")


# Files


async def _view(request: Request) -> View:
    question = _asked(request)
    computed = comparisons_of(request).works.finished(question.work, visitor_of(request))
    return View(question, await while_there(request, computed))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get(
    "/compare.json",
    responses=answers(Comparison, 422),
    response_model=None,
    openapi_extra=_QUESTION,
    response_class=Response,
)
async def compare_as_json(request: Request) -> Response:
    """Everything as numbers."""
    return JSONResponse(everything_as_json(await _view(request)), headers=_attached("comparison.json"))


@router.get("/compare.csv", responses=files("text/csv", 422), openapi_extra=_QUESTION, response_class=Response)
async def compare_as_csv(request: Request) -> Response:
    """The table."""
    return Response(
        as_csv((await _view(request)).comparison), media_type="text/csv", headers=_attached("comparison.csv")
    )


@router.get("/compare/curve.csv", responses=files("text/csv", 422), openapi_extra=_QUESTION, response_class=Response)
async def curve_as_csv(request: Request) -> Response:
    """Cost against the number of targets."""
    return Response(curve_csv((await _view(request)).curves), media_type="text/csv", headers=_attached("curve.csv"))


@router.get(
    "/compare/{chart}.svg", responses=files("image/svg+xml", 404, 422), openapi_extra=_QUESTION, response_class=Response
)
async def chart_as_svg(request: Request, chart: str) -> Response:
    """One chart as a file of its own."""
    drawing = (await _view(request)).drawing(chart) if chart in CHARTS else None
    if drawing is None:
        raise Problem(404, "No such chart", f"This comparison has none called {chart[:40]!r}.")
    return Response(drawing.file(), media_type="image/svg+xml", headers=_attached(f"{chart}.svg"))


@router.get("/compare/report", responses=files("text/html", 422), openapi_extra=_QUESTION, response_class=Response)
async def report(request: Request) -> Response:
    """Everything on paper: tables, charts, assumptions, and every figure with its source."""
    view = await _view(request)
    address = f"{str(request.base_url).rstrip('/')}/compare?{view.question.query}"
    context = {"view": view, "asked": view.question, "address": address, "report": True, **_words(request)}
    return templates.TemplateResponse(request, "pages/compare/report.html", context)
