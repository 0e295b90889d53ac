"""Throttle: whether what runs gets the time that it wants."""

from app.state.session_shapes import ThrottledState

#: Wall seconds over which one figure is taken.
_WINDOW = 1.0
#: Below this share of its pace a session is behind; below this share of the process one that runs flat out is held up.
_ENOUGH_OF_THE_PACE, _ENOUGH_OF_THE_PROCESS = 0.9, 0.5


class Throttle:
    """Measures how much of what it wants something that runs gets, a window at a time."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._wanted = 0.0
        self._got = 0.0
        self._flat_out = False
        #: What it got in the last whole window, from 0 to 1; None where that is enough.
        self.share: float | None = None

    def stop(self) -> None:
        """It does not run."""
        self._begun = self.share = None

    def paced(self, now: float, wanted: float, got: float) -> None:
        """At wall time *now* it had come *got* cycles on since the last call, of the *wanted* ones."""
        self._note(now, wanted, got, flat_out=False)

    def flat_out(self, now: float, spent: float) -> None:
        """At wall time *now* it has run for *spent* seconds; it wants all there are."""
        self._note(now, 0.0, spent, flat_out=True)

    def _note(self, now: float, wanted: float, got: float, *, flat_out: bool) -> None:
        if self._begun is None or self._flat_out is not flat_out:
            self._begun, self._wanted, self._got, self._flat_out = now, 0.0, 0.0, flat_out
            return
        self._wanted += wanted
        self._got += got
        elapsed = now - self._begun
        if elapsed < _WINDOW:
            return
        whole = elapsed if flat_out else self._wanted
        share = self._got / whole if whole > 0 else 1.0
        enough = _ENOUGH_OF_THE_PROCESS if flat_out else _ENOUGH_OF_THE_PACE
        self.share = round(max(0.0, share), 2 if share >= 0.1 else 4) if share < enough else None
        self._begun, self._wanted, self._got = now, 0.0, 0.0

    @property
    def words(self) -> str:
        """What people are told; "" when it gets enough."""
        if self.share is None:
            return ""
        share = f"{self.share:.0%}" if self.share >= 0.01 else "less than 1%"
        if self._flat_out:
            return f"Throttled: others run too, and this one gets {share} of the time."
        return f"Throttled: more happens than can be computed at this pace; time passes at {share} of it."

    def state(self) -> ThrottledState | None:
        """As the state shows it; None when it gets enough."""
        return None if self.share is None else {"share": self.share, "words": self.words}
