"""One connection to the history, in whatever condition it is. Used by one thread alone."""

import errno
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from app.history.data_directory import DataDirectory
from app.history.opening import DAMAGE, Broken, OtherVersion, code, examine, open_to_read, open_to_write
from app.history.store_errors import Condition, Held, NotKept, State

Task = Callable[[sqlite3.Connection], Any]

#: What SQLite's primary result codes mean to whoever runs the server. Any other code is a fault of ours.
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the data directory can only be read",
    sqlite3.SQLITE_CANTOPEN: "a file in the data directory cannot be opened",
    sqlite3.SQLITE_PERM: "the data directory may not be used",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_BUSY: "another program is writing to the history",
    sqlite3.SQLITE_LOCKED: "another program is writing to the history",
    sqlite3.SQLITE_PROTOCOL: "another program is writing to the history",
    sqlite3.SQLITE_NOLFS: "the file system does not take files of this size",
    sqlite3.SQLITE_CORRUPT: "the history is damaged",
    sqlite3.SQLITE_NOTADB: "the history is damaged",
}
#: Room that there must be before writing goes on: more than a command needs, so that it does not go to and fro.
_ROOM_BYTES = 1 << 16


class Outcome(NamedTuple):
    """What became of a task: its value, or what it raised."""

    value: Any
    error: Exception | None = None


class _TakenAway(Exception):
    """The files that the connection writes to are no longer those that the next start would find."""


