"""Where ``apicscope serve`` keeps what outlives it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from app.cli.printed import say
from app.history.store import Store
from app.history.store_errors import Condition, Held

_NOT_KEPT = "Nothing here outlives the server"


class InMemory(NamedTuple):
    """Nothing is kept, and what there is to say of that on every page."""

    remark: str
    store: None = None


class Opened(NamedTuple):
    """The store, and what there is to say on every page of what it found; "" for nothing."""

    remark: str
    store: Store


def usual_directory() -> Path | None:
    """The user's, by the XDG Base Directory Specification; None where the user has no home."""
    named, home = os.environ.get("XDG_DATA_HOME", ""), os.environ.get("HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "apicscope"
    return Path(home) / ".local/share/apicscope" if Path(home).is_absolute() else None


def open_store(asked: Path | None) -> Opened | InMemory:
    """The store in the directory that was *asked* for, in whatever condition it is; Held where another process has it.
    Where none was asked for and the usual one cannot be had, the server does without: it says so."""
    if asked is not None:
        opened = _opened(asked)
        _say(opened.store.condition, opened.remark)
        return opened
    usual = usual_directory()
    if usual is None:
        return _without("no home directory is known (HOME); --data-dir names another place")
    try:
        opened = _opened(usual)
    except Held as held:
        return _without(f"{held}; --data-dir names another place")
    condition = opened.store.condition
    if condition.state == "unreadable":
        opened.store.close()
        return _without(condition.reason)
    _say(condition, opened.remark)
    return opened


def _without(reason: str) -> InMemory:
    remark = f"{_NOT_KEPT}: {reason}."
    say(remark)
    return InMemory(remark)


def _opened(directory: Path) -> Opened:
    began = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    store = Store(directory)
    return Opened(_of_the_past(store.condition, began), store)


def _say(condition: Condition, remark: str) -> None:
    if condition.state != "open":
        say(f"Nothing can be kept at present: {condition.reason}.")
    if remark:
        say(remark)


def _of_the_past(condition: Condition, began: str) -> str:
    """What became of the history that was there before: a history that was set aside since *began*, missing writes."""
    said = [
        f"The history could not be read and lies in {aside.path} now ({aside.reason}); an empty one begins."
        for aside in condition.set_aside
        if aside.path.name >= f"history.broken-{began}"
    ]
    if condition.missing:
        said.append(f"{condition.missing[:1].upper()}{condition.missing[1:]}.")
    return " ".join(said)
