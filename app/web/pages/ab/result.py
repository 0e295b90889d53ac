"""What the A/B page shows of a pair: totals, the newest stimuli, and one of them step by step."""

from functools import partial
from typing import Any, NamedTuple

from app.engine.work import Work
from app.guest.generations import GENERATIONS
from app.hw.messages import Origin
from app.pair.accounts import Interrupt, Stretch
from app.pair.alignment import AlignedInterrupt, AlignedStimulus, crossing_words
from app.pair.lock_step import Side
from app.pair.script import stimulus_words
from app.session.pair import Pair
from app.state.vocabulary import RUN_STATES
from app.web.pages.ab.drawing import bar, lanes_of, ratio_words, span_of, step_lines, steps_of
from app.x86.words import interrupt_words

#: Stimuli in one table.
ROWS = 25
#: A level that stays up interrupts thousands of times.
MOST_INTERRUPTS = 300
_COUNTERS = (("exits", "exits"), ("hypercalls", "of them hypercalls"), ("accesses", "accesses"), ("cycles", "cycles"))
_SIDES = ("A", "B")


class Half(NamedTuple):
    """One machine's half of a row."""

    side: str
    backend: str
    here: bool
    work: Work
    cycles_bar: float
    latency: int | None
    latency_bar: float
    handlers: str
    #: Exits of the sender and of the targets.
    sending: int
    receiving: int
    #: Why the stimulus did nothing here, or not all of it.
    reason: str = ""
    #: The numbers of its messages, by which its spans in the score are found.
    messages: tuple[int, ...] = ()


class Place(NamedTuple):
    """When one machine began a stimulus, and when it had come to its end, or how far it is."""

    began: int
    ended: int


class Row(NamedTuple):
    """One interrupt of a stimulus, or what the stimulus did without one."""

    number: int
    first: bool
    stimulus: str
    interrupt: str
    halves: tuple[Half, Half]
    ratio: str
    differences: tuple[str, ...]
    #: Which of the stimulus's interrupts it is, from 0; -1 for none.
    order: int = -1


def result_context(pair: Pair, opened: int, until: int) -> dict[str, Any]:
    """All that `_ab_result.html` shows."""
    lock_step = pair.lock_step
    last = min(until, lock_step.stimuli) if until > 0 else lock_step.stimuli
    first = max(1, last - ROWS + 1)
    aligned: list[AlignedStimulus] = []
    for number in range(last, first - 1, -1):
        aligned.append(lock_step.aligned(number))
        if sum(len(one.interrupts) for one in aligned) >= MOST_INTERRUPTS:
            first = number
            break
    shown = opened if 1 <= opened <= lock_step.stimuli else last
    query = f"opened={opened}&until={until}" if opened or until else ""
    return {
        "pair": pair,
        "progress": pair.progress(),
        "sides": _sides(pair),
        "kernels_differ": len({side.simulation.generation for side in pair.lock_step.sides}) > 1,
        "totals": _totals(pair),
        "rows": rows_of(pair, aligned),
        "first": first,
        "last": last,
        "opened": opened,
        "until": until,
        "query": query,
        "detail": _detail(pair, shown) if shown else None,
        "shown": shown,
        "places_of": partial(places_of, pair),
        "rows_at_once": ROWS,
    }


def _sides(pair: Pair) -> list[dict[str, Any]]:
    return [
        {
            "side": letter,
            "backend": side.simulation.backend,
            "generation": side.simulation.generation,
            "title": GENERATIONS[side.simulation.generation].title,
            "time": side.simulation.time,
            "unfinished": len(side.unfinished),
            "without_apic": len(side.without_apic),
            "cpus": [
                {
                    "cpu": processor.cpu.number,
                    "run_state": RUN_STATES[processor.cpu.run_state.value],
                    "waiting": len(processor.cpu.apic.irr),
                    "serving": [f"{vector:#04x}" for vector in processor.cpu.apic.isr],
                }
                for processor in side.simulation.processors
            ],
        }
        for letter, side in zip(_SIDES, pair.lock_step.sides, strict=True)
    ]


def _totals(pair: Pair) -> list[dict[str, Any]]:
    a, b = pair.lock_step.totals()
    found = [(words, getattr(a, name), getattr(b, name)) for name, words in _COUNTERS]
    uneven = any(side.without_apic for side in pair.lock_step.sides)
    return [
        {"name": words, "a": of_a, "b": of_b, "ratio": "–" if uneven else ratio_words(of_a, of_b)}
        for words, of_a, of_b in found
    ]


def places_of(pair: Pair, number: int) -> tuple[Place, Place]:
    """Where stimulus *number* lies in the score of A, and in that of B."""
    a, b = (_place_of(side, number) for side in pair.lock_step.sides)
    return a, b


def _place_of(side: Side, number: int) -> Place:
    after = side.stretches[number + 1 : number + 2]
    return Place(side.stretches[number].began, after[0].began if after else side.simulation.time)


