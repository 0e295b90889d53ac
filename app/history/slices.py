"""What takes long, a little at a time: other things can be done in between."""

from collections.abc import Generator
from typing import Any, TypeVar

End = TypeVar("End")
#: Something that does a little at each ``next`` and ends with a result.
Slices = Generator[None, None, End]


def at_once(slices: Slices[End]) -> End:
    """The result, with all slices done in one go."""
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            result: End = stop.value
            return result


def with_nothing(slices: Slices[End]) -> Generator[list[Any], None, End]:
    """The same slices, each of which gives an empty list, for whoever gives lists."""
    while True:
        try:
            next(slices)
        except StopIteration as stop:
            result: End = stop.value
            return result
        yield []
