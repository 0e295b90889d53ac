"""Events as the stream carries them: numbered, timed, with one sentence each."""

from typing import TypedDict

from app.engine import events as engine
from app.guest.linux_2_6_22.irq_vectors import VECTOR_NAMES
from app.hw import events as hw
from app.hw.messages import EoiBroadcast, Origin
from app.state.event_kinds import kind_of
from app.state.words import Names, event_words


class EventRecord(TypedDict):
    """One event of the stream."""

    n: int
    time: int
    kind: str
    cpu: int | None
    vector: int | None
    message: int | None
    #: Of the I/O APIC, where the event is of one.
    pin: int | None
    text: str


def event_record(number: int, time: int, event: engine.Event, names: Names = VECTOR_NAMES) -> EventRecord:
    """The record of *event*, number *number* of its session; *names* are what its kernel calls the vectors."""
    message = getattr(event, "message", None)
    vector = getattr(event, "vector", None)
    cpu = getattr(event, "cpu", None)
    if isinstance(event, hw.MessageSent):
        sent = event.message
        message, vector = sent.number, sent.vector
        from_cpu = isinstance(sent, EoiBroadcast) or sent.origin is Origin.IPI
        cpu = sent.source if from_cpu else None
    return {
        "n": number,
        "time": time,
        "kind": kind_of(event),
        "cpu": cpu,
        "vector": vector,
        "message": message,
        "pin": event.pin if isinstance(event, hw.PinChanged | hw.LineStillUp | hw.EntryWriteIgnored) else None,
        "text": event_words(event, names),
    }
