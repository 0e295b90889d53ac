"""Sessions by chance give the very events, times and counters that they gave before: nothing changes unnoticed.

A change that is meant to alter what happens takes the hashes anew, in the same commit, and says there which pairs gave
others and why: ``python -m tests.engine.test_golden_sessions``.
"""

import json
import re
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

from tests.engine.random_sessions import Choose, anything, play, storm
from tests.engine.runs import PAIRS, under_every_pair

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).with_name("golden_sessions.json")
KINDS: tuple[Choose, ...] = (anything, storm)
_SESSIONS = 12
_DIGITS = 16
#: Equal steps are kept and used again, in all simulations of a process: whether the first of them said its register by
#: name is chance.
_BY_NAME = re.compile(r"<Register\.\w+: (\d+)>")
AGAIN = "another hash: if that is meant, run python -m tests.engine.test_golden_sessions, and say in the commit why"


def hash_of(choose: Choose, generation: str, backend: str) -> str:
    """One hash over some sessions of a kind: every event with its time, the end, and all counters."""
    whole = sha256()
    for seed in range(_SESSIONS):
        played = play(choose, generation, backend, seed, looks=False)
        for line in (*played.log, played.end, sorted(played.counters.items())):
            whole.update(_BY_NAME.sub(r"\1", f"{line}\n").encode())
    return whole.hexdigest()[:_DIGITS]


def name_of(choose: Choose, generation: str, backend: str) -> str:
    return f"{choose.__name__} {generation} {backend}"


@under_every_pair
@pytest.mark.parametrize(
    "choose", [anything, pytest.param(storm, marks=pytest.mark.slow)], ids=lambda choose: choose.__name__
)
def test_sessions_give_what_they_gave_before(choose: Choose, generation: str, backend: str) -> None:
    golden = json.loads(GOLDEN.read_text())

    assert hash_of(choose, generation, backend) == golden[name_of(choose, generation, backend)], AGAIN


def test_every_hash_belongs_to_a_pair_and_no_two_are_alike() -> None:
    golden = json.loads(GOLDEN.read_text())

    assert set(golden) == {name_of(choose, *pair) for choose in KINDS for pair in PAIRS}
    assert len(set(golden.values())) == len(golden)


@pytest.mark.slow
def test_hashed_sessions_do_something() -> None:
    logs = [play(choose, *pair, seed, looks=False).log for choose in KINDS for pair in PAIRS for seed in range(2)]

    assert sum(map(len, logs)) > 50 * len(logs)
    assert {getattr(event, "cpu", None) for log in logs for _, event in islice(log, 200)} >= {0, 1, 2, 3}


def main() -> None:
    """Takes the hashes anew and says which have changed."""
    before = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    now = {name_of(choose, *pair): hash_of(choose, *pair) for choose in KINDS for pair in PAIRS}
    GOLDEN.write_text(json.dumps(now, indent=2) + "\n")
    for name, digest in now.items():
        if before.get(name) != digest:
            print(f"{name}: {before.get(name)} -> {digest}")  # noqa: T201  # this is what the command is for


if __name__ == "__main__":
    main()
