"""What a session has been asked, and whom it owes an answer."""

from typing import TYPE_CHECKING, Any, NamedTuple

from app.commands.table import Command
from app.session.keeper import Place
from app.session.long_run import LongRun

if TYPE_CHECKING:
    import asyncio

    from app.session.answer import Answer


class Asked(NamedTuple):
    """A command whose turn has not come, with the Idempotency-Key that it came with."""

    command: Command
    future: "asyncio.Future[Answer]"
    key: str | None


class Done(NamedTuple):
    """A command that has been applied and whose asker has not been told. It *lasts* where it has changed what is kept,
    and stands at *place* where it is in a journal."""

    future: "asyncio.Future[Answer]"
    number: int
    text: str
    values: dict[str, Any]
    lasts: bool
    place: Place | None = None
    key: str | None = None


class UnderWay(NamedTuple):
    """A run that takes longer than one slice; *future* is its asker's, *until* when that one must be answered."""

    run: LongRun
    future: "asyncio.Future[Answer]"
    number: int
    until: float
