"""What looks wrong in a score: a table of kinds, each with its words and how it is found; each finding leads to the
span with which it began.

Only what lasts counts: a busy machine's ordinary waits are no finding. The limits stand with the kinds.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import NamedTuple

from app.history.slices import Slices
from app.hw import events as hw
from app.score.course import Span
from app.score.interrupt import first_cause, value_words
from app.score.line import Line
from app.x86.vectors import priority_class
from app.x86.words import VectorNames

#: A storm: so many services of one vector on one CPU, or of one line on all of them, and no pause between two that is
#: longer, in cycles.
STORM_SERVICES, STORM_PAUSE = 32, 4_000
#: No service is as short: where it seems to be, a recording has no clock, or a coarse one.
LEAST_SERVICE = 50
#: A wait of code that has lasted so many cycles, and does not end.
STUCK_CYCLES = 200_000
#: An interrupt waits so long behind a service whose handler has returned.
FORGOTTEN_CYCLES = 20_000
#: One of a higher class waits so long behind a lower one.
INVERTED_CYCLES = 20_000
#: Findings of one kind that are told, at most.
MOST_OF_A_KIND = 20
#: So many spans are sorted in a slice.
_SPANS_A_SLICE = 500
_MERGED = hw.Merged.usual_kind.name
_NOBODY = -1


class Finding(NamedTuple):
    """One: *words* say what and where, from *time* and *tick* on; ``span`` is the id of the first cause, ``spans`` are
    those of what shows it."""

    kind: str
    words: str
    time: int
    tick: int
    cpu: int
    span: int
    spans: list[int]


class _Score:
    """A line with its spans by lane and kind. It is known up to time *end*, where nothing is under way if it is
    *idle*."""

    def __init__(self, line: Line, names: VectorNames, end: int, *, idle: bool) -> None:
        self.line = line
        self.names = names
        self.end = end
        self.idle = idle
        self.by_kind: dict[str, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))

    def read(self) -> Slices[None]:
        """Sorts all spans, a little at a time."""
        for number, span in enumerate(self.line.spans()):
            self.by_kind[span.kind][span.lane].append(span)
            if number % _SPANS_A_SLICE == 0:
                yield

    def forget(self) -> Slices[None]:
        """Lets go of all spans, a little at a time."""
        for spans in (spans for lanes in self.by_kind.values() for spans in lanes.values()):
            while spans:
                del spans[-_SPANS_A_SLICE:]
                yield

    def services(self, cpu: int) -> list[Span]:
        """When *cpu* was at interrupts: a guest without an APIC has nothing in service, but handlers."""
        return self.by_kind["in_service"][cpu] or self.by_kind["handler"][cpu]

    def length(self, span: Span) -> int:
        """How long it has lasted."""
        return self.until(span) - span.start

    def until(self, span: Span) -> int:
        """When it ended; the end of the score while it is open."""
        return self.end if span.end is None else span.end

    def at_least(self, kind: str, cpu: int, cycles: int) -> list[Span]:
        """The spans of *kind* on *cpu* that have lasted so long."""
        return [span for span in self.by_kind[kind][cpu] if self.length(span) >= cycles]

    def finding(self, kind: str, words: str, shown: Span, cause: Span, spans: Iterable[Span]) -> Finding:
        return Finding(kind, words, shown.start, shown.first, shown.lane, cause.id, [each.id for each in spans])


#: Gives what it finds, and None now and then: others have their turn.
Detector = Callable[[_Score], Iterator[Finding | None]]


def _storms(score: _Score) -> Iterator[Finding | None]:
    """Of each line over all CPUs, for the bus may give each of its interrupts to another; and of each CPU what is in
    none of these."""
    lanes = sorted(score.by_kind["in_service"].keys() | score.by_kind["handler"].keys())
    told: set[int] = set()
    by_line: dict[tuple[str, int], list[Span]] = defaultdict(list)
    for service in (each for cpu in lanes for each in score.services(cpu)) if len(lanes) > 1 else ():
        line = _line_of(score, service)
        if line is not None:
            by_line[line.name, service.value].append(service)
        yield None
    for services in by_line.values():
        services.sort(key=lambda each: (each.start, each.id))
        for run in _without_a_pause(score, services):
            found = _storm(score, run) if len({each.lane for each in run}) > 1 else None
            if found is not None:
                told |= {each.id for each in run}
                yield found
    for cpu in lanes:
        by_vector: dict[int, list[Span]] = defaultdict(list)
        for number, service in enumerate(score.services(cpu)):
            if service.value >= 0 and service.id not in told:
                by_vector[service.value].append(service)
            if number % _SPANS_A_SLICE == 0:
                yield None
        for run in (run for each in by_vector.values() for run in _without_a_pause(score, each)):
            yield _storm(score, run)
        yield None


def _line_of(score: _Score, service: Span) -> Span | None:
    """The line that asked for *service*; None where it was not a line."""
    cause = first_cause(score.line, service)
    return cause if cause.kind == "line" and service.value >= 0 else None


def _storm(score: _Score, run: list[Span]) -> Finding | None:
    first, length = run[0], max(map(score.until, run)) - run[0].start
    if length < len(run) * LEAST_SERVICE:
        return None
    cpus = sorted({each.lane for each in run})
    who = f"CPU {first.lane} takes" if len(cpus) == 1 else f"{len(cpus)} CPUs together take"
    what, each = value_words(first, score.names), length // len(run)
    words = f"{who} {what} {len(run):,} times in {length:,} cycles, once in {each:,}, without a pause."
    return score.finding("storm", words, first, first_cause(score.line, first), run[:MOST_OF_A_KIND])


def _without_a_pause(score: _Score, services: list[Span]) -> Iterator[list[Span]]:
    """The long runs of services of which each begins soon behind the end of those before."""
    run: list[Span] = []
    until = 0
    for service in services:
        if run and service.start - until > STORM_PAUSE:
            if len(run) >= STORM_SERVICES:
                yield run
            run = []
        run.append(service)
        until = max(until, score.until(service))
    if len(run) >= STORM_SERVICES:
        yield run


def _live_locks(score: _Score) -> Iterator[Finding | None]:
    for cpu, spins in score.by_kind["spin"].items():
        yield None
        spin = spins[-1]
        if spin.end is not None or not (score.idle or score.length(spin) >= STUCK_CYCLES):
            continue
        ever = "and nothing that is under way can end it" if score.idle else "and goes on waiting"
        words = f"CPU {cpu} has waited {score.length(spin):,} cycles for {spin.name}, {ever}."
        yield score.finding("live_lock", words, spin, _why_stuck(score, spin), [spin])


def _why_stuck(score: _Score, spin: Span) -> Span:
    """What keeps *spin* going: a change of its APIC, another CPU's closed window, or the code that began it."""
    before = [mark for mark in score.by_kind["mark"][spin.lane] if mark.start <= spin.start]
    for name in _CHANGES:
        marks = [mark for mark in before if mark.name == name]
        if marks:
            return marks[-1]
    shut = [
        window
        for lane, windows in score.by_kind["closed"].items()
        for window in windows[-1:]
        if lane != spin.lane and window.end is None
    ]
    if shut:
        return min(shut, key=lambda window: window.start)
    code = [*score.by_kind["call"][spin.lane], *score.by_kind["handler"][spin.lane]]
    around = [each for each in code if each.start <= spin.start and each.end is None]
    return max(around, key=lambda each: each.id, default=spin)


