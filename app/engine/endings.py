"""What ended otherwise than by acceptance: lost, dropped, merged, refused, written in vain.

It is part of what a simulation is at a moment, so that whoever comes to that moment finds it, by whatever way.
"""

from typing import NamedTuple

from app.engine.events import EVENTS, Event
from app.hw.events import Merged

#: So many of the newest are known.
ENDINGS_KNOWN = 6
#: The events that may be one; which of them are, their kind says. A merged request has become part of another.
MAY_END: frozenset[type[Event]] = frozenset(
    event for event in EVENTS if event is Merged or any(kind.ended for kind in event.kinds())
)
#: What equal endings may differ in.
_WHERE = ("cpu", "message")


class Ending(NamedTuple):
    """*event*, which happened *times* times: the others were equal but for the CPU and the message's number. *fresh*:
    since somebody acted last."""

    event: Event
    times: int
    fresh: bool = True


def note(endings: list[Ending], event: Event) -> None:
    """*event*, of a class that may be an ending, has happened after *endings*; the newest stands last."""
    if type(event) is not Merged and not event.kind.ended:
        return
    for place, ending in enumerate(endings):
        if ending.fresh and _is_like(ending.event, event):
            endings.append(Ending(endings.pop(place).event, ending.times + 1))
            return
    endings.append(Ending(event, 1))
    del endings[:-ENDINGS_KNOWN]


def _is_like(one: Event, other: Event) -> bool:
    return type(one) is type(other) and _but_where(one) == _but_where(other)


def _but_where(event: Event) -> dict[str, object]:
    return {name: value for name, value in vars(event).items() if name not in _WHERE}
