"""Whatever has become of the file, there is a store that says so in words, and nothing of the file is deleted."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from app.history.schema import VERSION
from app.history.store import Store
from app.history.store_errors import Damaged, NotKept
from tests.history.records import a_branch, a_command, a_keyframe, a_moment, a_session, kept

COMMANDS = 200


def filled(directory: Path) -> Path:
    """A history that was closed in good order; its database."""
    with Store(directory) as store:
        kept(store, a_session(), a_branch(), *(a_command(number) for number in range(COMMANDS)))
        kept(store, *(a_keyframe(10 * number, record=bytes(5_000)) for number in range(20)), a_moment("m1"))
        kept(store, a_session("DEF567"), a_branch("DEF567"), a_command(0, "DEF567"))
    return directory / "history/history.sqlite"


def left_behind(directory: Path, aside: Path) -> Path:
    """A history as a process leaves it that is killed: the newest commands are in the log alone."""
    path = filled(aside)
    with Store(aside) as store:
        kept(store, *(a_command(number) for number in range(COMMANDS, COMMANDS + 50)))
        (directory / "history").mkdir(parents=True)
        for name in (path.name, path.name + "-wal", "acknowledged"):
            # Copied, and not opened here: to close a file that SQLite has open ends its locks.
            (directory / "history" / name).write_bytes((path.parent / name).read_bytes())
    return directory / "history" / path.name


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_header(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def noise(path: Path) -> None:
    path.write_bytes(Random(0).randbytes(path.stat().st_size))


def some_noise(path: Path) -> None:
    chance, content = Random(1), bytearray(path.read_bytes())
    for _ in range(40):
        at = chance.randrange(len(content) - 64)
        content[at : at + 64] = chance.randbytes(64)
    path.write_bytes(content)


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE cookies (name); PRAGMA application_id = 7")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (truncated, "history.sqlite is damaged"),
        (without_header, "history.sqlite is damaged: file is not a database"),
        (noise, "history.sqlite is damaged: file is not a database"),
        (some_noise, "history.sqlite is damaged"),
        (of_another_program, "history.sqlite is not a history of apicscope: its application id is 0x7"),
    ],
)
def test_broken_history_is_set_aside_as_it_is_and_an_empty_one_begins(
    harm: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    path = filled(tmp_path)
    harm(path)
    before = path.read_bytes()

    with Store(tmp_path) as store:
        (aside,) = store.condition.set_aside
        assert store.condition.state == "open"
        assert aside.reason.startswith(says)
        assert aside.path.parent == tmp_path
        assert (aside.path / "history.sqlite").read_bytes() == before
        assert store.sessions().result() == ()
        kept(store, a_session("NEW234"))

    with Store(tmp_path) as store:
        assert store.condition.set_aside == (aside,)  # said as long as it is there
        assert [session.id for session in store.sessions().result()] == ["NEW234"]


def test_every_broken_history_stays(tmp_path: Path) -> None:
    for _ in range(3):
        noise(filled(tmp_path))
        Store(tmp_path).close()

    with Store(tmp_path) as store:
        assert len({aside.path for aside in store.condition.set_aside}) == 3


def test_empty_file_is_a_new_history(tmp_path: Path) -> None:
    filled(tmp_path).write_bytes(b"")

    with Store(tmp_path) as store:
        kept(store, a_session())


# The log


def emptied(log: Path) -> None:
    log.write_bytes(b"")


def half_gone(log: Path) -> None:
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 3])


@pytest.mark.parametrize("harm", [Path.unlink, emptied, half_gone, without_header, noise])
def test_lost_log_is_noticed_and_said(harm: Callable[[Path], None], tmp_path: Path) -> None:
    path = left_behind(tmp_path / "data", tmp_path / "aside")
    harm(path.with_name(path.name + "-wal"))

    with Store(tmp_path / "data") as store:
        assert store.condition.state == "open"
        assert "the newest writes are missing" in store.condition.missing
        found = store.commands("ABC234", 0).result()
        assert found == tuple(a_command(number) for number in range(COMMANDS))
    with Store(tmp_path / "data") as store:
        assert store.condition.missing == ""  # said once: what is kept from now on is whole


def test_whole_log_is_read(tmp_path: Path) -> None:
    left_behind(tmp_path / "data", tmp_path / "aside")

    with Store(tmp_path / "data") as store:
        assert store.condition.missing == ""
        assert len(store.commands("ABC234", 0).result()) == COMMANDS + 50


@pytest.mark.parametrize("harm", [Path.unlink, emptied])
def test_log_without_its_database_is_set_aside(harm: Callable[[Path], None], tmp_path: Path) -> None:
    path = left_behind(tmp_path / "data", tmp_path / "aside")
    harm(path)
    log = path.with_name(path.name + "-wal").read_bytes()

    with Store(tmp_path / "data") as store:
        (aside,) = store.condition.set_aside
        assert "while its log is there" in aside.reason
        assert (aside.path / "history.sqlite-wal").read_bytes() == log


# What SQLite does not notice


def altered(path: Path, before: bytes, after: bytes) -> None:
    content = path.read_bytes()
    assert content.count(before) == 1
    assert len(before) == len(after)
    path.write_bytes(content.replace(before, after))


def test_altered_command_is_not_taken_for_what_was_kept(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept(store, a_session(), a_branch(), a_command(0), a_command(1, body='{"cpu": 1234}'))
        kept(store, a_session("DEF567"), a_branch("DEF567"), a_command(0, "DEF567"))
    altered(tmp_path / "history/history.sqlite", b'{"cpu": 1234}', b'{"cpu": 1334}')

    with Store(tmp_path) as store:
        with pytest.raises(Damaged, match="command 1 of branch 0, session ABC234 is damaged"):
            store.commands("ABC234", 0).result()
        assert store.commands("DEF567", 0).result() == (a_command(0, "DEF567"),)
        kept(store, a_command(1, "DEF567"))


def test_journal_with_a_hole_is_not_read_as_a_whole(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM command WHERE session = 'ABC234' AND number = 7")
        connection.commit()

    with Store(tmp_path) as store, pytest.raises(Damaged, match="command 7 of branch 0, session ABC234 is missing"):
        store.commands("ABC234", 0).result()


def test_altered_session_stands_in_the_list_and_can_be_deleted(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept(store, a_session(setup='{"cpus": 77}'), a_branch())
    altered(tmp_path / "history/history.sqlite", b'{"cpus": 77}', b'{"cpus": 78}')

    with Store(tmp_path) as store:
        (listed,) = store.listing().result()
        assert listed.damaged
        assert store.sessions().result() == ()
        with pytest.raises(Damaged, match="session ABC234 is damaged"):
            store.session("ABC234").result()
        store.delete("ABC234").result()
        assert store.listing().result() == ()


def test_bytes_that_are_no_text_harm_nobody_else(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept(store, a_session(setup='{"name": "plain"}'), a_session("DEF567"))
    altered(tmp_path / "history/history.sqlite", b"plain", b"\xff\xfe\xc3\x28\x80")

    with Store(tmp_path) as store:
        assert [(listed.session.id, listed.damaged) for listed in store.listing().result()] == [
            ("ABC234", True),
            ("DEF567", False),
        ]


def test_altered_keyframe_is_passed_over(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept(store, a_session(), a_branch(), a_keyframe(10), a_keyframe(20, record=b"a state that is unlike others"))
    altered(tmp_path / "history/history.sqlite", b"unlike others", b"unlike itself")

    with Store(tmp_path) as store:
        found = store.keyframe("ABC234", 0, 30, "0.5.0", "f1").result()
        assert found == a_keyframe(10)


# Other versions


def test_history_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()

    with Store(tmp_path) as store:
        assert store.condition.state == "unreadable"
        assert f"written by a newer version of apicscope (its format is {VERSION + 1}" in store.condition.reason
        for answer in (store.keep(a_session()), store.sessions()):
            with pytest.raises(NotKept, match="newer version"):
                answer.result()
        assert store.recover().result().state == "unreadable"

    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["apicscope.lock", "history"]


def test_beginning_that_was_interrupted_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    with closing(sqlite3.connect(tmp_path / "history/history.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # as far as it came

    with Store(tmp_path) as store:
        assert store.condition == store.condition._replace(state="open", set_aside=())
        kept(store, a_session())


# While it is at work


def test_files_that_are_taken_away_take_no_more_writes(store: Store, tmp_path: Path) -> None:
    kept(store, a_session(), a_branch())
    (tmp_path / "history").rename(tmp_path / "elsewhere")

    with pytest.raises(NotKept, match="was deleted or replaced while it was in use"):
        kept(store, a_command(0))
    (tmp_path / "elsewhere").rename(tmp_path / "history")
    assert store.recover().result().state == "read-only"  # until the server is started again


def test_damage_met_at_work_stops_writing_and_is_looked_into_at_the_next_start(tmp_path: Path) -> None:
    path = filled(tmp_path)
    store = Store(tmp_path)
    with path.open("r+b") as file:  # ends SQLite's locks, too, which nobody else asks for here
        file.seek(4096)
        file.write(Random(0).randbytes(path.stat().st_size - 4096))

    with pytest.raises(NotKept, match="the history is damaged"):
        store.sessions().result()
    with pytest.raises(NotKept, match="the history is damaged"):
        kept(store, a_session("NEW234"))
    assert store.condition.state == "read-only"
    assert store.recover().result().state == "read-only"
    store.close()

    with Store(tmp_path) as again:
        assert len(again.condition.set_aside) == 1
        kept(again, a_session())