#: What makes a guest wait for ever, the most telling first: its APIC is another one than it knows, or is not there.
_CHANGES = (hw.ApicModeChanged.usual_kind.name, hw.InitPerformed.usual_kind.name, hw.RegisterFaulted.usual_kind.name)


def _lost_wakeups(score: _Score) -> Iterator[Finding | None]:
    """A device asks once more while its first request waits: it gets one interrupt for two. Of IPIs the same is usual,
    since what they tell stands in memory."""
    waiting = _Requests(score)
    yield from waiting.read()
    lost: dict[tuple[int, int], list[tuple[Span, Span]]] = defaultdict(list)
    for number, flight in enumerate(each for flights in score.by_kind["flight"].values() for each in flights):
        if number % _SPANS_A_SLICE == 0:
            yield None
        asked = waiting.when_arrived(flight) if flight.name == _MERGED and flight.source == _NOBODY else None
        if asked is not None:
            lost[asked.lane, asked.value].append((flight, asked))
            yield None
    for (cpu, _), merged in sorted(lost.items()):
        flight, asked = merged[0]
        what, many = value_words(asked, score.names), "once" if len(merged) == 1 else f"{len(merged):,} times"
        words = (
            f"A device asked CPU {cpu} for {what} while it was requested already, {many}: each time two became one. "
            "One that counts its edges, as a timer does, has lost as many."
        )
        found = score.finding("lost_wakeup", words, flight, asked, [each for each, _ in merged[:MOST_OF_A_KIND]])
        yield found._replace(cpu=cpu)


