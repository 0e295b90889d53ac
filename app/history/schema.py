"""The tables on disk, and how a record becomes a row.

Each row carries a seal, a checksum of its values: SQLite notices a page that makes no sense, but not another digit in
a text. Columns have no type, so that SQLite converts nothing.
"""

import sqlite3
import zlib
from typing import Any, NamedTuple, TypeVar

from app.history.kept import Kept, KeptBranch, KeptCommand, KeptFlag, KeptKeyframe, KeptMoment, KeptSession
from app.history.store_errors import Contradiction, Damaged

#: "apic" in ASCII, at byte 68 of the file: tools that know it can tell whose database it is.
APPLICATION_ID = 0x61706963

#: What makes a database of version N - 1 one of version N, N from 1. A line that has been released never changes.
MIGRATIONS = (
    """
    CREATE TABLE session (id PRIMARY KEY NOT NULL, owner, setup, version, made, used, ended, place, seal);
    CREATE INDEX session_owner ON session (owner);
    CREATE TABLE branch (
        session NOT NULL REFERENCES session ON DELETE CASCADE,
        branch NOT NULL, name, parent, leaves_at, head, time, seal,
        PRIMARY KEY (session, branch),
        FOREIGN KEY (session, parent) REFERENCES branch ON DELETE CASCADE
    );
    CREATE INDEX branch_parent ON branch (session, parent);
    CREATE TABLE command (
        session NOT NULL, branch NOT NULL, number NOT NULL, tick, time, who, body, key, answer, seal,
        PRIMARY KEY (session, branch, number),
        FOREIGN KEY (session, branch) REFERENCES branch ON DELETE CASCADE
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX command_key ON command (session, key) WHERE key IS NOT NULL;
    CREATE TABLE keyframe (
        session NOT NULL, branch NOT NULL, tick NOT NULL, time, version, fingerprint, event_hash, record, seal,
        PRIMARY KEY (session, branch, tick),
        FOREIGN KEY (session, branch) REFERENCES branch ON DELETE CASCADE
    );
    CREATE TABLE moment (
        link PRIMARY KEY NOT NULL, session NOT NULL, branch NOT NULL, tick, time, made, note, view, seal,
        FOREIGN KEY (session, branch) REFERENCES branch ON DELETE CASCADE
    );
    CREATE INDEX moment_branch ON moment (session, branch);
    CREATE TABLE gone (name PRIMARY KEY NOT NULL, at, why) WITHOUT ROWID;
    CREATE TABLE acknowledged (groups NOT NULL);
    INSERT INTO acknowledged VALUES (0);
    CREATE TABLE attempt (room);
    """,
    """
    CREATE TABLE flag (
        session NOT NULL REFERENCES session ON DELETE CASCADE, flag NOT NULL,
        link NOT NULL REFERENCES moment ON DELETE CASCADE, word, who, removed, seal,
        PRIMARY KEY (session, flag)
    );
    CREATE INDEX flag_link ON flag (link);
    """,
)
VERSION = len(MIGRATIONS)

RecordType = TypeVar("RecordType", bound=Kept)


class Table(NamedTuple):
    """Where a kind of record stands. Its columns are the record's fields, and the seal."""

    name: str
    #: What people call one of them.
    noun: str
    key: tuple[str, ...]
    #: Fields that may change later.
    changes: tuple[str, ...]


TABLES: dict[type[Any], Table] = {
    KeptSession: Table("session", "session {id}", ("id",), ("owner", "used", "ended", "place")),
    KeptBranch: Table(
        "branch", "branch {branch} of session {session}", ("session", "branch"), ("name", "head", "time")
    ),
    KeptCommand: Table(
        "command", "command {number} of branch {branch}, session {session}", ("session", "branch", "number"), ()
    ),
    KeptKeyframe: Table(
        "keyframe",
        "keyframe {tick} of branch {branch}, session {session}",
        ("session", "branch", "tick"),
        ("time", "version", "fingerprint", "event_hash", "record"),
    ),
    KeptMoment: Table("moment", "moment {link}", ("link",), ("note", "view")),
    KeptFlag: Table("flag", "flag {flag} of session {session}", ("session", "flag"), ("removed",)),
}


