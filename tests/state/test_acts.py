"""The acts of the picture: each is a line that reads as a command, and asks only for what the page knows."""

import string
from typing import Any, get_type_hints

import pytest

from app.commands.line import Surroundings
from app.commands.line_reading import read_line
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.state.acts import ACTS, PLACES, Act, acts_json, usual_vectors
from app.state.shapes import CpuState, PinState

#: What the page knows besides the keys of a CPU's or a pin's state.
KNOWN = {
    *("cpu", "pin", "vector", "priority", "cpus", "count", "sender", "other", "to", "value", "apic", "kept"),
    *("lint_0", "lint_1"),
}
#: As an act's line has them.
GIVEN = {
    **{"cpu": "2", "sender": "0", "other": "1", "to": "3", "cpus": "0-1,3", "pin": "16", "vector": "61"},
    **{"priority": "6", "value": "100000000001c0b1"},
}
LINES = [act for act in ACTS if act.line]


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def read(act: Act, backend: str = "native-xapic") -> Any:
    simulation = Simulation(4, backend)
    kernel = GENERATIONS[simulation.generation]
    among = Surroundings(simulation.machine, kernel.vector_names, kernel.functions, {}, 0)
    return read_line(act.line.format(**GIVEN), among)


def test_each_has_a_name_of_its_own_and_stands_somewhere() -> None:
    names = [act.name for act in ACTS]

    assert len(names) == len(set(names)) > 30
    assert {place for act in ACTS for place in act.places} == set(PLACES)
    assert [act.name for act in ACTS if not act.line and not act.does] == []


@pytest.mark.parametrize("act", LINES, ids=lambda act: act.name)
def test_its_line_is_a_command(act: Act) -> None:
    found = read(act)

    assert found.misfit is None
    assert found.command is not None


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_it_asks_only_for_what_the_page_knows(act: Act) -> None:
    state = get_type_hints(CpuState).keys() | get_type_hints(PinState).keys()

    assert names_in(act.words) | names_in(act.line) <= KNOWN
    assert {condition.fact for condition in act.when} <= KNOWN | state
    assert act.change is None or act.change.of in state


def test_acts_that_a_place_offers_by_turns_never_stand_there_together() -> None:
    held = {act.name: act for act in ACTS}
    for one, other in (("hold", "let_in"), ("raise", "lower"), ("mask", "unmask"), ("apic_off", "apic_on")):
        fact = held[one].when[-1].fact
        values = [
            set(condition.values) for name in (one, other) for condition in held[name].when if condition.fact == fact
        ]
        assert values[0].isdisjoint(values[1])


def test_masks_and_bits_are_hexadecimal_since_entries_have_64_bits() -> None:
    changes = [act["change"] for act in acts_json() if act["change"]]

    assert {change["of"] for change in changes} == {"redirection"}
    assert all(change[key].startswith("0x") for change in changes for key in ("set", "clear"))


def test_classes_of_exceptions_offer_no_vector_and_the_others_one_of_their_own() -> None:
    vectors = usual_vectors(32)

    assert vectors[:2] == ["", ""]
    assert [int(vector, 16) >> 4 for vector in vectors[2:]] == list(range(2, 16))
    assert "80" not in vectors
