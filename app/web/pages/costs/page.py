"""The cost sheets: every figure with its source, and a form for a changed copy, whose address holds the changes."""

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from app.backends.catalogue import BACKENDS
from app.costs.entries import CONFIDENCE_WORDS
from app.costs.reference import reference_of
from app.costs.sheet import DEFAULT_COST_SHEET, CostSheet, cost_sheet_names, load_cost_sheet
from app.guest.generations import GENERATIONS
from app.web.addresses import link
from app.web.errors import Problem
from app.web.pages.asked import elsewhere, fields_of, is_htmx
from app.web.pages.costs.changes import LONGEST_NUMBER, Changes, changes_to
from app.web.pages.forms import text_fields
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)


@router.get("/costs")
async def costs(request: Request) -> Response:
    """Every sheet that comes along, with how sure its figures are."""
    sheets = [(load_cost_sheet(name), counts_of(load_cost_sheet(name))) for name in cost_sheet_names()]
    context = {"sheets": sheets, "default": DEFAULT_COST_SHEET, "confidence_words": CONFIDENCE_WORDS}
    return templates.TemplateResponse(request, "pages/costs/page.html", context)


@router.get("/costs/{name}.toml")
async def cost_sheet_as_toml(request: Request, name: str) -> Response:
    """The sheet, or the copy that the query describes, as a file."""
    changes = changes_to(_sheet(name), text_fields(request.query_params.multi_items()))
    if changes.errors:
        raise Problem(422, "These figures cannot be used", errors=list(changes.errors.items()))
    disposition = f'attachment; filename="{changes.sheet.name}.toml"'
    return Response(
        changes.sheet.to_toml(), media_type="application/toml", headers={"Content-Disposition": disposition}
    )


@router.get("/costs/{name}")
async def cost_sheet(request: Request, name: str) -> Response:
    """The sheet, or the copy that the query describes."""
    changes = changes_to(_sheet(name), text_fields(request.query_params.multi_items()))
    return _answer(request, "pages/costs/sheet.html", changes)


@router.post("/costs/{name}")
async def change_cost_sheet(request: Request, name: str) -> Response:
    """Leads to the address of the changed copy, or says at each field why there is none."""
    changes = changes_to(_sheet(name), await fields_of(request))
    if not changes.errors:
        return elsewhere(request, _address(f"/costs/{name}", changes))
    return _answer(request, "pages/costs/_form.html" if is_htmx(request) else "pages/costs/sheet.html", changes)


def _answer(request: Request, template: str, changes: Changes) -> Response:
    path = f"/costs/{changes.base.name}"
    by_sheet = urlencode({"sheet": reference_of(changes.sheet)})
    context: dict[str, Any] = {
        "changes": changes,
        "base": changes.base,
        "sheet": changes.sheet,
        "names": cost_sheet_names(),
        "confidence_words": CONFIDENCE_WORDS,
        "counts": counts_of(changes.sheet),
        "path": link(path),
        "address": str(request.base_url).rstrip("/") + _address(path, changes),
        "file_address": link(_address(f"{path}.toml", changes)),
        "longest_number": LONGEST_NUMBER,
        "reference": reference_of(changes.sheet),
        "backends": [(name, each.reason_against_sheet(changes.sheet)) for name, each in BACKENDS.items()],
        "lesser": _lesser(changes.sheet),
        "generations": list(GENERATIONS.values()),
        "compare_address": link(f"/compare?{by_sheet}"),
        "verdict_address": link(f"/verdict?{by_sheet}"),
    }
    return templates.TemplateResponse(request, template, context, 422 if changes.errors else 200)


def _lesser(sheet: CostSheet) -> list[tuple[str, str]]:
    """The back ends of which *sheet* leaves something out, with what and why."""
    possible = {name: each for name, each in BACKENDS.items() if each.reason_against_sheet(sheet) is None}
    remarks = ((name, each.remark_on(sheet)) for name, each in possible.items())
    return [(name, remark) for name, remark in remarks if remark]


def _sheet(name: str) -> CostSheet:
    if name not in cost_sheet_names():
        known = ", ".join(cost_sheet_names())
        raise Problem(404, "No such cost sheet", f"None is called {name[:40]!r}; there are {known}.")
    return load_cost_sheet(name)


def _address(path: str, changes: Changes) -> str:
    return f"{path}?{urlencode(changes.values)}" if changes.values else path


def counts_of(sheet: CostSheet) -> list[tuple[str, int]]:
    """How many figures there are of each confidence, surest first; those that are not there come last."""
    found = Counter(entry.confidence for entry in sheet.entries.values())
    return [(word, found[word]) for word in (*CONFIDENCE_WORDS, "") if found[word]]
