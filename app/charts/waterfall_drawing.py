"""Draws one IPI per back end: bars by who is at work, lanes by CPU."""

from app.charts.drawing import RIM, dim, ink, rule
from app.charts.scales import PAPER
from app.charts.svg import Drawing, Element, element, group, line, text
from app.charts.waterfall import Band, Block, Flight, WaterfallChart
from app.measure.comparison import Bar

_WORD = 6.1  # the width of a letter of the smallest monospaced text
_WHERE = {"guest": "guest, CPU at work", "hypervisor": "hypervisor", "bus": "message under way"}


def step_words(bar: Bar) -> str:
    """One step in a line: when, how long, where, what, and what it is priced by."""
    where = bar.where if bar.cpu is None else f"{bar.where}, CPU {bar.cpu}"
    price = f", priced by {bar.price}" if bar.price else ""
    return f"{bar.start:,} + {bar.cycles:,} cycles, {where}: {bar.words}{price}"


def draw_waterfall(chart: WaterfallChart, title: str) -> Drawing:
    """One IPI under each back end."""
    ends = "; ".join(f"{band.backend} {band.cycles:,} cycles" for band in chart.bands)
    said = (
        "Each back end has a band with a lane for each CPU; time runs to the right from the call of the send function, "
        f"on one scale for all. Until the handler's return: {ends}."
    )
    children = [_arrowhead(), *_key(), *_time(chart)]
    children += [_band(band, chart) for band in chart.bands]
    return Drawing("waterfall", title, said, chart.width, chart.height, tuple(children))


def _arrowhead() -> Element:
    head = element("path", d="M0 0L7 3.5L0 7Z", class_="c-ink-fill", fill=PAPER["ink"])
    marker = element(
        "marker", head, id="waterfall-arrow", markerWidth=7, markerHeight=7, refX=6, refY=3.5, orient="auto",
        markerUnits="userSpaceOnUse",
    )  # fmt: skip
    return element("defs", marker)


def _key() -> list[Element]:
    x = 172.0
    found: list[Element] = []
    for where, words in _WHERE.items():
        if where == "bus":
            found.append(_arrow(x, 6, x + 22, 20))
        else:
            found.append(_rectangle(where, x, 6, 22, 14))
        found.append(ink(x + 29, 17.5, words, font_size=12))
        x += 56 + 6.4 * len(words)
    return found


def _time(chart: WaterfallChart) -> list[Element]:
    base = chart.height - 24
    found: list[Element] = []
    for tick in chart.time.ticks():
        x = chart.time.at(tick)
        found += [rule(x, 28, x, base), dim(x, base + 16, f"{tick:,}", text_anchor="middle")]
    found.append(dim(chart.width - 8, base + 16, "cycles", text_anchor="end"))
    return found


def _band(band: Band, chart: WaterfallChart) -> Element:
    found = [ink(12, band.y + 16, band.backend, font_weight=600)]
    for cpu, middle in band.lanes:
        found.append(dim(chart.time.start - 10, middle + 4, f"CPU {cpu}", text_anchor="end"))
        found.append(rule(chart.time.start, middle, chart.time.end, middle))
    found += [_drawn(band.backend, mark) for mark in band.marks]
    last_lane = band.lanes[-1][1]
    found.append(
        ink(
            band.end + 8,
            last_lane + 4.5,
            f"{band.cycles:,}",
            **{**RIM, "class_": "c-ink c-rim", "font_weight": 600},
        )
    )
    return group(found, class_="band", data_backend=band.backend)


def _drawn(backend: str, mark: Block | Flight) -> Element:
    said = step_words(mark.bar)
    title = element("title", f"{backend}: {said}")
    found = [title]
    match mark:
        case Block(bar=bar, x=x, y=y, width=width, height=height):
            found.append(_rectangle(bar.where, x, y, width, height))
            found += _label(bar, x, y + height / 2, width)
        case Flight(x1=x1, y1=y1, x2=x2, y2=y2):
            found.append(_arrow(x1, y1, x2, y2))
    return group(found, class_=f"step step-{mark.bar.where}", data_says=said)


def _rectangle(where: str, x: float, y: float, width: float, height: float) -> Element:
    # Each is parted from its neighbours by the other's colour.
    fill, hue = ("crimson", "panel") if where == "hypervisor" else ("panel", "ink")
    return element(
        "rect",
        x=x,
        y=y,
        width=width,
        height=height,
        class_=f"c-{hue}-line c-{fill}-fill",
        fill=PAPER[fill],
        stroke=PAPER[hue],
        stroke_width=1,
    )


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Element:
    return line(
        x1, y1, x2, y2, class_="c-ink-line", stroke=PAPER["ink"], stroke_width=2, stroke_dasharray="4 3",
        marker_end="url(#waterfall-arrow)",
    )  # fmt: skip


def _label(bar: Bar, x: float, middle: float, width: float) -> list[Element]:
    """The price's name inside the bar, where there is room for it."""
    if not bar.price or width < len(bar.price) * _WORD + 8:
        return []
    look = ("c-on-fill", PAPER["panel"]) if bar.where == "hypervisor" else ("c-ink", PAPER["ink"])
    return [
        text(
            x + width / 2,
            middle + 3.5,
            bar.price,
            class_=look[0],
            fill=look[1],
            font_size=10,
            font_family="ui-monospace, Menlo, Consolas, monospace",
            text_anchor="middle",
        )
    ]
