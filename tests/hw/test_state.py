"""Every class of the machine says what it is made of: what a copy of it takes over, and what a copy has of its own."""

from enum import Enum
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path

import pytest

import app.hw
from app.hw.event import Event
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.profile import Profile

MODULES = [f"app.hw.{path.stem}" for path in sorted(Path(app.hw.__path__[0]).glob("*.py"))]
#: Every class in which something may change: names of values and values themselves cannot.
CLASSES = [
    kind
    for module in MODULES
    for _, kind in getmembers(import_module(module), isclass)
    if kind.__module__ == module and not issubclass(kind, Enum | tuple | Event) and kind is not Profile
]


def test_the_parts_of_a_machine_are_among_them() -> None:
    assert {Machine, LocalApic} < set(CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_state_and_wires_are_every_attribute(kind: type) -> None:
    state, wires = kind.STATE, kind.WIRES  # type: ignore[attr-defined]

    assert sorted(state + wires) == sorted(kind.__slots__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_nothing_can_have_an_attribute_besides(kind: type) -> None:
    assert kind.__base__ is object
    assert kind.__dictoffset__ == 0
