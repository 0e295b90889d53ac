"""Draws the charts: geometry in, SVG out."""

from collections.abc import Sequence

from app.backends.backend import Mark
from app.charts.curve import CurveChart, Line
from app.charts.scales import PAPER
from app.charts.shares import PARTS, Part, SharesChart, SharesRow
from app.charts.svg import Drawing, Element, Value, element, group, line, text
from app.measure.comparison import Curve

_SMALL = 12
#: The white (or dark) rim that keeps text and marks readable where they cross a line.
RIM: dict[str, Value] = {
    "paint_order": "stroke",
    "stroke": PAPER["panel"],
    "stroke_width": 4,
    "stroke_linejoin": "round",
}


def ink(x: float, y: float, said: str, **more: Value) -> Element:
    """Text in the colour of text."""
    return text(x, y, said, **{"class_": "c-ink", "fill": PAPER["ink"], **more})


def dim(x: float, y: float, said: str, **more: Value) -> Element:
    """Text beside what matters: ticks and axes."""
    return text(x, y, said, **{"class_": "c-dim", "fill": PAPER["dim"], "font_size": _SMALL, **more})


def rule(x1: float, y1: float, x2: float, y2: float) -> Element:
    """A line of the grid."""
    return line(x1, y1, x2, y2, class_="c-rule", stroke=PAPER["line"])


def shape(mark: Mark, x: float, y: float, size: float = 4.5) -> Element:
    """The shape of *mark* around a point: filled, or hollow with the colour of the ground inside."""
    look: dict[str, Value] = {
        "class_": f"c-{mark.hue}-line c-{mark.hue if mark.filled else 'panel'}-fill",
        "stroke": PAPER[mark.hue],
        "fill": PAPER[mark.hue if mark.filled else "panel"],
        "stroke_width": 1.8,
    }
    if mark.shape == "circle":
        return element("circle", cx=x, cy=y, r=size, **look)
    outline = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "triangle": ((0, -1.2), (1.1, 0.9), (-1.1, 0.9)),
        "wedge": ((0, 1.2), (1.1, -0.9), (-1.1, -0.9)),
        "diamond": ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
        "hexagon": ((-0.6, -1.1), (0.6, -1.1), (1.2, 0), (0.6, 1.1), (-0.6, 1.1), (-1.2, 0)),
        "cross": ((-1, -1), (1, 1), (0, 0), (1, -1), (-1, 1), (0, 0)),
    }[mark.shape]
    path = "M" + "L".join(f"{x + size * dx:.2f} {y + size * dy:.2f}" for dx, dy in outline) + "Z"
    return element("path", d=path, **look)


def draw_curves(chart: CurveChart, curves: Sequence[Curve], title: str) -> Drawing:
    """Cost against the number of targets."""
    whose = "the sender" if chart.measure == "sender" else "all CPUs together"
    ends = "; ".join(
        f"{line.backend} from {_first(curve, chart.measure):,} to {line.last:,} cycles"
        for line, curve in zip(chart.lines, curves, strict=True)
    )
    kind = "logarithmic" if chart.cost.kind == "log" else "linear"
    said = f"Cycles of {whose} on a {kind} scale against the number of targets. {ends}."
    children = [*_axes(chart, f"cycles of {whose}, {kind} scale")]
    children += [_curve(line) for line in chart.lines]
    children += [_name(line, chart) for line in chart.lines]
    return Drawing("curve", title, said, chart.width, chart.height, tuple(children))


def _first(curve: Curve, measure: str) -> int:
    return curve.points[0].sender_cycles if measure == "sender" else curve.points[0].all_cycles


def _axes(chart: CurveChart, words: str) -> list[Element]:
    left, right, base = chart.targets.start, chart.targets.end, chart.cost.start
    found = [dim(12, 16, words)]
    for tick in chart.cost.ticks():
        y = chart.cost.at(tick)
        found += [rule(left, y, right, y), dim(left - 10, y + 4, f"{tick:,}", text_anchor="end")]
    for tick in chart.x_ticks:
        x = chart.targets.at(tick)
        found.append(line(x, base, x, base + 5, class_="c-dim-line", stroke=PAPER["dim"]))
        found.append(dim(x, base + 20, str(tick), text_anchor="middle"))
    found.append(dim(right, base + 40, "targets", text_anchor="end"))
    return found


def _curve(drawn: Line) -> Element:
    hue, dash = drawn.mark.hue, drawn.mark.dash
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn.places)
    found = [
        element(
            "path",
            d=path,
            class_=f"c-{hue}-line c-stroke",
            stroke=PAPER[hue],
            stroke_width=2,
            stroke_dasharray=dash,
            stroke_linejoin="round",
            fill="none",
        )
    ]
    found += [shape(drawn.mark, x, y) for x, y in drawn.marks]
    for step in drawn.steps:
        notch = line(step.x, step.y - 9, step.x, step.y + 9, class_=f"c-{hue}-line", stroke=PAPER[hue], stroke_width=2)
        found.append(group([element("title", f"{drawn.backend} at {step.targets} targets: {step.words}"), notch]))
    return group(found, class_="curve")


