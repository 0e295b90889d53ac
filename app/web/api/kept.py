"""The JSON interface of what a key's owner has on disk."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict

from app.history.kept import Listed
from app.session.archive import Archive, Setup
from app.session.owner import lock_of
from app.web.addresses import link
from app.web.api.sessions import registry_of
from app.web.api.shapes import answers
from app.web.errors import Problem
from app.web.keys import bearer_of

router = APIRouter(prefix="/api/v1", tags=["kept"])


class KeptShape(BaseModel):
    """A session on disk, which lives or is over."""

    model_config = ConfigDict(extra="forbid")

    id: str
    title: str
    #: In seconds since 1970; `ended` is null as long as it lives.
    made: float
    used: float
    ended: float | None
    bytes: int
    commands: int
    #: Addresses of its linked moments.
    links: list[str]
    #: What is written there is not what was kept.
    damaged: bool


def archive_of(request: Request) -> Archive:
    """What this process has on disk. Problem when it keeps nothing."""
    archive = registry_of(request).archive
    if archive is None:
        raise Problem(404, "Nothing is kept here", "This server has everything in memory alone.")
    return archive


async def listed(archive: Archive, key: str) -> list[dict[str, Any]]:
    """The sessions of whoever has *key*; who was used last comes first."""
    return [_summary(one) for one in await archive.listing(lock_of(key))]


def _summary(one: Listed) -> dict[str, Any]:
    session = one.session
    return {
        "id": session.id,
        "title": "" if one.damaged else Setup.of_text(session.setup).title,
        "made": session.made,
        "used": session.used,
        "ended": session.ended,
        "bytes": one.bytes,
        "commands": one.commands,
        "links": [link(f"/m/{name}") for name in one.links],
        "damaged": one.damaged,
    }


async def delete(request: Request, key: str, session_id: str, *, links: bool) -> None:
    """Deletes a session of whoever has *key*. Problem 404 where it is none of theirs, 409 where links lead into it and
    *links* does not say that these may go."""
    archive = archive_of(request)
    known = {one["id"]: one for one in await listed(archive, key)}
    if session_id not in known:
        raise Problem(404, "No such session", f"No session of this key is called {session_id[:40]}.")
    if known[session_id]["links"] and not links:
        said = f"Links lead into it: {', '.join(known[session_id]['links'])}. Say links=true to delete them, too."
        raise Problem(409, "Linked moments would go", said)
    registry = registry_of(request)
    if any(session.id == session_id for session in registry.all()):
        await registry.end(session_id)
    if await archive.has(session_id):
        await archive.delete(session_id)


@router.get("/kept", responses=answers(list[KeptShape], 401, 404), response_model=None)
async def list_kept(request: Request) -> list[dict[str, Any]]:
    """The sessions on disk whose key is sent."""
    return await listed(archive_of(request), bearer_of(request, "The list of what is kept"))


@router.delete("/kept/{kept_id}", status_code=204, responses=answers(None, 401, 404, 409, 507, status=204, writes=True))
async def delete_kept(
    request: Request,
    kept_id: str,
    links: Annotated[bool, Query(description="Whether links into it may go, too.")] = False,
) -> None:
    """Deletes a session for good, with all branches; its links only where that is said."""
    await delete(request, bearer_of(request, "Deleting a session"), kept_id, links=links)
