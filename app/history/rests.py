"""Where people stood when they made a step."""

from app.engine.journal import Moment
from app.history.branches import Branch


class Rests:
    """A step of a unit ends at these, too, so that it and a step back undo each other from wherever they were made."""

    def __init__(self) -> None:
        #: By branch and unit: tick to time.
        self._rests: dict[tuple[int, str], dict[int, int]] = {}

    def stood(self, branch: Branch, moment: Moment, unit: str) -> None:
        """Somebody at *moment* of *branch* has asked for a step of *unit*."""
        self._rests.setdefault((branch.owner(moment.tick).number, unit), {})[moment.tick] = moment.time

    def time_at(self, branch: Branch, tick: int, unit: str) -> int | None:
        """At what time somebody did so at *tick*; None when nobody did."""
        rests = self._rests.get((branch.owner(tick).number, unit))
        return rests.get(tick) if rests else None