class _Requests:
    """The requests of *score* by vector and CPU: of each there is one at a time."""

    def __init__(self, score: _Score) -> None:
        self._score = score
        self._lanes = [lane for lane, requests in score.by_kind["requested"].items() if requests]
        self._by_place: dict[tuple[int, int], list[Span]] = defaultdict(list)

    def read(self) -> Iterator[None]:
        """Sorts all, a little at a time."""
        for lane in self._lanes:
            for number, each in enumerate(self._score.by_kind["requested"][lane]):
                self._by_place[lane, each.value].append(each)
                if number % _SPANS_A_SLICE == 0:
                    yield

    def when_arrived(self, merged: Span) -> Span | None:
        """What was requested when *merged* arrived; where it was the bus that chose the CPU, on the one that has
        it."""
        arrived = self._score.until(merged)
        lanes = self._lanes if merged.lane < 0 else [merged.lane]
        before = (self._before(lane, merged.value, arrived) for lane in lanes)
        waiting = (each for each in before if each is not None and arrived <= self._score.until(each))
        return max(waiting, key=lambda each: each.id, default=None)

    def _before(self, lane: int, vector: int, time: int) -> Span | None:
        """The last that began up to *time*."""
        requests = self._by_place.get((lane, vector), [])
        place = bisect_right(requests, time, key=attrgetter("start"))
        return requests[place - 1] if place else None


def _missing_ends(score: _Score) -> Iterator[Finding | None]:
    for cpu in list(score.by_kind["in_service"]):
        forgotten = score.at_least("in_service", cpu, FORGOTTEN_CYCLES)
        yield None
        causes = {each.id for each in forgotten}
        handlers = {each.cause: each for each in score.by_kind["handler"][cpu] if each.cause in causes}
        requests = score.at_least("requested", cpu, FORGOTTEN_CYCLES)
        yield None
        for service in forgotten:
            handler = handlers.get(service.id)
            if handler is None or handler.end is None or score.until(service) - handler.end < FORGOTTEN_CYCLES:
                continue
            behind: list[Span] = []
            for requested in requests:
                if _waits_behind(score, requested, service, handler.end):
                    behind.append(requested)
                if len(behind) == MOST_OF_A_KIND or requested.start > score.until(service):
                    break
                yield None
            if behind:
                what = value_words(service, score.names)
                words = (
                    f"CPU {cpu} has returned from the handler of {what} without an EOI: it stays in service, and "
                    f"{value_words(behind[0], score.names)} waits behind it."
                )
                yield score.finding("missing_eoi", words, service, service, [service, *behind])


def _waits_behind(score: _Score, requested: Span, service: Span, since: int) -> bool:
    """Whether *requested* waits for long because *service* has not ended since its handler returned."""
    lower = priority_class(requested.value) <= priority_class(service.value)
    both = min(score.until(requested), score.until(service)) - max(requested.start, since)
    return lower and both >= FORGOTTEN_CYCLES


