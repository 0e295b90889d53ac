"""What the stream says of a score: the spans that began and ended since a viewer was told."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.score.course import Span
from app.score.numbers import Position
from app.session.score import Score

#: More changes than this at once are not told: whoever wants them asks for what is in sight.
MOST_CHANGES = 1000


class SpanChanges(NamedTuple):
    """From one position to another: the spans that began, as they are now, and those of earlier ones that ended; both
    None where there are too many."""

    since: int
    until: int
    began: list[Span] | None
    ended: list[Span] | None


def span_changes(score: Score, branch: int, since: Position) -> SpanChanges | None:
    """What has changed in *branch*, which is shown, since that position; None when nothing has."""
    now = score.position
    if now == since:
        return None
    changes = score.changes_since(since)
    if changes is None or len(changes.began) + len(changes.ended) > MOST_CHANGES:
        return SpanChanges(since.changes, now.changes, None, None)
    line = score.line(branch)
    began = [span for span in map(line.span, changes.began) if span is not None]
    ended = [span for span in map(line.span, changes.ended) if span is not None]
    return SpanChanges(since.changes, now.changes, began, ended)


def told(changes: Sequence[SpanChanges]) -> dict[str, Any]:
    """*changes* that follow upon each other, as a message has them."""
    whole: dict[str, Any] = {"from": changes[0].since, "to": changes[-1].until}
    began = [span for each in changes for span in each.began or ()]
    ended = [span for each in changes for span in each.ended or ()]
    if any(each.began is None for each in changes) or len(began) + len(ended) > MOST_CHANGES:
        return whole
    return {
        **whole,
        "began": {name: [span[place] for span in began] for place, name in enumerate(Span._fields)},
        "ended": {
            name: [span[place] for span in ended]
            for place, name in enumerate(Span._fields)
            if name in ("id", "end", "last", "name")
        },
    }
