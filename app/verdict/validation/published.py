"""What a published figure is, and where it comes from."""

from collections.abc import Callable
from dataclasses import dataclass

RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Published:
    """*figure* in *unit*: cycles of the TSC, times, counts a second, or a quotient of two of those (``RATIO``).

    ``run`` has the model do it again. ``how`` says what it runs; ``why_not`` what it leaves out, should that show.
    ``experiment`` names the measurement that the figure is of: the rows of one share their runs, and count once.
    """

    claim: str
    figure: float
    unit: str
    source: str
    how: str
    run: Callable[[], float]
    why_not: str
    experiment: str


def quotient(after: Callable[[], float], before: Callable[[], float]) -> Callable[[], float]:
    """Runs both."""
    return lambda: after() / before()
