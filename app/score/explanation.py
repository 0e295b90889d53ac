"""One span explained: what it is, which interrupt it is a part of, where that waited and for what."""

from contextlib import closing
from typing import NamedTuple

from app.engine.journal import Moment
from app.history.search import Past
from app.history.slices import Slices
from app.score.course import NONE, Span
from app.score.interrupt import Step, neighbour, span_words, steps_of, whole_interrupt
from app.score.line import Line
from app.score.waits import Piece, has_waits, waits_of
from app.x86.words import VectorNames

#: So many ticks are looked at in a slice.
_TICKS_A_SLICE = 40


class Explanation(NamedTuple):
    """*words* say in a sentence what *span* is. ``whole`` are all spans of its interrupt, ``steps`` its way, ``waits``
    what it waited for, and ``waits_on`` whether the last of these goes on. ``next`` and ``previous`` are the ids of its
    neighbours on the lane, of the same kind."""

    span: Span
    words: str
    whole: list[Span]
    steps: list[Step]
    waits: list[Piece]
    waits_on: bool
    next: int | None
    previous: int | None


class UnknownSpan(LookupError):
    """There is no span of that id, or not any more."""


def explanation_of(
    line: Line, number: int, past: Past | None, names: VectorNames, now: int, at: Moment | None = None
) -> Slices[Explanation]:
    """The span of that id, on a line that is known up to time *now*, in TSC cycles. *past* is its course; without
    it nothing is said of waits. What lasts at the moment *at* has lasted up to it; without it, up to the head of
    *past*. *names* are what the kernel calls its vectors. UnknownSpan when there is no such span."""
    span = line.span(number)
    if span is None:
        raise UnknownSpan(f"there is no span {number} in this branch, or not any more")
    whole = yield from whole_interrupt(line, span)
    waiting = _wait_of(span, whole)
    pieces = (yield from waits_of(past, waiting, at)) if waiting is not None and past is not None else []
    steps = yield from steps_of(whole, names)
    behind = yield from neighbour(line, span, forward=True)
    before = yield from neighbour(line, span, forward=False)
    event = (yield from _event_words(span, past, names)) if span.kind == "mark" and past is not None else ""
    words = event or span_words(span, names, now, whole)
    waits_on = waiting is not None and waiting.end is None
    return Explanation(span, words, whole, steps, pieces, waits_on, behind, before)


def _event_words(mark: Span, past: Past, names: VectorNames) -> Slices[str]:
    """What the event of *mark* says of itself; "" when it is not found again."""
    with closing(past.watch(mark.first - 1)) as watch:
        seen = watch.here()
        while watch.ticks < mark.first and (after := watch.tick()) is not None:
            seen = after
            if watch.ticks % _TICKS_A_SLICE == 0:
                yield
        for event in seen.events:
            place = event.place
            if event.kind.name == mark.name and mark.lane in (NONE, place.cpu) and mark.value in (NONE, place.vector):
                return event.words(names)
    return ""


def _wait_of(span: Span, whole: list[Span]) -> Span | None:
    """The wait that there is to tell of: its own, that of its CPU, or the only one of the interrupt."""
    waits = [each for each in whole if has_waits(each)]
    own = [each for each in waits if each.lane == span.lane] or (waits if len(waits) == 1 else [])
    return span if has_waits(span) else next(iter(own), None)
