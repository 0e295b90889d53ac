"""One span explained: what it is, which interrupt it is a part of, where that waited and for what."""

from typing import NamedTuple

from app.history.search import Past
from app.history.slices import Slices
from app.score.course import Span
from app.score.interrupt import Step, neighbour, span_words, steps_of, whole_interrupt
from app.score.line import Line
from app.score.waits import Piece, has_waits, waits_of
from app.x86.words import VectorNames


class Explanation(NamedTuple):
    """*words* say in a sentence what *span* is. ``whole`` are all spans of its interrupt, ``steps`` its way, ``waits``
    what it waited for. ``next`` and ``previous`` are the ids of its neighbours on the lane, of the same kind."""

    span: Span
    words: str
    whole: list[Span]
    steps: list[Step]
    waits: list[Piece]
    next: int | None
    previous: int | None


def explanation_of(line: Line, number: int, past: Past | None, names: VectorNames, now: int) -> Slices[Explanation]:
    """The span of that id, on a line that is known up to time *now*, in TSC cycles. *past* is its course; without
    it nothing is said of waits. *names* are what the kernel calls its vectors. LookupError when there is no such
    span."""
    span = line.span(number)
    if span is None:
        raise LookupError(f"there is no span {number} in this branch, or not any more")
    whole = whole_interrupt(line, span)
    yield
    waiting = _wait_of(span, whole)
    pieces = (yield from waits_of(past, waiting)) if waiting is not None and past is not None else []
    return Explanation(
        span,
        span_words(span, names, now),
        whole,
        steps_of(whole, names),
        pieces,
        neighbour(line, span, forward=True),
        neighbour(line, span, forward=False),
    )


def _wait_of(span: Span, whole: list[Span]) -> Span | None:
    """The wait that there is to tell of: its own, that of its CPU, or the only one of the interrupt."""
    waits = [each for each in whole if has_waits(each)]
    own = [each for each in waits if each.lane == span.lane] or (waits if len(waits) == 1 else [])
    return span if has_waits(span) else next(iter(own), None)
