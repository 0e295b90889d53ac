"""One whole interrupt: all spans that belong to one, from its cause to its end, and its way in words."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.engine.events import EVENT_KINDS
from app.history.slices import Slices
from app.hw import events as hw
from app.hw.machine import MAX_CPUS
from app.score.course import Span
from app.score.line import Line
from app.score.looking import NEVER, Looking
from app.score.span_kinds import KIND_NAMES, NAME_WORDS, SPAN_KINDS
from app.x86.words import VectorNames, vector_words

_MERGED = hw.Merged.usual_kind.name
#: What the flight of an EOI broadcast ends as.
_BROADCAST = hw.InterruptEnded.usual_kind.name
#: So many spans are said in a slice.
_SPANS_A_SLICE = 100
#: What a search for the neighbour before looks through at first, in ids; each further time four times as much.
_FIRST_STRETCH = 500
#: Spans of one interrupt that are told, at most: a function can send to 254 CPUs.
MOST_TOLD = 2_000
#: Of one span so many effects are told, at most.
_MOST_EFFECTS = MOST_TOLD // 4
#: How many effects a span of a kind can have; others have none.
_EFFECTS = {
    "call": _MOST_EFFECTS,
    "line": _MOST_EFFECTS,
    "flight": 1,
    "requested": 1,
    "in_service": 1,
    "latched": 1,
}
#: What these lead to begins where they end.
_LEAD_ON_AT_THEIR_END = ("flight", "requested", "latched")
#: So many spans begin, at most, while a message is under way.
_UNDER_WAY = 4_000
#: What an interrupt can begin with: nobody looks for a cause above it.
_BEGINNINGS = ("call", "line")


class Step(NamedTuple):
    """One step on an interrupt's way."""

    time: int
    tick: int
    words: str


def _is_sent(span: Span) -> bool:
    return span.kind == "flight"


def whole_interrupt(line: Line, span: Span) -> Slices[list[Span]]:
    """All spans of the interrupt that *span* is a part of, in the order in which they began: from the function, or the
    line, that asked for it; with every target of its message; with what was merged into it. Of a function or a line
    that is asked for itself, the interrupts that it has caused. The first MOST_TOLD of all these."""
    looking = Looking(line)
    chain = [span, *_causes(line, span)]
    found = {each.id: each for each in chain}
    message = next((each for each in chain if _is_sent(each)), None)
    asked = message is None or span.kind in _BEGINNINGS
    below = [span] if message is None or asked else (yield from _of_message(looking, message))
    found |= {each.id: each for each in below}
    found |= {each.id: each for each in (yield from _effects(looking, below))}
    for requested in [each for each in found.values() if each.kind == "requested"]:
        for merged in (yield from _merged_into(looking, requested)):
            found |= {each.id: each for each in (merged, *_causes(line, merged))}
    return sorted(found.values(), key=lambda each: (each.first, each.id))[:MOST_TOLD]


def _causes(line: Line, span: Span) -> Iterator[Span]:
    """What *span* comes from, step by step: up to the function, the handler or the line that asked for it."""
    while span.cause >= 0 and span.kind not in _BEGINNINGS:
        sent = _is_sent(span)
        cause = line.span(span.cause)
        if cause is None:
            return
        yield cause
        if sent:
            return  # what sends is a handler of another interrupt, if it is one
        span = cause


def first_cause(line: Line, span: Span) -> Span:
    """Where the interrupt of *span* began: a function, a line, or the earliest that is known."""
    last = span
    for cause in _causes(line, span):
        last = cause
    return last


def _of_message(looking: Looking, flight: Span) -> Slices[list[Span]]:
    """The flights of the same message, one for each target: they began together."""

    def alike(each: Span) -> bool:
        return _is_sent(each) and (each.message, each.start) == (flight.message, flight.start)

    before = max(0, flight.id - MAX_CPUS)
    return (yield from looking.find(flight.start, flight.start, alike, before)) or [flight]


