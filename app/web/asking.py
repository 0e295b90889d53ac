"""Who asks, and whether they are still there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.web.shares import visitor_at

Answer = TypeVar("Answer")


def visitor_of(request: Request) -> str:
    """What tells one visitor from another: the address, or the network that one has."""
    return visitor_at(request.client.host) if request.client else ""


async def while_there(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """What *work* comes to. ClientDisconnect, and the end of *work*, when whoever asks goes away before that.

    The body must have been read: what comes from the client after it can only be its end.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
