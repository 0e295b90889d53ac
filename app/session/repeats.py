"""Requests that may be sent again: what was asked under a key is done once, and answered alike each time.

Source: the IETF's draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

#: So many answers are kept; the oldest goes first.
_KEPT = 256

Answer = dict[str, Any]


class OtherRequest(ValueError):
    """The key has been used for another request."""


class _Asked(NamedTuple):
    digest: bytes
    answering: "asyncio.Task[Answer]"


class Repeats:
    """The requests under keys to one session, or to make one."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    async def once(self, key: str | None, asked: object, do: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """What *do* answers, or has answered to the same *asked* under *key*; without a key it is done each time.

        Whoever asks again meanwhile waits for the first. What was refused has not been done: it may be tried again.

        OtherRequest when *key* has been used for something else.
        """
        if key is None:
            return await do()
        digest = hashlib.blake2b(json.dumps(asked, sort_keys=True).encode()).digest()
        known = self._asked.get(key)
        if known is None:
            known = self._asked[key] = _Asked(digest, asyncio.ensure_future(do()))
            known.answering.add_done_callback(lambda task: self._answered(key, task))
        if known.digest != digest:
            raise OtherRequest(key)
        return await asyncio.shield(known.answering)  # whoever goes away takes the answer from nobody

    def _answered(self, key: str, task: "asyncio.Task[Answer]") -> None:
        if task.cancelled() or task.exception() is not None:
            del self._asked[key]
            return
        while len(self._asked) > _KEPT:
            oldest = next((key for key, each in self._asked.items() if each.answering.done()), None)
            if oldest is None:
                return
            del self._asked[oldest]
