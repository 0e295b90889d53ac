"""What a session answers about its history: any moment's state, and what happened, without moving anybody.

Each answer is computed on simulations of its own, a little at a time, beside whatever else goes on.
"""

import asyncio
import time
from collections.abc import Generator
from typing import Any, NamedTuple, TypeVar

from app.engine.journal import Moment
from app.history.reexecution import Record
from app.history.slices import Slices
from app.state.shapes import MachineState
from app.x86.words import VectorNames

End = TypeVar("End")

#: Wall seconds after which something else has its turn.
_SLICE = 0.004
#: An answer looks through so many ticks at most; it says where it has come to.
MOST_TICKS = 200_000
MOST_RECORDS = 10_000


class BranchSummary(NamedTuple):
    """What can be told of a branch: its number and name, the branch that it leaves, the last moment that it shares with
    it (the beginning, where it leaves none), and its head."""

    number: int
    name: str
    parent: int | None
    leaves: Moment
    head: Moment

    def summary(self) -> dict[str, Any]:
        """As an answer has it."""
        return {
            "branch": self.number,
            "name": self.name,
            "parent": self.parent,
            "from": self.leaves.tick,
            "head": self.head.tick,
            "time": self.head.time,
        }


class MomentState(NamedTuple):
    """What was to be seen of a machine at a moment, and its time in TSC cycles."""

    time: int
    machine: MachineState


class FoundMoment(NamedTuple):
    """A moment, and the number of its branch."""

    branch: int
    moment: Moment


class Found(NamedTuple):
    """What happened, the last tick that was looked at, and the one from which to ask on; None when that was all."""

    records: list[Record]
    last: int
    next: int | None


async def in_slices(slices: Slices[End]) -> End:
    """What *slices* come to."""
    while True:
        end = time.monotonic() + _SLICE
        while time.monotonic() < end:
            try:
                next(slices)
            except StopIteration as stop:
                result: End = stop.value
                return result
        await asyncio.sleep(0)


def collected(
    recorder: Generator[list[Record], None, None], limit: int, last: int, beyond: int | None
) -> Slices[Found]:
    """The first *limit* of what *recorder* finds up to tick *last*, with all of the tick that holds the last of them;
    *beyond* is where to ask on when it finds no more."""
    records: list[Record] = []
    for found in recorder:
        for record in found:
            if len(records) >= limit and record.tick != records[-1].tick:
                return Found(records, record.tick - 1, record.tick)
            records.append(record)
        yield
    return Found(records, last, beyond)


def record_json(record: Record, names: VectorNames) -> dict[str, Any]:
    """*record* as an answer has it."""
    place = record.event.place
    return {
        "tick": record.tick,
        "time": record.time,
        "kind": record.event.kind.name,
        "cpu": place.cpu,
        "vector": place.vector,
        "message": place.message,
        "text": record.event.words(names),
    }


def columns(records: list[Record]) -> dict[str, list[Any]]:
    """*records* as one array per field, without texts."""
    places = [record.event.place for record in records]
    return {
        "tick": [record.tick for record in records],
        "time": [record.time for record in records],
        "kind": [record.event.kind.name for record in records],
        "cpu": [place.cpu for place in places],
        "vector": [place.vector for place in places],
        "message": [place.message for place in places],
    }


def bin_edges(bins: int, first: int, end: int) -> list[int]:
    """Where each of *bins* equal parts of the ticks from *first* to before *end* begins, and where the last ends."""
    length = end - first
    return [first - (-part * length // bins) for part in range(bins + 1)]


def binned(found: Found, bins: int, first: int) -> dict[str, Any]:
    """How many of *found* lie in each of *bins* equal parts of the ticks from *first* to the last one looked at."""
    begin = max(first, 1)
    end = found.last + 1
    counts = [0] * bins
    for record in found.records:
        counts[(record.tick - begin) * bins // max(1, end - begin)] += 1
    return {"bins": counts, "from": begin, "to": end}
