"""Looking through the spans of a line, a few at a time: no question about a score takes for ever."""

from collections.abc import Callable

from app.history.slices import Slices
from app.score.course import Span
from app.score.line import Line

#: Later than any time.
NEVER = 1 << 62
#: So many spans are looked at in a slice.
_SPANS_A_SLICE = 500


class Looking:
    """Looks at the spans of *line*, but at no more than *most* of them."""

    def __init__(self, line: Line, most: int = 100_000) -> None:
        self.line = line
        self._left = most

    def find(
        self, begin: int, end: int | None, wanted: Callable[[Span], bool], after: int = 0, most: int = NEVER
    ) -> Slices[list[Span]]:
        """The first *most* spans that are *wanted*, of those that lie at least partly between two times, with None to
        the end, and have ids above *after*."""
        found: list[Span] = []
        last: int | None = after
        while last is not None and self._left > 0 and len(found) < most:
            part = self.line.between(begin, NEVER if end is None else end, last, _SPANS_A_SLICE)
            spans = (Span(*row) for row in zip(*part.columns.values(), strict=True))
            found += [span for span in spans if wanted(span)]
            self._left -= len(part.columns["id"])
            last = part.next
            yield
        return found[:most]
