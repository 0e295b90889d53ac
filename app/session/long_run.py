"""Steps and runs until idle: short ones are over at once, long ones go on in slices, for all to see."""

import time
from typing import Any

from app.engine.commands import INTERRUPT, RunUntilIdle, StepBy
from app.session.drive import Drive

#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: A step to an interrupt that has not come after so many operations ends: it may never come.
LONGEST_WAIT = 200_000


class LongRun:
    """*command* on *drive*. It does nothing by itself: whoever owns the drive lets it go on."""

    def __init__(self, command: StepBy | RunUntilIdle, drive: Drive) -> None:
        self.command = command
        self.over = isinstance(command, RunUntilIdle) and drive.idle
        self.done = 0
        self._drive = drive
        self._until_idle = isinstance(command, RunUntilIdle)
        self._by_interrupts = isinstance(command, StepBy) and command.unit == INTERRUPT
        self._limit = command.limit if isinstance(command, RunUntilIdle) else command.amount
        self._taken = drive.interrupts_taken
        self._waited = 0

    def go_on(self, seconds: float) -> None:
        """Goes on for about so long, and at least for a little, or until it is over."""
        end = time.monotonic() + seconds
        while not self.over:
            if self._by_interrupts:
                self._to_interrupts()
            else:
                self._operations()
            if time.monotonic() > end:
                return

    def _operations(self) -> None:
        ran = self._drive.run(None, min(self._limit - self.done, _OPERATIONS_AT_ONCE), until_idle=self._until_idle)
        self.done += ran
        self.over = not ran or self.done >= self._limit or (self._until_idle and self._drive.idle)

    def _to_interrupts(self) -> None:
        goal = self._taken + self._limit
        for _ in range(_OPERATIONS_AT_ONCE):
            before = self._drive.interrupts_taken
            if before >= goal or self._waited >= LONGEST_WAIT or not self._drive.run(operations=1):
                self.over = True
                return
            self.done += 1
            self._waited = self._waited + 1 if self._drive.interrupts_taken == before else 0

    @property
    def name(self) -> str:
        """What the command is called."""
        return "run_until_idle" if self._until_idle else "step"

    @property
    def words(self) -> str:
        """How far it is."""
        so_far = f"{self.done:,} operation{'' if self.done == 1 else 's'}"
        if self._until_idle:
            return f"Runs until idle: {so_far} so far, {self._limit:,} at most."
        if self._by_interrupts:
            taken = self._drive.interrupts_taken - self._taken
            return f"Steps to interrupt {self._limit:,}: {taken:,} taken so far in {so_far}."
        return f"Steps: {self.done:,} of {self._limit:,} operations so far."

    def state(self) -> dict[str, Any]:
        """As the state shows it."""
        return {"command": self.name, "operations": self.done, "words": self.words}

    def answer(self) -> tuple[str, dict[str, Any]]:
        """What its asker is told: a sentence and values. Before it is over, that it goes on."""
        values: dict[str, Any] = {"operations": self.done}
        if self._until_idle:
            values = {"idle": self._drive.idle} | values
        if not self.over:
            return f"{self.words} It goes on; pause ends it.", values | {"under_way": True}
        if self._until_idle:
            return f"{'Idle' if self._drive.idle else 'Still busy'} after {self.done} operations.", values
        text = f"{self.done} operation{'' if self.done == 1 else 's'} done." if self.done else "Nothing is left to do."
        return text, values
