"""How far what somebody has sent is, for those who give it a name when they send it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from app.web.api.shapes import Told, answers
from app.web.errors import Problem
from app.web.works import Progress

router = APIRouter(prefix="/api/v1", tags=["recordings"])

_NAME = r"^[A-Za-z0-9-]{1,64}$"


class UnderWay:
    """The progress of each request that was given a name, while it is under way."""

    def __init__(self) -> None:
        self._named: dict[str, Progress] = {}

    @contextmanager
    def called(self, name: str | None) -> Iterator[Progress]:
        """Progress for others to see as long as the block lasts. Problem when another request has that name."""
        progress = Progress()
        if name is None:
            yield progress
            return
        if name in self._named:
            raise Problem(409, "Another request has that name", errors=[("progress", "is in use")])
        self._named[name] = progress
        try:
            yield progress
        finally:
            del self._named[name]

    def progress(self, name: str) -> Progress:
        """That of the request with that *name*. Problem when there is none."""
        if name not in self._named:
            raise Problem(404, "Nothing of that name is under way", "It is done, or was never begun.")
        return self._named[name]


async def _progress_of(
    request: Request,
    progress: Annotated[str | None, Query(pattern=_NAME, description="A name to ask by how far it is.")] = None,
) -> AsyncIterator[Progress]:
    under_way: UnderWay = request.app.state.under_way
    with under_way.called(progress) as told:
        yield told


#: What a call that takes long tells; the caller may give it a name.
Telling = Annotated[Progress, Depends(_progress_of)]


@router.get("/under-way/{name}", responses=answers(Told, 404, 422), response_model=None)
async def how_far(request: Request, name: Annotated[str, Path(pattern=_NAME)]) -> dict[str, str | int]:
    """How far the request is that was sent with `progress=NAME`."""
    under_way: UnderWay = request.app.state.under_way
    told = under_way.progress(name)
    return {"stage": told.stage, "done": told.done, "total": told.total}
