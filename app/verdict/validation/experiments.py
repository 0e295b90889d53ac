"""The model, held against published end-to-end figures that went into no cost sheet.

Each is run again: the benchmark's own program, on a host like the one that was measured. What does not come out within
``FACTOR`` says what the model leaves out; no sheet is turned until it fits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.verdict.validation.amd import AMD
from app.verdict.validation.intel import INTEL
from app.verdict.validation.kvm import KVM
from app.verdict.validation.published import RATIO, Published

#: Within this factor, up or down, a figure counts as reproduced.
FACTOR = 1.5


@dataclass(frozen=True, slots=True)
class Validation:
    """A published figure and the model's. ``ratio`` is model to published.

    ``within``: the model's is within ``FACTOR``, and a published gain is no loss here. ``why_not`` says what the model
    leaves out, where it is not; ``how`` says what was run, ``experiment`` what measurement the figure is one of.
    """

    claim: str
    published: float
    unit: str
    source: str
    model: float
    ratio: float
    within: bool
    why_not: str
    how: str
    experiment: str

    @property
    def words(self) -> tuple[str, str, str]:
        """The published figure, the model's, and their ratio, as a table shows them."""
        return written(self.published, self.unit), written(self.model, self.unit), f"{self.ratio:.2f}"


def _validation(figure: Published) -> Validation:
    model = figure.run()
    ratio = model / figure.figure
    within = 1 / FACTOR <= ratio <= FACTOR and same_direction(figure, model)
    why_not = "" if within else figure.why_not
    return Validation(
        figure.claim,
        figure.figure,
        figure.unit,
        figure.source,
        model,
        ratio,
        within,
        why_not,
        figure.how,
        figure.experiment,
    )


def same_direction(figure: Published, model: float) -> bool:
    """A quotient below 1 is a gain, above 1 a loss: the model must not turn one into the other."""
    return figure.unit != RATIO or (figure.figure < 1) == (model < 1) or abs(model - figure.figure) < _LEVEL


#: Quotients that differ by less say the same: neither gain nor loss.
_LEVEL = 0.05


@lru_cache(maxsize=1)
def validations() -> tuple[Validation, ...]:
    """Every figure, run now; later calls give the same. It takes about a second."""
    return tuple(map(_validation, (*KVM, *INTEL, *AMD)))


def experiments(rows: Iterable[Validation]) -> dict[str, bool]:
    """Every measurement, and whether all rows of it are within. Its rows share their runs, so that it counts once."""
    found: dict[str, bool] = {}
    for row in rows:
        found[row.experiment] = found.get(row.experiment, True) and row.within
    return found


def summary(rows: Iterable[Validation]) -> str:
    """How many rows, and how many independent experiments, come out."""
    rows = tuple(rows)
    within = sum(row.within for row in rows)
    whole = experiments(rows)
    return (
        f"{within} of {len(rows)} rows come out within a factor of {FACTOR:g}. They are of {len(whole)} independent "
        f"experiments; {sum(whole.values())} of these come out in every row."
    )


def written(value: float, unit: str) -> str:
    """*value* with its unit, as precisely as it was published."""
    if unit == RATIO:
        return f"× {value:.2f}"
    digits = 0 if value >= 300 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def reasons(rows: Iterable[Validation]) -> tuple[str, ...]:
    """Every reason for a miss, once, in the order of its first row."""
    return tuple(dict.fromkeys(row.why_not for row in rows if row.why_not))


def markdown(rows: Iterable[Validation]) -> str:
    """The table as the README has it, with the reasons numbered below."""
    rows = tuple(rows)
    why = reasons(rows)
    lines = ["| published, end to end | figure | model | ratio | within 1.5 |", "|---|--:|--:|--:|---|"]
    for row in rows:
        published, model, ratio = row.words
        answer = "yes" if row.within else f"no ({why.index(row.why_not) + 1})"
        lines.append(f"| {row.claim} | {published} | {model} | {ratio} | {answer} |")
    listed = [f"{number}. {reason[0].upper()}{reason[1:]}." for number, reason in enumerate(why, start=1)]
    return "\n".join([summary(rows), "", *lines, "", *listed])
