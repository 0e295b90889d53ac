"""All that a simulation is made of, down to what the guest functions that are under way were told.

Found by walking through the objects, so that a field which somebody adds is in it without being named here. Left out
is what may differ between two simulations that go on alike: what was asked and said so far (journal, log), who follows,
caches, and numbers that only break ties (the queue is in it by its order).
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from app.backends.backend import Backend, BackendDefinition
from app.costs.sheet import CostSheet
from app.engine.counters import Counters
from app.engine.event_log import EventLog
from app.engine.event_queue import EventQueue
from app.engine.programs import Point
from app.engine.simulation import Simulation
from app.guest.apic_ops import Generation
from app.hw.profile import Profile

#: What has a name, and never changes.
_NAMED = (Backend, BackendDefinition, Generation, Profile, CostSheet)
_LEFT_OUT = {
    *("journal", "_addressed", "readdressed", "_fast_paths", "_price", "_contexts", "programs", "events"),
    "_watch",
}
_PLAIN = (Enum, int, str, float, bytes, type(None))
_CODE = (FunctionType, MethodType, BuiltinFunctionType, type)


def whole_state(simulation: Simulation) -> list[str]:
    """One line for each value that *simulation* is made of: how to get there, and what stands there."""
    simulation._log.count()
    return everything(simulation)


def everything(thing: object) -> list[str]:
    """The same of anything."""
    return [f"{path} = {value}" for path, value in _Walk().walk("", thing)]


def first_difference(a: list[str], b: list[str]) -> str:
    """The first line in which two such states differ; empty when they do not."""
    for one, other in zip([*a, "the end"], [*b, "the end"], strict=False):
        if one != other:
            return f"{one}   against   {other}"
    return ""


class _Walk:
    """Meets every object once: at the second time it is told by where it was met first."""

    def __init__(self) -> None:
        self._met: dict[int, str] = {}
        self._alive: list[object] = []  # so that no number is given to another object meanwhile

    def walk(self, path: str, value: Any) -> Iterator[tuple[str, object]]:
        if isinstance(value, _NAMED):
            yield path, getattr(value, "name", type(value).__name__)
        elif isinstance(value, _PLAIN):
            yield path, value
        elif isinstance(value, _CODE) or callable(value):
            yield path, getattr(value, "__qualname__", type(value).__name__)
        elif id(value) in self._met:
            yield path, f"as {self._met[id(value)]}"
        else:
            self._met[id(value)] = path
            self._alive.append(value)
            yield path, type(value).__name__
            for name, part in self._parts(value):
                yield from self.walk(f"{path}.{name}", part)

    def _parts(self, value: Any) -> Iterator[tuple[object, Any]]:
        match value:
            case Point():
                yield from (("replies", value.replies), ("yielded", value.yielded))
                yield "functions", [code.co_qualname for code, _ in value.functions]
            case EventQueue():
                yield "alarm", value.alarm
                yield from enumerate(value.entries())
            case EventLog():
                yield "happened", value.happened
            case Counters():
                yield from value.as_dict().items()
                yield "lately", value.lately
            case dict():
                for number, (key, part) in enumerate(value.items()):
                    yield f"key {number}", key
                    yield f"value {number}", part
            case set() | frozenset():
                yield from enumerate(sorted(value, key=repr))
            case list() | tuple() | deque():
                yield from enumerate(value)
            case _:
                yield from self._of_object(value)

    def _of_object(self, value: object) -> Iterator[tuple[str, Any]]:
        names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        for name in [*sorted(names), *sorted(getattr(value, "__dict__", {}))]:
            if name not in _LEFT_OUT:
                yield name, getattr(value, name, "not there")
