"""Proof that nothing vanishes: which messages are on their way, and how each ended at each of its targets."""

from collections.abc import Callable

from app.hw.events import Accepted, Event, Merged, Refused, Retried
from app.hw.messages import BusMessage


class Ledger:
    """Every outcome of a message is booked here, and goes on to *record*."""

    __slots__ = ("_outcomes", "_record", "mistakes", "on_their_way")

    def __init__(self, record: Callable[[Event], None]) -> None:
        self._record = record
        #: Messages sent and not yet delivered, in the outbox or wherever the driver keeps them.
        self.on_their_way = 0
        #: (message, CPU) of each outcome since the last delivery.
        self._outcomes: list[tuple[int, int]] = []
        #: What must never happen, in words.
        self.mistakes: list[str] = []

    def book(self, outcome: Accepted | Merged | Refused | Retried) -> None:
        """A message, or a local source (which is no message), has ended at a CPU."""
        if outcome.message is not None:
            self._outcomes.append((outcome.message, outcome.cpu))
        self._record(outcome)

    def delivering(self) -> None:
        """A message arrives now: what local sources did before is not its business."""
        self.on_their_way -= 1
        self._outcomes.clear()

    def delivered(self, message: BusMessage, targets: list[int]) -> None:
        """*message* has arrived: it must have ended once at each of its *targets* and nowhere else."""
        number = message.number
        ended = [cpu for outcome, cpu in self._outcomes if outcome == number]
        if ended != targets and sorted(ended) != sorted(targets):
            self.mistakes.append(f"message {number} was for CPUs {targets} and ended at {ended}")
