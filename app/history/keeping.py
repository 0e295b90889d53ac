"""What the store does to its tables, as functions of a connection. Which transaction they belong to, others decide."""

import sqlite3
import time
from typing import Literal

from app.history.kept import (
    EventHash,
    Gone,
    Kept,
    KeptBranch,
    KeptCommand,
    KeptFlag,
    KeptKeyframe,
    KeptMoment,
    KeptSession,
    Listed,
)
from app.history.schema import noun, read, rows, write
from app.history.store_errors import Contradiction, Damaged

#: Bytes of a row's numbers and of its place in an index, about.
_ROW_BYTES = 64


def keep(connection: sqlite3.Connection, record: Kept) -> None:
    """Keeps *record*, or what has changed of it. Contradiction where that cannot be."""
    match record:
        case KeptCommand():
            _continues(connection, record)
        case KeptBranch():
            _has_not_shrunk(connection, record)
        case KeptSession():
            _is_not_gone(connection, record)
        case KeptKeyframe() | KeptMoment() | KeptFlag():
            pass
    write(connection, record)


def _continues(connection: sqlite3.Connection, command: KeptCommand) -> None:
    """A journal has no gap, and its ticks rise: otherwise it repeats nothing."""
    last = connection.execute(
        "SELECT number, tick FROM command WHERE session = ? AND branch = ? ORDER BY number DESC LIMIT 1",
        (command.session, command.branch),
    ).fetchone()
    number, tick = last or (-1, -1)
    if command.number <= number:
        return  # kept already; whether it is the same one, ``write`` sees
    if command.number > number + 1:
        raise Contradiction(f"{noun(command)} would leave a gap: the next one is {number + 1}")
    if command.tick <= tick:
        raise Contradiction(f"{noun(command)} is at tick {command.tick}, and the one before it at {tick}")


def _has_not_shrunk(connection: sqlite3.Connection, branch: KeptBranch) -> None:
    kept = read(connection, KeptBranch, "session = ? AND branch = ?", branch.session, branch.branch)
    if kept and kept[0].head > branch.head:
        raise Contradiction(f"{noun(branch)} has reached tick {kept[0].head}; its head cannot be {branch.head}")


def _is_not_gone(connection: sqlite3.Connection, session: KeptSession) -> None:
    """What was deleted does not come back because somebody had not heard of it yet."""
    if known := gone(connection, session.id):
        raise Contradiction(f"{noun(session)} is no longer kept ({known.why})")


def delete(connection: sqlite3.Connection, session: str, why: Literal["budget", "deleted"]) -> tuple[str, ...]:
    """Deletes a session with all that belongs to it, and notes what became of it. The links that lead to nothing now.
    Contradiction where there is no such session."""
    links = _links(connection, session)
    if connection.execute("DELETE FROM session WHERE id = ?", (session,)).rowcount == 0:
        raise Contradiction(f"session {session} is not kept")
    at = time.time()
    connection.executemany("INSERT OR REPLACE INTO gone VALUES (?, ?, ?)", [(n, at, why) for n in (session, *links)])
    return links


def gone(connection: sqlite3.Connection, name: str) -> Gone | None:
    """What became of a session or a link, if it was ever kept and no longer is."""
    row = connection.execute("SELECT name, at, why FROM gone WHERE name = ?", (name,)).fetchone()
    return Gone(*row) if row else None


# Reading


def sessions(connection: sqlite3.Connection) -> tuple[KeptSession, ...]:
    """All that are not damaged; who was used last comes first."""
    return tuple(session for session, sound in rows(connection, KeptSession, "true ORDER BY used DESC, id") if sound)


def listing(connection: sqlite3.Connection, owner: str | None) -> tuple[Listed, ...]:
    """All sessions, or one owner's, with their sizes; who was used last comes first."""
    found = rows(connection, KeptSession, "owner = coalesce(?, owner) ORDER BY used DESC, id", owner)
    return tuple(_listed(connection, session, sound) for session, sound in found)


#: Rows of a session in each table, and the bytes of what people and programs wrote into them.
_SIZES = {
    "session": "SELECT count(*), total(length(CAST(setup AS BLOB))) FROM session WHERE id = ?",
    "branch": "SELECT count(*), total(length(CAST(name AS BLOB))) FROM branch WHERE session = ?",
    "command": "SELECT count(*), total(length(CAST(body AS BLOB)) + length(CAST(answer AS BLOB))) FROM command "
    "WHERE session = ?",
    "keyframe": "SELECT count(*), total(length(record)) FROM keyframe WHERE session = ?",
    "moment": "SELECT count(*), total(length(CAST(note AS BLOB)) + length(CAST(view AS BLOB))) FROM moment "
    "WHERE session = ?",
    "flag": "SELECT count(*), total(length(CAST(word AS BLOB))) FROM flag WHERE session = ?",
}


