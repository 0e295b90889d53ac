"""Everything that a simulation is made of says what it is made of: STATE is what a record takes over, WIRES what each
simulation has of its own, or makes anew. A new attribute has to be one of the two.
"""

from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import pytest

from app.backends.backend import Backend, BackendDefinition
from app.commands.command import BaseCommand
from app.costs.sheet import CostSheet
from app.engine.counters import Counters
from app.engine.execution import Execution
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.guest.apic_ops import ApicOperations, Generation, KernelState
from app.guest.memory import CallSingleData, Word
from app.hw.event import Event
from app.hw.profile import Profile
from app.x86.vectors import VectorBitmap
from tests.engine.random_sessions import anything
from tests.engine.runs import PAIRS
from tests.history.random_moments import moments

pytestmark = pytest.mark.slow

#: What has a name and never changes, and values.
CONSTANT = (
    Backend,
    BackendDefinition,
    Generation,
    ApicOperations,
    Profile,
    CostSheet,
    Event,
    VectorBitmap,
    BaseCommand,
)


def met(start: object) -> Iterator[object]:
    """Every object of the model that *start* leads to, once."""
    ahead, seen = [start], dict[int, object]()
    while ahead:
        value = ahead.pop()
        if id(value) in seen or isinstance(value, (*CONSTANT, type, GeneratorType)):
            continue
        seen[id(value)] = value
        if isinstance(value, dict):
            ahead += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set) or type(value).__name__ == "deque":
            ahead += value  # type: ignore[arg-type]  # a deque, too
        elif type(value).__module__.startswith("app.") and not isinstance(value, int | str):
            if not callable(value) and not hasattr(value, "_member_map_"):
                yield value
            ahead += [getattr(value, name) for name in attributes(value) if hasattr(value, name)]


def attributes(value: object) -> list[str]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*slots, *getattr(value, "__dict__", {})]


def classes() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in PAIRS:
        for simulation in moments(anything, *pair, seed=1):
            found |= {type(part).__name__: part for part in met(simulation)}
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return classes()


def test_what_a_simulation_is_made_of_is_found(found: dict[str, Any]) -> None:
    kinds = {type(part) for part in found.values()}

    assert {Simulation, Execution, Processor, Frame, KernelState, Word, CallSingleData, Counters} <= kinds


def test_state_and_wires_are_every_attribute(found: dict[str, Any]) -> None:
    attributes_of = {name: sorted(attributes(part)) for name, part in found.items()}

    assert attributes_of == {name: sorted((*part.STATE, *part.WIRES)) for name, part in found.items()}
