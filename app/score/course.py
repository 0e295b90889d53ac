"""The spans of one branch's own part, packed in columns, in the order in which they begin.

A course is written by whoever watches a machine (``scribe``), or reads a recording: ``begin`` and ``end``, in the order
of time. Whatever reads it asks for spans by time (``between``), by id (``span``), all of them (``spans``) or as columns
of numbers (``columns``). A span takes about 70 bytes.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from struct import pack
from typing import Any, NamedTuple

from app.score.busy import Busy
from app.score.numbers import Changes, Mark, Numbers, Position
from app.score.span_kinds import FLIGHT, HANDLER, KIND_NAMES, LATCHED, LINE

#: What stands for the end, and the last tick, of a span that is still open; and for no message, source, value or cause.
OPEN = -1
NONE = -1
#: Spans that wait in a list before they are packed, at most: what has just begun ends soon.
_UNPACKED = 1_024
#: So many spans share one note of how late the latest of them ends.
_BLOCK = 256
#: So many ends are remembered for those who follow a course.
_ENDS_KEPT = 2_048
#: Bytes that one span takes.
BYTES_A_SPAN = 71

#: The columns, in the order of a row, with the type code of the array that holds each.
CODES = {
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
#: A span while it is open, or not packed yet: its fields in the order of the columns, with the name as text, and its
#: place in the columns, -1 where it has none yet.
Row = list[Any]
ID, KIND, LANE, VALUE, END, LAST, SOURCE, NAME, PLACE = 0, 1, 2, 3, 5, 7, 9, 10, len(CODES)
_NEVER = (1 << 63, 1 << 63)


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


class Course:
    """The spans of one branch, from where it leaves its parent. What was open there is in it, too, under the same ids,
    before all others: ``inherited`` says how many of those there are.

    *numbers* are shared by all courses of a session. A lane is said to be busy in spans of the kind *busy*.
    """

    def __init__(self, numbers: Numbers | None = None, busy: int = HANDLER) -> None:
        self.numbers = numbers or Numbers()
        self.names = self.numbers.names
        self.inherited = 0
        #: From this time on it has all spans: earlier ones may have been dropped.
        self.kept_from = 0
        #: The tick of that.
        self.kept_tick = 0
        self._columns = {name: array(code) for name, code in CODES.items()}
        self._written = [(self._columns[name], code) for name, code in CODES.items()]
        self._unpacked: list[Row] = []
        #: The open spans that are packed, by id.
        self._open: dict[int, Row] = {}
        #: The ids of those that have ended, the newest last.
        self._ended: list[int] = []
        self._busy: dict[int, Busy] = {}
        self._busy_kind = busy
        #: The latest end of each block in which all have ended, by its number.
        self._latest: dict[int, tuple[int, int]] = {}
        #: What stands for the ids that were given to open spans before their own were known.
        self._aliases: dict[int, int] = {}
        #: Nobody can be told what has changed since an earlier position.
        self._born = self.position

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
        cause: Row | None = None,
    ) -> Row:
        """A span of *kind* (its number in SPAN_KINDS) begins, not before any that began already. Returns what ends it;
        its id is the first item."""
        why = cause[0] if cause else NONE
        row = [0, kind, lane, value, time, OPEN, tick, OPEN, message, source, name, why, NONE]
        numbers = self.numbers
        row[0] = numbers.next_id
        numbers.next_id += 1
        unpacked = self._unpacked
        unpacked.append(row)
        if len(unpacked) >= _UNPACKED:
            self._pack()
        return row

    def end(self, row: Row, time: int, tick: int, name: str | None = None) -> None:
        """An open span ends, under another *name* if one is given."""
        row[END] = time
        row[LAST] = tick
        if name is not None:
            row[NAME] = name
        self._ended.append(row[ID])
        if row[PLACE] >= 0:
            self._end_packed(row)

    def _end_packed(self, row: Row) -> None:
        place, columns = row[PLACE], self._columns
        columns["end"][place], columns["last"][place] = row[END], row[LAST]
        columns["name"][place] = self.names.number(row[NAME])
        del self._open[row[ID]]

    def instant(self, kind: int, lane: int, time: int, tick: int, value: int = NONE, name: str = "") -> Row:
        """A span of no length, whose id is the first item."""
        row = self.begin(kind, lane, time, tick, value, name)
        self.end(row, time, tick)
        return row

    def _pack(self) -> None:
        """Puts the rows that wait into the columns."""
        rows = self._unpacked
        if not rows:
            return
        columns, number = self._columns, self.names.number
        place = len(columns["id"])
        fields: list[Any] = list(zip(*rows, strict=True))
        for index in [index for index, end in enumerate(fields[END]) if end == OPEN]:
            row = rows[index]
            row[PLACE] = place + index
            self._open[row[ID]] = row
        busy = self._busy_kind
        for index in [index for index, kind in enumerate(fields[KIND]) if kind == busy]:
            self._busy_of(rows[index][LANE]).add(place + index)
        fields[NAME] = map(number, fields[NAME])
        for (column, code), values in zip(self._written, fields, strict=False):
            column.frombytes(pack(f"{len(rows)}{code}", *values))  # thrice as fast as extend
        rows.clear()
        self._forget_old_ends()

    def _forget_old_ends(self) -> None:
        if len(self._ended) > 2 * _ENDS_KEPT:
            self._forget_ends(len(self._ended) - _ENDS_KEPT)

    def _busy_of(self, lane: int) -> Busy:
        busy = self._busy.get(lane)
        if busy is None:
            busy = self._busy[lane] = Busy()
        return busy

    # Many at once (``passage``)

    def mark(self) -> Mark:
        """Where it is, for ``since``."""
        self._pack()
        return Mark(len(self), *self.position)

    def since(self, mark: Mark) -> tuple[list[tuple[int, ...]], list[int]] | None:
        """The spans that began since *mark*, as they stand in the columns, and the ids of those that ended, in their
        order; None where that is too long ago."""
        self._pack()
        if mark.ended < self.numbers.ended:
            return None
        columns = [column[mark.places :] for column in self._columns.values()]
        return list(zip(*columns, strict=True)), self._ended[mark.ended - self.numbers.ended :]

    def extend(
        self,
        columns: Mapping[str, bytes],
        busy: Iterable[tuple[int, int]],
        ends: Iterable[int],
        earlier: Iterable[tuple[Row, int, int]],
    ) -> None:
        """Spans begin and end behind all others, as *columns* have them. *busy*: which of them, from 0, make a lane
        busy, and which. *ends* are the ids of what ends, in that order; of that *earlier* was open before, and ends at
        a time and tick."""
        self._pack()
        own = self._columns
        place = len(own["id"])
        for name, added in columns.items():
            own[name].frombytes(added)
        self.numbers.next_id += len(own["id"]) - place
        for number, lane in busy:
            self._busy_of(lane).add(place + number)
        for row, row[END], row[LAST] in earlier:
            self._end_packed(row)
        self._ended += ends
        self._forget_old_ends()

    def opened(self, span: int) -> Row:
        """A span that ``extend`` has left open, for whoever will end it."""
        place = bisect_left(self._columns["id"], span)
        row = self._open[span] = [column[place] for column in self._columns.values()]
        row[NAME] = self.names.words[row[NAME]]
        row.append(place)
        return row

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
        self._pack()
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
        span = self._aliases.get(span, span)
        place = bisect_left(ids, span)
        return place if place < len(ids) and ids[place] == span else None

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

    def ids(self, places: Sequence[int]) -> list[int]:
        """Those of the spans at these places."""
        ids = self._columns["id"]
        return [ids[place] for place in places]

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

    @property
    def position(self) -> Position:
        """How far the session is, of which this course is the one that grows."""
        return Position(self.numbers.next_id, self.numbers.ended + len(self._ended))

    def grow(self) -> None:
        """From now on this course grows, and no other of its session: nobody is told what changed before."""
        self.rest()
        self.numbers.ended += 1
        self._born = self.position

    def rest(self) -> None:
        """It grows no more for the time being, and another one may."""
        self._forget_ends(len(self._ended))

    def _forget_ends(self, count: int) -> None:
        del self._ended[:count]
        self.numbers.ended += count

    def changes_since(self, position: Position) -> Changes | None:
        """What has changed since the session was there; None where that is too long ago to be told."""
        now = self.position
        ended = now.ended - position.ended
        if position.changes < self._born.changes or not 0 <= ended <= len(self._ended):
            return None
        newest = self._ended[len(self._ended) - ended :]
        began = list(range(position.next_id, now.next_id))
        return Changes(began, [span for span in newest if span < position.next_id])

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
        """For how many cycles the lane was in a handler up to *time*, whatever handlers lay inside."""
        self._pack()
        busy = self._busy.get(lane)
        return busy.up_to(time, self._columns["start"], self._columns["end"]) if busy else 0

    # What was not known

    def adopt(self, spans: Sequence[Span]) -> None:
        """*spans* are what the inherited ones really are: they began earlier, and have these ids. Both are sorted by
        id; what matches nothing stays as it is."""
        self._pack()
        columns, words = self._columns, self.names.words
        waiting: dict[tuple[int | str, ...], deque[int]] = {}
        for place in range(self.inherited):
            kind, lane, value, message = (columns[name][place] for name in ("kind", "lane", "value", "message"))
            like = _likeness(kind, lane, value, message, words[columns["name"][place]])
            waiting.setdefault(like, deque()).append(place)
        unlike = []
        for span in spans:
            kind = KIND_NAMES.index(span.kind)
            alike = waiting.get(_likeness(kind, span.lane, span.value, span.message, span.name))
            if alike:
                self._take_over(alike.popleft(), span)
            elif kind == FLIGHT:
                unlike.append(span)
        for span in unlike:  # its address has come to mean another CPU since it was sent
            alike = next(
                (left for key, left in waiting.items() if left and key[0] == FLIGHT and key[3] == span.message), None
            )
            if alike:
                self._take_over(alike.popleft(), span)
        self._sort_inherited()
        self._latest.clear()
        kinds, lanes = self._columns["kind"], self._columns["lane"]
        busy = [place for place in range(self.inherited) if kinds[place] == self._busy_kind]
        for lane, each in self._busy.items():
            each.begin_with([place for place in busy if lanes[place] == lane], self.inherited)

    def _take_over(self, place: int, span: Span) -> None:
        """The span at *place* is *span*."""
        columns = self._columns
        known = columns["id"][place]
        columns["id"][place], columns["start"][place], columns["first"][place] = span.id, span.start, span.first
        columns["message"][place], columns["source"][place] = span.message, span.source
        columns["lane"][place], columns["cause"][place] = span.lane, span.cause
        row = self._open.pop(known, None)
        if row is not None:
            row[ID], row[LANE] = span.id, span.lane
            self._open[span.id] = row
        if columns["kind"][place] != FLIGHT:  # which is called by how it ended, here and there
            columns["name"][place] = self.names.number(span.name)
            if row is not None:
                row[NAME] = span.name
        self._aliases[known] = span.id

    def _sort_inherited(self) -> None:
        """Puts the inherited spans into the order of their ids again."""
        order = sorted(range(self.inherited), key=self._columns["id"].__getitem__)
        for name, column in self._columns.items():
            column[: self.inherited] = array(CODES[name], [column[place] for place in order])
        self._find_open_again()

    # Memory

    def drop(self, count: int) -> bool:
        """Forgets the oldest *count* spans but those that last longer; ``kept_from`` says from when on all are here.
        False when there was nothing to forget."""
        self._pack()
        columns = self._columns
        count = min(count, len(columns["id"]) - 1)
        if count <= 0:
            return False
        cut = columns["start"][count]
        left = [i for i in range(count) if columns["end"][i] == OPEN or columns["end"][i] >= cut]
        gone = count - len(left)
        self.inherited = sum(place < self.inherited for place in left)
        for name, column in columns.items():
            column[:count] = array(CODES[name], [column[place] for place in left])
        self._latest.clear()
        self._find_open_again()
        moved = {place: new for new, place in enumerate(left)}
        for busy in self._busy.values():
            busy.drop(count, gone, moved)
        self.kept_from, self.kept_tick = cut, columns["first"][len(left)]
        return gone > 0

    def _find_open_again(self) -> None:
        """Places have changed."""
        ids = self._columns["id"]
        for span, row in self._open.items():
            row[PLACE] = bisect_left(ids, span)


def _likeness(kind: int, lane: int, value: int, message: int, name: str) -> tuple[int | str, ...]:
    """What is the same of an open span however much is known of it: lines and signals have names of their own, others
    get theirs by and by."""
    named = kind in (LINE, LATCHED)
    return kind, lane, value, message if kind == FLIGHT else NONE, name if named else ""