def _name(drawn: Line, chart: CurveChart) -> Element:
    end = drawn.places[-2:][0]
    x = chart.targets.end + 14
    leader = element(
        "path",
        d=f"M{end.x + 6:.1f} {end.y:.1f}L{x:.1f} {drawn.label_y:.1f}",
        class_="c-dim-line",
        stroke=PAPER["dim"],
        fill="none",
    )
    hue = drawn.mark.hue
    name = text(x + 16, drawn.label_y + 4.5, drawn.backend, class_=f"c-{hue}-fill", fill=PAPER[hue], font_weight=600)
    return group([leader, shape(drawn.mark, x + 6, drawn.label_y), name])


def draw_shares(chart: SharesChart, title: str) -> Drawing:
    """Sums, and what they went to."""
    rows = [
        f"{row.backend} {row.cycles:,} cycles, of them "
        + ", ".join(f"{part.percent:.0f} % {PARTS[part.name]}" for part in row.parts)
        for row in chart.rows
    ]
    children = [_patterns(), dim(chart.sums.start, 44, "cycles of all CPUs"), *_key(chart)]
    for row in chart.rows:
        children.append(_shares_row(row, chart))
    return Drawing("shares", title, "; ".join(rows) + ".", chart.width, chart.height, tuple(children))


def _patterns() -> Element:
    """Four grounds that differ without colour: solid, stripes, dots, blank."""
    stripes = element(
        "pattern",
        element("rect", width=7, height=7, class_="c-panel-fill", fill=PAPER["panel"]),
        line(0, 0, 0, 7, class_="c-amber-line", stroke=PAPER["amber"], stroke_width=5),
        id="shares-stripes",
        width=7,
        height=7,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    dots = element(
        "pattern",
        element("rect", width=6, height=6, class_="c-panel-fill", fill=PAPER["panel"]),
        element("circle", cx=3, cy=3, r=1.5, class_="c-ink-fill", fill=PAPER["ink"]),
        id="shares-dots",
        width=6,
        height=6,
        patternUnits="userSpaceOnUse",
    )
    return element("defs", stripes, dots)


#: Part to (class, fill, class of its outline).
_GROUNDS = {
    "sends": ("c-blue-fill", PAPER["blue"], "blue"),
    "eois": ("", "url(#shares-stripes)", "amber"),
    "timer": ("", "url(#shares-dots)", "ink"),
    "rest": ("c-panel-fill", PAPER["panel"], "dim"),
}


def _ground(name: str, x: float, y: float, width: float, height: float) -> Element:
    filled, fill, hue = _GROUNDS[name]
    return element(
        "rect",
        x=x,
        y=y,
        width=max(width, 0.5),
        height=height,
        class_=f"{filled} c-{hue}-line".strip(),
        fill=fill,
        stroke=PAPER[hue],
        stroke_width=1,
    )


def _key(chart: SharesChart) -> list[Element]:
    found: list[Element] = []
    x = chart.sums.start
    for name, words in PARTS.items():
        found += [_ground(name, x, 8, 22, 14), ink(x + 29, 19.5, words, font_size=_SMALL)]
        x += 56 + 6.4 * len(words)
    found.append(dim(chart.parts_x, 44, "what they went to"))
    return found


def _percentage(part: Part, y: float) -> Element:
    on_solid: dict[str, Value] = {"class_": "c-on-fill", "fill": PAPER["panel"]}
    on_pattern: dict[str, Value] = {"class_": "c-ink c-rim", **RIM}
    look = on_solid if part.name == "sends" else on_pattern
    return ink(part.x + 6, y, part.label, **{"font_size": _SMALL, "font_weight": 600, **look})


def _shares_row(row: SharesRow, chart: SharesChart) -> Element:
    middle = row.y + row.height / 2 + 4.5
    found = [
        ink(chart.sums.start - 12, middle, row.backend, text_anchor="end", font_weight=600),
        element(
            "rect",
            x=chart.sums.start,
            y=row.y + 4,
            width=max(row.sum_end - chart.sums.start, 1),
            height=row.height - 8,
            class_="c-ink-fill",
            fill=PAPER["ink"],
        ),
        ink(row.sum_end + 8, middle, f"{row.cycles:,}", font_size=_SMALL),
    ]
    for part in row.parts:
        bar = _ground(part.name, part.x, row.y, part.width, row.height)
        said = element("title", f"{row.backend}: {PARTS[part.name]} {part.cycles:,} cycles, {part.percent:.1f} %")
        found.append(group([said, bar]))
        if part.label:
            found.append(_percentage(part, middle))
    return group(found, class_="shares-row")
