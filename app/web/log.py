"""What the log is spared: a client may cause a line a minute of a kind, and no traceback."""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from typing import Any

_EVERY = 60.0  # seconds
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: What uvicorn says of each socket that was refused before the upgrade, as it should be.
_REFUSED = "ASGI callable returned without completing handshake."
_LOG = logging.getLogger("uvicorn.error")


class OncePerMinute:
    """Lets something be said once per minute, and counts how often it was not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def may_say(self, what: str) -> bool:
        """Whether *what* may be said now."""
        if self._clock() - self._said.get(what, -_EVERY) < _EVERY:
            self._unsaid[what] = self._unsaid.get(what, 0) + 1
            return False
        self._said[what] = self._clock()
        return True

    def unsaid(self, what: str) -> str:
        """How often *what* was not said since it was said last, in words; nothing when it never was."""
        times = self._unsaid.pop(what, 0)
        return f" (and {times:,} times more since that was said last)" if times else ""


class ClientsFaults(logging.Filter):
    """Makes a line a minute of each thing that clients cause, and leaves our own faults as they are."""

    def __init__(self) -> None:
        super().__init__()
        self._once = OncePerMinute()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is said."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError) or record.msg == _REFUSED:
            return False  # the former is a request that the end of the process has cut off
        if isinstance(error, UnicodeDecodeError):
            record.exc_info = None
        if record.exc_info:
            return True
        kind = str(record.msg)
        if not self._once.may_say(kind):
            return False
        record.msg = kind + self._once.unsaid(kind)
        return True


def spare_the_log(loop: asyncio.AbstractEventLoop) -> None:
    """From here on what clients cause under *loop* is said once per minute."""
    once = OncePerMinute()
    _LOG.addFilter(ClientsFaults())

    def hear(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in _OUT_OF_FILES):
            loop.default_exception_handler(context)
        elif once.may_say("no room"):
            _LOG.error("cannot take connections: %s%s", error.strerror, once.unsaid("no room"))

    loop.set_exception_handler(hear)
