"""The state is described once: what Python builds, what scripts are checked by, and what WIRE.md says are the same."""

import re
from pathlib import Path

import pytest

from tests.state.typedefs import FILE, fields_of, file_text, kinds

WIRE = (Path(__file__).parents[2] / "app/WIRE.md").read_text()
PARTS = WIRE[WIRE.index("\nSTATE\n") : WIRE.index("\nCOMMAND\n")]
#: Counters' names are data, as are those of registers; a pair's state is described with the pair.
NAMES_OF_DATA = {
    *("ipis_sent", "accesses", "leaked", "exits", "hypercalls", "cycles", "messages", "accepted", "merged", "refused"),
    *("interrupts_taken", "eois", "thermal", "performance", "lint0", "lint1", "error", "cmci", "apicv"),
}


def described() -> set[str]:
    """The keys that WIRE.md has in its description of the state."""
    return set(re.findall(r'"(\w+)" ?:', PARTS))


def test_scripts_are_checked_by_the_types_that_there_are() -> None:
    assert FILE.read_text() == file_text(), "run python -m tests.state.typedefs"


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind.__name__ not in ("EventRecord", "PairState")])
def test_every_key_of_the_state_is_described(kind: type) -> None:
    assert set(fields_of(kind)) - {"pair"} - described() == set()


def test_only_keys_of_the_state_are_described() -> None:
    known = {name for kind in kinds() for name in fields_of(kind)}

    assert described() - known - NAMES_OF_DATA == set()


def test_an_event_has_the_keys_that_are_described() -> None:
    event = re.search(r"\nEVENT\n\n +(\{.*\})\n", WIRE)
    assert event is not None

    assert set(re.findall(r'"(\w+)":', event[1])) == {
        name for kind in kinds() if kind.__name__ == "EventRecord" for name in fields_of(kind)
    }


def test_a_pair_s_machine_has_the_keys_that_are_described() -> None:
    pair = re.search(r'"pair": (\{.*\})', WIRE)
    assert pair is not None

    assert set(re.findall(r'"(\w+)":', pair[1])) == {
        name for kind in kinds() if kind.__name__ == "PairState" for name in fields_of(kind)
    }