def _listed(connection: sqlite3.Connection, session: KeptSession, sound: bool) -> Listed:
    sizes = {table: connection.execute(query, (session.id,)).fetchone() for table, query in _SIZES.items()}
    size = sum(count * _ROW_BYTES + int(texts) for count, texts in sizes.values())
    return Listed(session, size, sizes["command"][0], _links(connection, session.id), damaged=not sound)


def session(connection: sqlite3.Connection, session_id: str) -> KeptSession | None:
    """One session. Damaged."""
    return next(iter(read(connection, KeptSession, "id = ?", session_id)), None)


def branches(connection: sqlite3.Connection, session_id: str) -> tuple[KeptBranch, ...]:
    """A session's branches by number. Damaged."""
    found = read(connection, KeptBranch, "session = ? ORDER BY branch", session_id)
    return tuple(_with_head(connection, branch) for branch in found)


def _with_head(connection: sqlite3.Connection, branch: KeptBranch) -> KeptBranch:
    """The furthest moment that is known of the branch. A command is a tick of its own."""
    here = (branch.session, branch.branch)
    known = connection.execute(
        "SELECT tick + 1, time FROM command WHERE session = ?1 AND branch = ?2 "
        "UNION ALL SELECT tick, time FROM moment WHERE session = ?1 AND branch = ?2 ORDER BY 1 DESC, 2 DESC LIMIT 1",
        here,
    ).fetchone()
    head, time = max((branch.head, branch.time), known or (0, 0))
    return branch._replace(head=head, time=time)


def commands(connection: sqlite3.Connection, session_id: str, branch: int) -> tuple[KeptCommand, ...]:
    """A branch's own journal, in order: without what its parents did before it left them. Damaged."""
    found = read(connection, KeptCommand, "session = ? AND branch = ? ORDER BY number", session_id, branch)
    for expected, command in enumerate(found):
        if command.number != expected:
            raise Damaged(f"command {expected} of branch {branch}, session {session_id} is missing in the file")
    return tuple(found)


def command_by_key(connection: sqlite3.Connection, session_id: str, key: str) -> KeptCommand | None:
    """The command of a session that came with this ``Idempotency-Key``. Damaged."""
    return next(iter(read(connection, KeptCommand, "session = ? AND key = ?", session_id, key)), None)


def keyframe(
    connection: sqlite3.Connection, session_id: str, branch: int, tick: int, version: str, fingerprint: str
) -> KeptKeyframe | None:
    """The newest keyframe of this version and fingerprint at *tick* or before it. A damaged one is as good as none."""
    ticks = connection.execute(
        "SELECT tick FROM keyframe WHERE session = ? AND branch = ? AND tick <= ? AND version = ? AND fingerprint = ? "
        "ORDER BY tick DESC",
        (session_id, branch, tick, version, fingerprint),
    ).fetchall()
    for (at,) in ticks:
        for found, sound in rows(
            connection, KeptKeyframe, "session = ? AND branch = ? AND tick = ?", session_id, branch, at
        ):
            if sound:
                return found
    return None


def event_hashes(connection: sqlite3.Connection, session_id: str, branch: int) -> tuple[EventHash, ...]:
    """What all keyframes of a branch, of whatever version, say about the way to them, by tick."""
    found = connection.execute(
        "SELECT tick, version, event_hash FROM keyframe WHERE session = ? AND branch = ? ORDER BY tick",
        (session_id, branch),
    )
    return tuple(EventHash(*row) for row in found)


def moment(connection: sqlite3.Connection, link: str) -> KeptMoment | None:
    """The moment that a link leads to. Damaged."""
    return next(iter(read(connection, KeptMoment, "link = ?", link)), None)


def moments(connection: sqlite3.Connection, session_id: str) -> tuple[KeptMoment, ...]:
    """A session's moments with links, oldest first. Damaged."""
    return tuple(read(connection, KeptMoment, "session = ? ORDER BY made, link", session_id))


def flags(connection: sqlite3.Connection, session_id: str) -> tuple[KeptFlag, ...]:
    """A session's flags by number, those that were removed too. Damaged."""
    return tuple(read(connection, KeptFlag, "session = ? ORDER BY flag", session_id))


def _links(connection: sqlite3.Connection, session_id: str) -> tuple[str, ...]:
    found = connection.execute("SELECT link FROM moment WHERE session = ? ORDER BY made, link", (session_id,))
    return tuple(link for (link,) in found)
