"""Any moment of a simulated session, exactly: what was asked is done again up to there.

A *moment* is a tick of a branch, and a time not before that tick and before the next. One simulation stands at the
present moment, and people act on that one. At the head of its branch whatever they do goes on with the branch. At a
past moment a command begins another branch there, and the old one stays whole. Whoever only runs from a past moment
does what was done, up to the head and on.

What may take long comes twice: as a method, and under a name in -er as a generator, which does a little at each
``next`` and ends with the same result. Other things may be done in between.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Search
from app.commands.command import Stimulus
from app.engine.journal import Moment
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.history.branches import Branch
from app.history.journal import Entry
from app.history.keyframes import Keyframes
from app.history.reexecution import TICKS_A_SLICE, Record, Reexecution
from app.history.rests import Rests
from app.history.search import Guard, Searches, showing
from app.history.slices import Slices, at_once
from app.history.units import OPERATION, UNITS, one_tick
from app.history.watch import SimulationWatch
from app.x86.words import VectorNames

if TYPE_CHECKING:
    from app.history.onlooker import Onlooker

#: A step that has not come to its end after so many ticks that nobody knew before ends there: it may never come.
LONGEST_STEP = 200_000


class Timeline:
    """The whole history of a session that begins as *simulation*, which nobody has touched yet. It has had these
    *branches* already, by their numbers; without any it begins now. It stands at its beginning: seek what is to be
    shown. Without *keyframes* each way to a past moment leads through all ticks before it.
    """

    def __init__(
        self, simulation: Simulation, keyframes: Keyframes[Simulation] | None = None, branches: Sequence[Branch] = ()
    ) -> None:
        #: The one at the present moment. It is another object after each way to another moment.
        self.simulation = simulation
        self.branches = list(branches) or [Branch(0, "main", head=simulation.moment)]
        #: The branch of the present moment.
        self.branch = self.branches[0]
        #: Commands in the journals of all branches.
        self.commands = sum(len(branch.journal) for branch in self.branches)
        #: What every simulation of it began as.
        self.beginning = simulation.beginning
        #: What it goes back to; None where it goes back to the beginning.
        self.keyframes = keyframes
        self._again = Reexecution(self.beginning, keyframes)
        #: The simulation that stood at a branch's head when somebody left it for another moment.
        self._left: tuple[Branch, Simulation] | None = None
        self._rests = Rests()
        #: Follows its branches where they grow.
        self.onlooker: Onlooker | None = None
        self._searches = Searches()

    # Where it stands

    @property
    def moment(self) -> Moment:
        """The present tick of ``branch``, and the time."""
        return self.simulation.moment

    @property
    def head(self) -> Moment:
        """The last moment of ``branch``."""
        return self.branch.head

    @property
    def live(self) -> bool:
        """Nothing is known of what comes next: a command goes on with ``branch``."""
        return self.simulation.ticks >= self.branch.head.tick

    @property
    def bytes_kept(self) -> int:
        """What its keyframes take."""
        return self._again.bytes_kept

    def next_time(self) -> int | None:
        """When something happens next, be it that a command is done again; None when nothing will."""
        entry = self.branch.next_entry(self.simulation.ticks)
        return entry.time if entry and entry.tick == self.simulation.ticks else self.simulation.next_time()

    def journal(self, branch: int | None = None) -> list[Entry]:
        """All commands of a branch, the present one without a number, from the beginning of the session."""
        return list(self._branch(branch).whole_journal())

    def _branch(self, number: int | None) -> Branch:
        """LookupError when there is none of that number."""
        if number is None:
            return self.branch
        if not 0 <= number < len(self.branches):
            raise LookupError(f"there is no branch {number}: there are 0 to {len(self.branches) - 1}")
        return self.branches[number]

    # Going on

    def apply(self, command: Stimulus, who: str = "") -> Result:
        """Does what *who* asked, at the present moment, and answers as ``Simulation.apply`` does. At a past moment that
        begins another branch, which is the present one from then on. A command that cannot be done raises and leaves
        nothing behind, no branch either."""
        moment = self.simulation.moment
        if self.live:
            self._attend()
            answer = self.simulation.apply(command)
        else:
            answer = self._begin_branch(command)
        self.branch.journal.append(Entry(*moment, who, command))
        self.branch.head = self.simulation.moment
        self.commands += 1
        return answer

    def _begin_branch(self, command: Stimulus) -> Result:
        """Does *command* at a past moment, which begins another branch."""
        tick = self.simulation.ticks
        parent = self.branch.owner(tick)
        onlooker = self.onlooker
        if onlooker is not None:
            onlooker.conceive(parent, self.simulation)
        branch = None
        try:
            answer = self.simulation.apply(command)
            number = len(self.branches)
            branch = Branch(number, f"branch {number}", parent, tick)
        finally:
            if onlooker is not None:
                onlooker.give_birth(branch)
        self.branch = branch
        self.branches.append(branch)
        return answer

    def _attend(self) -> None:
        if self.onlooker is not None:
            self.onlooker.attend(self.branch, self.simulation)

    def run(
        self,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        to_tick: int | None = None,
        whole_paths: bool = False,
    ) -> int:
        """As ``Simulation.run``. From a past moment the branch's commands are done again, each at its tick; from its
        head on, which moves along, there are none. Diverged when one cannot be done."""
        done = 0
        if self.onlooker is not None and not self.live:  # what is known is not followed a second time
            known = self.branch.head.tick if to_tick is None else min(to_tick, self.branch.head.tick)
            done = self._run(until, operations, until_idle, known, whole_paths)
            if not self.live:
                return done
        if self.live:
            self._attend()
        left = None if operations is None else max(0, operations - done)
        return done + self._run(until, left, until_idle, to_tick, whole_paths)

    def _run(
        self, until: int | None, operations: int | None, until_idle: bool, to_tick: int | None, whole_paths: bool
    ) -> int:
        done = self._again.run(
            self.branch,
            self.simulation,
            until,
            operations,
            until_idle=until_idle,
            to_tick=to_tick,
            whole_paths=whole_paths,
        )
        self._has_run()
        return done

    def _has_run(self) -> None:
        moment = self.simulation.moment
        if moment > self.branch.head:
            self.branch.head = moment

    # Steps

    def step(self, unit: str, count: int = 1) -> int:
        """Runs until *count* of *unit*, which ``UNITS`` names, have ended. Returns how many did: fewer when nothing was
        left, or none had come after LONGEST_STEP new ticks. In the past a step ends, too, where somebody stood and
        asked for a step of that unit: so the way on leads over the same moments as the way back. KeyError for another
        unit."""
        return at_once(self.stepper(unit, count))

    def stepper(self, unit: str, count: int = 1) -> Slices[int]:
        """As ``step``, with the present moment going on at each slice."""
        self.stands(unit)
        gone = waited = looked = 0
        while gone < count and waited < LONGEST_STEP:
            ended = self._one_tick(unit)
            if ended is None:
                break
            waited += self.live
            if self._rests_here(unit) or ended:
                gone, waited = gone + 1, 0
            looked += 1
            if looked % TICKS_A_SLICE == 0:
                yield
        return gone

    def _one_tick(self, unit: str) -> bool | None:
        if self.live:
            self._attend()
        ended = one_tick(self.simulation, self.branch.next_entry(self.simulation.ticks), unit)
        if ended is not None:
            self._again.ticked(self.branch, self.simulation)
            self._has_run()
        return ended

    def step_back(self, unit: str, count: int = 1) -> int:
        """Undoes *count* steps of *unit*: goes back to where as many of them, from there, end at the present moment.
        Returns how many it went: fewer when it came to the beginning, which ends the way back. KeyError for another
        unit."""
        return at_once(self.stepper_back(unit, count))

    def stepper_back(self, unit: str, count: int = 1) -> Slices[int]:
        """As ``step_back``; the present moment changes with the last slice."""
        self.stands(unit)
        branch = self.branch
        stops = yield from self._again.stops_before(
            branch, self.simulation.ticks, unit, count, lambda tick: self._rests.time_at(branch, tick, unit) is not None
        )
        if stops:
            yield from self._shower(branch, stops[-1], self._rests.time_at(branch, stops[-1], unit))
        return len(stops)

    def stands(self, unit: str) -> None:
        """Somebody stands here and makes a step."""
        if unit not in UNITS:
            raise KeyError(f"there is no step by {unit}: there are {', '.join(UNITS)}")
        self._rests.stood(self.branch, self.moment, unit)

    def _rests_here(self, unit: str) -> bool:
        """Somebody stood at this tick: the step ends at the same time."""
        time = self._rests.time_at(self.branch, self.simulation.ticks, unit)
        if time is not None:
            self.simulation.run(until=time, to_tick=self.simulation.ticks)
            self._has_run()
        return time is not None

    # Conditions

    def searcher(self, condition: Condition, limit: int, names: VectorNames) -> Search:
        """Goes on to the next tick in which *condition* comes true, or as far as *limit* ticks; the present moment goes
        on with each slice. *names* are what the kernel calls its vectors."""
        with closing(self._watch()) as watch:
            return (yield from self._searches.on(self.past, watch, condition, limit, names))

    def searcher_back(self, condition: Condition, names: VectorNames) -> Search:
        """Goes back to the last tick before the present one in which *condition* came true; the present moment changes
        with the last slice, and stays where there is none."""
        course = self.past()
        looked = yield from self._searches.back(course, condition, self.simulation.ticks, names)
        if looked.hit is not None:
            yield from showing(self._shower(course.branch, looked.hit.tick, None), looked)
        return looked

    def guard(self, conditions: Mapping[int, Condition], names: VectorNames) -> Slices[Guard]:
        """What lets time go on from the present moment, tick by tick, and tells when one of *conditions* comes true."""
        return self._searches.guard(self.past(), self._watch(), conditions, names)

    def _watch(self) -> SimulationWatch:
        return SimulationWatch(self.simulation, lambda: self._one_tick(OPERATION) is not None)

    def past(self, branch: int | None = None) -> "Past":
        """A branch, the present one without a number, to be looked at again. LookupError when there is none."""
        return Past(self._branch(branch), self._again)

    # Other moments

    def seek(self, tick: int | None = None, time: int | None = None, branch: int | None = None) -> Moment:
        """Makes another moment the present one and returns it: *tick* of a branch, of the present one without a number.
        A clock goes on until the next tick: the moment is when *tick* happened, unless *time* says how much later. With
        a time alone it is the last tick at that time or before, with neither the branch's head. ValueError when the
        branch has no such moment, LookupError when there is no such branch, Diverged when its journal cannot be done
        again."""
        return at_once(self.seeker(tick, time, branch))

    def seeker(self, tick: int | None = None, time: int | None = None, branch: int | None = None) -> Slices[Moment]:
        """As ``seek``; the present moment changes with the last slice."""
        course = self._branch(branch)
        if tick is not None or time is None or time >= course.head.time:
            moment = self._at(course, tick, None if tick is None else time)
        elif time >= 0:
            moment = (yield from self._again.tick_at(course, time)), None
        else:
            raise ValueError(f"there is no time {time}")
        yield from self._shower(course, *moment)
        return self.moment

    def switch_branch(self, number: int) -> Moment:
        """Shows the head of another branch."""
        return self.seek(branch=number)

    def name_branch(self, number: int, name: str) -> None:
        """Gives a branch another name."""
        self._branch(number).name = name

    def at(self, tick: int | None = None, time: int | None = None, branch: int | None = None) -> Simulation:
        """A simulation of its own that stands at *tick* of a branch, or at its head: nobody moves. It raises as
        ``seek`` does."""
        return at_once(self.finder(tick, time, branch))

    def finder(self, tick: int | None = None, time: int | None = None, branch: int | None = None) -> Slices[Simulation]:
        """As ``at``."""
        course = self._branch(branch)
        return self._again.going(course, *self._at(course, tick, time))

    def goer_on(self, simulation: Simulation, tick: int, branch: int) -> Slices[Simulation]:
        """Takes a simulation of somebody's own, which stands on the course of a branch, on to *tick*. Nobody moves."""
        return self._again.going(self._branch(branch), tick, None, simulation)

    def tick_finder(self, time: int, branch: int | None = None) -> Slices[int]:
        """The last tick of a branch that happened at *time* or before it. LookupError when there is no such branch."""
        return self._again.tick_at(self._branch(branch), time)

    @staticmethod
    def _at(branch: Branch, tick: int | None, time: int | None) -> tuple[int, int | None]:
        """The moment to show: without a time that of the tick, and at the head the last one."""
        if tick is None or (tick == branch.head.tick and time is None):
            return branch.head
        if not 0 <= tick <= branch.head.tick:
            raise ValueError(f"there is no tick {tick:,} in {branch.name}: it has come to tick {branch.head.tick:,}")
        return tick, time

    def _shower(self, branch: Branch, tick: int, time: int | None) -> Slices[None]:
        if branch is self.branch and (tick, time) == self.moment:
            return
        simulation = yield from self._again.going(branch, tick, time, self._take_left(branch, tick, time))
        if self.onlooker is not None:
            self.onlooker.leave()
        if self.live:
            self._left = self.branch, self.simulation
        self.branch, self.simulation = branch, simulation

    def _take_left(self, branch: Branch, tick: int, time: int | None) -> Simulation | None:
        """The simulation that was left at a head, when it is on the way."""
        if self._left is None:
            return None
        course, simulation = self._left
        here = simulation.moment
        on_the_way = here.tick < tick or (here.tick == tick and time is not None and here.time <= time)
        entry = branch.next_entry(here.tick)
        too_late = entry is not None and entry.tick == here.tick and entry.time < here.time
        if not on_the_way or too_late or branch.owner(here.tick) is not course.owner(here.tick):
            return None
        self._left = None
        return simulation

    # What happened

    def records(self, first: int, last: int, branch: int | None = None) -> Iterator[Record]:
        """What happened in the ticks from *first*, at least 1, to *last* of a branch, in its order. Nobody moves."""
        for records in self.recorder(first, last, branch):
            yield from records

    def recorder(self, first: int, last: int, branch: int | None = None) -> Generator[list[Record], None, None]:
        """As ``records``, a few at a time: each slice gives what it has found, which may be nothing."""
        course = self._branch(branch)
        return self._again.recording(course, max(first, 1), min(last, course.head.tick))


class Past(NamedTuple):
    """A branch, to be looked at again."""

    branch: Branch
    again: Reexecution

    def watch(self, tick: int) -> SimulationWatch:
        """A simulation of its own that stands at *tick* or before."""
        return self.again.watch(self.branch, tick)
