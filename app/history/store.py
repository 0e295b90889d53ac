"""The disk store of a server's sessions: what was acknowledged is on disk.

One store for each process and data directory. A store is asked from any thread; each call returns at once, with a
``concurrent.futures.Future`` (``asyncio.wrap_future`` makes it one of an event loop). One thread of its own does the
work, in the order in which it was asked for; a future's callbacks run in that thread and must not wait for the store.

    store = Store(Path("data"))                     # Held: another process has the directory
    store.keep(KeptSession(…), KeptBranch(…))       # both or neither
    kept = store.keep(KeptCommand(…))
    kept.result()                                   # now the command survives kill -9 and a power cut
    store.condition                                 # Condition("open"), or why not

A write's future has a result when its transaction is on disk, and not before. It raises ``Contradiction`` where the
caller is wrong, and ``NotKept`` where the store cannot write: the disk is full, can only be read, fails, or the files
are damaged or another version's. From then on ``condition`` is not open and no write is tried, so that no command is
kept behind one that was not; the store tries by itself, every few seconds, whether there is room again. Whoever applies
commands looks at ``condition`` first, and after ``NotKept`` knows that the session is ahead of what is kept of it.
"""

import sqlite3
from concurrent.futures import Future
from pathlib import Path

from app.history import budget, keeping
from app.history.data_directory import DataDirectory
from app.history.database import Database
from app.history.kept import (
    EventHash,
    Forgotten,
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
from app.history.store_errors import Condition
from app.history.writer import Writer

#: After how many seconds a store that could not write tries again.
RETRY_SECONDS = 5.0


class Store:
    """What is kept in one data *directory*, which it has to itself until ``close``.

    Only ``Held`` is raised here: whatever else is wrong with the directory, there is a store whose ``condition`` says
    so. A database that cannot be read is set aside (``condition.set_aside``) and an empty one takes its place; one of
    a newer version stays where it is, and nothing can be kept.
    """

    def __init__(self, directory: Path, retry_seconds: float = RETRY_SECONDS) -> None:
        self._database = Database(DataDirectory(directory))
        self._writer = Writer(self._database, retry_seconds)
        self._writer.start()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Returns when all that was asked for is done and others may have the directory. Later calls: ``NotKept``."""
        self._writer.close()

    @property
    def condition(self) -> Condition:
        """How the store is at this moment, and what it found when it began."""
        return self._database.condition

    @property
    def commits(self) -> int:
        """Transactions that writes have taken so far: fewer than writes, when they come at once."""
        return self._database.commits

    def recover(self) -> Future[Condition]:
        """Tries now, instead of in a few seconds, whether it can write again; the condition after that."""
        return self._writer.recover()

    # Writing

    def keep(self, *records: Kept) -> Future[None]:
        """Keeps *records*, all or none, in this order. What is kept already may be kept again, with other values in
        the fields that ``kept`` allows to change.

        ``Contradiction``: what a record belongs to is not kept; a command leaves a gap in its journal, is not later
        than the one before it, or has a key that another one has; a field differs that never changes; a head shrinks.
        """

        def task(connection: sqlite3.Connection) -> None:
            for record in records:
                keeping.keep(connection, record)

        return self._writer.write(task)

    def delete(self, session: str) -> Future[tuple[str, ...]]:
        """Deletes a session with all that belongs to it, alive or not, also while the disk is full; the links that lead
        to nothing now. ``Contradiction`` where it is not kept. No session can have its id again."""
        return self._writer.delete(lambda connection: keeping.delete(connection, session, "deleted"))

    def forget(self, budget_bytes: int, linked: bool = False) -> Future[Forgotten]:
        """Makes what is kept no more than *budget_bytes*: keyframes go first, evenly, then sessions that have ended
        and have no links, oldest first; those with links only if *linked*. Also while the disk is full. The result says
        what went, to be said."""
        return self._writer.delete(lambda connection: budget.forget(connection, budget_bytes, linked))

    # Reading. Each sees all writes that were asked for before it, and raises ``Damaged`` where a record is.

    def bytes_kept(self) -> Future[int]:
        """Bytes on disk that hold something: what ``forget`` compares with its budget."""
        return self._writer.read(budget.bytes_kept)

    def sessions(self) -> Future[tuple[KeptSession, ...]]:
        """All sessions; the one that was used last comes first. Damaged ones are left out: ``listing`` has them."""
        return self._writer.read(keeping.sessions)

    def listing(self, owner: str | None = None) -> Future[tuple[Listed, ...]]:
        """As ``sessions``, or those of one *owner*, with what there is of each and how large it is: it takes as long
        as it takes to count that. A damaged one is among them, and marked."""
        return self._writer.read(lambda connection: keeping.listing(connection, owner))

    def session(self, session: str) -> Future[KeptSession | None]:
        """One session by its id."""
        return self._writer.read(lambda connection: keeping.session(connection, session))

    def branches(self, session: str) -> Future[tuple[KeptBranch, ...]]:
        """A session's branches by number, each with the furthest head that is known of it."""
        return self._writer.read(lambda connection: keeping.branches(connection, session))

    def commands(self, session: str, branch: int) -> Future[tuple[KeptCommand, ...]]:
        """A branch's own journal, in order. What its parents did before it left them stands in theirs."""
        return self._writer.read(lambda connection: keeping.commands(connection, session, branch))

    def command_by_key(self, session: str, key: str) -> Future[KeptCommand | None]:
        """The command that came with this ``Idempotency-Key``."""
        return self._writer.read(lambda connection: keeping.command_by_key(connection, session, key))

    def keyframe(
        self, session: str, branch: int, tick: int, version: str, fingerprint: str
    ) -> Future[KeptKeyframe | None]:
        """The newest keyframe at *tick* or before it that this version of the program with this fingerprint can use.
        A damaged one is passed over."""
        return self._writer.read(
            lambda connection: keeping.keyframe(connection, session, branch, tick, version, fingerprint)
        )

    def event_hashes(self, session: str, branch: int) -> Future[tuple[EventHash, ...]]:
        """What the keyframes of a branch, of whatever version, say about the events up to them; by tick."""
        return self._writer.read(lambda connection: keeping.event_hashes(connection, session, branch))

    def moment(self, link: str) -> Future[KeptMoment | None]:
        """The moment that a link leads to; where there is none, ``gone`` may know why."""
        return self._writer.read(lambda connection: keeping.moment(connection, link))

    def moments(self, session: str) -> Future[tuple[KeptMoment, ...]]:
        """A session's moments with links, oldest first."""
        return self._writer.read(lambda connection: keeping.moments(connection, session))

    def flags(self, session: str) -> Future[tuple[KeptFlag, ...]]:
        """A session's flags by number, those that were removed among them."""
        return self._writer.read(lambda connection: keeping.flags(connection, session))

    def gone(self, name: str) -> Future[Gone | None]:
        """What became of a session or a link that is no longer kept; None where it never was."""
        return self._writer.read(lambda connection: keeping.gone(connection, name))
