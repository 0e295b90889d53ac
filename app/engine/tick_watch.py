"""Who follows a simulation tick by tick, at little cost."""

from typing import TYPE_CHECKING, Any

from app.engine.processor import Processor
from app.hw.messages import BusMessage

if TYPE_CHECKING:
    from app.engine.events import Event
    from app.engine.performable import Performable


class TickWatch:
    """One follower of a simulation (``Simulation.follow``). It changes nothing. It is told at the end of each tick, and
    what happened in that tick is in ``heard`` then; it empties that. Ticks are numbered from 1, times are TSC cycles.

    A probe (``engine/probe``) is told of each step instead, and of what it costs, at the price of a slower machine.
    """

    def __init__(self) -> None:
        #: What has happened since the last call.
        self.heard: list[Event] = []

    def turned(self, tick: int, time: int, processor: Processor) -> None:
        """*processor* had its turn, in which something happened or stirred it (``Processor.stirred``): nothing but that
        CPU, and what it sent, is another than before."""

    def arrived(self, tick: int, time: int, message: BusMessage) -> None:
        """*message* is no longer under way."""

    def expired(self, tick: int, time: int) -> None:
        """The time of some timers had come."""

    def acted(self, tick: int, time: int, command: "Performable | None") -> None:
        """A person did *command*; or the demonstration did something, to any CPU, where it is None."""

    def switched(self, tick: int, time: int) -> None:
        """At the end of the same tick another back end may have taken over."""

    # Paths

    @property
    def follows_paths(self) -> bool:
        """Whether it can note now what it does of a fast path (``engine/fast_paths``), and do it again as a whole, by
        the methods below; or else the model does what it follows."""
        return False

    def note(self, tick: int, time: int, base: int) -> None:
        """What comes up to ``noted`` may be a path: the last tick, the time, and the number of the last message."""

    def noted(self) -> Any:
        """What it has done since ``note``, counted from there, so that it can be compared; None when that cannot be
        done again."""

    def can_play(self, noted: Any) -> bool:
        """Whether it stands now as it stood where that was noted."""
        return False

    def play(self, noted: Any, tick: int, time: int, base: int) -> None:
        """Does it again: the path begins behind this tick, time and message."""
