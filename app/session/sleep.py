"""Sleep: what nobody watches and nobody asks for costs nothing after a while."""

from app.state.session_shapes import SleepState

#: Seconds without a viewer and without a question after which time stands still.
SLEEP_AFTER = 600.0


class Sleep:
    """Whether a session or pair sleeps, and what is said of it to whoever comes back. *after* 0 is never."""

    def __init__(self, after: float) -> None:
        self.after = after
        self._since: float | None = None
        self._slept: float | None = None
        #: Nobody has seen it awake: nothing was missed, and nothing is told.
        self._unseen = False

    @property
    def asleep(self) -> bool:
        return self._since is not None and not self._unseen

    @property
    def time_stands_still(self) -> bool:
        """It sleeps, or nobody has come yet."""
        return self._since is not None

    def due(self, quiet: float) -> bool:
        """Whether *quiet* seconds without anybody are enough."""
        return bool(self.after) and quiet >= self.after

    def begin(self, now: float) -> None:
        """Falls asleep."""
        self._since, self._unseen = now, False

    def begin_unseen(self, now: float) -> None:
        """Time stands still from the beginning, until the first comes."""
        self._since, self._unseen = now, True

    def end(self, now: float) -> bool:
        """Wakes up. False when it was awake."""
        if self._since is None:
            return False
        self._slept = None if self._unseen else now - self._since
        self._since, self._unseen = None, False
        return True

    def forget(self) -> None:
        """Somebody acts, and so has seen how things stand: there is no more to say of the last sleep."""
        self._slept = None

    @property
    def words(self) -> str:
        """What whoever comes back is told; "" when there is nothing to tell."""
        if self.asleep:
            return f"Nobody watched or asked for {_span(self.after)}: it sleeps, and time stands still."
        if self._slept is not None:
            return f"It slept for {_span(self._slept)} since nobody watched or asked; time goes on from where it stood."
        return ""

    def state(self) -> SleepState | None:
        """As the state shows it; None while there is nothing to tell."""
        return {"asleep": self.asleep, "words": self.words} if self.words else None


def _span(seconds: float) -> str:
    """*seconds* as people say it."""
    if seconds < 90:
        return _counted(max(1, round(seconds)), "second")
    if seconds < 90 * 60:
        return _counted(round(seconds / 60), "minute")
    return _counted(round(seconds / 3600), "hour") if seconds < 36 * 3600 else _counted(round(seconds / 86400), "day")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
