"""Which span a line of the log is about: its kind, by the kind of the event. All others: the mark of their moment."""

from app.score.span_kinds import (
    CALL,
    CLOSED,
    FLIGHT,
    HANDLER,
    HOST,
    IN_SERVICE,
    KIND_NAMES,
    LINE,
    MARK,
    REQUESTED,
    SIPI,
)

_SPANS = {
    "sent": FLIGHT,
    "accepted": REQUESTED,
    "merged": FLIGHT,
    "refused": FLIGHT,
    "retried": FLIGHT,
    "no_target": FLIGHT,
    "acknowledged": IN_SERVICE,
    "end_of_interrupt": IN_SERVICE,
    "nmi": HANDLER,
    "smi": HANDLER,
    "returned": HANDLER,
    "handler": HANDLER,
    "startup": SIPI,
    "pin": LINE,
    "pin_silent": LINE,
    "interrupt_flag": CLOSED,
    "call": CALL,
    "exit": HOST,
}


def span_kind_of(event_kind: str) -> str:
    """The name of the kind of span that begins, ends or stands where such an event is told."""
    return KIND_NAMES[_SPANS.get(event_kind, MARK)]
