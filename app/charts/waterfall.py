"""The geometry of one IPI, step by step: a band for each back end, a lane for each CPU, all aligned at the send."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.charts.scales import Scale
from app.measure.comparison import Bar, Waterfall

_TOP = 34
_BOTTOM = 34
_LANE = 24
_BAR = 18
_BAND_GAP = 16
_LEFT = 172
_RIGHT = 86
#: What is shorter than this is drawn this wide, or nobody would see it.
_LEAST = 1.0


@dataclass(frozen=True, slots=True)
class Block:
    """A bar's rectangle: CPU *bar.cpu* is busy with it."""

    bar: Bar
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Flight:
    """A message under way, from its sender's lane to its target's."""

    bar: Bar
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Band:
    """One back end. *lanes* are (CPU, the height of its middle); *end* is where its last bar ends."""

    backend: str
    y: float
    height: float
    lanes: tuple[tuple[int, float], ...]
    marks: tuple[Block | Flight, ...]
    end: float
    cycles: int


@dataclass(frozen=True, slots=True)
class WaterfallChart:
    """Everything in the units of the drawing, the origin at its upper left."""

    width: float
    height: float
    time: Scale
    bands: tuple[Band, ...]


def waterfall_chart(waterfalls: Sequence[Waterfall], width: float = 960) -> WaterfallChart:
    """Lays *waterfalls* out one below the other on one scale of time."""
    longest = max((duration(waterfall) for waterfall in waterfalls), default=1)
    time = Scale("linear", 0, max(longest, 1), _LEFT, width - _RIGHT)
    bands: list[Band] = []
    y: float = _TOP
    for waterfall in waterfalls:
        band = _band(waterfall, y, time)
        bands.append(band)
        y += band.height + _BAND_GAP
    return WaterfallChart(width, y - _BAND_GAP + _BOTTOM, time, tuple(bands))


def duration(waterfall: Waterfall) -> int:
    """Cycles from the send function's call to the end of the last step."""
    return max((bar.start + bar.cycles for bar in waterfall.bars), default=0)


def _band(waterfall: Waterfall, y: float, time: Scale) -> Band:
    cpus = dict.fromkeys(bar.cpu for bar in waterfall.bars if bar.cpu is not None) or {0: None}
    lanes = {cpu: y + _LANE * (index + 0.5) for index, cpu in enumerate(cpus)}
    marks = tuple(_mark(waterfall.bars, index, lanes, time) for index in range(len(waterfall.bars)))
    cycles = duration(waterfall)
    return Band(waterfall.backend, y, _LANE * len(lanes), tuple(lanes.items()), marks, time.at(cycles), cycles)


def _mark(bars: Sequence[Bar], index: int, lanes: dict[int, float], time: Scale) -> Block | Flight:
    bar = bars[index]
    x, end = time.at(bar.start), time.at(bar.start + bar.cycles)
    if bar.cpu is not None:
        return Block(bar, x, lanes[bar.cpu] - _BAR / 2, max(end - x, _LEAST), _BAR)
    sender = next((before.cpu for before in reversed(bars[:index]) if before.cpu is not None), min(lanes))
    ways = (after.cpu for after in bars[index + 1 :] if after.cpu is not None and after.cpu != sender)
    target = next(ways, sender)
    return Flight(bar, x, lanes[sender], max(end, x + _LEAST), lanes[target])
