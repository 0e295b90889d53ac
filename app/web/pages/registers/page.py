"""The register reference: every register, field, access right and rule in words, on one page."""

from fastapi import APIRouter, Request, Response

from app.web.pages.registers.bit_strips import BIT_KINDS
from app.web.pages.registers.entries import CHAPTERS, chapters_about
from app.web.rendering import templates
from app.x86.reference import GENERAL_RULES

router = APIRouter(include_in_schema=False)

#: Characters of a filter that count.
LONGEST_FILTER = 80
_COUNT = sum(len(chapter.entries) for chapter in CHAPTERS)


@router.get("/registers")
async def registers(request: Request, q: str = "") -> Response:
    """All of it, or the registers of which the words hold every word of *q*."""
    wanted = q.strip()[:LONGEST_FILTER]
    chapters = chapters_about(wanted)
    context = {
        "chapters": chapters,
        "wanted": wanted,
        "shown": sum(len(chapter.entries) for chapter in chapters),
        "count": _COUNT,
        "longest_filter": LONGEST_FILTER,
        "general_rules": GENERAL_RULES,
        "bit_kinds": BIT_KINDS,
    }
    return templates.TemplateResponse(request, "pages/registers/page.html", context)
