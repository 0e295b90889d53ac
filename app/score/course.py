"""The spans of one branch's own part, packed in columns, in the order in which they begin.

A course is written by whoever watches a machine (``scribe``), or reads a recording: ``begin`` and ``end``, in the order
of time. Whatever reads it asks for spans by time (``between``), by number (``span``), all of them (``spans``) or as
columns of numbers (``columns``). About 70 bytes per span.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from app.score.span_kinds import HANDLER, KIND_NAMES

#: What stands for the end, and the last tick, of a span that is still open; and for no message, source, value or cause.
OPEN = -1
NONE = -1
#: Spans that wait in a list before they are packed, at most: what has just begun ends soon.
_UNPACKED = 512
#: So many spans share one note of how late the latest of them ends.
_BLOCK = 256
#: So many changes are remembered for those who follow a course.
_CHANGES_KEPT = 2_048
#: So many names are told apart; others are "".
_MOST_NAMES = 60_000
#: Bytes that one span takes.
BYTES_A_SPAN = 71

#: The columns, in the order of a row, with the type code of the array that holds each.
_CODES = {
    "id": "q",
    "kind": "B",
    "lane": "h",
    "value": "h",
    "start": "q",
    "end": "q",
    "first": "q",
    "last": "q",
    "message": "q",
    "source": "h",
    "name": "H",
    "cause": "q",
}
_END, _LAST, _NAME = (list(_CODES).index(name) for name in ("end", "last", "name"))
Row = list[int]


class Span(NamedTuple):
    """One span. ``lane`` is a CPU, or -1; ``start`` and ``end`` are TSC cycles, ``first`` and ``last`` ticks: ``end``
    and ``last`` are None while it is open. ``value``, ``message``, ``source`` and ``cause`` (a span's id) are -1 for
    none, ``name`` is "" for none."""

    id: int
    kind: str
    lane: int
    value: int
    start: int
    end: int | None
    first: int
    last: int | None
    message: int
    source: int
    name: str
    cause: int


class Changes(NamedTuple):
    """What has changed in a course: the spans that began, by their ids, and those that began earlier and have ended."""

    began: list[int]
    ended: list[int]


class Numbers:
    """What all courses of one session share: the ids of spans, the numbers of changes, and the names."""

    def __init__(self, first_id: int = 1, names: "Names | None" = None) -> None:
        self.next_id = first_id
        #: How many changes there have been.
        self.changes = 0
        self.names = names or Names()


class Names:
    """Names as numbers, "" as 0."""

    def __init__(self) -> None:
        self.words = [""]
        self._numbers = {"": 0}

    def number(self, word: str) -> int:
        """That of *word*; the same for ever."""
        number = self._numbers.get(word)
        if number is None:
            if len(self.words) >= _MOST_NAMES:
                return 0
            number = self._numbers[word] = len(self.words)
            self.words.append(word)
        return number


class Busy:
    """When one lane was in a handler, whatever handlers lay inside."""

    def __init__(self) -> None:
        self.depth = 0
        self._begins, self._ends, self._before = array("q"), array("q"), array("q")
        self._total = 0

    def begin(self, time: int) -> None:
        """Another handler begins."""
        if not self.depth:
            self._begins.append(time)
            self._before.append(self._total)
        self.depth += 1

    def end(self, time: int) -> None:
        """The innermost ends."""
        self.depth -= 1
        if not self.depth:
            self._ends.append(time)
            self._total += time - self._begins[-1]

    def up_to(self, time: int) -> int:
        """How many cycles it was up to *time*."""
        place = bisect_right(self._begins, time) - 1
        if place < 0:
            return 0
        end = self._ends[place] if place < len(self._ends) else time
        return self._before[place] + min(time, end) - self._begins[place]


class Course:
    """The spans of one branch, from where it leaves its parent. What was open there is in it, too, under the same ids,
    before all others: ``inherited`` says how many of those there are.

    *numbers* are shared by all courses of a session.
    """

    def __init__(self, numbers: Numbers | None = None) -> None:
        self.numbers = numbers or Numbers()
        self.names = self.numbers.names
        self.inherited = 0
        #: From this time on it has all spans: earlier ones may have been dropped.
        self.kept_from = 0
        #: How many changes there were in the session when the last one of this course had happened.
        self.changes = self.numbers.changes
        self._columns = {name: array(code) for name, code in _CODES.items()}
        self._unpacked: list[Row] = []
        #: Each open span: its row, or its place where that is packed.
        self._open: dict[int, Row | int] = {}
        #: By change, the newest last: the id, and whether it began.
        self._recent: deque[tuple[int, int, bool]] = deque(maxlen=_CHANGES_KEPT)
        self._busy: dict[int, Busy] = {}
        #: The latest end of each block in which all have ended, by its number.
        self._latest: dict[int, tuple[int, int]] = {}
        #: What stands for the ids that were given to open spans before their own were known.
        self._aliases: dict[int, int] = {}

    # Writing

    def begin(
        self,
        kind: int,
        lane: int,
        time: int,
        tick: int,
        value: int = NONE,
        name: str = "",
        message: int = NONE,
        source: int = NONE,
        cause: int = NONE,
    ) -> int:
        """A span of *kind* (its number in SPAN_KINDS) begins, not before any that began already. Returns its id."""
        numbers = self.numbers
        span = numbers.next_id
        numbers.next_id = span + 1
        numbers.changes = changes = numbers.changes + 1
        self.changes = changes
        row = [span, kind, lane, value, time, OPEN, tick, OPEN, message, source, self.names.number(name), cause]
        self._unpacked.append(row)
        self._open[span] = row
        self._recent.append((changes, span, True))
        if kind == HANDLER:
            self._busy_of(lane).begin(time)
        if len(self._unpacked) >= _UNPACKED:
            self._pack()
        return span

    def end(self, span: int, time: int, tick: int, name: str | None = None) -> None:
        """An open span ends, under another *name* if one is given. Nothing happens where it is not open."""
        if self._aliases:
            span = self._aliases.get(span, span)
        row = self._open.pop(span, None)
        if row is None:
            return
        numbers = self.numbers
        numbers.changes = changes = numbers.changes + 1
        self.changes = changes
        self._recent.append((changes, span, False))
        if isinstance(row, int):
            self._end_packed(row, time, tick, name)
            return
        row[_END], row[_LAST] = time, tick
        if name is not None:
            row[_NAME] = self.names.number(name)
        if row[1] == HANDLER:
            self._busy_of(row[2]).end(time)

    def _end_packed(self, place: int, time: int, tick: int, name: str | None) -> None:
        columns = self._columns
        columns["end"][place], columns["last"][place] = time, tick
        if name is not None:
            columns["name"][place] = self.names.number(name)
        if columns["kind"][place] == HANDLER:
            self._busy_of(columns["lane"][place]).end(time)

    def mark(
        self, kind: int, lane: int, time: int, tick: int, value: int = NONE, name: str = "", message: int = NONE
    ) -> int:
        """An instant. Returns its id."""
        span = self.begin(kind, lane, time, tick, value, name, message)
        self.end(span, time, tick)
        return span

    def inherit(self, span: Span) -> None:
        """*span* was open where this course leaves its parent. Before all else."""
        kind = KIND_NAMES.index(span.kind)
        row = [
            *(span.id, kind, span.lane, span.value, span.start, OPEN, span.first, OPEN),
            *(span.message, span.source, self.names.number(span.name), span.cause),
        ]
        self._unpacked.append(row)
        self._open[span.id] = row
        if kind == HANDLER:
            self._busy_of(span.lane).begin(span.start)
        self.inherited += 1

    def _busy_of(self, lane: int) -> Busy:
        busy = self._busy.get(lane)
        if busy is None:
            busy = self._busy[lane] = Busy()
        return busy

    def _pack(self) -> None:
        """Puts the rows that wait into the columns."""
        if not self._unpacked:
            return
        place = len(self._columns["id"])
        for column, values in zip(self._columns.values(), zip(*self._unpacked, strict=True), strict=True):
            column.extend(values)
        for offset, row in enumerate(self._unpacked):
            if row[_END] == OPEN and row[0] in self._open:
                self._open[row[0]] = place + offset
        self._unpacked.clear()

    # Reading

    def __len__(self) -> int:
        """How many spans it holds."""
        return len(self._columns["id"]) + len(self._unpacked)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self) * BYTES_A_SPAN

    @property
    def open(self) -> list[int]:
        """The ids of the spans that are open, in the order in which they began."""
        return sorted(self._open)

    def at(self, place: int) -> Span:
        """The span at a place, from 0, in the order in which they began."""
        self._pack()
        columns = self._columns
        end, last, cause = columns["end"][place], columns["last"][place], columns["cause"][place]
        return Span(
            columns["id"][place],
            KIND_NAMES[columns["kind"][place]],
            columns["lane"][place],
            columns["value"][place],
            columns["start"][place],
            None if end == OPEN else end,
            columns["first"][place],
            None if last == OPEN else last,
            columns["message"][place],
            columns["source"][place],
            self.names.words[columns["name"][place]],
            self._aliases.get(cause, cause),
        )

    def span(self, span: int) -> Span | None:
        """That of the id; None where this course does not have it."""
        place = self.place(span)
        return None if place is None else self.at(place)

    def place(self, span: int) -> int | None:
        """The place of the span with that id; None where this course does not have it."""
        self._pack()
        ids = self._columns["id"]
        place = bisect_left(ids, self._aliases.get(span, span))
        return place if place < len(ids) and ids[place] == self._aliases.get(span, span) else None

    def spans(self, first: int = 0) -> Iterator[Span]:
        """All from a place on, in the order in which they began."""
        return (self.at(place) for place in range(first, len(self)))

    def between(self, begin: int, end: int, after: int = 0, tick: int | None = None) -> Iterator[int]:
        """The places of the spans that lie at least partly between two times, both included, and have ids above
        *after*. With *tick* of those alone that had ended by then: what was open there belongs to the course that
        leaves this one behind it."""
        self._pack()
        starts, ends, lasts = (self._columns[name] for name in ("start", "end", "last"))
        first, behind = bisect_right(self._columns["id"], after), bisect_right(starts, end)
        if tick is not None:
            behind = min(behind, self.places_up_to(tick))
        inside = max(first, min(behind, bisect_left(starts, begin)))
        reaching = (i for i in self._reaching(begin, first, inside) if ends[i] == OPEN or ends[i] >= begin)
        places = chain(reaching, range(inside, behind))
        return places if tick is None else (i for i in places if OPEN != lasts[i] <= tick)

    def places_up_to(self, tick: int) -> int:
        """How many spans had begun at *tick*."""
        self._pack()
        return bisect_right(self._columns["first"], tick)

    def open_at(self, tick: int) -> list[Span]:
        """The spans that had begun at *tick*, and not ended."""
        self._pack()
        lasts = self._columns["last"]
        behind = self.places_up_to(tick)
        places = (
            place
            for block in range((behind + _BLOCK - 1) // _BLOCK)
            if self._latest_of(block)[1] > tick
            for place in range(block * _BLOCK, min(behind, (block + 1) * _BLOCK))
        )
        return [self.at(place) for place in places if lasts[place] == OPEN or lasts[place] > tick]

    def _reaching(self, time: int, first: int, behind: int) -> Iterator[int]:
        """The places from *first* to before *behind* in blocks in which something ends at *time* or later."""
        for block in range(first // _BLOCK, (behind + _BLOCK - 1) // _BLOCK):
            if self._latest_of(block)[0] >= time:
                yield from range(max(first, block * _BLOCK), min(behind, (block + 1) * _BLOCK))

    def _latest_of(self, block: int) -> tuple[int, int]:
        """When the last of a block's spans ends: the time, and the tick."""
        latest = self._latest.get(block)
        if latest is None:
            part = slice(block * _BLOCK, (block + 1) * _BLOCK)
            ends, lasts = self._columns["end"][part], self._columns["last"][part]
            if OPEN in ends:
                return _NEVER
            latest = max(ends), max(lasts)
            if len(ends) == _BLOCK:
                self._latest[block] = latest
        return latest

    def columns(self, places: Iterable[int]) -> dict[str, list[Any]]:
        """The spans at these places as one list per field of ``Span``."""
        self._pack()
        places = list(places)
        columns: dict[str, list[Any]] = {name: [column[i] for i in places] for name, column in self._columns.items()}
        words = self.names.words
        columns["kind"] = [KIND_NAMES[kind] for kind in columns["kind"]]
        columns["name"] = [words[name] for name in columns["name"]]
        columns["end"] = [None if end == OPEN else end for end in columns["end"]]
        columns["last"] = [None if last == OPEN else last for last in columns["last"]]
        if self._aliases:
            columns["cause"] = [self._aliases.get(cause, cause) for cause in columns["cause"]]
        return columns

    def changes_since(self, number: int) -> Changes | None:
        """What has changed since so many changes of the session; None where that is too long ago to be told."""
        found = [change for change in self._recent if change[0] > number]
        if len(found) == len(self._recent) == _CHANGES_KEPT:
            return None
        began = [span for _, span, begins in found if begins]
        new = set(began)
        return Changes(began, [span for _, span, begins in found if not begins and span not in new])

    # Bins

    def counts(self, edges: Sequence[int], tick: int | None = None) -> list[Counter[int]]:
        """How many spans begin on each lane, from each of these times to before the next. Inherited ones do not count,
        nor do those that begin behind *tick*."""
        self._pack()
        starts, lanes = self._columns["start"], self._columns["lane"]
        behind = len(starts) if tick is None else self.places_up_to(tick)
        places = [min(behind, max(self.inherited, bisect_left(starts, edge))) for edge in edges]
        return [Counter(lanes[first:last]) for first, last in pairwise(places)]

    def busy(self, lane: int, time: int) -> int:
        """For how many cycles the lane was in a handler up to *time*."""
        busy = self._busy.get(lane)
        return busy.up_to(time) if busy else 0

    # What was not known

    def adopt(self, spans: Sequence[Span]) -> None:
        """*spans* are what the inherited ones really are: they began earlier, and have had these ids. Both are sorted
        by id; what matches nothing stays as it is."""
        self._pack()
        waiting: dict[tuple[int, ...], deque[int]] = {}
        for place in range(self.inherited):
            waiting.setdefault(self._likeness(place), deque()).append(place)
        for span in spans:
            kind = KIND_NAMES.index(span.kind)
            alike = waiting.get((kind, span.lane, span.value, span.message))
            if alike:
                self._take_over(alike.popleft(), span)
        self._sort_inherited()
        self._latest.clear()
        self._find_open_again()

    def _likeness(self, place: int) -> tuple[int, ...]:
        return tuple(self._columns[name][place] for name in ("kind", "lane", "value", "message"))

    def _take_over(self, place: int, span: Span) -> None:
        columns = self._columns
        known = columns["id"][place]
        columns["id"][place], columns["start"][place], columns["first"][place] = span.id, span.start, span.first
        columns["source"][place], columns["cause"][place] = span.source, span.cause
        if columns["end"][place] == OPEN:
            columns["name"][place] = self.names.number(span.name)
        if known != span.id:
            self._aliases[known] = span.id

    def _sort_inherited(self) -> None:
        """Puts the inherited spans into the order of their ids again."""
        order = sorted(range(self.inherited), key=self._columns["id"].__getitem__)
        for name, column in self._columns.items():
            column[: self.inherited] = array(_CODES[name], [column[place] for place in order])

    # Memory

    def drop(self, count: int) -> None:
        """Forgets the oldest *count* spans but those that last longer; ``kept_from`` says from when on all are here."""
        self._pack()
        columns = self._columns
        count = min(count, len(columns["id"]) - 1)
        if count <= 0:
            return
        cut = columns["start"][count]
        left = [i for i in range(count) if columns["end"][i] == OPEN or columns["end"][i] >= cut]
        self.inherited = sum(place < self.inherited for place in left)
        for name, column in columns.items():
            column[:count] = array(_CODES[name], [column[place] for place in left])
        self._latest.clear()
        self._find_open_again()
        self.kept_from = cut

    def _find_open_again(self) -> None:
        """Places have changed."""
        ids = self._columns["id"]
        known = (self._aliases.get(span, span) for span in self._open)
        self._open = {span: bisect_left(ids, span) for span in known}


_NEVER = (1 << 63, 1 << 63)
