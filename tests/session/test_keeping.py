"""Sessions that are kept: what a disk that takes nothing does to them, and what a full memory does."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.commands.registers import WriteRegister
from app.commands.transport import NameBranch, Pause, RunUntilIdle, Seek, StepBy
from app.history.branches import Branch
from app.history.reexecution import Reexecution
from app.history.store import Store
from app.history.store_errors import NotKept
from app.history.versions import fingerprint
from app.session.archive import UNUSED_SECONDS, Archive
from app.session.owner import Room
from app.session.registry import ROOM, NotRevived, Registry, UnknownSession
from app.session.repeats import OtherRequest
from app.session.session import Session
from app.session.version import program_version
from app.x86.registers import Register
from tests.history.recorded_disk import RecordedDisk
from tests.session.living import PERIODIC_TIMER, TO_CPU_1
from tests.web.serving import data_directory

pytestmark = pytest.mark.anyio
NEVER = 1e6  # seconds after which a store tries again by itself
TPR_16, TPR_32 = WriteRegister(0, Register.TPR, 16), WriteRegister(0, Register.TPR, 32)


@pytest.fixture
def directory() -> Iterator[Path]:
    with data_directory() as empty:
        yield empty


@pytest.fixture
def disk() -> Iterator[RecordedDisk]:
    with RecordedDisk().in_use() as recorded:
        yield recorded


@pytest.fixture
def store(disk: RecordedDisk, directory: Path) -> Iterator[Store]:
    with Store(directory, NEVER) as opened:
        yield opened


@pytest.fixture
async def registry(store: Store) -> AsyncIterator[Registry]:
    made = Registry(archive=Archive(store, "0.5.0"))
    await made.start()
    yield made
    await made.stop(1012)


@pytest.fixture
async def session(registry: Registry) -> Session:
    return await registry.kept(registry.create(cpus=2, paused=True))


async def again(registry: Registry, store: Store, room: Room = ROOM) -> Registry:
    """Another process's registry, on the same disk."""
    await registry.stop(1012)
    made = Registry(room, archive=Archive(store, "0.5.0"))
    await made.start()
    return made


async def test_command_that_cannot_be_kept_is_answered_so_and_the_next_are_not_done(
    session: Session, disk: RecordedDisk, store: Store
) -> None:
    await session.submit(TPR_16)
    disk.refuse["write"] = sqlite3.SQLITE_FULL

    with pytest.raises(NotKept, match="the disk is full"):
        await session.submit(TPR_32)
    assert session.state()["tick"] == 2  # it was done, before anybody knew
    for command in (TO_CPU_1, StepBy(count=1), RunUntilIdle(), NameBranch(0, "full")):
        with pytest.raises(NotKept, match="the disk is full"):
            await session.submit(command)
    assert session.state()["tick"] == 2

    kept = session.state()["kept"]
    assert kept is not None
    assert kept["open"] is False
    assert "the disk is full" in kept["words"]


async def test_what_changes_no_history_goes_on_while_nothing_can_be_kept(session: Session, disk: RecordedDisk) -> None:
    await session.submit(TPR_16)
    disk.refuse["write"] = sqlite3.SQLITE_FULL
    with pytest.raises(NotKept):
        await session.submit(TPR_32)

    await session.submit(Seek(1))
    await session.submit(Pause())

    assert session.state()["tick"] == 1


async def test_what_was_done_and_not_kept_is_kept_as_soon_as_that_is_possible(
    registry: Registry, session: Session, disk: RecordedDisk, store: Store
) -> None:
    await session.submit(TPR_16, "first")
    disk.refuse["write"] = sqlite3.SQLITE_FULL
    with pytest.raises(NotKept):
        await session.submit(TPR_32, "second")
    with pytest.raises(NotKept):
        await session.submit(TPR_32, "second")
    disk.refuse.clear()
    assert store.recover().result().state == "open"

    answer = await session.submit(TPR_32, "second")

    assert session.state()["tick"] == 2  # asked three times and done once
    assert session.state()["kept"] is None
    following = await again(registry, store)
    revived = await following.find(session.id)
    assert revived.state()["tick"] == 2
    assert await revived.submit(TPR_32, "second") == answer
    with pytest.raises(OtherRequest):
        await revived.submit(TPR_16, "second")
    await following.stop(1012)


async def test_nothing_new_begins_while_nothing_can_be_kept(registry: Registry, disk: RecordedDisk) -> None:
    disk.refuse["write"] = sqlite3.SQLITE_FULL
    begun = registry.create()
    with pytest.raises(NotKept, match="the disk is full"):
        await registry.kept(begun)
    assert begun not in registry.all()
    with pytest.raises(NotKept, match="the disk is full"):
        registry.create()
    assert registry.default().over is False


async def test_session_that_began_just_before_nothing_could_be_kept_is_not_there(
    registry: Registry, disk: RecordedDisk
) -> None:
    begun, other = registry.create(), registry.create()
    disk.refuse["write"] = sqlite3.SQLITE_FULL
    with pytest.raises(NotKept):
        await registry.kept(other)

    with pytest.raises(NotKept, match="the disk is full"):
        await registry.kept(begun)

    assert begun not in registry.all()


