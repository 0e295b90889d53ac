"""What is kept comes back as it was, also in another process's time; what contradicts it is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import get_ident

import pytest

from app.history.kept import EventHash, Gone, Kept, KeptKeyframe
from app.history.schema import APPLICATION_ID, VERSION
from app.history.store import Store
from app.history.store_errors import Contradiction, NotKept
from tests.history.records import a_branch, a_command, a_flag, a_keyframe, a_moment, a_session, kept


def test_all_records_come_back_as_they_went_in_after_a_restart(tmp_path: Path) -> None:
    session = a_session(setup='{"sheet": "Größe ≤ 3\\u0000"}', used=1.0e9 + 0.25)
    branches = (a_branch(head=40, time=2**62), a_branch(branch=1, head=60))
    commands = (a_command(0, key="k1", answer='{"command": 0}'), a_command(1, who="", body="[]"))
    elsewhere = a_command(0, branch=1, tick=50)
    keyframe = a_keyframe(30, record=bytes(100_000))
    moments = (a_moment("m2", made=5.0), a_moment("m1", made=6.0, branch=1, note="‮ rtl \x00 nul"))
    flags = (a_flag(0, "m2", word="Δ ≠ 0", removed=7.5), a_flag(1, "m1"), a_flag(2, "m1", who=""))
    with Store(tmp_path) as store:
        kept(store, session, *branches, *commands, elsewhere, keyframe, *moments, *flags)

    with Store(tmp_path) as store:
        assert store.session("ABC234").result() == session
        assert store.branches("ABC234").result() == branches
        assert store.commands("ABC234", 0).result() == commands
        assert store.commands("ABC234", 1).result() == (elsewhere,)
        assert store.keyframe("ABC234", 0, 30, "0.5.0", "f1").result() == keyframe
        assert store.moments("ABC234").result() == moments
        assert store.moment("m1").result() == moments[1]
        assert store.flags("ABC234").result() == flags


def test_what_is_not_kept_is_nothing(store: Store) -> None:
    assert store.session("nobody").result() is None
    assert store.branches("nobody").result() == ()
    assert store.commands("nobody", 0).result() == ()
    assert store.command_by_key("nobody", "k").result() is None
    assert store.keyframe("nobody", 0, 10, "0.5.0", "f1").result() is None
    assert store.event_hashes("nobody", 0).result() == ()
    assert store.moment("nowhere").result() is None
    assert store.flags("nobody").result() == ()
    assert store.gone("nobody").result() is None
    assert store.sessions().result() == ()


def test_text_that_looks_like_a_number_stays_text(store: Store) -> None:
    kept(store, a_session("0012", owner="1e3"), a_branch("0012", name="007"))

    assert store.listing("1e3").result()[0].session.id == "0012"
    assert store.branches("0012").result()[0].name == "007"


# What may change, and what not


@pytest.mark.parametrize(
    "changed",
    [
        a_session(used=2_000.0, ended=3_000.0, owner="another"),
        a_branch(name="the long way", head=70, time=7_000),
        a_keyframe(10, version="0.6.0", record=b"other"),
        a_moment("m1", note="better", view="{}"),
        a_flag(0, "m1", removed=3_000.0),
    ],
    ids=lambda record: type(record).__name__,
)
def test_some_fields_may_be_kept_again_with_another_value(store: Store, changed: Kept) -> None:
    before: list[Kept] = [a_session(), a_branch(), a_keyframe(10), a_moment("m1"), a_flag(0, "m1")]
    kept(store, *before)

    kept(store, changed)

    found = [
        store.session("ABC234").result(),
        store.branches("ABC234").result()[0],
        store.keyframe("ABC234", 0, 10, "0.6.0", "f1").result()
        or store.keyframe("ABC234", 0, 10, "0.5.0", "f1").result(),
        store.moment("m1").result(),
        store.flags("ABC234").result()[0],
    ]
    assert changed in found


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (a_session(setup="{}"), "session ABC234 is kept with another setup"),
        (a_session(version="0.6.0", made=0.0), "another version and made"),
        (a_branch(parent=1, leaves_at=3), "branch 0 of session ABC234 is kept with another parent and leaves_at"),
        (a_command(0, body="{}"), "command 0 of branch 0, session ABC234 is kept with another body"),
        (a_moment("m1", tick=21), "moment m1 is kept with another tick"),
        (a_flag(0, "m1", word="another"), "flag 0 of session ABC234 is kept with another word"),
    ],
)
def test_other_fields_never_change(store: Store, record: Kept, says: str) -> None:
    kept(store, a_session(), a_branch(), a_command(0), a_moment("m1"), a_flag(0, "m1"))

    with pytest.raises(Contradiction, match=says):
        kept(store, record)


def test_what_is_kept_may_be_kept_again(store: Store) -> None:
    records = (a_session(), a_branch(), a_command(0, key="k"), a_keyframe(10), a_moment("m1"), a_flag(0, "m1"))
    kept(store, *records)
    kept(store, *records)

    assert store.commands("ABC234", 0).result() == (records[2],)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (a_command(3), "would leave a gap: the next one is 2"),
        (a_command(2, tick=10), "is at tick 10, and the one before it at 10"),
        (a_command(2, key="k1"), "another command of the session has the key 'k1'"),
        (a_command(0, branch=1, tick=50, key="k1"), "another command of the session has the key 'k1'"),
        (a_command(0, "DEF567"), "what it belongs to is not"),
        (a_flag(0, "nowhere"), "what it belongs to is not"),
        (a_branch("DEF567"), "what it belongs to is not"),
        (a_branch(branch=2, parent=7), "what it belongs to is not"),
        (a_branch(head=2), "has reached tick 30; its head cannot be 2"),
        (a_keyframe(10, branch=5), "what it belongs to is not"),
        (a_moment("m1", "DEF567"), "what it belongs to is not"),
        (a_command(2, time=2**63), "has a value that cannot be written"),
        (a_session("XYZ789", setup="\ud800"), "has a value that cannot be written"),
    ],
)
def test_contradiction_is_refused_in_words_and_changes_nothing(store: Store, record: Kept, says: str) -> None:
    kept(store, a_session(), a_branch(head=30), a_branch(branch=1, head=50), a_command(0), a_command(1, key="k1"))

    with pytest.raises(Contradiction, match=says):
        kept(store, a_keyframe(99), record)

    assert store.event_hashes("ABC234", 0).result() == ()
    assert store.condition.state == "open"
    kept(store, a_command(2))


def test_key_belongs_to_one_session(store: Store) -> None:
    for name in ("ABC234", "DEF567"):
        kept(store, a_session(name), a_branch(name), a_command(0, name, key="the same"))

    assert store.command_by_key("DEF567", "the same").result() == a_command(0, "DEF567", key="the same")


# Reading


def test_head_of_a_branch_is_the_furthest_that_is_known(store: Store) -> None:
    kept(store, a_session(), a_branch(head=20, time=2_000))
    assert [(b.head, b.time) for b in store.branches("ABC234").result()] == [(20, 2_000)]

    kept(store, *(a_command(number) for number in range(4)))
    assert [(b.head, b.time) for b in store.branches("ABC234").result()] == [(31, 3_000)]

    kept(store, a_moment("m1", tick=31, time=3_500))
    assert [(b.head, b.time) for b in store.branches("ABC234").result()] == [(31, 3_500)]


def test_keyframe_is_the_newest_that_this_program_can_use(store: Store) -> None:
    kept(store, a_session(), a_branch(), a_keyframe(10), a_keyframe(20), a_keyframe(30, version="0.6.0"))
    kept(store, a_keyframe(40, fingerprint="f2"))

    def found(tick: int, version: str = "0.5.0", fingerprint: str = "f1") -> KeptKeyframe | None:
        return store.keyframe("ABC234", 0, tick, version, fingerprint).result()

    assert [frame.tick if (frame := found(tick)) else None for tick in (9, 10, 19, 20, 100)] == [None, 10, 10, 20, 20]
    assert found(100, "0.6.0") == a_keyframe(30, version="0.6.0")
    assert found(100, "0.6.0", "f2") is None
    assert store.event_hashes("ABC234", 0).result() == tuple(
        EventHash(tick, version, f"hash at {tick}")
        for tick, version in ((10, "0.5.0"), (20, "0.5.0"), (30, "0.6.0"), (40, "0.5.0"))
    )


def test_owner_sees_what_is_kept_of_theirs_and_how_large_it_is(store: Store) -> None:
    kept(store, a_session("OLD234", owner="me", used=1.0), a_branch("OLD234"))
    kept(store, a_session("NEW234", owner="me", used=2.0), a_branch("NEW234"), a_command(0, "NEW234"))
    kept(store, a_keyframe(1, "NEW234", record=bytes(50_000)), a_moment("m1", "NEW234"), a_moment("m0", "NEW234"))
    kept(store, a_session("HIS234", owner="him", used=3.0))

    new, old = store.listing("me").result()

    assert (new.session.id, new.commands, new.links, new.damaged) == ("NEW234", 1, ("m0", "m1"), False)
    assert 50_000 < new.bytes < 51_000
    assert (old.session.id, old.commands, old.links) == ("OLD234", 0, ())
    assert 0 < old.bytes < 1_000
    assert [session.id for session in store.sessions().result()] == ["HIS234", "NEW234", "OLD234"]


def test_deleted_session_is_gone_with_all_that_belongs_to_it(store: Store, tmp_path: Path) -> None:
    for name in ("ABC234", "DEF567"):
        kept(store, a_session(name), a_branch(name), a_branch(name, 1), a_command(0, name), a_keyframe(5, name))
    kept(store, a_moment("m1"), a_moment("m2", branch=1), a_moment("m3", "DEF567"))

    assert store.delete("ABC234").result() == ("m1", "m2")

    assert store.sessions().result() == (a_session("DEF567"),)
    assert store.commands("DEF567", 0).result() == (a_command(0, "DEF567"),)
    for name in ("ABC234", "m1", "m2"):
        gone = store.gone(name).result()
        assert isinstance(gone, Gone)
        assert (gone.name, gone.why) == (name, "deleted")
    assert store.gone("m3").result() is None
    store.close()
    with closing(sqlite3.connect(tmp_path / "history/history.sqlite")) as connection:
        for table in ("branch", "command", "keyframe", "moment"):
            assert connection.execute(f"SELECT DISTINCT session FROM {table}").fetchall() == [("DEF567",)]


def test_deleted_session_does_not_come_back(store: Store) -> None:
    kept(store, a_session(), a_branch())
    store.delete("ABC234").result()

    for late in (a_session(used=9_000.0), a_command(0)):
        with pytest.raises(Contradiction):
            kept(store, late)
    assert store.sessions().result() == ()


def test_what_is_not_there_cannot_be_deleted(store: Store) -> None:
    with pytest.raises(Contradiction, match="session ABC234 is not kept"):
        store.delete("ABC234").result()


# The file, the thread and the end


def test_file_says_whose_it_is_and_waits_for_the_disk(store: Store, tmp_path: Path) -> None:
    kept(store, a_session())

    def settings(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "application_id", "user_version")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert store._writer.read(settings).result() == ["wal", 2, 1, APPLICATION_ID, VERSION]  # 2 is FULL
    store.close()
    assert (tmp_path / "history/history.sqlite").read_bytes()[68:72] == b"apic"


def test_what_was_asked_for_is_done_though_nobody_waits_any_more(store: Store) -> None:
    kept(store, a_session(), a_branch())
    future = store.keep(a_command(0))

    assert not future.cancel()  # as an event loop does when a client leaves

    assert store.commands("ABC234", 0).result() == (a_command(0),)


def test_one_thread_does_all_the_work(store: Store) -> None:
    threads = {store._writer.write(lambda _: get_ident()).result() for _ in range(3)}

    assert len(threads) == 1
    assert get_ident() not in threads


def test_fault_in_a_task_reaches_whoever_asked_and_nobody_else(store: Store) -> None:
    kept(store, a_session(), a_branch())
    wrong = store.keep("nonsense")  # type: ignore[arg-type]
    right = store.keep(a_command(0))

    assert isinstance(wrong.exception(), KeyError)
    right.result()
    assert store.condition.state == "open"


@pytest.mark.parametrize("broken", ["_files", "_groups"])  # one is needed before a transaction, one at its end
def test_fault_of_the_store_leaves_nobody_waiting_and_nothing_half_done(
    broken: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store._database, broken, None)

    assert isinstance(store.keep(a_session()).exception(), AttributeError | TypeError)
    monkeypatch.undo()
    assert store.sessions().result() == ()
    kept(store, a_session())


def test_closing_does_what_still_waits_and_nothing_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    futures = [store.keep(a_session(), a_branch()), *(store.keep(a_command(number)) for number in range(20))]
    store.close()
    store.close()

    assert [future.exception(timeout=0) for future in futures] == [None] * 21
    assert store.condition.state == "closed"
    for late in (store.keep(a_command(20)), store.sessions(), store.recover()):
        with pytest.raises(NotKept, match="the history is closed"):
            late.result()
    with Store(tmp_path) as again:
        assert len(again.commands("ABC234", 0).result()) == 20
        assert again.condition == again.condition._replace(state="open", missing="", set_aside=())


def test_history_of_an_earlier_version_is_there_and_can_have_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("app.history.opening.VERSION", 1)
        with Store(tmp_path) as store:
            kept(store, a_session(), a_branch(), a_moment("m1"))
    flag = a_flag(0, "m1")

    with Store(tmp_path) as store:
        assert store.condition.state == "open"
        assert store.moments("ABC234").result() == (a_moment("m1"),)
        kept(store, flag)
        assert store.flags("ABC234").result() == (flag,)
