"""What callers get when something is wrong: problem details (RFC 9457) for programs, the same in HTML for people."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.commands.fields import InvalidCommand
from app.history.store_errors import NotKept, StoreError
from app.session.drive import NotPossible
from app.session.flags import UnknownFlag
from app.session.moments import GoneMoment, UnknownMoment
from app.session.pairs import UnknownPair
from app.session.registry import NotRevived, TooManySessions, UnknownSession
from app.session.repeats import OtherRequest
from app.session.workshop import TookTooLong, TooMuchOfOne, TooMuchToDo
from app.trace.errors import OtherFormat, TooLargeRecording, UnusableRecording
from app.web.addresses import link
from app.web.api.exact_json import RepeatedKey
from app.web.methods import methods_of
from app.web.rendering import templates

BROKEN = ("Something is broken here", "The fault is ours, not yours; the server's log has it.")
#: In place of "Not Found", twice.
NOWHERE = ("Nothing is here", "No page and no call has this address.")

#: What people call the part of a request that a value stands in.
_PARTS = {"body": "The body", "query": "The query", "path": "The address", "header": "A header"}


class Problem(Exception):
    """An answer that is an error. ``errors`` holds (field, what is wrong with it), ``way_out`` where a page about it
    leads to: its address and its name, ``retry_after`` when it is worth while to ask again, in seconds. ``headers`` go
    along with the answer."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: list[tuple[str, str]] | None = None,
        way_out: tuple[str, str] = ("/", "To the machine that is always open"),
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = _sentence(detail)
        self.errors = errors or []
        self.way_out = way_out
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)

    def details(self) -> dict[str, Any]:
        """The body of ``application/problem+json``."""
        body: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        return body


def _sentence(detail: str) -> str:
    """*detail* with a capital letter, unless it begins with the name of a field or of a part."""
    first, _, _ = detail.partition(" ")
    return detail[:1].upper() + detail[1:] if first.isalpha() else detail


def problem_of(error: Exception) -> Problem:
    """The problem that *error* is to the caller."""
    match error:
        case Problem():
            return error
        case InvalidCommand(errors=errors):
            return Problem(422, "That cannot be done as written", str(error), errors)
        case RequestValidationError():
            return _invalid_body(error)
        case UnknownSession() | UnknownMoment() | GoneMoment() | UnknownFlag():
            return _of_name(error)
        case NotPossible(field=field):
            errors = [(field, str(error))] if field else []
            return Problem(409, "Not in this session", str(error), errors)
        case StoreError() | NotRevived() | TooManySessions():
            return _of_room(error)
        case UnusableRecording() | TookTooLong() | TooMuchToDo() | ClientDisconnect():
            return _of_work(error)
        case OtherRequest():
            said = "has been used for another request; take a new one for each"
            return Problem(
                422, "This key is another request's", f"Idempotency-Key: {said}.", [("Idempotency-Key", said)]
            )
        case RepeatedKey(key=key, detail=detail):
            return Problem(422, "The body does not fit", detail, [(key, "stands there twice")])
        case HTTPException():
            return _of_http(error)
        case _:
            return Problem(500, *BROKEN)


def _of_name(error: UnknownSession | UnknownMoment | GoneMoment | UnknownFlag) -> Problem:
    """Nothing has that name, or no more."""
    match error:
        case UnknownPair():
            said = f"No pair is called {str(error)[:40]}; it may be over. Another one begins at /ab."
            return Problem(404, "No such pair", said, way_out=("/ab", "To the pairs"))
        case UnknownSession():
            return Problem(404, "No such session", f"No session is called {str(error)[:40]}; it may be over.")
        case UnknownMoment():
            return Problem(404, "No such moment", f"No moment has the link {str(error)[:40]}.")
        case UnknownFlag():
            return Problem(404, "No such flag", f"The session has no flag {error}; somebody may have taken it away.")
        case GoneMoment():
            return Problem(410, "This moment is gone", str(error))


def _of_room(error: StoreError | NotRevived | TooManySessions) -> Problem:
    """What memory or the disk does not take, or does not give back."""
    match error:
        case NotKept():
            return Problem(507, "Nothing can be kept at present", str(error))
        case NotRevived():
            return Problem(409, "This session cannot be shown", str(error))
        case TooManySessions():
            return Problem(503, "No room for another session", str(error))
        case StoreError():
            return Problem(500, "What was kept cannot be read", str(error))


def _of_http(error: HTTPException) -> Problem:
    title, said = HTTPStatus(error.status_code).phrase, str(error.detail or "")
    if error.status_code == HTTPStatus.NOT_FOUND and said == title:
        title, said = NOWHERE
    return Problem(error.status_code, title, said, headers=error.headers)


def _of_work(error: UnusableRecording | TookTooLong | TooMuchToDo | ClientDisconnect) -> Problem:
    """What has become of something that a request had begun."""
    match error:
        case TooLargeRecording():
            return Problem(413, "This recording is too large", str(error))
        case OtherFormat():
            return Problem(415, "This is no recording that can be read", str(error))
        case UnusableRecording():
            return Problem(422, "This recording cannot be replayed", str(error))
        case TookTooLong():
            return Problem(422, "That takes too long", f"{error}; take less of it.")
        case TooMuchOfOne(seconds=seconds):
            return Problem(429, "More than one visitor's share", str(error), retry_after=seconds)
        case TooMuchToDo(seconds=seconds):
            return Problem(503, "Too much to do", str(error), retry_after=seconds)
        case ClientDisconnect():
            return Problem(400, "Nobody waits for this any more")


def _invalid_body(error: RequestValidationError) -> Problem:
    malformed = [item for item in error.errors() if item["type"] == "json_invalid"]
    if malformed:
        at = malformed[0]["loc"][-1]
        reason = malformed[0].get("ctx", {}).get("error", "")
        return Problem(400, "The body is not JSON", f"{reason} at character {at}".strip())
    errors = [(".".join(str(part) for part in item["loc"][1:]), item["msg"]) for item in error.errors()]
    [part, *others] = {str(item["loc"][0]) for item in error.errors()}
    title = f"{'What was asked for' if others else _PARTS.get(part, 'What was asked for')} does not fit"
    return Problem(422, title, "; ".join(f"{field}: {text}" for field, text in errors), errors)


def as_details(problem: Problem) -> Response:
    """*problem* as programs understand it."""
    return JSONResponse(
        problem.details(), problem.status, headers=problem.headers, media_type="application/problem+json"
    )


def response_to(request: Request, problem: Problem) -> Response:
    """*problem* in the form that the caller understands."""
    api = request.scope["path"].startswith(link("/api/"))
    fragment = "HX-Request" in request.headers
    if not fragment and (api or "text/html" not in request.headers.get("accept", "")):
        return as_details(problem)
    template = "base/_problem.html" if fragment else "base/problem.html"
    return templates.TemplateResponse(request, template, {"problem": problem}, problem.status, problem.headers)


def install(application: FastAPI) -> None:
    """Has *application* answer every error in this way."""

    async def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            problem.headers["Allow"] = ", ".join(methods_of(request.scope))
        return response_to(request, problem)

    for kind in (
        Problem,
        InvalidCommand,
        RequestValidationError,
        UnknownSession,
        NotPossible,
        StoreError,
        NotRevived,
        UnknownMoment,
        GoneMoment,
        UnknownFlag,
        TooManySessions,
        TooMuchToDo,
        TookTooLong,
        ClientDisconnect,
        UnusableRecording,
        OtherRequest,
        HTTPException,
    ):
        application.add_exception_handler(kind, handle)
