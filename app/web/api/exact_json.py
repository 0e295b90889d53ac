"""JSON bodies that say each thing once: of a key that stands there twice nobody can tell which one was meant.

RFC 8259, section 4: "The names within an object SHOULD be unique"; where they are not, readers differ.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute


class RepeatedKey(HTTPException):
    """An object of the body has the key ``key`` more than once."""

    def __init__(self, key: str) -> None:
        super().__init__(422, f"{key[:40]!r} stands there twice")
        self.key = key[:40]


class _ExactRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body(), object_pairs_hook=_object_of)
        return self._json


class ExactRoute(APIRoute):
    """A route whose body is read in this way."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of a request, which is given one that reads its body exactly."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_ExactRequest(request.scope, request.receive))

        return handle


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RepeatedKey(key)
        found[key] = value
    return found