def _inversions(score: _Score) -> Iterator[Finding | None]:
    for cpu in list(score.by_kind["requested"]):
        holders = _Holders(score, cpu)
        told = 0
        for requested in score.at_least("requested", cpu, INVERTED_CYCLES):
            yield None
            for cause, because in holders.of(requested):
                told += 1
                yield _inversion(score, requested, cause, because)
            if told >= MOST_OF_A_KIND:
                break


class _Holders:
    """What holds requests of a higher class back on *cpu*, of that what lasts for long."""

    def __init__(self, score: _Score, cpu: int) -> None:
        self._score = score
        self._windows = [each for each in score.at_least("closed", cpu, INVERTED_CYCLES) if each.name == "gate"]
        self._services = score.at_least("in_service", cpu, INVERTED_CYCLES)
        self._priorities = score.at_least("priority", cpu, INVERTED_CYCLES)

    def of(self, requested: Span) -> Iterator[tuple[Span, str]]:
        """A lower service behind whose gate *requested* waits, and a task priority, with the reason in words."""
        score, urgency = self._score, priority_class(requested.value)
        shut = [window for window in self._windows if _common(score, window, requested)]
        for low in self._services if shut else ():
            lower = priority_class(low.value) < urgency and _common(score, low, requested)
            if lower and any(_common(score, low, each) for each in shut):
                yield low, f"{value_words(low, score.names)} keeps IF at 0"
                break
        for priority in self._priorities:
            if priority_class(priority.value) >= urgency and _common(score, priority, requested):
                yield priority, f"TPR is {priority.value:#04x}"
                break


def _common(score: _Score, one: Span, other: Span) -> bool:
    """Whether both last together for long."""
    return min(score.until(one), score.until(other)) - max(one.start, other.start) >= INVERTED_CYCLES


def _inversion(score: _Score, requested: Span, cause: Span, because: str) -> Finding:
    what, length = value_words(requested, score.names), score.length(requested)
    words = f"CPU {requested.lane}: {what} waits {length:,} cycles although its class is high enough: {because}."
    return score.finding("priority_inversion", words, requested, cause, [requested, cause])


class FindingKind(NamedTuple):
    """A kind: what it is, and who finds it."""

    name: str
    words: str
    detect: Detector


#: Every kind, in the order in which they are told.
FINDING_KINDS: tuple[FindingKind, ...] = (
    FindingKind(
        "storm",
        f"A storm: one vector is taken {STORM_SERVICES} times or more without {STORM_PAUSE:,} cycles of rest, on one "
        "CPU or from one line.",
        _storms,
    ),
    FindingKind(
        "live_lock",
        f"A live lock: code waits for ever, or has waited for {STUCK_CYCLES:,} cycles and does not stop.",
        _live_locks,
    ),
    FindingKind("lost_wakeup", "A wake-up lost by a merge: a device asked twice, and was heard once.", _lost_wakeups),
    FindingKind(
        "missing_eoi",
        f"A missing EOI: a handler has returned, and others wait behind it for {FORGOTTEN_CYCLES:,} cycles and more.",
        _missing_ends,
    ),
    FindingKind(
        "priority_inversion",
        f"A priority inversion: a higher class waits {INVERTED_CYCLES:,} cycles and more behind a lower one.",
        _inversions,
    ),
)


def findings_of(line: Line, names: VectorNames, end: int, *, idle: bool) -> Slices[list[Finding]]:
    """What looks wrong on *line*, which is known up to time *end*, in TSC cycles; of each kind the first few. *idle*:
    nothing is under way there. *names* are what the kernel calls its vectors."""
    score = _Score(line, names, end, idle=idle)
    yield from score.read()
    found: list[Finding] = []
    for kind in FINDING_KINDS:
        alike: list[Finding] = []
        for each in kind.detect(score):
            if each is None:
                yield
            else:
                alike.append(each)
        found += sorted(alike, key=lambda each: (each.time, each.span))[:MOST_OF_A_KIND]
        yield
    yield from score.forget()
    return found
