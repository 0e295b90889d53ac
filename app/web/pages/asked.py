"""How a form was sent, and how the browser that sent it is answered: with a fragment for htmx, or with a page."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.web.addresses import link
from app.web.pages.forms import text_fields


def is_htmx(request: Request) -> bool:
    """Whether a fragment is wanted, and not a page."""
    return "HX-Request" in request.headers


def elsewhere(request: Request, path: str) -> Response:
    """Sends the browser to another page of ours, in the way that the caller understands."""
    if is_htmx(request):
        return Response(headers={"HX-Redirect": link(path)})
    return RedirectResponse(link(path), status_code=303)


async def fields_of(request: Request) -> dict[str, str]:
    """The text fields of the form that was sent."""
    return text_fields((await request.form()).multi_items())
