"""What waits for the disk waits for it together."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.history.store import Store
from app.history.store_errors import Contradiction
from tests.history.records import a_branch, a_command, a_session, kept


@contextmanager
def busy(store: Store) -> Iterator[None]:
    """The store's thread is in the middle of a transaction; what is asked for meanwhile piles up."""
    begun, enough = threading.Event(), threading.Event()

    def transaction(_: sqlite3.Connection) -> None:
        begun.set()
        enough.wait()

    store._writer.write(transaction)
    begun.wait()
    try:
        yield
    finally:
        enough.set()


def test_twenty_commands_that_wait_at_once_are_one_transaction(store: Store) -> None:
    kept(store, a_session(), a_branch())
    before = store.commits
    with busy(store):
        futures = [store.keep(a_command(number)) for number in range(20)]
        assert not any(future.done() for future in futures)

    for future in futures:
        future.result()
    assert store.commits - before == 2  # the one that kept it busy, and one for all twenty
    assert len(store.commands("ABC234", 0).result()) == 20


def test_one_that_is_refused_does_not_take_the_others_along(store: Store) -> None:
    kept(store, a_session(), a_branch())
    with busy(store):
        first = store.keep(a_command(0), a_command(1))
        half = store.keep(a_command(2), a_command(9))  # the second leaves a gap, so neither is kept
        second = store.keep(a_command(2))

    first.result()
    assert isinstance(half.exception(), Contradiction)
    second.result()
    assert store.commands("ABC234", 0).result() == tuple(a_command(number) for number in range(3))


def test_result_comes_when_everybody_can_see_what_was_kept(store: Store, tmp_path: Path) -> None:
    seen = []

    def look(_: object) -> None:
        with closing(sqlite3.connect(tmp_path / "history/history.sqlite")) as connection:
            seen.extend(connection.execute("SELECT count(*) FROM command").fetchone())

    with busy(store):
        store.keep(a_session(), a_branch())
        futures = [store.keep(a_command(number)) for number in range(3)]
        futures[0].add_done_callback(look)
    kept(store)

    assert seen == [3]


def test_reading_sees_what_was_written_before_it(store: Store) -> None:
    with busy(store):
        store.keep(a_session(), a_branch())
        listed = store.sessions()

    assert [each.id for each in listed.result()] == ["ABC234"]