def pragma(connection: sqlite3.Connection, name: str) -> int:
    """The number that SQLite keeps under *name*."""
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def noun(record: Kept) -> str:
    """What people call *record*."""
    return TABLES[type(record)].noun.format(**record._asdict())


def seal(record: Kept) -> int:
    """A checksum of all values of *record*."""
    checksum = zlib.crc32(repr([value for value in record if type(value) is not bytes]).encode())
    for value in record:
        if type(value) is bytes:
            checksum = zlib.crc32(value, checksum)
    return checksum


def rows(
    connection: sqlite3.Connection, kind: type[RecordType], condition: str, *values: Any
) -> list[tuple[RecordType, bool]]:
    """The records of one *kind* for which *condition*, in SQL, holds; each with whether its seal is right."""
    fields = ", ".join(f'"{field}"' for field in kind._fields)
    found = connection.execute(f"SELECT {fields}, seal FROM {TABLES[kind].name} WHERE {condition}", values)
    records = [(kind(*row[:-1]), row[-1]) for row in found]
    return [(record, seal(record) == kept) for record, kept in records]


def read(connection: sqlite3.Connection, kind: type[RecordType], condition: str, *values: Any) -> list[RecordType]:
    """The records of one *kind* for which *condition* holds. Damaged if one of them is."""
    found = rows(connection, kind, condition, *values)
    for record, sound in found:
        if not sound:
            raise Damaged(f"{noun(record)} is damaged: what is written in the file is not what was kept")
    return [record for record, _ in found]


def write(connection: sqlite3.Connection, record: Kept) -> None:
    """Keeps *record*, or what has changed of it. Contradiction where that cannot be."""
    table = TABLES[type(record)]
    named = record._asdict()
    where = " AND ".join(f'"{field}" = ?' for field in table.key)
    present = rows(connection, type(record), where, *(named[field] for field in table.key))
    try:
        if not present:
            _insert(connection, table, named, seal(record))
        elif present[0][0] != record:
            _update(connection, table, present[0][0], record)
    except sqlite3.IntegrityError as error:
        raise Contradiction(_contradiction(record, error)) from None
    except (UnicodeEncodeError, OverflowError) as error:
        raise Contradiction(f"{noun(record)!r} has a value that cannot be written: {error}") from None


def _insert(connection: sqlite3.Connection, table: Table, named: dict[str, Any], checksum: int) -> None:
    fields = ", ".join(f'"{field}"' for field in named)
    places = ", ".join("?" for _ in named)
    connection.execute(f"INSERT INTO {table.name} ({fields}, seal) VALUES ({places}, ?)", (*named.values(), checksum))


def _update(connection: sqlite3.Connection, table: Table, before: Kept, record: Kept) -> None:
    old, new = before._asdict(), record._asdict()
    fixed = [field for field in new if old[field] != new[field] and field not in table.changes]
    if fixed:
        raise Contradiction(f"{noun(record)} is kept with another {' and '.join(fixed)}")
    changes = ", ".join(f'"{field}" = ?' for field in table.changes)
    where = " AND ".join(f'"{field}" = ?' for field in table.key)
    connection.execute(
        f"UPDATE {table.name} SET {changes}, seal = ? WHERE {where}",
        (*(new[field] for field in table.changes), seal(record), *(new[field] for field in table.key)),
    )


def _contradiction(record: Kept, error: sqlite3.IntegrityError) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return f"{noun(record)} cannot be kept: what it belongs to is not"
    if isinstance(record, KeptCommand) and error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
        return f"{noun(record)} cannot be kept: another command of the session has the key {record.key!r}"
    return f"{noun(record)} cannot be kept: {error}"
