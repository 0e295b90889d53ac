"""How far virtual time may go: the ratio of virtual to wall time, and what to do with long gaps."""


class Pacer:
    """``speed`` is virtual cycles a second of wall time; None is as fast as it goes.

    A stretch in which nothing happens lasts no more than ``longest_gap`` seconds: nobody learns anything from waiting.
    """

    #: After a stall of the process, time does not jump ahead to make up for it.
    LONGEST_TICK = 0.25

    def __init__(self, speed: float | None, longest_gap: float) -> None:
        self.speed = speed
        self._longest_gap = longest_gap
        self._wall: float | None = None
        self._virtual = 0.0

    def stop(self) -> None:
        """Time stands still until the next advance."""
        self._wall = None

    def advance(self, wall: float, now: int, next_time: int) -> int:
        """How far to run at wall time *wall*, when virtual time is *now* and something happens at *next_time*."""
        assert self.speed is not None, "flat out, there is no pace"
        if self._wall is None:
            self._wall, self._virtual = wall, float(now)
        elapsed = min(wall - self._wall, self.LONGEST_TICK)
        self._wall = wall
        earliest = next_time - self.speed * self._longest_gap
        reached = self._virtual + elapsed * self.speed
        # What could not be computed in time is not made up for either, or a storm would be followed by a race. While
        # nothing is due, time goes on, however far the next thing is.
        reached = min(reached, max(now, next_time) + self.LONGEST_TICK * self.speed)
        self._virtual = max(reached, earliest, float(now))
        return int(self._virtual)

    def seconds_until(self, time: int) -> float:
        """Wall time until virtual *time*, at the present speed."""
        return 0.0 if self.speed is None else max(0.0, (time - self._virtual) / self.speed)
