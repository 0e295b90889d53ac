"""When a condition comes true, tick by tick."""

from collections.abc import Generator, Iterable
from typing import NamedTuple

from app.breakpoints.condition import Condition
from app.breakpoints.seen import Request, Requests, Seen, Taken
from app.engine.events import Event
from app.hw.events import Accepted, Acknowledged, ApicModeChanged, EventTaken, InitPerformed
from app.x86.icr import DeliveryMode
from app.x86.words import VectorNames

_VECTOR_MODES = (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY)
#: What a CPU's APIC loses all its requests by.
_RESETS = (InitPerformed, ApicModeChanged)


class RequestTimes:
    """When each vector was requested that has not been taken yet. *known* is what stood already at the beginning."""

    def __init__(self, known: Requests) -> None:
        self._since: dict[Request, int] = dict(known)

    def follow(self, events: Iterable[Event], time: int) -> list[Taken]:
        """*events* have happened at *time*. Returns the interrupts that were taken with them."""
        taken: list[Taken] = []
        for event in events:
            kind = type(event)
            if kind is Accepted:
                self._accept(event, time)  # type: ignore[arg-type]  # it is one
            elif kind is Acknowledged or kind is EventTaken:
                cpu, vector = event.cpu, event.vector  # type: ignore[attr-defined]  # both have them
                since = self._since.pop((cpu, vector), None)
                if since is not None:
                    taken.append(Taken(cpu, vector, time - since))
            elif kind in _RESETS and (kind is InitPerformed or event.mode == "disabled"):  # type: ignore[attr-defined]
                self._since = {key: since for key, since in self._since.items() if key[0] != event.cpu}  # type: ignore[attr-defined]
        return taken

    def _accept(self, event: Accepted, time: int) -> None:
        if event.delivery_mode in _VECTOR_MODES:
            self._since[event.cpu, event.vector] = time

    def of(self, requested: Iterable[Request]) -> dict[Request, int]:
        """When each of these was requested, as far as that is known."""
        return {request: self._since[request] for request in requested if request in self._since}


class Lookout:
    """Looks at the ticks of one course, in their order, for those at which *condition* comes true.

    A condition comes true in a tick in which it holds, unless it would have held before that with nothing happening:
    so each event counts, and a state counts once, when it begins. *here* is where the course stands before the first
    of these ticks, *known* when what is requested there was requested.
    """

    def __init__(self, condition: Condition, here: Seen, known: Requests) -> None:
        self._condition = condition
        self._times = RequestTimes(known) if condition.asks_latency else None
        self._held = self._holds_by_itself(here)

    def _holds_by_itself(self, seen: Seen) -> bool:
        return self._condition.asks_state and self._condition.holds(seen.without_events())

    def comes_true(self, seen: Seen) -> bool:
        """Whether the condition comes true in this tick."""
        if self._times is not None:
            seen.taken = self._times.follow(seen.events, seen.time)
        held = self._held
        self._held = self._holds_by_itself(seen)
        return not held and self._condition.holds(seen)


class Hit(NamedTuple):
    """The tick in which a condition came true, its time in TSC cycles, and why, in phrases with values."""

    tick: int
    time: int
    why: str


class Looked(NamedTuple):
    """How far somebody has looked for a hit: at so many ticks, the first and the last of them; and the hit, if there
    is one."""

    ticks: int
    first: int
    last: int
    hit: Hit | None = None


#: Something that looks for a hit: how far it is after each slice, and in the end.
Search = Generator[Looked, None, Looked]


def hit_of(condition: Condition, seen: Seen, names: VectorNames) -> Hit:
    """The hit that *seen* is; *names* are what the kernel calls its vectors."""
    return Hit(seen.tick, seen.time, condition.why(seen, names))
