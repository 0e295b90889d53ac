"""Jobs are done by processes of their own: a few at a time, fairly, within their time and while somebody waits."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.session.workshop import Stopping, TookTooLong, TooMuchOfOne, TooMuchToDo, Workshop
from tests.session import odd_jobs as jobs

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def small() -> AsyncIterator[Workshop]:
    """One process, and few places to wait."""
    made = Workshop(workers=1, most_waiting=3, most_waiting_of_one=2)
    yield made
    await made.stop()


def _written(path: Path) -> bool:
    return path.exists() and bool(path.read_text())


async def is_there(path: Path) -> None:
    for _ in range(3000):
        if _written(path):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the job was not begun")


async def ends(pid: int) -> None:
    with suppress(ProcessLookupError):
        for _ in range(500):
            os.kill(pid, 0)
            await asyncio.sleep(0.01)
        raise AssertionError("the process goes on")


async def test_job_s_result_comes_from_another_process_which_stays_for_the_next(small: Workshop) -> None:
    assert await small.do(jobs.answer_to, 21, visitor="a") == 42

    first, second = [await small.do(jobs.who_does_it, visitor="a") for _ in range(2)]

    assert first == second != os.getpid()


async def test_process_of_a_large_server_stays_for_the_next_job_too(small: Workshop) -> None:
    large = bytearray(b"x") * (300 << 20)  # written, and so in memory, while the process begins

    first, second = [await small.do(jobs.who_does_it, visitor="a") for _ in range(2)]

    assert first == second, f"beside {len(large)} bytes"


async def test_large_result_comes_in_parts_between_which_others_have_their_turn(workshop: Workshop) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    await workshop.do(jobs.answer_to, 1, visitor="a")
    beside = asyncio.create_task(others())
    parts = await workshop.parts(jobs.in_parts, 50, visitor="a")
    beside.cancel()

    assert [part[0] for part in parts] == list(range(50))
    assert turns >= 50


async def test_job_tells_how_far_it_is(workshop: Workshop) -> None:
    told: list[tuple[str, int, int]] = []

    await workshop.do(jobs.told, visitor="a", tell=lambda *words: told.append(words))

    assert told == [("waiting for its turn", 0, 0), *[("counting", done, 3) for done in range(3)]]


async def test_what_a_job_raises_reaches_its_asker_and_the_process_goes_on(small: Workshop) -> None:
    before = await small.do(jobs.who_does_it, visitor="a")
    with pytest.raises(ValueError, match="line 7"):
        await small.do(jobs.refuse, visitor="a")
    with pytest.raises(KeyError) as fault:
        await small.do(jobs.break_down, visitor="a")

    assert "in break_down" in fault.value.__notes__[0], "the log must say where it was"
    assert await small.do(jobs.who_does_it, visitor="a") == before


async def test_process_that_ends_by_itself_costs_its_job_alone(workshop: Workshop) -> None:
    with pytest.raises(RuntimeError, match="has ended"):
        await workshop.do(jobs.die, visitor="a")

    assert await workshop.do(jobs.answer_to, 1, visitor="a") == 2


async def test_what_a_job_prints_does_not_get_between(workshop: Workshop) -> None:
    assert await workshop.do(jobs.talk_out_of_turn, visitor="a") == "done"


async def test_job_that_wants_too_much_memory_is_ended(workshop: Workshop) -> None:
    with pytest.raises(MemoryError, match="1024 MiB"):
        await workshop.do(jobs.take_memory, visitor="a")


async def test_job_that_takes_too_long_ends_with_its_process(workshop: Workshop, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    with pytest.raises(TookTooLong, match="after 2 seconds"):
        await workshop.do(jobs.spin_for_ever, str(pids), visitor="a", seconds=2)

    await ends(int(pids.read_text()))
    assert workshop.at_work == 0


async def test_job_for_which_nobody_waits_any_more_ends_with_its_process(workshop: Workshop, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    asked = asyncio.create_task(workshop.do(jobs.spin_for_ever, str(pids), visitor="a"))
    await is_there(pids)

    asked.cancel()

    await ends(int(pids.read_text()))
    with suppress(asyncio.CancelledError):
        await asked
    assert await workshop.do(jobs.answer_to, 1, visitor="a") == 2


async def test_stopping_ends_every_process(workshop: Workshop, tmp_path: Path) -> None:
    pids = [tmp_path / "a", tmp_path / "b"]
    asked = [asyncio.create_task(workshop.do(jobs.spin_for_ever, str(path), visitor=path.name)) for path in pids]
    for path in pids:
        await is_there(path)
    asked.append(asyncio.create_task(workshop.do(jobs.answer_to, 1, visitor="waits")))
    await asyncio.sleep(0)

    await workshop.stop()

    for path in pids:
        await ends(int(path.read_text()))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(error) for error in told] == [Stopping] * 3
    with pytest.raises(Stopping):
        await workshop.do(jobs.answer_to, 1, visitor="a")


async def test_visitor_has_one_job_at_work_and_leaves_the_other_process_to_others(
    workshop: Workshop, tmp_path: Path
) -> None:
    go_on = tmp_path / "go on"
    greedy = [asyncio.create_task(workshop.do(jobs.wait_for, str(go_on), visitor="greedy")) for _ in range(8)]
    await asyncio.sleep(0)
    assert (workshop.at_work, workshop.waiting) == (1, 7)

    assert await workshop.do(jobs.answer_to, 1, visitor="another") == 2

    go_on.touch()
    await asyncio.gather(*greedy)


async def test_who_was_served_longest_ago_is_next(small: Workshop, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    order: list[str] = []

    async def ask(visitor: str) -> None:
        await small.do(jobs.answer_to, 1, visitor=visitor)
        order.append(visitor)

    first = asyncio.create_task(small.do(jobs.wait_for, str(go_on), visitor="greedy"))
    await asyncio.sleep(0)
    later = [asyncio.create_task(ask(visitor)) for visitor in ("greedy", "greedy", "another")]
    await asyncio.sleep(0)
    go_on.touch()
    await asyncio.gather(first, *later)

    assert order == ["another", "greedy", "greedy"]


async def test_visitor_who_has_all_places_of_one_is_sent_away_and_others_are_not(
    small: Workshop, tmp_path: Path
) -> None:
    go_on = tmp_path / "go on"
    jobs_of_one = [asyncio.create_task(small.do(jobs.wait_for, str(go_on), visitor="greedy")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooMuchOfOne):
        await small.do(jobs.answer_to, 1, visitor="greedy")
    another = asyncio.create_task(small.do(jobs.answer_to, 1, visitor="another"))
    await asyncio.sleep(0)
    with pytest.raises(TooMuchToDo):  # now all places are taken
        await small.do(jobs.answer_to, 1, visitor="a third")

    go_on.touch()

    assert await another == 2
    await asyncio.gather(*jobs_of_one)


async def test_who_gives_up_waiting_leaves_the_place_to_others(small: Workshop, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    first = asyncio.create_task(small.do(jobs.wait_for, str(go_on), visitor="a"))
    waiting = asyncio.create_task(small.do(jobs.answer_to, 1, visitor="b"))
    await asyncio.sleep(0)
    assert small.waiting == 1

    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting

    assert small.waiting == 0
    go_on.touch()
    await first
    assert await small.do(jobs.answer_to, 1, visitor="b") == 2


async def test_who_gives_up_at_the_moment_of_the_turn_leaves_it_to_others(small: Workshop, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    go_on.touch()
    first = asyncio.create_task(small.do(jobs.wait_for, str(go_on), visitor="a"))
    waiting = asyncio.create_task(small.do(jobs.answer_to, 1, visitor="b"))
    await asyncio.sleep(0)
    assert small.waiting == 1
    loop = asyncio.get_running_loop()

    def leave_at_the_turn() -> None:
        if small.waiting:
            loop.call_soon(leave_at_the_turn)
        else:  # it is at work, and does not know it yet
            waiting.cancel()

    leave_at_the_turn()
    await first
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert small.at_work == 0
    assert await small.do(jobs.answer_to, 1, visitor="c") == 2
