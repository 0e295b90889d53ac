"""What goes first when room is scarce: caches, then what has ended, and nothing that has a link without being told."""

import pytest

from app.history.kept import Forgotten, Gone
from app.history.schema import pragma
from app.history.store import Store
from tests.history.records import a_branch, a_command, a_keyframe, a_moment, a_session, kept

KEYFRAMES = 16


def filled(store: Store) -> None:
    """Two sessions that live, two that have ended, one that has ended and has links; each of about 200 KB."""
    for name, ended in (("LIVE11", None), ("LIVE22", None), ("OLD333", 30.0), ("OLD222", 20.0), ("OLD111", 10.0)):
        records = [a_keyframe(10 * number, name, record=bytes(8_000)) for number in range(KEYFRAMES)]
        commands = [a_command(number, name, body="x" * 4_000) for number in range(20)]
        kept(store, a_session(name, ended=ended), a_branch(name), *commands, *records)
    kept(store, a_moment("m1", "OLD111"), a_moment("m2", "OLD111"))


def ticks(store: Store, session: str) -> list[int]:
    return [frame.tick for frame in store.event_hashes(session, 0).result()]


def names(store: Store) -> set[str]:
    return {session.id for session in store.sessions().result()}


def test_nothing_goes_as_long_as_there_is_room(store: Store) -> None:
    filled(store)
    before = store.bytes_kept().result()

    forgotten = store.forget(before).result()

    assert (forgotten.keyframes, forgotten.sessions, forgotten.links) == (0, (), ())
    assert forgotten.bytes_before == forgotten.bytes_after == before
    assert forgotten.enough


def test_keyframes_go_first_and_evenly(store: Store) -> None:
    filled(store)

    forgotten = store.forget(store.bytes_kept().result() - 5 * 8_000 * KEYFRAMES // 2).result()

    assert (forgotten.keyframes, forgotten.sessions) == (5 * KEYFRAMES // 2, ())
    assert forgotten.enough
    for name in names(store):
        assert ticks(store, name) == [10 * number for number in range(1, KEYFRAMES, 2)]  # the newest is among them


def test_what_lives_or_has_links_stays_whatever_the_budget(store: Store) -> None:
    filled(store)

    forgotten = store.forget(0).result()

    assert forgotten.sessions == ("OLD222", "OLD333")
    assert not forgotten.enough
    assert names(store) == {"LIVE11", "LIVE22", "OLD111"}
    for name in names(store):
        assert len(store.commands(name, 0).result()) == 20
        assert ticks(store, name) == []


def test_what_has_links_goes_when_told_so_and_its_links_are_named(store: Store) -> None:
    filled(store)

    forgotten = store.forget(0, linked=True).result()

    assert forgotten.sessions == ("OLD222", "OLD333", "OLD111")
    assert forgotten.links == ("m1", "m2")
    assert names(store) == {"LIVE11", "LIVE22"}


@pytest.mark.parametrize("name", ["OLD111", "OLD222", "m1"])
def test_what_was_forgotten_is_known_to_be(store: Store, name: str) -> None:
    filled(store)
    assert store.gone(name).result() is None

    store.forget(0, linked=True).result()

    gone = store.gone(name).result()
    assert isinstance(gone, Gone)
    assert (gone.name, gone.why) == (name, "budget")


def test_no_more_goes_than_must_and_the_fullest_and_the_oldest_go_first(store: Store) -> None:
    filled(store)
    steps: list[Forgotten] = []
    while not steps or steps[-1].enough:
        steps.append(store.forget(store.bytes_kept().result() - 1).result())

    assert [step.keyframes for step in steps] == [8] * 5 + [4] * 5 + [2] * 5 + [1] * 10 + [0] * 3
    assert [step.sessions for step in steps] == [()] * 25 + [("OLD222",), ("OLD333",), ()]
    assert {step.links for step in steps} == {()}


def test_room_that_was_made_is_given_back_to_the_disk(store: Store) -> None:
    filled(store)
    before = store._writer.read(lambda connection: pragma(connection, "page_count")).result()

    store.forget(0, linked=True).result()

    assert store._writer.read(lambda connection: pragma(connection, "page_count")).result() < before / 2
    assert store._writer.read(lambda connection: pragma(connection, "freelist_count")).result() == 0
