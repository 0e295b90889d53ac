"""What all charts share: colours, and scales with their ticks."""

import math
from dataclasses import dataclass
from typing import Literal

#: On paper; a page's themes override them by class.
PAPER = {
    "ink": "#14202b",
    "dim": "#51606d",
    "line": "#d8dee4",
    "panel": "#ffffff",
    "amber": "#9a6700",
    "blue": "#0058b0",
    "crimson": "#b01f5a",
}

ScaleKind = Literal["linear", "log"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from *low* to *high* laid out from *start* to *end*, in the drawing's units."""

    kind: ScaleKind
    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where *value* is; on a logarithmic scale what is less than *low* lies at its start."""
        if self.kind == "log":
            low, high, at = math.log10(self.low), math.log10(self.high), math.log10(max(value, self.low))
        else:
            low, high, at = self.low, self.high, value
        return self.start + (self.end - self.start) * (at - low) / (high - low or 1)

    def ticks(self) -> list[int]:
        """Round values to be marked: powers of ten, or steps of 1, 2 or 5 of them."""
        if self.kind == "log":
            powers = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            return [int(10**power) for power in powers]
        step = _round_up((self.high - self.low) / 6)
        first = math.ceil(self.low / step)
        return [tick * step for tick in range(first, math.floor(self.high / step) + 1)]


def _round_up(wanted: float) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not less than *wanted*."""
    power = 10 ** max(0, math.floor(math.log10(max(wanted, 1))))
    return int(next(step * power for step in (1, 2, 5, 10) if step * power >= wanted))


def cost_scale(kind: ScaleKind, values: list[int], start: float, end: float) -> Scale:
    """A scale for costs: from nothing or, where it is logarithmic, between 1, 2 or 5 times powers of ten."""
    highest = max(values, default=1)
    if kind == "linear":
        step = _round_up(highest / 6)
        return Scale(kind, 0, max(step, math.ceil(highest / step) * step), start, end)
    lowest = min((value for value in values if value > 0), default=1)
    decade = 10 ** math.floor(math.log10(lowest))
    low = max(step * decade for step in (1, 2, 5) if step * decade <= lowest)
    return Scale(kind, low, _round_up(max(highest, low * 10)), start, end)


def sensible_kind(values: list[int]) -> ScaleKind:
    """Logarithmic where the dearest costs more than twenty times the cheapest: a straight scale would press the cheap
    ones flat."""
    positive = [value for value in values if value > 0]
    return "log" if positive and max(positive) > 20 * min(positive) else "linear"


def apart(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the *wanted* ones (in any order), in their order, at least *gap* from each other, within *low* to
    *high* as long as there is room."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    at = low - gap
    for index in order:
        at = places[index] = max(wanted[index], at + gap)
    limit = high + gap
    for index in reversed(order):
        limit = places[index] = min(places[index], limit - gap)
    return places
