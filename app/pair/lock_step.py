"""Two machines on one stimulus.

Their virtual times differ, because their costs do. They are in step by stimulus: each stimulus is applied to both, each
runs until it is idle (timers may still be waiting), and only then comes the next.
"""

from collections import deque

from app.commands.command import Refusal, Stimulus
from app.engine.work import Work
from app.pair.accounts import Stretch
from app.pair.alignment import AlignedStimulus, align
from app.pair.script import Cue
from app.pair.watched import WatchedSimulation
from app.score.course import Course
from app.score.scribe import Scribe

#: A machine that is still busy after so many operations is not waited for: a level line that stays up keeps it so.
LONGEST_STIMULUS = 20_000
#: Single steps are kept for so many of the newest stimuli, and for fewer where they are more than the second number.
STEPS_KEPT = 300
MOST_STEPS = 200_000
#: A pair whose books have so many entries takes no more: each is kept, and takes about 500 bytes.
MOST_ENTRIES = 150_000

_WITHOUT_APIC = "{} has no APIC: it sends by event channels only"


class Side:
    """One machine of the pair."""

    def __init__(self, simulation: WatchedSimulation) -> None:
        self.simulation = simulation
        self._cues: deque[tuple[int, Stimulus]] = deque()
        self._operations = 0
        #: Stimuli after which the machine was still busy.
        self.unfinished: set[int] = set()
        #: Stimuli that would have had to go through an APIC, which this machine does not have.
        self.without_apic: set[int] = set()
        #: Why commands of a stimulus were left out: they do not fit this machine's guest.
        self.misfits: dict[int, str] = {}
        #: What happens on it, as spans; None where nobody has them written.
        self.course: Course | None = None

    def write(self, course: Course) -> None:
        """What happens from now on is written into *course*."""
        self.course = course
        Scribe(course, self.simulation)

    @property
    def at_rest(self) -> bool:
        """The present stimulus has come to its end, or has had operations enough."""
        return not self._cues and (self.simulation.idle or self._operations >= LONGEST_STIMULUS)

    @property
    def arrived(self) -> int:
        """Interrupts of the present stimulus that have reached their last handler."""
        return sum(interrupt.arrived for interrupt in self.stretches[-1].interrupts)

    @property
    def stretches(self) -> list[Stretch]:
        return self.simulation.books.stretches

    def reason_against(self, number: int) -> str:
        """Why this machine did not do stimulus *number*, or not all of it; empty when it did."""
        return (
            _WITHOUT_APIC.format(self.simulation.backend)
            if number in self.without_apic
            else self.misfits.get(number, "")
        )

    def misfit(self, command: Stimulus) -> Refusal | None:
        """Why this machine's guest cannot do *command*; None when it can."""
        backend = self.simulation.execution.backend
        return command.misfit(x2apic=backend.x2apic, kernel=backend.generation)

    def begin(self, cues: tuple[Cue, ...]) -> None:
        """The next stimulus."""
        now = self.simulation.time
        self.simulation.books.begin()
        if self.simulation.execution.backend.event_channels and any(cue.command.writes_icr for cue in cues):
            self.without_apic.add(self.stretches[-1].number)
        for misfit in filter(None, (self.misfit(cue.command) for cue in cues)):
            self.misfits[self.stretches[-1].number] = misfit.message
        self._operations = 0
        self._cues = deque((now + cue.offset, cue.command) for cue in cues if not self.misfit(cue.command))
        self._apply_due()

    def run(self, operations: int) -> int:
        """Goes on for no more than so many operations; returns those done."""
        done = 0
        while not self.at_rest and done < operations:
            until = self._cues[0][0] if self._cues else None
            most = operations - done if self._cues else min(operations - done, LONGEST_STIMULUS - self._operations)
            ran = self.simulation.run(until, most, until_idle=until is None)
            done += ran
            self._operations += ran
            self._apply_due()
            if not ran and until is None:
                break
        if self.at_rest:
            self._rest()
        return done

    def _apply_due(self) -> None:
        while self._cues and self._cues[0][0] <= self.simulation.time:
            self.simulation.apply(self._cues.popleft()[1])

    def _rest(self) -> None:
        self.simulation.books.settle()
        if not self.simulation.idle:
            self.unfinished.add(self.stretches[-1].number)


