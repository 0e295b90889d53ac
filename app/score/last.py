"""What a score ends with, in words: for whoever sees no drawing."""

from app.score.course import Span
from app.score.interrupt import span_words
from app.score.line import Line
from app.x86.words import VectorNames

#: The kinds that tell of interrupts, and of the code that sent them.
_TOLD = ("call", "flight", "requested", "in_service", "handler", "latched")
#: So many cycles are looked through first, and no more than so many spans at once.
_FIRST_STRETCH, _SPANS_AT_ONCE = 4_096, 1_000


def last_words(line: Line, names: VectorNames, now: int, most: int) -> list[str]:
    """The *most* spans of *line* that began last, in sentences, the newest first; *now* is the time, in TSC cycles, up
    to which those last that have not ended."""
    stretch = _FIRST_STRETCH
    while True:
        begin = max(0, now - stretch)
        found = line.between(begin, now, 0, _SPANS_AT_ONCE)
        rows = (Span(*row) for row in zip(*found.columns.values(), strict=True))
        spans = [span for span in rows if span.kind in _TOLD]
        if len(spans) >= most or not begin or found.next is not None:
            break
        stretch *= 4
    spans.sort(key=lambda span: (span.start, span.id), reverse=True)
    return [f"At {span.start:,}: {span_words(span, names, now, spans)}" for span in spans[:most]]
