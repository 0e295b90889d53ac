"""A comparison with what belongs to it, in two parts: the numbers, which take a moment, and the curves, which take
seconds. Both tell how far they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.costs.reference import cost_sheet_of
from app.measure.comparison import Comparison, Curve, Waterfall
from app.measure.curve import curve
from app.measure.measuring import compare
from app.measure.waterfall import waterfall
from app.measure.workloads import workload_of
from app.trace.check.census import Census

#: Hears of the stage that is under way, and how much of how much of it is done.
Tell = Callable[[str, int, int], None]

#: The function whose IPI is drawn where the workload is not a function itself.
_USUAL_FUNCTION = "smp_call_function"


@dataclass(frozen=True, slots=True)
class Answer:
    """A comparison with what belongs to it.

    *waterfalls* are of an IPI of the guest's *function*; there are *curves* only where that is the workload, and none
    as long as they are *awaited*.
    """

    comparison: Comparison
    function: str
    curves: tuple[Curve, ...]
    waterfalls: tuple[Waterfall, ...]
    awaited: bool = False


def answer(
    tell: Tell, workload: str | Census, function: str | None, backends: tuple[str, ...], sheet: str, generation: str
) -> Answer:
    """*workload*, counted already or called by its name, under *backends*, priced by the sheet that the text *sheet*
    names; *function* is the guest function that it calls, if it is one: its curves are still awaited then. An empty
    *generation* is as for ``compare``."""
    comparison = compare(
        workload_of(workload) if isinstance(workload, str) else workload,
        backends,
        cost_sheet_of(sheet),
        generation or None,
        lambda done, total: tell("running the workload", done, total),
    )
    drawn = function or _USUAL_FUNCTION
    waterfalls = tuple(_waterfalls(drawn, sheet, comparison, tell))
    return Answer(comparison, drawn, (), waterfalls, awaited=function is not None and bool(comparison.rows))


def curves_of(tell: Tell, function: str, sheet: str, guests: Sequence[tuple[str, str]]) -> tuple[Curve, ...]:
    """Cost against the number of targets of the guest's *function*, priced by the sheet that the text *sheet* names,
    for each of *guests*: back end and kernel. One that the sheet cannot price is left out."""
    found = []
    for done, (backend, generation) in enumerate(guests):
        tell("drawing cost against targets", done, len(guests))
        found.append(_curve(function, backend, sheet, generation))
    return tuple(curve for curve in found if curve is not None)


def _waterfalls(function: str, sheet: str, comparison: Comparison, tell: Tell) -> Iterator[Waterfall]:
    for done, row in enumerate(comparison.rows):
        tell("drawing one IPI", done, len(comparison.rows))
        if (found := _waterfall(function, row.backend, sheet, row.generation)) is not None:
            yield found


@lru_cache(128)
def _curve(function: str, backend: str, sheet: str, generation: str) -> Curve | None:
    """None when there is no such guest, or the sheet cannot price it."""
    try:
        return curve(function, backend, cost_sheet_of(sheet), generation)
    except ValueError:
        return None


@lru_cache(128)
def _waterfall(function: str, backend: str, sheet: str, generation: str) -> Waterfall | None:
    try:
        return waterfall(function, backend, cost_sheet_of(sheet), generation)
    except ValueError:
        return None
