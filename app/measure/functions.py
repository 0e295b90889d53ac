"""The guest functions that can be called for a given number of targets, by the names of both kernels."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from app.guest.apic_ops import Context
from app.guest.generations import GENERATIONS, GUEST_FUNCTIONS
from app.guest.steps import Steps

#: Runs the function on a CPU for a mask of targets.
OnMask = Callable[[Context, int], Steps[None]]


class MeasuredFunction(NamedTuple):
    """One request of the kernel's, by its oldest name, with what it is called and does in each generation."""

    name: str
    other_names: tuple[str, ...]
    by_generation: Mapping[str, OnMask]


def _measured(name: str) -> MeasuredFunction:
    rows = {kernel.name: kernel.functions[name] for kernel in GENERATIONS.values() if name in kernel.functions}
    other_names = dict.fromkeys(other for row in rows.values() for other in row.other_names)
    return MeasuredFunction(
        name, tuple(other_names), {kernel: row.measured for kernel, row in rows.items() if row.measured is not None}
    )


_FUNCTIONS = tuple(function for function in map(_measured, GUEST_FUNCTIONS) if function.by_generation)
#: By every name that a kernel has for it.
MEASURED_FUNCTIONS: dict[str, MeasuredFunction] = {
    name: function for function in _FUNCTIONS for name in (function.name, *function.other_names)
}
