"""What a session was asked, when and by whom: with its beginning, enough to do all of it again."""

from typing import NamedTuple

from app.commands.command import Stimulus
from app.engine.journal import Moment
from app.x86.units import Cycles, Tick


class Entry(NamedTuple):
    """A command that was done. *tick* is the number of ticks before it; the command is the next one itself. *time* is
    in TSC cycles. *who* is whatever the session calls the person who gave it."""

    tick: Tick
    time: Cycles
    who: str
    command: Stimulus

    @property
    def moment(self) -> Moment:
        """When the command was done."""
        return Moment(self.tick, self.time)
