"""Where an interrupt waited, for what, piece by piece: the first closed gate at each moment between its request and the
moment at which it was taken.

The course's spans say who closed a window and what was in service, but not all gates (an STI shadow, what goes first,
a hypervisor at work). So the stretch is looked at again, tick by tick, and each tick is asked what the page's own "why"
is made of: the two cannot disagree.
"""

from contextlib import closing
from typing import NamedTuple

from app.breakpoints.seen import Seen
from app.engine.journal import Moment
from app.engine.waits import gates_before
from app.history.search import Past
from app.history.slices import Slices
from app.hw.gates import TAKEN, Gate, first_closed
from app.hw.waiting import gates_at, signal_gates, taken_words
from app.score.course import Span
from app.score.signals import SIGNALS

#: So many ticks are looked at in a slice.
_TICKS_A_SLICE = 40
#: Of a wait so many ticks are told, at most.
MOST_TICKS = 20_000
_UNTOLD = f"not told: only the newest {MOST_TICKS:,} ticks of a wait are looked at again"
_MODES = {name: mode for mode, name in SIGNALS.items()}


class Piece(NamedTuple):
    """From *begin* to before *end*, in TSC cycles, it waited at that kind of gate, for the reason *words*; ``gate`` is
    "" where it is not told."""

    begin: int
    end: int
    gate: str
    words: str


def has_waits(span: Span) -> bool:
    """Whether it is a wait of which there is more to say."""
    return span.kind == "requested" or (span.kind == "latched" and span.name in _MODES)


def waits_of(past: Past, span: Span, now: Moment | None = None) -> Slices[list[Piece]]:
    """The pieces of *span*, a request or a latched signal on the course *past*: they adjoin, and cover it exactly up to
    where it was taken, or to *now*, the head of what is known without it. Of a long wait the newest MOST_TICKS ticks
    are told, behind a piece without a gate. A wait that goes on has a piece, be it of no length."""
    head = now or past.branch.head
    last = head.tick if span.last is None else span.last
    first = max(span.first, last - MOST_TICKS)
    pieces: list[Piece] = []
    with closing(past.watch(first)) as watch:
        while watch.ticks < first and watch.tick() is not None:
            if watch.ticks % _TICKS_A_SLICE == 0:
                yield
        here = watch.here()
        if first > span.first and here.time > span.start:
            pieces.append(Piece(span.start, here.time, "", _UNTOLD))
        seen: Seen | None = here
        while seen is not None and watch.ticks < last:
            gate = _gate(seen, span)
            begin = max(span.start, seen.time)
            seen = watch.tick()
            until = seen.time if seen is not None and watch.ticks < last else span.end
            _add(pieces, begin, head.time if until is None else until, gate)
            if watch.ticks % _TICKS_A_SLICE == 0:
                yield
        if not pieces and span.end is None:
            gate = _gate(seen or here, span)
            pieces.append(Piece(head.time, head.time, gate.kind.name, gate.why))
    return pieces


def _gate(seen: Seen, span: Span) -> Gate:
    cpu = seen.machine.cpus[span.lane]
    if span.kind == "latched":
        closed = first_closed(signal_gates(cpu, _MODES[span.name]))
    elif seen.processors is None:
        closed = first_closed(gates_at(cpu, span.value))
    else:
        closed = first_closed(gates_before(seen.processors[span.lane], span.value))
    return closed or Gate(TAKEN, "", taken_words(cpu))


def _add(pieces: list[Piece], begin: int, end: int, gate: Gate) -> None:
    """One more piece, unless no time went by; the one before is longer where the reason is the same."""
    if end <= begin:
        return
    if pieces and (pieces[-1].gate, pieces[-1].words) == (gate.kind.name, gate.why):
        pieces[-1] = pieces[-1]._replace(end=end)
    else:
        pieces.append(Piece(begin, end, gate.kind.name, gate.why))