def _effects(looking: Looking, causes: list[Span]) -> Slices[list[Span]]:
    """What *causes* led to, and what that led to in turn, but for what a handler sends."""
    waiting, told = deque(causes), list[Span]()
    while waiting and len(told) < MOST_TOLD:
        effects = yield from _effects_of(looking, waiting.popleft())
        told += effects
        waiting += effects
    return told


def _effects_of(looking: Looking, cause: Span) -> Slices[list[Span]]:
    """What *cause* itself led to: of a wait and of a message that is where it ends, of what runs while it lasts."""

    def caused(each: Span) -> bool:
        return each.cause == cause.id and not (cause.kind == "in_service" and _is_sent(each))

    most = _EFFECTS.get(cause.kind, 0)
    if not most or (cause.kind in _LEAD_ON_AT_THEIR_END and cause.end is None):
        return []
    begin = cause.end if cause.kind in _LEAD_ON_AT_THEIR_END and cause.end is not None else cause.start
    return (yield from looking.find(begin, cause.end, caused, cause.id, most))


def _merged_into(looking: Looking, requested: Span) -> Slices[list[Span]]:
    """The flights that ended while *requested* waited, and became one with it."""
    until = NEVER if requested.end is None else requested.end

    def merged(each: Span) -> bool:
        alike = _is_sent(each) and (each.lane, each.value) == (requested.lane, requested.value)
        return alike and each.name == _MERGED and each.end is not None and requested.start <= each.end <= until

    before = max(0, requested.id - _UNDER_WAY)
    return (yield from looking.find(requested.start, requested.end, merged, before, _MOST_EFFECTS))


# In words


class Wording:
    """Says the spans of one interrupt, *whole*, in words; *names* are what the kernel calls its vectors."""

    def __init__(self, whole: Iterable[Span], names: VectorNames) -> None:
        self._names = names
        #: By the id of a flight: whom it has reached.
        self._reached: dict[int, int] = {}
        #: By the number of a message: the signal that it brought.
        self._signals: dict[int, str] = {}
        for span in whole:
            if span.cause >= 0 and span.lane >= 0:
                self._reached.setdefault(span.cause, span.lane)
            if span.kind == "latched" and span.message >= 0:
                self._signals[span.message] = span.name

    def sentence(self, span: Span, now: int) -> str:
        """What *span* is at time *now*, in TSC cycles."""
        words = SPAN_KINDS[KIND_NAMES.index(span.kind)].words
        if span.end is None:
            words = words.replace("{length} cycles", "{length} cycles so far")
        return self.filled(words, [span], now)

    def filled(self, template: str, alike: list[Span], now: int) -> str:
        """*template* with what its braces mean, those of SPAN_KINDS and {target}, to whom all of *alike* go."""
        span = alike[0]
        receiver = self._receivers(alike)
        end = now if span.end is None else span.end
        said = template.format(
            cpu=receiver if _is_sent(span) else span.lane,
            target=receiver,
            value=self._value(span),
            name=name_words(span),
            source=f"CPU {span.source}" if span.source >= 0 else "a device",
            length=f"{max(0, end - span.start):,}",
            **{"from": f"{span.start:,}", "to": "now" if span.end is None else f"{span.end:,}"},
        )
        return said[:1].upper() + said[1:]

    def _value(self, span: Span) -> str:
        if not _is_sent(span):
            return value_words(span, self._names)
        if span.name == _BROADCAST:
            return f"EOI of {value_words(span, self._names)}"
        signal = self._signals.get(span.message)
        return signal or (value_words(span, self._names) if span.value > 0 else "a message")

    def _receivers(self, flights: list[Span]) -> str:
        cpus = sorted({cpu for each in flights if (cpu := self._reached_by(each)) >= 0})
        if cpus:
            return f"CPU{'s' * (len(cpus) > 1)} {', '.join(map(str, cpus))}"
        name = flights[0].name
        if name == _BROADCAST:
            return "the I/O APIC"
        return "no CPU" if name in EVENT_KINDS and EVENT_KINDS[name].ended else "the CPU that the bus chooses"

    def _reached_by(self, flight: Span) -> int:
        return flight.lane if flight.lane >= 0 else self._reached.get(flight.id, flight.lane)


