"""Hands the newest state to every viewer: encoded once, one slot a viewer, newest wins. Nobody waits for a viewer."""

import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from app.score.numbers import Position
from app.session.score import Score
from app.session.span_changes import SpanChanges, span_changes, told
from app.state.delta import difference
from app.state.event_records import EventRecord
from app.state.shapes import State

#: How many publications back a viewer may be and still get a delta.
_DELTAS_KEPT = 16
#: Events that are kept for a viewer who comes in, or lags.
_EVENTS_KEPT = 200
_EVENTS_IN_A_FRAME = 60


def encode(message: dict[str, Any]) -> str:
    """JSON as the stream carries it."""
    return json.dumps(message, separators=(",", ":"))


class _Publication(NamedTuple):
    seq: int
    state: State
    last_event: int
    #: How far the score was, and what had changed in it since the publication before.
    position: Position | None = None
    spans: SpanChanges | None = None


class Viewer(ABC):
    """One open stream: how far it is."""

    __slots__ = ("seq", "spans")

    def __init__(self, *, spans: bool = False) -> None:
        #: It wants to be told of spans, which are no part of the state.
        self.spans = spans
        self.seq: int | None = None

    @abstractmethod
    def tell(self) -> None:
        """There is something newer, or the end. Called for one viewer after the other: it neither waits nor fails."""


Watching = TypeVar("Watching", bound=Viewer)


class Hub:
    """The viewers of one session, whose states are numbered from behind *first_seq*."""

    def __init__(self, first_seq: int = 0) -> None:
        self.viewers: set[Viewer] = set()
        self._first_seq = first_seq
        self._published: deque[_Publication] = deque(maxlen=_DELTAS_KEPT)
        self._events: deque[EventRecord] = deque(maxlen=_EVENTS_KEPT)
        self._last_event = 0
        self._encoded: dict[tuple[int | None, bool], str] = {}
        #: All viewers have been told of the newest state.
        self._shown = True
        #: Some viewer may have it, and then the next difference is to it.
        self._taken = True
        self.over: int | None = None

    @property
    def seq(self) -> int:
        """The number of the newest state; before the first, the one behind which they begin."""
        return self._published[-1].seq if self._published else self._first_seq

    @property
    def state(self) -> State:
        """The newest state."""
        return self._published[-1].state

    @contextmanager
    def viewing(self, viewer: Watching) -> Iterator[Watching]:
        """*viewer* is told for as long as the block lasts. The first state that it is told of is the next that is
        shown, which has all that happened before it came; none lags behind that."""
        self.viewers.add(viewer)
        self._shown = False
        if self.over is not None:
            viewer.tell()
        try:
            yield viewer
        finally:
            self.viewers.discard(viewer)

    def publish(
        self, state: State, events: list[EventRecord], *, promised: bool = False, score: Score | None = None
    ) -> bool:
        """Makes *state* the newest and tells every viewer. False when there is nothing new for them."""
        self.number(state, events, promised=promised, score=score)
        if self._shown:
            return False
        self.show()
        return True

    def jump(self, state: State, events: list[EventRecord], happened: int, score: Score | None = None) -> None:
        """Makes *state* the newest, which does not come after the last one: nobody is told a difference. *events* are
        the newest of the *happened* ones that there were before it; those that viewers have are not its past."""
        seq = self.seq + 1
        self._events.clear()
        self._events.extend(events)
        self._last_event = happened
        self._published.clear()
        self._published.append(_Publication(seq, state, happened, score.position if score else None))
        self._shown = self._taken = False
        self._encoded.clear()

    def number(
        self, state: State, events: list[EventRecord], *, promised: bool = False, score: Score | None = None
    ) -> bool:
        """Makes *state* the newest for whoever asks; viewers are told by ``show``, with what has changed in *score*.
        False when nothing has changed, and its number was not *promised* to anybody."""
        position = score.position if score else None
        if self._published and not promised and not events and not self._differs(state, position):
            return False
        self._events.extend(events)
        if events:
            self._last_event = events[-1]["n"]
        seq = self.seq + 1
        if self._published and not self._taken:
            self._published.pop()  # no viewer has it: those who ask all the time leave the others their bases
        before = self._published[-1].position if self._published else None
        spans = span_changes(score, state["branch"], before) if score and before else None
        self._published.append(_Publication(seq, state, self._last_event, position, spans))
        self._shown = self._taken = False
        self._encoded.clear()
        return True

    def _differs(self, state: State, position: Position | None) -> bool:
        """Whether there is anything new in *state*, or in a score that has come to *position*."""
        return position != self._published[-1].position or bool(difference(self.state, state))

    def show(self) -> None:
        """Tells every viewer that there is a newer state."""
        self._shown = self._taken = True
        for viewer in tuple(self.viewers):
            viewer.tell()

    @property
    def unshown(self) -> bool:
        """There is a state of which viewers have not been told."""
        return not self._shown

    def knows(self, seq: int) -> bool:
        """Whether a viewer can go on from state *seq*."""
        return self._find(seq) is not None

    def close(self, code: int) -> None:
        """The session is over: every viewer is to be closed with *code*."""
        self.over = code
        for viewer in tuple(self.viewers):
            viewer.tell()

    def message_for(self, viewer: Viewer) -> str | None:
        """What brings *viewer* up to date, encoded; None when it is. Viewers equally far behind share one encoding."""
        newest = self.seq
        if viewer.seq == newest:
            return None
        place = viewer.seq, viewer.spans
        if place not in self._encoded:
            self._encoded[place] = self._encode(viewer)
        viewer.seq = newest
        self._taken = True
        return self._encoded[place]

    def _encode(self, viewer: Viewer) -> str:
        base = self._find(viewer.seq)
        if base is not None:
            return encode(self._delta(base, spans=viewer.spans))
        anew = None, viewer.spans
        if anew not in self._encoded:
            self._encoded[anew] = encode(self._snapshot(spans=viewer.spans))
        return self._encoded[anew]

    def _find(self, seq: int | None) -> _Publication | None:
        return next((publication for publication in self._published if publication.seq == seq), None)

    def _snapshot(self, *, spans: bool) -> dict[str, Any]:
        newest = self._published[-1]
        head = {"type": "snapshot", "seq": newest.seq, "time": newest.state["time"], "state": newest.state}
        snapshot = head | self._events_after(max(0, self._last_event - _EVENTS_IN_A_FRAME))
        if not spans or newest.position is None:
            return snapshot
        changes = newest.position.changes
        return snapshot | {"spans": {"from": changes, "to": changes}}

    def _delta(self, base: _Publication, *, spans: bool) -> dict[str, Any]:
        newest = self._published[-1]
        head = {"type": "delta", "seq": newest.seq, "base": base.seq, "time": newest.state["time"]}
        delta = head | difference(base.state, newest.state) | self._events_after(base.last_event)
        changes = [each.spans for each in self._published if each.seq > base.seq and each.spans is not None]
        return delta | {"spans": told(changes)} if spans and changes else delta

    def _events_after(self, number: int) -> dict[str, Any]:
        events = [event for event in self._events if event["n"] > number][-_EVENTS_IN_A_FRAME:]
        first = events[0]["n"] if events else self._last_event + 1
        return {"events": events, "events_skipped": first - number - 1}
