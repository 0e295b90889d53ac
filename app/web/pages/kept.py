"""The page of what this browser has on disk."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.web.addresses import link
from app.web.api.kept import delete, listed
from app.web.keys import owner_key
from app.web.pages.asked import elsewhere, fields_of, is_htmx
from app.web.pages.machine import registry_of
from app.web.rendering import templates

router = APIRouter(include_in_schema=False)


@router.get("/kept")
async def kept_page(request: Request) -> Response:
    """The sessions that this browser has begun on pages."""
    return await _page(request)


@router.post("/kept/{kept_id}/delete")
async def delete_kept(request: Request, kept_id: str) -> Response:
    """Deletes one; where links lead into it, only when the form says that these may go."""
    fields = await fields_of(request)
    await delete(request, owner_key(request), kept_id, links=fields.get("links") == "yes")
    return await _page(request) if is_htmx(request) else elsewhere(request, "/kept")


async def _page(request: Request) -> Response:
    archive = registry_of(request).archive
    if archive is None:
        return templates.TemplateResponse(request, "pages/kept/nothing.html", {})
    sessions = await listed(archive, owner_key(request))
    for session in sessions:
        session["page"] = link(f"/s/{session['id']}")
        session["used"] = datetime.fromtimestamp(session["used"], UTC)
    context = {
        "sessions": sessions,
        "condition": archive.store.condition,
        "forgotten": [(datetime.fromtimestamp(at, UTC), what) for at, what in archive.forgotten],
    }
    template = "pages/kept/_list.html" if is_htmx(request) else "pages/kept/page.html"
    return templates.TemplateResponse(request, template, context)
