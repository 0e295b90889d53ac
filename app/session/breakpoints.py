"""The conditions at which a session's run stops by itself, and the last hit."""

import time
from typing import TYPE_CHECKING

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Hit
from app.commands.transport import hit_words
from app.history.search import Guard
from app.session.drive import Drive, NotPossible
from app.state.session_shapes import BreakpointsState, HitState

if TYPE_CHECKING:
    from app.history.slices import Slices

#: A session holds so many.
MOST_HELD = 8
#: How many ticks go by between two looks at the clock.
_TICKS_AT_ONCE = 20


class Breakpoints:
    """Those of one session, whose machine *drive* moves."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._held: dict[int, Condition] = {}
        self._given = 0
        #: What lets time run and looks on; None: it is to be made. It is made a little at a time.
        self._guard: Guard | None = None
        self._coming: Slices[Guard] | None = None
        self._hit: tuple[int, str, Hit] | None = None

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, condition: Condition) -> int:
        """Holds one more, and returns its number: that of the same condition where it is held already. NotPossible when
        there is no room, or the drive cannot tell."""
        for number, held in self._held.items():
            if held == condition:
                return number
        if len(self._held) >= MOST_HELD:
            raise NotPossible(f"a session holds {MOST_HELD} breakpoints at most: remove one first")
        self._drive.make_sure_it_is_told(condition)
        self._given += 1
        self._held[self._given] = condition
        self.look_anew()
        return self._given

    def remove(self, number: int) -> str:
        """Forgets one, and returns its condition. NotPossible when there is none of that number."""
        if number not in self._held:
            held = ", ".join(map(str, self._held))
            raise NotPossible(
                f"there is no breakpoint {number}: there are {held}" if held else "there are no breakpoints",
                "breakpoint",
            )
        condition = self._held.pop(number)
        self.look_anew()
        return condition.text

    def look_anew(self) -> None:
        """Time goes by in other ways than by ``run``, or other conditions count."""
        if self._guard is not None:
            self._guard.close()
        self._guard = self._coming = None

    def run(self, until: int | None, end: float) -> bool:
        """Lets time run as a session does, up to virtual time *until* or to *end* on the wall's clock. Returns whether
        a condition has come true: time is to stand still then."""
        while time.monotonic() <= end:
            guard = self._ready()
            if guard is not None and not self._some_ticks(guard, until):
                return self._guard is None
        return False

    def _ready(self) -> Guard | None:
        """The guard, when it is made by now."""
        if self._guard is not None and self._guard.machine is self._drive.machine:
            return self._guard
        if self._coming is None:
            self.look_anew()
        coming = self._coming or self._drive.guard(self._held)
        self._coming = coming
        try:
            next(coming)
        except StopIteration as stop:
            self._guard, self._coming = stop.value, None
        return self._guard

    def _some_ticks(self, guard: Guard, until: int | None) -> bool:
        """Whether there is more to do."""
        for _ in range(_TICKS_AT_ONCE):
            following = self._drive.next_time()
            if following is None or (until is not None and following > until):
                self._drive.run(until, 0)
                return False
            found = guard.tick()
            if found is not None:
                self.found(self._held[found.number], found.hit)
                return False
        return True

    def found(self, condition: Condition, hit: Hit) -> None:
        """The machine stands where *condition* has come true."""
        self.look_anew()
        self._hit = self._drive.branch, condition.text, hit

    def state(self) -> BreakpointsState:
        """As the state shows them: the hit as long as its moment is shown."""
        return {
            "held": [{"breakpoint": number, "condition": one.text} for number, one in self._held.items()],
            "hit": self._shown_hit(),
        }

    def _shown_hit(self) -> HitState | None:
        if self._hit is None:
            return None
        branch, condition, hit = self._hit
        if (self._drive.branch, self._drive.tick) != (branch, hit.tick):
            return None
        return {
            "condition": condition,
            "tick": hit.tick,
            "time": hit.time,
            "words": f"{hit_words(hit)}.",
            "why": hit.why,
        }
