"""What a store answers instead of what it was asked for, each in words that can be shown to people."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

#: ``open``: all is well. ``read-only``: what is kept can be read, nothing new can be kept. ``unreadable``: neither.
State = Literal["open", "read-only", "unreadable", "closed"]


class SetAside(NamedTuple):
    """A history that could not be read. It is still there, under another name."""

    #: The directory with its files.
    path: Path
    reason: str


class Condition(NamedTuple):
    """How a store is. A value: look again to see whether it has changed."""

    state: State
    #: A sentence without a full stop that says why it is not open; else empty.
    reason: str = ""
    #: Such a sentence when writes that had been acknowledged were not there at the start; else empty.
    missing: str = ""
    #: All earlier histories that lie in the data directory because they were broken, oldest first.
    set_aside: tuple[SetAside, ...] = ()


class Holder(NamedTuple):
    """The process that has a data directory for itself."""

    pid: int
    host: str
    since: float

    def __str__(self) -> str:
        began = datetime.fromtimestamp(self.since, UTC)
        return f"process {self.pid} on {self.host} since {began:%Y-%m-%d %H:%M:%S} UTC"


class StoreError(Exception):
    """A store does not do what it was asked for; the text says why."""


class Held(StoreError):
    """Another process has the data directory. ``holder`` is None where it does not say who it is."""

    def __init__(self, directory: Path, holder: Holder | None) -> None:
        super().__init__(f"the data directory {directory} is held by {holder or 'another process'}")
        self.directory = directory
        self.holder = holder


class NotKept(StoreError):
    """The store cannot keep or read anything at present; ``condition`` says why. Asking later may help.

    A write that failed so is in doubt: it may still be found after a restart. One that succeeded is never in doubt.
    """

    def __init__(self, condition: Condition) -> None:
        super().__init__(condition.reason or f"the history is {condition.state}")
        self.condition = condition


class Contradiction(StoreError):
    """What was asked contradicts what is kept: a session that is not there, a gap in a journal, a key used twice, a
    command that would change. Nothing has changed; the caller is wrong, and asking again does not help."""


class Damaged(StoreError):
    """What is written here is not what was kept: the file has been damaged. The rest can be read."""