def span_words(span: Span, names: VectorNames, now: int, whole: Iterable[Span] = ()) -> str:
    """*span* in one sentence, at time *now*, in TSC cycles; *names* are what the kernel calls its vectors. *whole* is
    its interrupt, by which it is known whom a message has reached, and what it was."""
    return Wording(whole, names).sentence(span, now)


def name_words(span: Span) -> str:
    """What a span's name means."""
    if span.name in EVENT_KINDS:
        return EVENT_KINDS[span.name].words
    return NAME_WORDS.get((span.kind, span.name), span.name or span.kind)


def value_words(span: Span, names: VectorNames) -> str:
    """What a span's value is in words."""
    if span.value < 0:
        return "no vector"
    if span.kind == "priority":
        return f"{span.value:#04x}"
    return str(span.value) if span.kind == "line" else vector_words(span.value, names)


#: By kind: what is said where a span begins and where it ends; "" for nothing. Braces are those of SPAN_KINDS.
_STEPS: dict[str, tuple[str, str]] = {
    "call": ("CPU {cpu} begins {name}().", ""),
    "line": ("{name} goes up.", ""),
    "flight": ("{value} leaves {source}, for {target}.", "{target}: {name}."),
    "requested": ("", "CPU {cpu} takes {value}: it had waited {length} cycles."),
    "in_service": ("", "CPU {cpu} ends {value} by EOI, {length} cycles after it was taken."),
    "handler": ("CPU {cpu} enters {name}().", "CPU {cpu} returns from {name}()."),
    "latched": ("CPU {cpu}: {name} is latched.", "CPU {cpu} takes it: it had waited {length} cycles."),
}
#: How a flight ends, by its name, in the place of what _STEPS says.
_ARRIVALS = {
    hw.Accepted.usual_kind.name: "{target} accepts it.",
    _MERGED: "{target} has the same requested already: two become one.",
    hw.Refused.usual_kind.name: "{target} drops it.",
    hw.Retried.usual_kind.name: "{target} has no room for it: the bus tries again.",
    hw.NoTarget.usual_kind.name: "It reaches nobody.",
    _BROADCAST: "{target} has it.",
}


def steps_of(spans: Iterable[Span], names: VectorNames) -> Slices[list[Step]]:
    """The way of these spans in words, in the order of time; a message to many targets leaves once."""
    spans = list(spans)
    wording = Wording(spans, names)
    steps: list[tuple[int, int, int, Step]] = []
    left: dict[int, list[Span]] = {}
    for number, span in enumerate(spans):
        if number % _SPANS_A_SLICE == 0:
            yield
        begins, ends = _STEPS.get(span.kind, ("", ""))
        if _is_sent(span):
            left.setdefault(span.message, []).append(span)
            begins, ends = "", _ARRIVALS.get(span.name, ends)
        if begins:
            words = wording.filled(begins, [span], span.start)
            steps.append((span.first, 1, span.id, Step(span.start, span.first, words)))
        if ends and span.end is not None and span.last is not None:
            words = wording.filled(ends, [span], span.end)
            steps.append((span.last, 0, span.id, Step(span.end, span.last, words)))
    for flights in left.values():
        first = flights[0]
        words = wording.filled(_STEPS["flight"][0], flights, first.start)
        steps.append((first.first, 1, first.id, Step(first.start, first.first, words)))
    return [step for *_, step in sorted(steps, key=lambda each: each[:3])]


# Neighbours


def neighbour(line: Line, span: Span, *, forward: bool) -> Slices[int | None]:
    """The id of the next span on the same lane and of the same kind, or of the one before; None where there is none, or
    none near."""
    looking = Looking(line)

    def alike(each: Span) -> bool:
        return (each.lane, each.kind) == (span.lane, span.kind) and (each.id > span.id) is forward and each != span

    if forward:
        found = yield from looking.find(span.start, None, alike, span.id, 1)
        return found[0].id if found else None
    stretch, until = _FIRST_STRETCH, span.id
    while until > 0:
        after = max(0, until - stretch)
        found = yield from looking.find(0, span.start, alike, after)
        if found:
            return found[-1].id
        until, stretch = after, stretch * 4
    return None
