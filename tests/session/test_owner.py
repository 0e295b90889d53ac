"""What holds for whoever owns machines: its task, its end, its place."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from app.session.drive import NotPossible
from app.session.hub import Hub
from app.session.owner import Owner, Room, TooManySessions, make_room, new_id
from app.session.share import Share
from app.web.application import create_application
from tests.session.waiting import Waiting

pytestmark = pytest.mark.anyio


class Clock(Owner):
    """Does nothing but sleep, or break."""

    kind = "clock"

    def __init__(self, share: Share | None = None, *, breaks: bool = False) -> None:
        super().__init__(new_id(), share)
        self.bytes = 1
        self.hub = Hub()
        self.asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._breaks = breaks
        self._begin_to_live()

    @property
    def hubs(self) -> Iterable[Hub]:
        return (self.hub,)

    @property
    def weight(self) -> int:
        return self.bytes

    def _changed(self) -> None:
        """It shows nothing."""

    def _unanswered(self) -> list[asyncio.Future[None]]:
        return [self.asked]

    async def _live(self) -> None:
        while True:
            self._share.busy(self, True)
            await self._sleep(None)
            assert not self._breaks, "a fault of ours"


@contextmanager
def several(count: int) -> Iterator[dict[str, Clock]]:
    clocks = [Clock() for _ in range(count)]
    yield {clock.id: clock for clock in clocks}
    for clock in clocks:
        clock.abandon()


async def test_fault_ends_it_and_leaves_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(breaks=True)
    await asyncio.sleep(0)

    clock.touch()

    with pytest.raises(NotPossible, match="the clock is over"):
        await asyncio.wait_for(clock.asked, 10)
    assert (clock.over, clock.hub.over) == (True, 1011)
    assert f"clock {clock.id} broke" in caplog.text


async def test_what_is_over_takes_no_share_any_more() -> None:
    share = Share()
    alone = share.slice()
    clocks = [Clock(share) for _ in range(20)]
    await asyncio.sleep(0)
    assert share.slice() < alone

    for clock in clocks:
        await clock.close()
        with pytest.raises(NotPossible):
            await clock.asked

    assert share.slice() == alone


async def test_longest_untouched_makes_room_but_never_the_spared_one() -> None:
    with several(3) as clocks:
        first, second, third = clocks.values()
        third.touch()
        first.touch()
        second.touched = third.touched - 1
        first.touched = second.touched - 1

        make_room(clocks, Room(4, 1000), 1)
        assert len(clocks) == 3
        make_room(clocks, Room(3, 1000), 1, spared=[first])

        assert list(clocks.values()) == [first, third]
        assert second.over


async def test_watched_ones_make_no_room() -> None:
    with several(2) as clocks:
        one, other = (clock.hub for clock in clocks.values())
        refused = pytest.raises(TooManySessions, match="2 clocks are open and all of them are watched")
        with one.viewing(Waiting()), other.viewing(Waiting()), refused:
            make_room(clocks, Room(2, 1000), 1)
        make_room(clocks, Room(2, 1000), 1)
        assert len(clocks) == 1


async def test_ids_can_be_read_out() -> None:
    made = {new_id() for _ in range(500)}

    assert len(made) == 500
    assert not set("".join(made)) & set("01IO")


async def test_pairs_and_sessions_share_one_process() -> None:
    state = create_application().state

    assert state.pairs.share is state.registry.share


async def test_room_is_made_by_bytes_too_and_the_longest_untouched_go_first() -> None:
    with several(4) as clocks:
        first, second, third, fourth = clocks.values()
        for age, clock in enumerate((fourth, third, second, first)):
            clock.bytes = 100
            clock.touched -= age

        make_room(clocks, Room(10, 500), 100)
        assert len(clocks) == 4
        make_room(clocks, Room(10, 500), 250)

        assert list(clocks.values()) == [third, fourth]
        assert (first.over, second.over, third.over) == (True, True, False)


async def test_what_is_too_large_for_all_room_there_is_ends_nobody() -> None:
    with several(3) as clocks:
        watched, *others = clocks.values()
        watched.bytes = 400 << 20
        with (
            watched.hub.viewing(Waiting()),
            pytest.raises(TooManySessions, match="more memory than the 500 MiB for all clocks"),
        ):
            make_room(clocks, Room(10, 500 << 20), 200 << 20)

        assert not any(clock.over for clock in others)
        assert len(clocks) == 3


async def test_only_its_own_key_opens_it() -> None:
    with several(2) as clocks:
        one, other = clocks.values()

        assert one.opens_to(one.key)
        assert not one.opens_to(other.key)
        assert not one.opens_to("")
        assert not one.opens_to(one.key[:-1])
        assert not one.opens_to("ключ")
        assert len(one.key) >= 22
