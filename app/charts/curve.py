"""The geometry of cost against the number of targets: where each line, step, mark and label lies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.backends.backend import Mark
from app.backends.catalogue import BACKENDS
from app.charts.scales import Scale, ScaleKind, apart, cost_scale, sensible_kind
from app.measure.comparison import Curve

Measure = Literal["sender", "all"]
#: Numbers of targets that carry a shape: enough to tell lines apart, few enough to keep them lines.
MARKED = (1, 16, 32, 64, 96, 128, 160, 192, 224, 255)
_X_TICKS = (1, 32, 64, 96, 128, 160, 192, 224, 255)
_LABEL_GAP = 16


class Step(NamedTuple):
    """Where a line steps up, and why."""

    x: float
    y: float
    targets: int
    words: str


class Place(NamedTuple):
    """A point of the drawing."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """One back end's cost. *marks* are the points that carry its shape, *label_y* the height of its name.

    The name leads to the place before the last: the last may have a way of its own, to all others by shorthand.
    """

    backend: str
    mark: Mark
    places: tuple[Place, ...]
    marks: tuple[Place, ...]
    steps: tuple[Step, ...]
    label_y: float
    last: int


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Everything in the units of the drawing, the origin at its upper left."""

    width: float
    height: float
    measure: Measure
    targets: Scale
    cost: Scale
    x_ticks: tuple[int, ...]
    lines: tuple[Line, ...]


def cycles_at(curve: Curve, measure: Measure) -> list[int]:
    """The costs of *curve*: the sender's alone, or everybody's."""
    return [point.sender_cycles if measure == "sender" else point.all_cycles for point in curve.points]


def curve_chart(
    curves: Sequence[Curve],
    measure: Measure = "sender",
    kind: ScaleKind | None = None,
    width: float = 960,
    height: float = 470,
) -> CurveChart:
    """Lays *curves* out. Without a *kind* the scale of costs is chosen by how far apart they are."""
    values = [value for curve in curves for value in cycles_at(curve, measure)]
    most = max((point.targets for curve in curves for point in curve.points), default=1)
    left, right, top, bottom = 82, 142, 34, 52
    targets = Scale("linear", 1, max(most, 2), left, width - right)
    cost = cost_scale(kind or sensible_kind(values), values, height - bottom, top)
    ends = [cost.at(cycles_at(curve, measure)[-2:][0]) for curve in curves]
    labels = apart(ends, _LABEL_GAP, top, height - bottom)
    lines = tuple(_line(curve, measure, targets, cost, label) for curve, label in zip(curves, labels, strict=True))
    ticks = tuple(tick for tick in _X_TICKS if tick <= most)
    return CurveChart(width, height, measure, targets, cost, ticks, lines)


def _line(curve: Curve, measure: Measure, targets: Scale, cost: Scale, label_y: float) -> Line:
    at = {
        point.targets: Place(targets.at(point.targets), cost.at(cycles))
        for point, cycles in zip(curve.points, cycles_at(curve, measure), strict=True)
    }
    steps = tuple(Step(*at[count], count, words) for count, words in curve.steps if count in at)
    marks = tuple(at[count] for count in MARKED if count in at)
    last = cycles_at(curve, measure)[-1]
    return Line(curve.backend, BACKENDS[curve.backend].mark, tuple(at.values()), marks, steps, label_y, last)


def steps_in_words(curve: Curve) -> str:
    """Where the sender's way changes in *curve*, and why, changes of one kind together; "" where it nowhere does."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for targets, words in curve.steps:
        kinds.setdefault(re.sub(r"[0-9]+", "", words), []).append((targets, words))
    return "; ".join(_kind_in_words(steps) for steps in kinds.values())


def _kind_in_words(steps: list[tuple[int, str]]) -> str:
    where = [str(targets) for targets, _ in steps]
    shown = where if len(where) <= 4 else [*where[:3], "…", where[-1]]
    more = ", and so on" if len({words for _, words in steps}) > 1 else ""
    return f"at {', '.join(shown)} targets: {steps[0][1]}{more}"
