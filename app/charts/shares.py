"""The geometry of what a workload's cycles went to: per back end the sum on one scale, and beside it its parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.charts.scales import Scale, cost_scale
from app.measure.comparison import Row

#: Shares in the order of ``Shares``, with the words for them.
PARTS = {"sends": "sending IPIs", "eois": "ending interrupts", "timer": "timer registers", "rest": "everything else"}
_TOP = 58
_ROW = 34
_BAR = 20
_BOTTOM = 12
_LEFT = 122
_GAP = 34
#: A percentage is written into a part that is so wide.
_ROOM_FOR_LABEL = 34


class Part(NamedTuple):
    """One stretch of the stacked bar; *label* is "" where there is no room for it."""

    name: str
    x: float
    width: float
    cycles: int
    percent: float
    label: str


@dataclass(frozen=True, slots=True)
class SharesRow:
    """One back end: its sum as a bar that ends at *sum_end*, and its parts as one bar of full width."""

    backend: str
    y: float
    height: float
    cycles: int
    sum_end: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class SharesChart:
    """Everything in the units of the drawing, the origin at its upper left. *parts_x* is where the parts begin."""

    width: float
    height: float
    sums: Scale
    parts_x: float
    parts_width: float
    rows: tuple[SharesRow, ...]


def shares_chart(rows: Sequence[Row], width: float = 960) -> SharesChart:
    """Lays *rows* out one below the other. A back end that spent nothing has no parts."""
    half = (width - _LEFT - _GAP) * 0.4
    sums = cost_scale("linear", [row.cycles for row in rows], _LEFT, _LEFT + half - 76)
    parts_x = _LEFT + half + _GAP
    parts_width = width - parts_x - 1
    laid = tuple(
        SharesRow(
            row.backend,
            _TOP + _ROW * index,
            _BAR,
            row.cycles,
            sums.at(row.cycles),
            _parts(row, parts_x, parts_width),
        )
        for index, row in enumerate(rows)
    )
    return SharesChart(width, _TOP + _ROW * len(rows) + _BOTTOM, sums, parts_x, parts_width, laid)


def _parts(row: Row, x: float, width: float) -> tuple[Part, ...]:
    parts: list[Part] = []
    for name, cycles in row.shares._asdict().items():
        if cycles:
            share = cycles / row.cycles
            label = f"{share:.0%}" if width * share >= _ROOM_FOR_LABEL else ""
            parts.append(Part(name, x, width * share, cycles, 100 * share, label))
            x += width * share
    return tuple(parts)