class LockStep:
    """The pair: *a* and *b*, each fresh and with the same number of CPUs. ValueError when that differs."""

    def __init__(self, a: WatchedSimulation, b: WatchedSimulation) -> None:
        if len(a.processors) != len(b.processors):
            raise ValueError(f"A has {len(a.processors)} CPUs and B has {len(b.processors)}")
        self.a, self.b = Side(a), Side(b)
        #: What A was given, by the number of the stimulus: nothing, before the first.
        self.given: list[tuple[Stimulus, ...]] = [()]
        #: How many interrupts are to have arrived on each, while a step to the next arrival is under way.
        self._goals: tuple[int, ...] | None = None
        #: How many steps of both are kept for which stimulus.
        self._kept: deque[tuple[int, int]] = deque()
        #: Single steps that both keep, up to the last stimulus but one.
        self.steps = 0
        #: Of the books of both, up to the last stimulus but one: stimuli, interrupts, and handlers that these came to.
        self.entries = 0

    @property
    def stimuli(self) -> int:
        """How many stimuli both were given."""
        return len(self.given) - 1

    @property
    def full(self) -> bool:
        """No further stimulus is taken."""
        return self.entries >= MOST_ENTRIES

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    @property
    def at_rest(self) -> bool:
        """Both have come to the end of the present stimulus."""
        return self.a.at_rest and self.b.at_rest

    def begin(self, cues: tuple[Cue, ...]) -> int:
        """Gives both the next stimulus; returns its number, from 1. ValueError for a command that would undo the
        comparison, or while a machine is still at the last stimulus."""
        if not self.at_rest:
            raise ValueError("the last stimulus is still under way")
        for cue in cues:
            if not cue.command.pairable:
                raise ValueError(f"{type(cue.command).__name__} has no place in a pair")
        self.given.append(tuple(cue.command for cue in cues))
        self._goals = None
        for side, own in ((self.a, cues), (self.b, tuple(_for_b(cue) for cue in cues))):
            side.begin(own)
        self._make_room()
        return self.stimuli

    def _make_room(self) -> None:
        """Counts what the stimulus before has left, and forgets the oldest steps."""
        before = self.stimuli - 1
        stretches = [side.stretches[before] for side in self.sides]
        self.entries += sum(stretch.entry_count for stretch in stretches)
        self._kept.append((before, sum(stretch.step_count for stretch in stretches)))
        self.steps += self._kept[-1][1]
        while len(self._kept) >= STEPS_KEPT or self.steps > MOST_STEPS:
            number, steps = self._kept.popleft()
            self.steps -= steps
            for side in self.sides:
                side.stretches[number].forget_steps()

    def run(self, operations: int = 1_000_000) -> int:
        """Lets both go on with the present stimulus, for no more than so many operations each; returns those done."""
        self._goals = None
        return sum(side.run(operations) for side in self.sides)

    def run_to_next_arrival(self, operations: int) -> bool:
        """Lets each go on until one more interrupt has reached its last handler. False when more operations are
        needed than were given: asked again, whoever is there already waits for the other."""
        goals = self._goals or tuple(side.arrived + 1 for side in self.sides)
        there = [_run_to_arrival(side, goal, operations) for side, goal in zip(self.sides, goals, strict=True)]
        self._goals = None if all(there) else goals
        return all(there)

    def aligned(self, number: int) -> AlignedStimulus:
        """Stimulus *number*, from 1, side by side. IndexError when it has not been given."""
        if not 1 <= number <= self.stimuli:
            raise IndexError(number)
        a, b = (side.stretches[number] for side in self.sides)
        names = [side.simulation.execution.kernel.generation.vector_names for side in self.sides]
        reasons = self.a.reason_against(number), self.b.reason_against(number)
        return align(self.given[number], a, b, names[0], names[1], reasons)

    def totals(self) -> tuple[Work, Work]:
        """All that each has taken so far."""
        return _counted(self.a), _counted(self.b)


def _run_to_arrival(side: Side, goal: int, operations: int) -> bool:
    for _ in range(operations):
        if side.at_rest or side.arrived >= goal:
            return True
        side.run(1)
    return side.at_rest or side.arrived >= goal


def _counted(side: Side) -> Work:
    counters = side.simulation.counters
    return counters.work


def _for_b(cue: Cue) -> Cue:
    return cue if cue.for_b is None else Cue(cue.offset, cue.for_b)