class Database:
    """The history of a data directory. ``condition`` says how it is; ``commits`` counts transactions."""

    def __init__(self, directory: DataDirectory) -> None:
        self.condition = Condition("closed")
        self.commits = 0
        self._directory = directory
        self._connection: sqlite3.Connection | None = None
        self._writes = False
        self._examined = False
        self._files: dict[Path, tuple[int, int] | None] = {}
        self._groups = 0
        #: The files are not to be trusted: what is wrong with them does not pass by itself.
        self._until_restart = False

    # Opening and closing

    def open(self) -> None:
        """Opens it as well as it can be. Held where another process has the directory; else ``condition`` says."""
        try:
            self._directory.hold()
            self._open()
        except Held:
            raise
        except (OSError, sqlite3.Error, OtherVersion) as error:
            self._become("unreadable", _reason(error, self._directory.path))

    def _open(self) -> None:
        path = self._directory.database
        try:
            examine(path, thoroughly=not self._examined)
        except Broken as broken:
            try:
                self._directory.set_aside(str(broken))
            except OSError as error:
                self._become("unreadable", f"{broken}, and cannot be set aside ({error})")
                return
        self._examined = True
        try:
            self._connection = open_to_write(path)
            self._begin(self._connection)
            self._writes = True
        except sqlite3.Error as error:
            self._disconnect()
            with suppress(sqlite3.Error, OtherVersion):
                self._connection = open_to_read(path)
            self._become("read-only" if self._connection else "unreadable", _reason(error, self._directory.path))

    def _begin(self, connection: sqlite3.Connection) -> None:
        _attempt(connection)
        (self._groups,) = connection.execute("SELECT groups FROM acknowledged").fetchone()
        path = self._directory.database
        files = (path, path.with_name(path.name + "-wal"))
        self._files = {file: _identity(file) for file in files if file.exists()}
        acknowledged = self._directory.acknowledged()
        self._directory.note_acknowledged(self._groups)
        self._directory.reserve()
        missing = self.condition.missing
        if acknowledged > self._groups:
            missing = (
                f"the newest writes are missing: {acknowledged} groups of them were acknowledged before the last "
                f"stop, and {self._groups} are in {path}"
            )
        self.condition = Condition("open", missing=missing, set_aside=self._directory.set_asides())

    def close(self) -> None:
        """Closes it and lets others have the directory."""
        self._disconnect()
        self._directory.release()
        self._become("closed", "the history is closed")

    def _disconnect(self) -> None:
        self._writes = False
        if self._connection is not None:
            with suppress(sqlite3.Error):  # it could not tidy up; the next start does
                self._connection.close()
            self._connection = None

    def recover(self) -> Condition:
        """Tries whether it can be written to again, and returns the condition it is in then."""
        if self.condition.state in ("open", "closed") or self._until_restart:
            return self.condition
        if self._connection is not None and self._writes:
            try:
                _attempt(self._connection)
            except sqlite3.Error as error:
                self._fail(error)
            else:
                self._become("open", "")
            return self.condition
        self._disconnect()
        try:
            self.open()
        except Held as held:
            self._become("unreadable", str(held))
        return self.condition

    # Work

    def together(self, tasks: Sequence[Task]) -> list[Outcome]:
        """Does *tasks* in one transaction, which is on disk when this returns.

        A task that raises has done nothing, and the others go on. Where the transaction fails, all of them have
        failed with NotKept, and nothing is tried any more before ``recover``: a journal has no gaps.
        """
        if self._connection is None or self.condition.state != "open":
            return [Outcome(None, NotKept(self.condition)) for _ in tasks]
        return self._transaction(self._connection, tasks)

    def make_room(self, task: Task) -> Outcome:
        """Does a *task* that deletes something, also on a full disk; writing goes on if that was enough."""
        if self._connection is None or not self._writes or self._until_restart:
            return Outcome(None, NotKept(self.condition))
        self._directory.spend_reserve()
        (outcome,) = self._transaction(self._connection, [task])
        if not isinstance(outcome.error, NotKept):
            self._carry_over(self._connection)
            self.recover()
        self._directory.reserve()
        return outcome

    def _transaction(self, connection: sqlite3.Connection, tasks: Sequence[Task]) -> list[Outcome]:
        try:
            self._still_there()
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_apart(connection, task) for task in tasks]
            connection.execute("UPDATE acknowledged SET groups = ?", (self._groups + 1,))
            connection.execute("COMMIT")
        except (sqlite3.Error, _TakenAway) as error:
            _roll_back(connection)
            self._fail(error)
            return [Outcome(None, NotKept(self.condition)) for _ in tasks]
        except Exception:  # a fault of ours
            _roll_back(connection)
            raise
        self.commits += 1
        self._groups += 1
        self._directory.note_acknowledged(self._groups)
        return outcomes

    def _carry_over(self, connection: sqlite3.Connection) -> None:
        """Brings what the log holds into the database, and gives the log's room back."""
        with suppress(sqlite3.Error):  # later, then
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def look(self, task: Task) -> Outcome:
        """Does a *task* that changes nothing."""
        if self._connection is None:
            return Outcome(None, NotKept(self.condition))
        try:
            return Outcome(task(self._connection))
        except sqlite3.Error as error:
            if code(error) not in _WORDS:
                return Outcome(None, error)
            self._fail(error)
            return Outcome(None, NotKept(self.condition))
        except Exception as error:
            return Outcome(None, error)

    def _still_there(self) -> None:
        """A file that was deleted or replaced takes writes as before, and nobody would ever see them again."""
        for path, identity in self._files.items():
            if _identity(path) != identity:
                raise _TakenAway(f"{path} was deleted or replaced while it was in use; start the server again")

    # Its condition

    def _fail(self, error: sqlite3.Error | _TakenAway) -> None:
        if isinstance(error, _TakenAway) or code(error) in DAMAGE:
            self._until_restart = True
        self._become("read-only", _reason(error, self._directory.path))

    def _become(self, state: State, reason: str) -> None:
        self.condition = self.condition._replace(state=state, reason=reason, set_aside=self._directory.set_asides())


def _attempt(connection: sqlite3.Connection) -> None:
    """Writes as much as there must be room for. sqlite3.Error where there is not."""
    connection.execute("INSERT INTO attempt VALUES (zeroblob(?))", (_ROOM_BYTES,))
    connection.execute("DELETE FROM attempt")


def _apart(connection: sqlite3.Connection, task: Task) -> Outcome:
    """Does a task of a transaction so that it alone can be taken back."""
    connection.execute("SAVEPOINT task")
    try:
        outcome = Outcome(task(connection))
    except Exception as error:
        if isinstance(error, sqlite3.Error) and code(error) in _WORDS:
            raise
        connection.execute("ROLLBACK TO task")
        outcome = Outcome(None, error)
    connection.execute("RELEASE task")
    return outcome


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # a full disk may have ended it
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _reason(error: Exception, directory: Path) -> str:
    match error:
        case sqlite3.Error():
            return f"{_WORDS.get(code(error), 'the history cannot be used')} ({directory}: {error})"
        case OSError(errno=errno.ENOSPC):
            return f"the disk is full ({directory})"
        case OSError(errno=errno.EROFS | errno.EACCES | errno.EPERM):
            return f"the data directory can only be read, or may not be used ({error})"
        case OSError():
            return f"the data directory cannot be used ({error})"
        case _:
            return str(error)
