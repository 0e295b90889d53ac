"""What goes first when there is more than there may be.

1. Keyframes, evenly: every second one of the branch that has most, again and again. They are a cache; seeking takes
   longer.
2. Sessions that have ended and have no linked moment; who ended first goes first.
3. Sessions that have ended and have linked moments, in the same order, and only where the caller says so.

Nothing else ever goes: no session that lives, nor any part of a journal.
"""

import sqlite3
from collections.abc import Iterator

from app.history.keeping import delete
from app.history.kept import Forgotten
from app.history.schema import pragma


def bytes_kept(connection: sqlite3.Connection) -> int:
    """Bytes of the database that hold something. Its log, of a few MiB at most, is not counted."""
    pages, free, size = (pragma(connection, name) for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def forget(connection: sqlite3.Connection, budget: int, linked: bool) -> Forgotten:
    """Forgets as much as is needed to keep to *budget* bytes, and no more; *linked* sessions too only when told so."""
    before = bytes_kept(connection)
    keyframes = 0
    branches = _keyframes(connection)
    while bytes_kept(connection) > budget and branches:
        fullest = max(branches, key=branches.__getitem__)
        thinned = _thin(connection, *fullest)
        keyframes += thinned
        branches[fullest] -= thinned
        if branches[fullest] == 0:
            del branches[fullest]
    sessions: list[str] = []
    links: list[str] = []
    for session in _ended(connection, linked):
        if bytes_kept(connection) <= budget:
            break
        links += delete(connection, session, "budget")
        sessions.append(session)
    _give_back(connection)
    return Forgotten(keyframes, tuple(sessions), tuple(links), before, bytes_kept(connection), budget)


def _give_back(connection: sqlite3.Connection) -> None:
    """Returns pages that hold nothing to the disk. As Python's module runs it, the PRAGMA frees one page at a time."""
    for _ in range(pragma(connection, "freelist_count")):
        connection.execute("PRAGMA incremental_vacuum").close()


def _keyframes(connection: sqlite3.Connection) -> dict[tuple[str, int], int]:
    """How many keyframes each branch of each session has."""
    found = connection.execute("SELECT session, branch, count(*) FROM keyframe GROUP BY session, branch")
    return {(session, branch): count for session, branch, count in found}


def _thin(connection: sqlite3.Connection, session: str, branch: int) -> int:
    """Deletes every second keyframe of a branch, the newest only if it is the last one; how many went."""
    found = connection.execute(
        "SELECT rowid FROM keyframe WHERE session = ? AND branch = ? ORDER BY tick DESC", (session, branch)
    ).fetchall()
    leaving = found[1::2] or found
    connection.executemany("DELETE FROM keyframe WHERE rowid = ?", leaving)
    return len(leaving)


def _ended(connection: sqlite3.Connection, linked: bool) -> Iterator[str]:
    """Sessions that may go, in the order of going."""
    for has_links in (False, True) if linked else (False,):
        found = connection.execute(
            "SELECT id FROM session WHERE ended IS NOT NULL "
            "AND EXISTS (SELECT * FROM moment WHERE moment.session = session.id) = ? ORDER BY ended, id",
            (has_links,),
        )
        yield from [session for (session,) in found.fetchall()]
