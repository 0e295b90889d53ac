"""A line as it was at a moment of its past: nothing that came later counts."""

from collections.abc import Iterator

from app.engine.journal import Moment
from app.score.course import Span
from app.score.line import Found, Line

#: Spans of this kind are called by how they ended.
_CALLED_BY_END = "flight"


class LineThen(Line):
    """*line* at *moment*, behind the tick of that: what ended later is open, and what began later is not there."""

    def __init__(self, line: Line, moment: Moment) -> None:
        super().__init__(line.parts)
        self._moment = moment

    def between(self, begin: int, end: int, after: int = 0, limit: int | None = None) -> Found:
        found = super().between(begin, min(end, self._moment.time), after, limit)
        rows = (Span(*row) for row in zip(*found.columns.values(), strict=True))
        spans = [self._then(span) for span in rows if self._began(span)]
        columns = {name: [getattr(span, name) for span in spans] for name in Span._fields}
        return Found(columns, found.next)

    def span(self, span: int) -> Span | None:
        known = super().span(span)
        return None if known is None or not self._began(known) else self._then(known)

    def spans(self) -> Iterator[Span]:
        return (self._then(span) for span in super().spans() if self._began(span))

    def _began(self, span: Span) -> bool:
        return span.first <= self._moment.tick

    def _then(self, span: Span) -> Span:
        if span.last is None or span.last <= self._moment.tick:
            return span
        name = "" if span.kind == _CALLED_BY_END else span.name
        return span._replace(end=None, last=None, name=name)
