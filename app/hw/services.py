"""What a machine gives to each of its devices, since a device knows neither its machine nor the others."""

from collections.abc import Callable

from app.hw.events import Accepted, Event, Merged, Refused, Retried
from app.hw.messages import BusMessage


class Clock:
    """Virtual time in TSC cycles since the machine was made. Whoever drives the machine sets it, at every step: a plain
    number, which becomes ``Cycles`` where a device reads it."""

    STATE = ("now",)
    WIRES = ()
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self.now = 0


class MessageNumbers:
    """The counter from which devices number their messages."""

    STATE = ("last",)
    WIRES = ()
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self.last = 0

    def take(self) -> int:
        self.last += 1
        return self.last


class Changes:
    """Raised by a device, lowered by the machine that has looked.

    ``configuration``: an APIC may now match other destinations, or accept what it refused. ``timers``: the numbers of
    the CPUs whose timer may expire at another time than before.
    """

    STATE = ("configuration", "timers")
    WIRES = ()
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self.configuration = False
        self.timers: set[int] = set()


class Ledger:
    """Proof that nothing vanishes: which messages are on their way, and how each ended at each of its targets.

    Every outcome of a message is booked here, and goes on to *record*.
    """

    STATE = ("_outcomes", "mistakes", "on_their_way")
    WIRES = ("_record",)
    __slots__ = (*STATE, *WIRES)

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
        if len(targets) == 1 and self._outcomes == [(number, *targets)]:
            return
        ended = [cpu for outcome, cpu in self._outcomes if outcome == number]
        if ended != targets and sorted(ended) != sorted(targets):
            self.mistakes.append(f"message {number} was for CPUs {targets} and ended at {ended}")


class Services:
    """Those of one machine. What happens goes to *record*; how a message ended goes to ``ledger``, which records it."""

    STATE = ()
    WIRES = ("changes", "clock", "ledger", "numbers", "record")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, record: Callable[[Event], None], clock: Clock | None = None) -> None:
        self.record = record
        self.clock = clock or Clock()
        self.numbers = MessageNumbers()
        self.changes = Changes()
        self.ledger = Ledger(record)
