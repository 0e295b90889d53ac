"""Every field of a record counts: a simulation that is made of a record in which one has changed is another, or none.

So a field that nobody reads back fails here, and one that nobody writes down fails in ``test_state_of_classes``.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.history.record import Record, from_state, hash_of, state
from tests.engine.random_sessions import anything, storm
from tests.engine.runs import PAIRS
from tests.history.random_moments import moments

pytestmark = pytest.mark.slow  # many together

Path = tuple[str | int, ...]
#: What is changed in each record, at most.
_TRIES = 40


def leaves(plain: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every value that is no collection."""
    if isinstance(plain, dict):
        for name, part in plain.items():
            yield from leaves(part, (*path, name))
    elif isinstance(plain, list):
        for number, part in enumerate(plain):
            yield from leaves(part, (*path, number))
    else:
        yield path


def kind_of(path: Path) -> str:
    """Which field it is, whichever CPU's: places below the third are fields, numbers above are CPUs."""
    return re.sub(r"^(machine\.cpus|processors|in_flight|queue|waiting)\.\d+", r"\1", ".".join(map(str, path)))


def changed(plain: Any) -> Any:
    """Another value of the same kind."""
    match plain:
        case bool():
            return not plain
        case int():
            return plain + 1
        case None:
            return 1
        case str() if plain[:1] == "#":
            return f"#{int(plain[1:], 16) ^ 1 << 77:x}"
        case str() if plain[:2] == "0x":
            return hex(int(plain, 16) ^ 1)
        case _:
            return f"{plain}!"


def with_change(record: Record, path: Path) -> Record:
    copy: Any = json.loads(json.dumps(record))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = changed(place[path[-1]])
    return copy  # type: ignore[no-any-return]


def noticed(record: Record, path: Path) -> bool:
    try:
        found = from_state(with_change(record, path))
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):
        return True
    return hash_of(state(found)) != hash_of(record)


def test_no_field_of_a_record_can_be_changed_unnoticed() -> None:
    tried: dict[str, int] = {}
    for choose in (anything, storm):
        for pair in PAIRS:
            for simulation in moments(choose, *pair, seed=3):
                record = state(simulation)
                fresh = [path for path in leaves(record) if tried.get(kind_of(path), 0) < 2]
                for path in fresh[:_TRIES]:
                    tried[kind_of(path)] = tried.get(kind_of(path), 0) + 1
                    assert noticed(record, path), path

    assert len(tried) > 300


def test_order_of_what_waits_counts() -> None:
    """Which comes first among equals is state."""
    found = set()
    for pair in PAIRS:
        for simulation in moments(storm, *pair, seed=4):
            record = state(simulation)
            for name, other in otherwise(record).items():
                if other != record[name]:
                    found.add(name)
                    assert hash_of(state(from_state(record | {name: other}))) != hash_of(record), name

    assert found == {"in_flight", "queue", "waiting"}


def otherwise(record: Record) -> Record:
    """Whatever waits, waits the other way round."""
    ties_turned = record["queue"][::-1]
    ties_turned.sort(key=lambda entry: entry[:2])
    return {
        "in_flight": record["in_flight"][::-1],
        "queue": ties_turned,
        "waiting": [[word, cpus[::-1]] for word, cpus in record["waiting"]],
    }