def rows_of(pair: Pair, aligned: list[AlignedStimulus]) -> list[Row]:
    """One row an interrupt; the bars of all rows have one scale."""
    most = max((work.cycles for one in aligned for each in one.interrupts for work in _works(each)), default=0)
    latencies = [i.latency or 0 for one in aligned for each in one.interrupts for i in (each.a, each.b) if i]
    longest = max(latencies, default=0)
    rows = []
    for one in aligned:
        words = stimulus_words(one.commands)
        if len(one.interrupts) > MOST_INTERRUPTS:
            words += f": {len(one.interrupts):,} interrupts, of which these are the first {MOST_INTERRUPTS}"
        for index, each in enumerate(one.interrupts[:MOST_INTERRUPTS]):
            halves = tuple(_half(pair, side, each, one.reasons[side], most, longest) for side in (0, 1))
            cycles = [work.cycles for work in _works(each)]
            differences = (*each.differences, *(one.differences if index == 0 else ()))
            rows.append(
                Row(
                    one.number,
                    index == 0,
                    words,
                    interrupt_of(pair, each),
                    (halves[0], halves[1]),
                    ratio_words(*cycles),
                    differences,
                    index,
                )
            )
        if not one.interrupts:
            rows.append(_row_without(pair, one, words))
    return rows


def _works(each: AlignedInterrupt) -> list[Work]:
    return [interrupt.total if interrupt else Work() for interrupt in (each.a, each.b)]


def _half(pair: Pair, side: int, each: AlignedInterrupt, reason: str, most: int, longest: int) -> Half:
    interrupt = (each.a, each.b)[side]
    backend = pair.lock_step.sides[side].simulation.backend
    if interrupt is None:
        return Half(_SIDES[side], backend, False, Work(), 0, None, 0, "", 0, 0, reason)
    total, latency = interrupt.total, interrupt.latency
    return Half(
        _SIDES[side],
        backend,
        True,
        total,
        bar(total.cycles, most),
        latency,
        bar(latency, longest),
        _handlers(interrupt),
        interrupt.sending.exits,
        interrupt.receiving.exits,
        messages=tuple(interrupt.numbers),
    )


def _handlers(interrupt: Interrupt) -> str:
    return ", ".join(str(handled.cpu) for handled in interrupt.handled)


def _row_without(pair: Pair, one: AlignedStimulus, words: str) -> Row:
    """A stimulus that sent nothing: what it took is the machine's own work."""
    halves = [
        Half(_SIDES[side], pair.lock_step.sides[side].simulation.backend, not one.reasons[side],
             rest, 0, None, 0, "", 0, 0, one.reasons[side])
        for side, rest in enumerate(one.rest)
    ]  # fmt: skip
    ratio = "" if any(one.reasons) else ratio_words(one.rest[0].cycles, one.rest[1].cycles)
    return Row(one.number, True, words, "no interrupt message", (halves[0], halves[1]), ratio, ())


def interrupt_of(pair: Pair, each: AlignedInterrupt) -> str:
    """The interrupt in words: vector, sender and targets."""
    one = each.either
    side = pair.lock_step.sides[0 if each.a else 1]
    names = GENERATIONS[side.simulation.generation].vector_names
    sender = {Origin.IO_APIC: f"pin {one.source}", Origin.MSI: "MSI"}.get(one.origin, f"CPU {one.source}")
    targets = ", ".join(map(str, sorted(one.targets))) or "nobody"
    return f"{interrupt_words(one.vector, one.delivery_mode, names)} {sender} → {targets}"


def spoken_result(pair: Pair) -> str:
    """The newest stimulus in one or two sentences."""
    number = pair.lock_step.stimuli
    if not number:
        return "Nothing has been caused yet."
    one = pair.lock_step.aligned(number)
    said = "; ".join(difference for each in one.interrupts[:3] for difference in each.differences)
    if any(one.reasons):
        why = ". ".join(dict.fromkeys(reason for reason in one.reasons if reason))
        return f"{number}: {stimulus_words(one.commands)}. {said}{'. ' if said else ''}{why}."
    ratio = ratio_words(one.total[0].cycles, one.total[1].cycles)
    return f"{number}: {stimulus_words(one.commands)}. {said or 'Both cross alike'}. Cycles of B to A: {ratio}."


def _detail(pair: Pair, number: int) -> dict[str, Any]:
    """One stimulus step by step."""
    stretches = [side.stretches[number] for side in pair.lock_step.sides]
    span = max(span_of(stretch) for stretch in stretches)
    cpus = sorted({step.cpu for stretch in stretches for step, _ in steps_of(stretch)})[:16]
    a, b = stretches
    return {
        "number": number,
        "stimulus": stimulus_words(pair.lock_step.given[number]),
        "kept": bool(cpus) or not (a.total.cycles or b.total.cycles),
        "sides": [
            {"side": letter, "lanes": lanes_of(side, stretch, span, cpus), "steps": step_lines(stretch, other),
             "rest": _rest_words(stretch)}
            for letter, side, stretch, other in zip(_SIDES, pair.lock_step.sides, (a, b), (b, a), strict=True)
        ],
    }  # fmt: skip


def _rest_words(stretch: Stretch) -> str:
    rest = stretch.rest
    if not rest.cycles:
        return ""
    return f"Besides its interrupts: {crossing_words(rest)}, {rest.cycles:,} cycles (idling, timers)."
