"""Events as the stream carries them: numbered, timed, with one sentence each."""

from typing import Annotated, TypedDict

from app.engine.events import EVENT_KINDS
from app.hw.event import Event
from app.x86.words import VectorNames


class EventRecord(TypedDict):
    """One event of the stream."""

    n: int
    time: int
    kind: Annotated[str, tuple(EVENT_KINDS)]
    cpu: int | None
    vector: int | None
    message: int | None
    #: Of the I/O APIC, where the event is of one.
    pin: int | None
    text: str


def event_record(number: int, time: int, event: Event, names: VectorNames) -> EventRecord:
    """The record of *event*, number *number* of its session; *names* are what its kernel calls the vectors."""
    place = event.place
    return {
        "n": number,
        "time": time,
        "kind": event.kind.name,
        "cpu": place.cpu,
        "vector": place.vector,
        "message": place.message,
        "pin": place.pin,
        "text": event.words(names),
    }
