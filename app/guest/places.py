"""Where a function of this model stands in the kernel that it is written after."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A function of a kernel: its file below the kernel's root, its name there, and its line where the text was at
    hand."""

    file: str
    function: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}, {self.function}"


#: By the function of this model.
Places = dict[Callable[..., Any], Place]


def in_file(file: str, *functions: tuple[Callable[..., Any], str] | tuple[Callable[..., Any], str, int]) -> Places:
    """The places of *functions*, each with its name in the kernel and, where known, its line."""
    return {function: Place(file, *named) for function, *named in functions}
