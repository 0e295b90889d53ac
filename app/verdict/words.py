"""Numbers in words, and the thresholds at which a word changes."""

from app.measure.comparison import Comparison, Row
from app.verdict.judgement import Tone

#: Of one CPU's time: what takes more is a bottleneck, and what saves more improves performance.
NOTICEABLE = 0.05
#: Of the work on interrupts: a saving from here on is much, and below ``LITTLE`` it is not worth the trouble.
MUCH, LITTLE = 0.25, 0.10
_MILLION = 1_000_000
#: Between a number and its unit no line may end.
_GLUE = "\N{NO-BREAK SPACE}"


def share(part: float, whole: float) -> float:
    """*part* of *whole*; 0 of nothing."""
    return part / whole if whole else 0.0


def percent(value: float) -> str:
    """A share as a reader takes it in: two digits that count, and no more than there are."""
    shown = abs(value) * 100
    digits = 0 if shown >= 10 or shown == 0 else 1 if shown >= 1 else 2
    if 0 < shown < 0.005:
        return f"less than 0.01{_GLUE}%"
    return f"{shown:.{digits}f}".removesuffix(".0") + f"{_GLUE}%"


def cycles(count: float) -> str:
    """Cycles of the TSC."""
    return f"{count / _MILLION:,.1f}{_GLUE}million cycles" if count >= _MILLION else f"{count:,.0f}{_GLUE}cycles"


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            value = seconds / size
            return f"{value:,.0f}{_GLUE}{unit}" if value >= 10 else f"{value:.1f}{_GLUE}{unit}"
    return f"{seconds * 1e9:.0f}{_GLUE}ns"


def times(count: int) -> str:
    """Ways out of the guest."""
    return f"{count:,} exit{'' if count == 1 else 's'}"


def changed(before: float, after: float) -> str:
    """*after* against *before*: "31 % fewer", "12 % more", "as many"."""
    if after == before:
        return "as many"
    return f"{percent(share(after - before, before))} {'fewer' if after < before else 'more'}"


def cheaper(before: float, after: float) -> Tone:
    """FOR what leads from *before* to a smaller *after*."""
    return Tone.OPEN if after == before else Tone.FOR if after < before else Tone.AGAINST


def row_of(comparison: Comparison, backend: str) -> Row:
    """The row of a back end that always takes part. KeyError, with the reason, when it does not."""
    row = comparison.row(backend)
    if row is None:
        reasons = {missing.backend: missing.reason for missing in comparison.missing}
        raise KeyError(f"{backend} is missing: {reasons.get(backend, 'nobody asked for it')}")
    return row