async def test_session_for_which_memory_has_no_room_rests_and_comes_back(registry: Registry, store: Store) -> None:
    small = await again(registry, store, Room(2, 1 << 30))
    first = await small.kept(small.create(paused=True))
    await first.submit(TO_CPU_1)
    await first.submit(StepBy(count=7))
    before = first.state()

    await small.kept(small.create(paused=True))

    assert first.over
    assert [one.id for one in small.resting()] == [first.id]
    with pytest.raises(UnknownSession):
        small.get(first.id)
    back = await small.find(first.id)
    assert back is not first
    after = back.state()
    counted = {"seq": 0, "score": None}  # anew
    assert {**after, **counted} == {**before, **counted}
    assert after["seq"] > before["seq"]
    assert back.opens_to(first.key)
    assert not back.opens_to("another")
    assert small.resting() != []
    await small.stop(1012)


async def test_session_that_is_ahead_of_the_disk_never_leaves_memory(
    registry: Registry, store: Store, disk: RecordedDisk
) -> None:
    small = await again(registry, store, Room(2, 1 << 30))
    first = await small.kept(small.create(paused=True))
    disk.refuse["write"] = sqlite3.SQLITE_FULL
    with pytest.raises(NotKept):
        await first.submit(TPR_16)

    assert first.must_stay
    disk.refuse.clear()
    store.recover().result()
    assert not first.must_stay
    await small.stop(1012)


async def test_what_is_ended_is_gone_from_the_disk(registry: Registry, session: Session, store: Store) -> None:
    await registry.end(session.id)

    assert store.session(session.id).result() is None
    following = await again(registry, store)
    with pytest.raises(UnknownSession):
        await following.find(session.id)
    await following.stop(1012)


async def test_session_that_is_damaged_on_disk_says_so_and_others_are_there(
    registry: Registry, session: Session, store: Store
) -> None:
    await session.submit(TPR_16)
    other = await registry.kept(registry.create(paused=True))
    await registry.stop(1012)
    store._writer.write(
        lambda connection: connection.execute("UPDATE command SET body = '{}' WHERE session = ?", (session.id,))
    ).result()

    following = await again(registry, store)

    with pytest.raises(NotRevived, match="cannot be brought back"):
        await following.find(session.id)
    assert (await following.find(other.id)).state()["tick"] == 0
    await following.stop(1012)


async def test_journal_that_goes_another_way_is_shown_up_to_there_and_said(
    registry: Registry, session: Session, store: Store
) -> None:
    await session.submit(TPR_16)
    await session.submit(TO_CPU_1)
    await session.submit(StepBy(count=5))
    head = session.state()["head"]
    await registry.stop(1012)
    (branch,) = store.branches(session.id).result()
    store.keep(branch._replace(head=head + 1_000)).result()  # as if an older program had found more to do

    following = await again(registry, store)
    revived = await following.find(session.id)

    kept = revived.state()["kept"]
    assert kept is not None
    assert "With this version the session goes another way from tick" in kept["words"]
    assert revived.state()["tick"] >= head
    await following.stop(1012)


async def long_session(registry: Registry, store: Store) -> tuple[Session, int]:
    """One that has run for long, and the tick of a keyframe of it that is on disk."""
    session = await registry.kept(registry.create(cpus=2, paused=True))
    for command in PERIODIC_TIMER:
        await session.submit(command)
    await session.submit(StepBy(count=30_000))
    await registry.stop(1012)
    (known,) = store.event_hashes(session.id, 0).result()
    assert 0 < known.tick <= session.state()["head"]
    return session, known.tick


async def test_long_session_goes_on_from_a_keyframe_on_disk(
    registry: Registry, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, known = await long_session(registry, store)
    before = session.state()
    beginnings: list[int] = []
    going = Reexecution.going

    def noted(self: Reexecution, branch: Branch, tick: int, *more: Any) -> Any:
        if tick > known:  # the machine that is always open is played again, too: it is younger
            beginnings.append(self.start(branch, tick).ticks)
        return going(self, branch, tick, *more)

    monkeypatch.setattr(Reexecution, "going", noted)
    following = await again(registry, store)
    after = (await following.find(session.id)).state()

    assert min(beginnings) > 0
    assert after["hash"] == before["hash"]
    assert after["tick"] == before["tick"]
    await following.stop(1012)


async def test_state_that_an_earlier_version_did_not_come_to_is_said(registry: Registry, store: Store) -> None:
    session, tick = await long_session(registry, store)
    keyframe = store.keyframe(session.id, 0, tick, program_version(), fingerprint()).result()
    assert keyframe is not None
    store.keep(keyframe._replace(version="0.4.9", fingerprint="another", event_hash="another")).result()

    following = await again(registry, store)

    kept = (await following.find(session.id)).state()["kept"]
    assert kept is not None
    assert f"goes another way: at tick {tick:,} its state is not what it was under version 0.4.9" in kept["words"]
    await following.stop(1012)


async def test_over_its_budget_the_archive_forgets_what_is_over_and_what_nobody_has_used_for_long(
    registry: Registry, session: Session, store: Store
) -> None:
    recent = await registry.kept(registry.create(paused=True))
    await registry.stop(1012)
    kept = store.session(session.id).result()
    assert kept is not None
    store.keep(kept._replace(used=kept.used - 2 * UNUSED_SECONDS)).result()
    archive = Archive(store, "0.5.0", budget=1)
    await archive.open()

    await archive.forget()

    assert session.id not in archive.resting
    assert store.session(session.id).result() is None
    gone = await archive.gone(session.id)
    assert gone is not None
    assert gone.why == "budget"
    assert recent.id in archive.resting
    ((_, forgotten),) = archive.forgotten
    assert forgotten.sessions == (session.id,)
