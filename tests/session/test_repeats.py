"""What is asked again under the same key is done once and answered alike."""

import asyncio
from typing import Any

import pytest

from app.session.repeats import OtherRequest, Repeats

pytestmark = pytest.mark.anyio


class Work:
    """Counts how often it is done; *fails* the first so many times."""

    def __init__(self, fails: int = 0) -> None:
        self.done = 0
        self.fails = fails
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def do(self) -> dict[str, Any]:
        await self.may_end.wait()
        self.done += 1
        if self.done <= self.fails:
            raise ValueError(f"attempt {self.done}")
        return {"number": self.done}


async def test_without_a_key_it_is_done_each_time() -> None:
    repeats, work = Repeats(), Work()

    assert [await repeats.once(None, {}, work.do) for _ in range(3)] == [{"number": n} for n in (1, 2, 3)]


async def test_same_key_is_answered_alike_and_another_anew() -> None:
    repeats, work = Repeats(), Work()

    answers = [await repeats.once(key, {"a": 1, "b": 2}, work.do) for key in ("x", "x", "y", "x")]
    again = await repeats.once("x", {"b": 2, "a": 1}, work.do)

    assert [answer["number"] for answer in answers] == [1, 1, 2, 1]
    assert again == answers[0]


async def test_key_of_another_request_is_refused() -> None:
    repeats, work = Repeats(), Work()
    await repeats.once("x", {"pin": 1}, work.do)

    for other in ({"pin": 2}, {"pin": "1"}, [{"pin": 1}], None):
        with pytest.raises(OtherRequest):
            await repeats.once("x", other, work.do)

    assert work.done == 1


async def test_whoever_asks_meanwhile_waits_for_the_first() -> None:
    repeats, work = Repeats(), Work()
    work.may_end.clear()
    asking = [asyncio.create_task(repeats.once("x", 1, work.do)) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)

    work.may_end.set()

    assert await asyncio.gather(*asking[1:]) == [{"number": 1}] * 4
    assert work.done == 1


async def test_what_was_refused_may_be_tried_again() -> None:
    repeats, work = Repeats(), Work(fails=1)

    with pytest.raises(ValueError, match="attempt 1"):
        await repeats.once("x", 1, work.do)

    assert await repeats.once("x", 1, work.do) == {"number": 2}


async def test_only_the_newest_answers_are_kept() -> None:
    repeats, work = Repeats(), Work()
    for number in range(1000):
        await repeats.once(str(number), 1, work.do)
    await asyncio.sleep(0)

    assert len(repeats._asked) <= 256
    assert await repeats.once("999", 1, work.do) == {"number": 1000}
    assert await repeats.once("0", 1, work.do) == {"number": 1001}
