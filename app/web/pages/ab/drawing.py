"""How the A/B page draws: bars on a common scale, and one lane a CPU for what happened in a stimulus."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.guest.step_kinds import KIND_OF, side_of
from app.guest.step_kinds import Side as StepSide
from app.pair.accounts import Interrupt, Performed, Stretch
from app.pair.lock_step import Side
from app.state.step_words import step_words

#: Width of the drawing, in units of its own; times go from the left margin to it.
WIDTH, LEFT, LANE = 640, 52, 34


class Block(NamedTuple):
    """A stretch of work of one kind: ``sending``, ``handling``, ``other`` of the guest, or ``host``."""

    x: float
    width: float
    kind: str


class Mark(NamedTuple):
    """``exit``, ``hypercall``, ``call`` or ``handler``, at a moment."""

    x: float
    kind: str


class Lane(NamedTuple):
    """One CPU."""

    cpu: int
    y: int
    blocks: list[Block]
    marks: list[Mark]


class Arrow(NamedTuple):
    """From the last step of a send to the first instruction of a handler."""

    x1: float
    y1: float
    x2: float
    y2: float


class Lanes(NamedTuple):
    """All that one machine did in a stimulus."""

    height: int
    lanes: list[Lane]
    arrows: list[Arrow]
    #: (x, cycles) of the marks below.
    scale: list[tuple[float, int]]
    words: str


class StepLine(NamedTuple):
    """One step in words; ``kind`` is that of a block, ``differs`` that the other side has none like it."""

    time: int
    cpu: int
    words: str
    cycles: int
    kind: str
    differs: bool


def bar(value: int | None, largest: int) -> float:
    """Per cent of *largest*."""
    return 0.0 if not value or not largest else round(100 * value / largest, 2)


def ratio_words(a: int, b: int) -> str:
    """How many times of A's B's is."""
    if a == b:
        return "the same"
    if not a:
        return "–"
    if not b:
        return "none"
    ratio = b / a
    return f"× {ratio:.2f}" if ratio < 10 else f"× {ratio:.0f}"


def steps_of(stretch: Stretch) -> list[tuple[Performed, Interrupt | None]]:
    """Every step of the stimulus in its order, with the interrupt that it was for."""
    found: list[tuple[Performed, Interrupt | None]] = [(step, None) for step in stretch.steps]
    for interrupt in stretch.interrupts:
        found += [(step, interrupt) for step in interrupt.steps]
    return sorted(found, key=lambda one: (one[0].time, one[0].cpu))


def span_of(stretch: Stretch) -> int:
    """Cycles from the stimulus to the end of its last step."""
    return max((step.time + step.cycles - stretch.began for step, _ in steps_of(stretch)), default=0)


def lanes_of(side: Side, stretch: Stretch, span: int, cpus: list[int]) -> Lanes:
    """One machine's part of a stimulus; *span* is the common length of both, *cpus* those that either uses."""
    factor = (WIDTH - LEFT - 12) / max(1, span)
    done = steps_of(stretch)

    def x(time: int) -> float:
        return round(LEFT + (time - stretch.began) * factor, 1)

    lanes = [
        Lane(cpu, 8 + index * LANE, list(_blocks(done, cpu, x, factor)), list(_marks(stretch, done, cpu, x)))
        for index, cpu in enumerate(cpus)
    ]
    y = {lane.cpu: lane.y + 13.0 for lane in lanes}
    height = 8 + len(cpus) * LANE + 22
    scale = [(round(LEFT + part * span * factor, 1), round(part * span)) for part in (0, 0.5, 1)]
    exits = stretch.total.exits
    words = f"{side.simulation.backend}: {span_of(stretch):,} cycles, {exits} exit{'' if exits == 1 else 's'}"
    return Lanes(height, lanes, list(_arrows(stretch, x, y)), scale, words)


def _kind(step: Performed, owner: Interrupt | None) -> str:
    if side_of(step.step) is not StepSide.GUEST:
        return "host"
    if owner is None:
        return "other"
    return "handling" if step.receiving else "sending"


def _blocks(done: Iterable[tuple[Performed, Interrupt | None]], cpu: int, x: object, factor: float) -> Iterator[Block]:
    assert callable(x)
    begin, end, kind = 0, -1, ""
    for step, owner in done:
        if step.cpu != cpu or not step.cycles:
            continue
        now = _kind(step, owner)
        if kind and (step.time != end or now != kind):
            yield Block(x(begin), round(max(1.0, (end - begin) * factor), 1), kind)
            kind = ""
        if not kind:
            begin, kind = step.time, now
        end = step.time + step.cycles
    if kind:
        yield Block(x(begin), round(max(1.0, (end - begin) * factor), 1), kind)


def _marks(stretch: Stretch, done: Iterable[tuple[Performed, Interrupt | None]], cpu: int, x: object) -> Iterator[Mark]:
    assert callable(x)
    for step, _ in done:
        kind = KIND_OF[type(step.step)]
        if step.cpu == cpu and kind.is_exit:
            yield Mark(x(step.time), "hypercall" if kind.is_hypercall else "exit")
    for interrupt in stretch.interrupts:
        if interrupt.from_cpu and interrupt.source == cpu:
            yield Mark(x(interrupt.called), "call")
        yield from (Mark(x(handled.time), "handler") for handled in interrupt.handled if handled.cpu == cpu)


def _arrows(stretch: Stretch, x: object, y: dict[int, float]) -> Iterator[Arrow]:
    assert callable(x)
    for interrupt in stretch.interrupts:
        if not interrupt.from_cpu or interrupt.source not in y:
            continue
        for handled in interrupt.handled:
            if handled.cpu in y and handled.cpu != interrupt.source and handled.time >= stretch.began:
                yield Arrow(x(interrupt.called), y[interrupt.source], x(handled.time), y[handled.cpu])


def step_lines(stretch: Stretch, other: Stretch) -> list[StepLine]:
    """The steps of one side in words; those that the *other* side has no equal of are told apart."""
    left = [(step.cpu, step_words(step.step)) for step, _ in steps_of(other)]
    lines = []
    for step, owner in steps_of(stretch):
        said = (step.cpu, step_words(step.step))
        differs = said not in left
        if not differs:
            left.remove(said)
        lines.append(StepLine(step.time - stretch.began, *said, step.cycles, _kind(step, owner), differs))
    return lines
