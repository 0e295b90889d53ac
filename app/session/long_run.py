"""Steps and runs until idle: short ones are over at once, long ones go on in slices, for all to see."""

import time

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Hit, Looked, Search
from app.commands.command import Said
from app.commands.time_keeping import Progress
from app.commands.transport import Goal, RunTo
from app.history.slices import Slices
from app.session.drive import Drive, NotPossible
from app.state.session_shapes import UnderWayState

#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: A step to an interrupt that has not come after so many operations ends: it may never come.
LONGEST_WAIT = 200_000


class LongRun:
    """*drive* on its way to *goal*. It does nothing by itself: whoever owns the drive lets it go on."""

    def __init__(self, goal: Goal, drive: Drive) -> None:
        self.over = goal.until_idle and drive.idle
        self.done = 0
        self.goal = goal
        self._course: Slices[int] | Search | None = goal.course(drive)
        self._gone = 0
        self._looked: Looked | None = None
        self._drive = drive
        self._taken = drive.interrupts_taken
        self._waited = 0

    def go_on(self, seconds: float) -> None:
        """Goes on for about so long, and at least for a little, or until it is over. NotPossible when there is no way
        to the goal; it is over then, too."""
        end = time.monotonic() + seconds
        while not self.over:
            if self._course is not None:
                self._follow(self._course)
            elif self.goal.by_interrupts:
                self._to_interrupts()
            else:
                self._operations()
            if time.monotonic() > end:
                return

    def _follow(self, course: Slices[int] | Search) -> None:
        try:
            self._looked = next(course)
        except StopIteration as stop:
            self.over = True
            if isinstance(stop.value, Looked):
                self._looked = stop.value
            else:
                self._gone = stop.value
        except (LookupError, ValueError) as error:
            self.over = True
            raise NotPossible(str(error)) from error

    def _operations(self) -> None:
        ran = self._drive.run(
            None, min(self.goal.most - self.done, _OPERATIONS_AT_ONCE), until_idle=self.goal.until_idle
        )
        self.done += ran
        self.over = not ran or self.done >= self.goal.most or (self.goal.until_idle and self._drive.idle)

    def _to_interrupts(self) -> None:
        goal = self._taken + self.goal.most
        for _ in range(_OPERATIONS_AT_ONCE):
            before = self._drive.interrupts_taken
            if before >= goal or self._waited >= LONGEST_WAIT or not self._drive.run(operations=1):
                self.over = True
                return
            self.done += 1
            self._waited = self._waited + 1 if self._drive.interrupts_taken == before else 0

    @property
    def _progress(self) -> Progress:
        drive = self._drive
        taken = drive.interrupts_taken - self._taken
        return Progress(self.done, taken, drive.idle, self._gone, drive.moment_words, self._looked)

    @property
    def words(self) -> str:
        """How far it is."""
        return self.goal.so_far(self._progress)

    @property
    def found(self) -> tuple[Condition, Hit] | None:
        """The condition that has come true where it ended."""
        if not isinstance(self.goal, RunTo) or self._looked is None or self._looked.hit is None:
            return None
        return self.goal.condition, self._looked.hit

    def state(self) -> UnderWayState:
        """As the state shows it."""
        return {"command": self.goal.kind, "operations": self.done, "words": self.words}

    def answer(self) -> Said:
        """What its asker is told; before it is over, that it goes on."""
        return self.goal.answer(self._progress, over=self.over)
