"""A simulation with books. Watching changes nothing: the same commands give the same events as without."""

from typing import TYPE_CHECKING

from app.backends.catalogue import DEFAULT_BACKEND
from app.costs.sheet import CostSheet
from app.engine.counters import Counters
from app.engine.event_log import EventLog
from app.engine.events import Event
from app.engine.simulation import Simulation
from app.hw.profile import INTEL_SDM, Profile
from app.hw.services import Clock
from app.pair.books import Books

if TYPE_CHECKING:
    from collections.abc import Callable


class TalkingLog(EventLog):
    """A log that tells a listener of each event, too."""

    def __init__(self, clock: Clock, counters: Counters) -> None:
        super().__init__(clock, counters)
        self.listener: Callable[[Event], None] | None = None

    def record(self, event: Event) -> None:
        """*event* has happened, now."""
        super().record(event)
        if self.listener is not None:
            self.listener(event)


class WatchedSimulation(Simulation):
    """As Simulation; ``books`` keeps the books."""

    def __init__(
        self,
        cpu_count: int,
        backend: str = DEFAULT_BACKEND,
        sheet: CostSheet | None = None,
        profile: Profile = INTEL_SDM,
        generation: str | None = None,
    ) -> None:
        super().__init__(cpu_count, backend, sheet, profile, generation, TalkingLog)
        self.books = Books(self)
        assert isinstance(self._log, TalkingLog)
        self._log.listener = self.books.note  # not before: nothing is booked while the machine boots
