"""How the database is opened: looked at first without touching it, then for writing, or else for reading."""

import sqlite3
from contextlib import closing
from pathlib import Path

from app.history.schema import APPLICATION_ID, MIGRATIONS, VERSION, pragma

#: Seconds to wait for another program that writes to the database, a tool of its owner's perhaps.
PATIENCE_SECONDS = 5.0
#: What a commit waits for. FULL: until the disk has it. NORMAL would survive kill -9 as well, but no power cut.
SYNCHRONOUS = "FULL"
#: Pages in the log at which they are carried over into the database; SQLite's own default.
CHECKPOINT_PAGES = 1000

DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Broken(Exception):
    """The file cannot be read as a history of ours; the text says why."""


class OtherVersion(Exception):
    """The file is a history, and not for this program; the text says why."""


def code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 where the error is not SQLite's."""
    extended: int = getattr(error, "sqlite_errorcode", 0)
    return extended & 0xFF


def examine(path: Path, thoroughly: bool) -> None:
    """Looks at the database, at all of it or at its beginning, and changes nothing. Broken, OtherVersion; sqlite3.Error
    where it cannot be looked at."""
    log = path.with_name(path.name + "-wal")
    if not path.exists() or path.stat().st_size == 0:
        if log.exists() and log.stat().st_size > 0:
            raise Broken(f"{path.name} is {'empty' if path.exists() else 'missing'}, while its log is there")
        return  # a new one
    try:
        with closing(connect_to_read(path)) as connection:
            _examine_header(connection, path)
            if thoroughly:
                _examine_pages(connection, path)
    except sqlite3.DatabaseError as error:
        if code(error) not in DAMAGE:
            raise
        raise Broken(f"{path.name} is damaged: {error}") from None


def _examine_header(connection: sqlite3.Connection, path: Path) -> None:
    application, version = pragma(connection, "application_id"), pragma(connection, "user_version")
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (application, version, objects) != (0, 0, 0):
        raise Broken(f"{path.name} is not a history of apicscope: its application id is {application:#x}")
    if version > VERSION:
        raise OtherVersion(
            f"{path} was written by a newer version of apicscope (its format is {version}, this one knows {VERSION}): "
            "use that version, or another data directory"
        )


def _examine_pages(connection: sqlite3.Connection, path: Path) -> None:
    # At every start, for a disk does not ask whether the last stop was clean. 0.12 s for 280 MB in the cache.
    findings = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if findings != ["ok"]:
        raise Broken(f"{path.name} is damaged: {'; '.join(findings)}")


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing in the file. sqlite3.Error where that cannot be.

    An interrupted transaction from before the first log is undone by it: that is how SQLite reads.
    """
    interrupted = path.with_name(path.name + "-journal").exists()
    log = path.with_name(path.name + "-wal")
    connection = _connect(path, "rw" if interrupted else "ro")
    try:
        pragma(connection, "schema_version")
    except sqlite3.OperationalError as error:
        connection.close()
        # SQLite reads a log by help of a file beside it. Where none can be made, a database without a log will do.
        needs_help = code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not needs_help or (log.exists() and log.stat().st_size > 0):
            raise
        connection = _connect(path, "ro&immutable=1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """The history for reading. OtherVersion where it would have to be brought up to date first."""
    connection = connect_to_read(path)
    version = pragma(connection, "user_version")
    if version != VERSION:
        connection.close()
        raise OtherVersion(f"{path} has the format {version}, and cannot be brought up to {VERSION}")
    return connection


def open_to_write(path: Path) -> sqlite3.Connection:
    """The history, made or brought up to date where needed."""
    connection = _connect(path, "rwc")
    try:
        for setting in (
            # Until there is a log, SQLite keeps a journal; one that is back after a power cut would undo everything.
            "synchronous = EXTRA",
            "auto_vacuum = INCREMENTAL",  # before there are tables: room that is free goes back to the disk
            "journal_mode = WAL",
            f"synchronous = {SYNCHRONOUS}",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
            "foreign_keys = ON",
            "trusted_schema = OFF",  # the file may be damaged, or come from somewhere
            "cell_size_check = ON",
        ):
            connection.execute(f"PRAGMA {setting}").fetchall()
        for version in range(pragma(connection, "user_version"), VERSION):
            connection.executescript(
                f"BEGIN IMMEDIATE; {MIGRATIONS[version]}"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version + 1}; COMMIT;"
            )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    # isolation_level None: transactions begin and end where we say so.
    connection = sqlite3.connect(address, PATIENCE_SECONDS, isolation_level=None, uri=True)
    connection.text_factory = _text
    return connection


def _text(read: bytes) -> str:
    """As kept, or, from a damaged file, something else, which its seal then does not fit."""
    return read.decode(errors="replace")
