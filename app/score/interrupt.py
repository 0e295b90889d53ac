"""One whole interrupt: all spans that belong to one, from its cause to its end, and its way in words."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from app.engine.events import EVENT_KINDS
from app.hw import events as hw
from app.hw.events import NoTarget
from app.score.course import Span
from app.score.line import Line
from app.score.span_kinds import KIND_NAMES, SPAN_KINDS
from app.x86.words import VectorNames, vector_words

#: Later than any time.
_NEVER = 1 << 62
_MERGED = hw.Merged.usual_kind.name
#: What a search for a neighbour looks through at first, in cycles; each further one twice as much.
_FIRST_STRETCH = 20_000
#: Spans of one interrupt that are told, at most: a function can send to 254 CPUs.
MOST_TOLD = 2_000
#: What an interrupt can begin with: nobody looks for a cause above it.
_BEGINNINGS = ("call", "line")


class Step(NamedTuple):
    """One step on an interrupt's way."""

    time: int
    tick: int
    words: str


def _is_sent(span: Span) -> bool:
    return span.kind == "flight"


def spans_between(line: Line, begin: int, end: int | None, after: int = 0) -> Iterator[Span]:
    """The spans that lie at least partly between two times; with None to the end."""
    columns = line.between(begin, _NEVER if end is None else end, after).columns
    return (Span(*row) for row in zip(*columns.values(), strict=True))


def whole_interrupt(line: Line, span: Span) -> list[Span]:
    """All spans of the interrupt that *span* is a part of, in the order in which they began: from the function, or the
    line, that asked for it; with every target of its message; with what was merged into it. Of a function or a line
    that is asked for itself, all interrupts that it has caused."""
    chain = [span, *_causes(line, span)]
    found = {each.id: each for each in chain}
    message = next((each for each in chain if _is_sent(each)), None)
    below = [span] if message is None or span.kind in _BEGINNINGS else _of_message(line, message)
    for each in below:
        found[each.id] = each
        found |= {effect.id: effect for effect in _effects(line, each)}
    for requested in [each for each in found.values() if each.kind == "requested"]:
        for merged in _merged_into(line, requested):
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


def _of_message(line: Line, flight: Span) -> list[Span]:
    """The flights of the same message, one for each target."""
    alike = spans_between(line, flight.start, flight.start)
    return [each for each in alike if _is_sent(each) and each.message == flight.message] or [flight]


def _effects(line: Line, cause: Span) -> Iterator[Span]:
    """What *cause* led to, and what that led to in turn, but for what a handler sends."""
    waiting, told = [cause], 0
    while waiting and told < MOST_TOLD:
        one = waiting.pop()
        for effect in spans_between(line, one.start, one.end, after=one.id):
            if effect.cause == one.id and not (one.kind in ("handler", "in_service") and _is_sent(effect)):
                told += 1
                yield effect
                waiting.append(effect)


def _merged_into(line: Line, requested: Span) -> Iterator[Span]:
    """The flights that ended while *requested* waited, and became one with it."""
    until = _NEVER if requested.end is None else requested.end
    for each in spans_between(line, requested.start, requested.end):
        alike = _is_sent(each) and (each.lane, each.value) == (requested.lane, requested.value)
        if alike and each.name == _MERGED and each.end is not None and requested.start <= each.end <= until:
            yield each


# In words


def span_words(span: Span, names: VectorNames, now: int) -> str:
    """*span* in one sentence, at time *now*, in TSC cycles; *names* are what the kernel calls its vectors."""
    kind = SPAN_KINDS[KIND_NAMES.index(span.kind)]
    so_far = f"{max(0, now - span.start):,} cycles so far"
    length = so_far if span.end is None else f"{span.end - span.start:,} cycles"
    name = EVENT_KINDS[span.name].words if span.name in EVENT_KINDS else span.name
    return kind.words.format(
        cpu=span.lane if span.lane >= 0 else "none",
        value=value_words(span, names),
        name=name or ("not arrived yet" if _is_sent(span) else kind.name),
        source=f"CPU {span.source}" if span.source >= 0 else "a device",
        **{"from": f"{span.start:,}", "to": "now" if span.end is None else f"{span.end:,}", "length": length},
    )


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


def steps_of(spans: Iterable[Span], names: VectorNames) -> list[Step]:
    """The way of these spans in words, in the order of time; a message to many targets leaves once."""
    steps: list[tuple[int, int, int, Step]] = []
    left: dict[int, list[Span]] = {}
    for span in spans:
        if span.kind not in _STEPS:
            continue
        if _is_sent(span):
            left.setdefault(span.message, []).append(span)
        begins, ends = _STEPS[span.kind]
        if begins and not _is_sent(span):
            words = begins.format(**_values(span, names, [span]))
            steps.append((span.first, 1, span.id, Step(span.start, span.first, words)))
        if ends and span.end is not None and span.last is not None:
            words = ends.format(**_values(span, names, [span]))
            steps.append((span.last, 0, span.id, Step(span.end, span.last, words)))
    for flights in left.values():
        words = _STEPS["flight"][0].format(**_values(flights[0], names, flights))
        steps.append((flights[0].first, 1, flights[0].id, Step(flights[0].start, flights[0].first, words)))
    return [step for *_, step in sorted(steps, key=lambda each: each[:3])]


def _values(span: Span, names: VectorNames, alike: list[Span]) -> dict[str, str]:
    targets = [str(each.lane) for each in alike if each.lane >= 0]
    nobody = any(each.name == NoTarget.usual_kind.name for each in alike)
    name = EVENT_KINDS[span.name].words if span.name in EVENT_KINDS else span.name
    return {
        "cpu": str(span.lane),
        "value": value_words(span, names),
        "name": name,
        "source": f"CPU {span.source}" if span.source >= 0 else "a device",
        "target": f"CPU {', '.join(targets)}" if targets else "nobody" if nobody else "the CPU that the bus chooses",
        "length": "" if span.end is None else f"{span.end - span.start:,}",
    }


# Neighbours


def neighbour(line: Line, span: Span, *, forward: bool) -> int | None:
    """The id of the next span on the same lane and of the same kind, or of the one before; None where there is none."""
    stretch = _FIRST_STRETCH
    while True:
        begin, end = (span.start, span.start + stretch) if forward else (span.start - stretch, span.start)
        alike = [
            each
            for each in spans_between(line, max(0, begin), end)
            if (each.lane, each.kind) == (span.lane, span.kind) and begin <= each.start
        ]
        order = _order(span)
        found = [each for each in alike if (_order(each) > order if forward else _order(each) < order)]
        if found:
            nearest: Callable[..., Span] = min if forward else max
            return nearest(found, key=_order).id
        if (begin <= 0 and not forward) or (forward and end >= _NEVER // 4):
            return None
        stretch *= 8 if forward else 4


def _order(span: Span) -> tuple[int, int]:
    return span.start, span.id
