"""A store that cannot write says so, drops nothing, and goes on when it can."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from app.history import opening
from app.history.schema import pragma
from app.history.store import Store
from app.history.store_errors import NotKept
from tests.history.recorded_disk import RecordedDisk
from tests.history.records import a_branch, a_command, a_session, kept

NEVER = 1e6  # seconds after which it tries again by itself


@pytest.mark.parametrize(
    ("refused", "code", "says"),
    [
        ("write", sqlite3.SQLITE_FULL, "the disk is full"),
        ("write", sqlite3.SQLITE_IOERR_WRITE, "the disk reports an error"),
        ("sync", sqlite3.SQLITE_IOERR_FSYNC, "the disk reports an error"),
    ],
)
def test_disk_that_takes_nothing_makes_the_store_read_only_until_it_does(
    refused: str, code: int, says: str, tmp_path: Path
) -> None:
    with RecordedDisk().in_use() as disk, Store(tmp_path, NEVER) as store:
        kept(store, a_session(), a_branch(), a_command(0))
        disk.refuse[refused] = code

        with pytest.raises(NotKept, match=says) as failed:
            kept(store, a_command(1))

        assert failed.value.condition == store.condition
        assert store.condition.state == "read-only"
        assert store.condition.reason.startswith(f"{says} ({tmp_path}: ")
        assert store.commands("ABC234", 0).result() == (a_command(0),)
        assert store.recover().result().state == "read-only"

        disk.refuse.clear()
        with pytest.raises(NotKept):  # not before it has tried: a command may have been lost in between
            kept(store, a_command(1))
        assert store.recover().result().state == "open"
        kept(store, a_command(1))

    with Store(tmp_path) as store:
        assert store.condition.missing == ""
        assert store.commands("ABC234", 0).result() == (a_command(0), a_command(1))


def test_store_tries_again_by_itself(tmp_path: Path) -> None:
    with RecordedDisk().in_use() as disk, Store(tmp_path, retry_seconds=0.01) as store:
        kept(store, a_session(), a_branch())
        disk.refuse["write"] = sqlite3.SQLITE_FULL
        with pytest.raises(NotKept):
            kept(store, a_command(0))
        disk.refuse.clear()

        while store.condition.state != "open":
            time.sleep(0.001)
        kept(store, a_command(0))


def test_all_that_wait_are_told(tmp_path: Path) -> None:
    with RecordedDisk().in_use() as disk, Store(tmp_path, NEVER) as store:
        kept(store, a_session(), a_branch())
        disk.refuse["write"] = sqlite3.SQLITE_FULL

        futures = [store.keep(a_command(number)) for number in range(20)]

        assert {type(future.exception()) for future in futures} == {NotKept}
        assert store.commands("ABC234", 0).result() == ()


def test_full_disk_at_the_start_is_said_and_what_is_kept_can_be_read(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept(store, a_session())
    with RecordedDisk().in_use() as disk:
        disk.refuse["write"] = sqlite3.SQLITE_FULL
        with Store(tmp_path, NEVER) as store:
            assert store.condition.state == "read-only"
            assert "the disk is full" in store.condition.reason
            assert store.session("ABC234").result() == a_session()
            disk.refuse.clear()
            assert store.recover().result().state == "open"
            kept(store, a_branch())


def test_full_disk_under_a_new_directory_is_said_and_waited_for(tmp_path: Path) -> None:
    with RecordedDisk().in_use() as disk:
        disk.refuse["write"] = sqlite3.SQLITE_FULL
        with Store(tmp_path, NEVER) as store:
            assert store.condition.state == "unreadable"
            assert "the disk is full" in store.condition.reason
            with pytest.raises(NotKept, match="the disk is full"):
                kept(store, a_session())
            disk.refuse.clear()
            assert store.recover().result().state == "open"
            kept(store, a_session())


def test_file_that_may_not_grow_takes_what_fits_and_no_part_of_what_does_not(store: Store) -> None:
    kept(store, a_session(), a_branch(), a_command(0))
    limit(store, 70)
    with pytest.raises(NotKept, match="the disk is full"):
        kept(store, *(a_command(number, body="x" * 4_000) for number in range(1, 100)))
    assert store.commands("ABC234", 0).result() == (a_command(0),)

    assert store.recover().result().state == "open"
    kept(store, a_command(1))


def limit(store: Store, pages: int) -> None:
    """How large the file may be at most. SQLite forgets it with the connection."""
    assert store._writer.read(lambda connection: pragma(connection, f"max_page_count = {pages}")).result() == pages


def test_nothing_but_making_room_is_tried_on_a_full_disk(tmp_path: Path) -> None:
    with RecordedDisk().in_use() as disk, Store(tmp_path, NEVER) as store:
        kept(store, a_session(), a_branch(), a_session("DEF567", ended=5.0))
        disk.refuse["write"] = sqlite3.SQLITE_FULL
        with pytest.raises(NotKept):
            kept(store, a_command(0))
        with pytest.raises(NotKept, match="the disk is full"):
            store.delete("DEF567").result()  # not even that goes
        disk.refuse.clear()

        with pytest.raises(NotKept):
            kept(store, a_command(0))
        assert store.forget(0).result().sessions == ("DEF567",)
        assert store.condition.state == "open"
        kept(store, a_command(0))


# Somebody else's transaction


def test_other_program_that_writes_is_waited_for_and_then_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(opening, "PATIENCE_SECONDS", 0.05)
    with Store(tmp_path, NEVER) as impatient:
        kept(impatient, a_session())
        with closing(sqlite3.connect(tmp_path / "history/history.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(NotKept, match="another program is writing to the history"):
                kept(impatient, a_branch())
            assert impatient.session("ABC234").result() == a_session()
            other.execute("ROLLBACK")
        assert impatient.recover().result().state == "open"
        kept(impatient, a_branch())


# A directory that can only be read


@contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions hold for everyone but root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Path]:
    """A directory that others may enter."""
    tmp_path.chmod(0o755)
    yield tmp_path
    allow_writing(tmp_path)


def forbid_writing(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


def allow_writing(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


def test_directory_without_the_right_to_write_is_read(public: Path) -> None:
    with Store(public) as store:
        kept(store, a_session(), a_branch(), a_command(0))
    forbid_writing(public)

    with as_nobody(), Store(public, NEVER) as store:
        assert store.condition.state == "read-only"
        assert "the data directory" in store.condition.reason
        assert store.commands("ABC234", 0).result() == (a_command(0),)
        with pytest.raises(NotKept):
            kept(store, a_command(1))


def test_broken_history_that_cannot_be_set_aside_stays_and_is_said(public: Path) -> None:
    Store(public).close()
    path = public / "history/history.sqlite"
    path.write_bytes(b"noise" * 5_000)
    forbid_writing(public)

    with as_nobody(), Store(public, NEVER) as store:
        assert store.condition.state == "unreadable"
        assert store.condition.reason.startswith("history.sqlite is damaged: file is not a database, and cannot be set")
    assert path.read_bytes() == b"noise" * 5_000


def test_directory_is_written_to_again_when_that_is_allowed(public: Path) -> None:
    with Store(public) as store:
        kept(store, a_session(), a_branch())
    forbid_writing(public)
    with as_nobody():
        store = Store(public, NEVER)
    assert store.condition.state == "read-only"
    allow_writing(public)

    with as_nobody():
        assert store.recover().result().state == "open"
        kept(store, a_command(0))
        store.close()


def test_history_without_a_lock_that_can_be_taken_is_read_until_somebody_else_writes(public: Path) -> None:
    with Store(public) as store:
        kept(store, a_session(), a_branch())
    (public / "apicscope.lock").unlink()
    forbid_writing(public)
    with as_nobody():
        reader = Store(public, NEVER)
    assert reader.condition.state == "read-only"
    assert reader.session("ABC234").result() == a_session()
    allow_writing(public)

    with Store(public):
        condition = reader.recover().result()
    assert condition.state == "unreadable"
    assert f"is held by process {os.getpid()} on " in condition.reason
    assert reader.recover().result().state == "open"
    reader.close()


def test_directory_in_which_nothing_can_be_made_is_said(public: Path) -> None:
    forbid_writing(public)

    with as_nobody(), Store(public / "data", NEVER) as store:
        assert store.condition.state == "unreadable"
        assert "the data directory can only be read, or may not be used" in store.condition.reason
        with pytest.raises(NotKept):
            store.sessions().result()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_directory_that_is_a_file_is_said(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with Store(tmp_path / place, NEVER) as store:
        assert store.condition.state == "unreadable"
        assert "the data directory cannot be used" in store.condition.reason


# A disk of its own

ON_A_SMALL_DISK = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from app.history.store import Store
from app.history.store_errors import NotKept
from tests.history.records import a_branch, a_command, a_session, kept

disk = Path(sys.argv[1])
store = Store(disk, 1e6)
kept(store, a_session(), a_branch(), a_session("DEF567"), a_branch("DEF567"))
kept(store, *(a_command(number, "DEF567", body="x" * 4_000) for number in range(20)))
(disk / "other").write_bytes(bytes(1_000_000))
number = 0
try:
    while True:
        kept(store, a_command(number, body="x" * 4_000))
        number += 1
except NotKept as full:
    assert full.condition.state == "read-only" and "the disk is full" in str(full), full
assert number > 20
assert len(store.commands("ABC234", 0).result()) == number
if sys.argv[3] == "delete":
    store.delete("DEF567").result()
else:
    (disk / "other").unlink()
assert store.recover().result().state == "open", store.condition
kept(store, a_command(number))
assert len(store.commands("ABC234", 0).result()) == number + 1
store.close()
with Store(disk) as again:
    assert again.condition.state == "open" and not again.condition.missing and not again.condition.set_aside
    assert len(again.commands("ABC234", 0).result()) == number + 1
print("well")
"""


@pytest.mark.parametrize("remedy", ["delete", "other files go"])
def test_real_disk_that_is_full_loses_nothing(remedy: str, tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=4m tmpfs "$1" || exit 77; exec "$2" -c "$3" "$1" "$4" "$5"'
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = [
        "sh",
        "-c",
        script,
        "sh",
        str(disk),
        sys.executable,
        ON_A_SMALL_DISK,
        str(Path(__file__).parents[2]),
        remedy,
    ]
    done = None
    with suppress(FileNotFoundError):
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", *inside], capture_output=True, text=True, check=False
        )
    if done is None or done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip("no disk can be mounted here: it takes unshare, and the right to a name space of one's own")

    assert done.stdout == "well\n", done.stderr
