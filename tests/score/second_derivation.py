"""What the spans of a session must say, derived a second time and in the plainest way: the machine is looked at after
every tick, and what is so then is a fact of that tick."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from app.engine.event_log import WholeLog
from app.engine.events import Event
from app.engine.frames import Call
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.engine.waits import Window, window_of
from app.guest.steps import SpinUntil
from app.hw.cpu import RunState
from app.hw.events import Accepted, Acknowledged, EventTaken, MessageSent
from app.score.course import Span
from app.x86.icr import DeliveryMode
from tests.engine.random_sessions import Played

Fact = tuple[Any, ...]
#: Kinds of which a span of no ticks says nothing about any tick.
INSTANTS = ("mark",)


def facts(simulation: Simulation) -> Counter[Fact]:
    """What is so now."""
    found: Counter[Fact] = Counter()
    for processor in simulation.processors:
        found.update(_of_cpu(processor))
    machine = simulation.machine
    found.update(("line", f"pin {pin}") for pin, level in enumerate(machine.io_apic.lines) if level)
    found.update(("line", f"line {line} of the 8259") for line in machine.legacy_pic.up)
    found.update(
        ("line", f"LINT{pin} of CPU {cpu.number}")
        for cpu in machine.cpus
        for pin, level in enumerate(cpu.apic.lint_lines)
        if level
    )
    found.update(("flight", number) for number in simulation.in_flight)
    return found


def _of_cpu(processor: Processor) -> Iterable[Fact]:
    cpu, number = processor.cpu, processor.cpu.number
    yield from (("requested", number, vector) for vector in cpu.apic.irr)
    if cpu.event_channels is not None:
        yield from (("requested", number, port) for port in cpu.event_channels.pending)
    yield from (("in_service", number, vector) for vector in cpu.apic.isr)
    window = window_of(processor)
    if window is not Window.OPEN:
        yield "closed", number, window.value
    if processor.in_host:
        yield "host", number
    spin = processor.spinning
    if isinstance(spin, SpinUntil):
        yield "spin", number, spin.word.name
    if cpu.run_state is RunState.WAIT_FOR_SIPI:
        yield "sipi", number
    if cpu.apic.tpr and cpu.event_channels is None:
        yield "priority", number, cpu.apic.tpr
    for frame in processor.frames:
        if type(frame.code) is Call:
            yield "call", number, frame.name
        elif frame.returns_from is not None and frame.name:
            yield "handler", number, -1 if frame.vector is None else frame.vector, frame.name
    yield from [("latched", number, "NMI")] * cpu.nmi_pending
    yield from [("latched", number, "SMI")] * cpu.smi_pending
    yield from [("latched", number, "INIT")] * cpu.init_pending
    yield from [("latched", number, "start-up IPI")] * (cpu.sipi_pending is not None)
    yield from [("latched", number, "ExtINT")] * cpu.external_pending


def fact_of(span: Span) -> Fact | None:
    """What *span* says while it lasts; None where no state shows that."""
    match span.kind:
        case "requested" | "in_service" | "priority":
            return span.kind, span.lane, span.value
        case "closed" | "call" | "latched":
            return span.kind, span.lane, span.name
        case "spin":
            return None if span.name == "delivery status" else (span.kind, span.lane, span.name)
        case "host" | "sipi":
            return span.kind, span.lane
        case "handler":
            return span.kind, span.lane, span.value, span.name
        case "line":
            return span.kind, span.name
        case "flight":
            return span.kind, span.message
        case "mark":
            return None
        case kind:
            raise AssertionError(f"nobody looks at {kind}")


def first_difference(spans: Iterable[Span], seen: list[Counter[Fact]]) -> str:
    """At which tick, from 1, the spans say something else than was seen; empty when they never do. A message has a
    flight for each target, and is seen once."""
    begins: dict[int, list[Fact]] = {}
    ends: dict[int, list[Fact]] = {}
    for span in spans:
        fact = fact_of(span)
        if fact is None:
            continue
        begins.setdefault(span.first, []).append(fact)
        if span.last is not None:
            ends.setdefault(span.last, []).append(fact)
    said: Counter[Fact] = Counter()
    for tick in range(len(seen)):
        said.update(begins.get(tick, []))
        said.subtract(ends.get(tick, []))
        told = {fact: 1 if fact[0] == "flight" else count for fact, count in said.items() if count}
        if told != seen[tick]:
            more = {fact: count for fact, count in told.items() if seen[tick][fact] != count}
            less = {fact: count for fact, count in seen[tick].items() if told.get(fact, 0) != count}
            return f"tick {tick}: the spans say {more}, to be seen is {less}"
    return ""


def looked_at(played: Played) -> tuple[list[Counter[Fact]], list[tuple[int, int, Event]]]:
    """All of *played* again, tick by tick: the facts after each, from before the first, and what happened, with tick
    and time."""
    simulation = Simulation(*played.beginning, log=WholeLog)
    seen = [facts(simulation)]
    happened: list[tuple[int, int, Event]] = []

    def look() -> None:
        seen.append(facts(simulation))
        happened.extend((simulation.ticks, time, event) for time, event in simulation.take_log())

    for entry in played.journal:
        while simulation.ticks < entry.tick:
            simulation.run(to_tick=simulation.ticks + 1)
            look()
        simulation.run_to(entry.moment)
        simulation.apply(entry.command)
        look()
    while simulation.ticks < played.end.tick:
        simulation.run(to_tick=simulation.ticks + 1)
        look()
    return seen, happened


def by_events(happened: list[tuple[int, int, Event]], spans: Iterable[Span]) -> None:
    """Whatever was accepted, taken or sent has its span, at its time and tick, and no other has."""
    said = sorted(
        (span.kind, span.first, span.start, span.lane, span.value)
        for span in spans
        if span.kind in ("requested", "in_service") and span.start >= 0
    )
    expected = [("requested", tick, time, *place) for tick, time, event in happened for place in _requests(event)]
    expected += [
        ("in_service", tick, time, event.cpu, event.vector)
        for tick, time, event in happened
        if isinstance(event, Acknowledged)
    ]
    assert said == sorted(expected)
    flights = {(span.message, span.first, span.start) for span in spans if span.kind == "flight"}
    sent = {(event.message.number, tick, time) for tick, time, event in happened if isinstance(event, MessageSent)}
    assert sent <= flights
    ends = {(span.lane, span.value, span.last) for span in spans if span.kind == "requested" and span.last is not None}
    taken = {
        (event.cpu, event.vector, tick) for tick, _, event in happened if isinstance(event, Acknowledged | EventTaken)
    }
    assert taken <= ends


def _requests(event: Event) -> list[tuple[int, int]]:
    if isinstance(event, Accepted) and event.delivery_mode in (DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY):
        return [(event.cpu, event.vector)]
    return []
