"""What the compare page shows of an answer: numbers in words, charts, and how sure all of it is."""

from functools import cached_property

from markupsafe import Markup

from app.backends.catalogue import BACKENDS
from app.charts.curve import CurveChart, curve_chart, steps_in_words
from app.charts.drawing import draw_curves, draw_shares, shape
from app.charts.shares import shares_chart
from app.charts.svg import Drawing, element
from app.charts.waterfall import waterfall_chart
from app.charts.waterfall_drawing import draw_waterfall
from app.costs.reference import reference_of
from app.measure.answer import Answer
from app.measure.comparison import Row, Waterfall
from app.measure.confidence import Used, entries_used, guessed_share, is_estimate
from app.web.addresses import link
from app.web.pages.compare.question import Question

#: The charts that there can be, by the name that their files have.
CHARTS = ("curve", "waterfall", "shares")
#: Numbers of targets whose costs stand in the curve's table.
_TABLED = (1, 2, 4, 8, 16, 32, 64, 128, 129, 192, 255)
_NATIVE = tuple(name for name, back_end in BACKENDS.items() if back_end.hypervisor is None)


class View:
    """*answer* to *question*, ready to be shown."""

    def __init__(self, question: Question, answer: Answer) -> None:
        self.question = question
        self.answer = answer
        self.comparison = answer.comparison
        self.sheet = answer.comparison.sheet
        self.curves = answer.curves
        self.waterfalls = answer.waterfalls

    # Numbers

    @cached_property
    def native(self) -> Row | None:
        """The row that the others are held against."""
        return next((row for name in _NATIVE if (row := self.comparison.row(name))), None)

    def ratio(self, row: Row) -> float | None:
        """How many times the cycles of native-xapic with the same kernel *row* takes; None where those are none."""
        return row.cycles / row.native_cycles if row.native_cycles else None

    @cached_property
    def others(self) -> list[Row]:
        """All rows but the native one of the sentence."""
        return [row for row in self.comparison.rows if row is not self.native]

    # Charts

    @cached_property
    def curve(self) -> CurveChart:
        """The geometry of cost against targets."""
        return curve_chart(self.curves, self.question.measure, self.question.scale)

    def drawing(self, name: str) -> Drawing | None:
        """The chart called *name*; None when there is nothing to draw."""
        workload = self.comparison.workload
        match name:
            case "curve" if self.curves:
                return draw_curves(self.curve, self.curves, f"{self.question.subject}: cost against number of targets")
            case "waterfall" if self.waterfalls:
                return draw_waterfall(
                    waterfall_chart(self.waterfalls), f"{self.answer.function} to one running CPU, step by step"
                )
            case "shares" if self.comparison.rows:
                return draw_shares(shares_chart(self.comparison.rows), f"{workload}: what the cycles went to")
        return None

    def svg(self, name: str) -> Markup:
        """The chart called *name* as part of a page; the writer of SVG has escaped what is in it."""
        drawing = self.drawing(name)
        return Markup(drawing.inline()) if drawing else Markup("")

    def mark(self, backend: str) -> Markup:
        """The shape that stands for *backend* in the charts."""
        drawn = element(
            "svg", shape(BACKENDS[backend].mark, 8, 8), viewBox="0 0 16 16", class_="end-mark", aria_hidden="true"
        )
        return Markup(str(drawn))

    @cached_property
    def steps(self) -> list[tuple[str, str]]:
        """(back end, where its curve steps up and why)."""
        return [(curve.backend, words) for curve in self.curves if (words := steps_in_words(curve))]

    @cached_property
    def curve_table(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """(targets, (sender's cycles, everybody's) of each curve)."""
        points = [{point.targets: point for point in curve.points} for curve in self.curves]
        return [
            (targets, [(at[targets].sender_cycles, at[targets].all_cycles) for at in points])
            for targets in _TABLED
            if all(targets in at for at in points)
        ]

    # How sure

    def guessed(self, backend: str) -> float:
        """Which part of one IPI's cycles under *backend* is assumed; 0 where there is no such IPI."""
        found = self._waterfall(backend)
        return guessed_share(found, self.sheet) if found else 0.0

    def estimate(self, backend: str) -> bool:
        """Whether assumed figures dominate *backend*'s numbers."""
        found = self._waterfall(backend)
        return is_estimate(found, self.sheet) if found else False

    @cached_property
    def estimates(self) -> list[str]:
        """The back ends whose numbers rest on assumed figures more than on others."""
        return [row.backend for row in self.comparison.rows if self.estimate(row.backend)]

    @cached_property
    def used(self) -> list[Used]:
        """Every entry of the sheet by which the compared back ends are priced."""
        return entries_used(self.comparison.rows, self.sheet)

    @cached_property
    def sheet_address(self) -> str:
        """Where the sheet, changed or not, can be read."""
        return link(f"/costs/{reference_of(self.sheet)}")

    def _waterfall(self, backend: str) -> Waterfall | None:
        return next((waterfall for waterfall in self.waterfalls if waterfall.backend == backend), None)
