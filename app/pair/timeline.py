"""Any moment of a pair: both machines are given the same stimuli again, and the books are written again with that.

A pair's stimuli stand in one order, and nobody can put another between them. So a pair has no branches: whoever has
gone back goes on with the stimuli that come, and new ones come behind them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.history.slices import Slices, at_once
from app.pair.lock_step import LockStep, Side
from app.pair.script import Cue
from app.pair.watched import WatchedSimulation
from app.score.course import Course
from app.score.numbers import Numbers

#: To the end of a stimulus; until one more interrupt has reached its last handler on each machine.
STIMULUS, ARRIVAL = "stimulus", "arrival"
PAIR_UNITS = (STIMULUS, ARRIVAL)

_OPERATIONS_A_SLICE = 100


class PairMoment(NamedTuple):
    """How many stimuli have begun, and the tick of each machine."""

    stimulus: int
    a: int
    b: int


class PairTimeline:
    """The whole history of *lock_step*, which nobody has touched yet, and of the *stimuli* that it is to be given.
    *scored*: the course of each machine is written, too."""

    def __init__(self, lock_step: LockStep, stimuli: Sequence[tuple[Cue, ...]] = (), *, scored: bool = False) -> None:
        #: The machines at the present moment, with their books. They are others after each way to another moment.
        self.lock_step = lock_step
        self._beginnings = [side.simulation.beginning for side in lock_step.sides]
        self._stimuli = list(stimuli)
        #: Where the pair stood when a stimulus began: at its beginning, or at the end of the stimulus before.
        self._begun: set[PairMoment] = set()
        #: Where somebody stood when a step began. Such a step ends there on the way back, too.
        self._rests: dict[str, set[PairMoment]] = {unit: set() for unit in PAIR_UNITS}
        self._scored = scored
        if scored:
            for side in lock_step.sides:
                side.write(Course())

    @property
    def moment(self) -> PairMoment:
        """Where the pair stands."""
        return _moment(self.lock_step)

    @property
    def waiting(self) -> Sequence[tuple[Cue, ...]]:
        """The stimuli that have not begun."""
        return self._stimuli[self.lock_step.stimuli :]

    @property
    def waiting_count(self) -> int:
        """How many stimuli have not begun."""
        return len(self._stimuli) - self.lock_step.stimuli

    def give(self, *stimuli: tuple[Cue, ...]) -> None:
        """Puts these behind those that wait."""
        self._stimuli += stimuli

    def leave_out_waiting(self) -> None:
        """Nothing waits any more."""
        del self._stimuli[self.lock_step.stimuli :]

    def begin(self) -> int:
        """Gives both machines the next stimulus. Returns its number, from 1. IndexError when none waits, ValueError as
        ``LockStep.begin``."""
        here = self.moment
        number = self.lock_step.begin(self._stimuli[self.lock_step.stimuli])
        self._begun.add(here)
        return number

    def stands(self, unit: str) -> None:
        """Somebody makes a step by *unit* from here, which ``lock_step`` does: a step back undoes it. KeyError for
        another unit."""
        if unit not in self._rests:
            raise KeyError(f"a pair has no step by {unit}: there are {', '.join(PAIR_UNITS)}")
        self._rests[unit].add(self.moment)

    def step_back(self, unit: str, count: int = 1) -> int:
        """Undoes *count* steps by *unit*. Returns how many it went: fewer when it came to the beginning, which ends the
        way back. KeyError for another unit."""
        return at_once(self.stepper_back(unit, count))

    def stepper_back(self, unit: str, count: int = 1) -> Slices[int]:
        """As ``step_back``, a little at each slice; the present moment changes with the last."""
        if unit not in self._rests:
            raise KeyError(f"a pair has no step by {unit}: there are {', '.join(PAIR_UNITS)}")
        here = self.moment
        ends = self._begun if unit == STIMULUS else (yield from self._arrivals_before(here))
        stops = sorted(end for end in ends | self._rests[unit] if end < here)[-count:]
        if stops:
            self.lock_step = yield from self._going(stops[0])
        return len(stops)

    def seek(self, moment: PairMoment) -> None:
        """Makes a moment the present one that has been it before. ValueError when the pair never stands there."""
        at_once(self.seeker(moment))

    def seeker(self, moment: PairMoment) -> Slices[None]:
        """As ``seek``, a little at each slice; the present moment changes with the last."""
        self.lock_step = yield from self._going(moment)

    # Once more

    def _new(self, *, scored: bool = False) -> LockStep:
        a, b = (WatchedSimulation(*beginning) for beginning in self._beginnings)
        pair = LockStep(a, b)
        if scored:
            for side, before in zip(pair.sides, self.lock_step.sides, strict=True):
                side.write(_after(before.course))
        return pair

    def _going(self, moment: PairMoment) -> Slices[LockStep]:
        """A pair that stands at *moment*."""
        if not 0 <= moment.stimulus <= len(self._stimuli):
            raise ValueError(f"there is no stimulus {moment.stimulus}: there are {len(self._stimuli)}")
        pair = self._new(scored=self._scored)
        for cues in self._stimuli[: moment.stimulus]:
            while not pair.at_rest:
                pair.run(_OPERATIONS_A_SLICE)
                yield
            pair.begin(cues)
        for side, tick in zip(pair.sides, moment[1:], strict=True):
            yield from _run_to_tick(side, tick)
        if _moment(pair) != moment:
            raise ValueError(f"the pair never stands at {moment}")
        return pair

    def _arrivals_before(self, here: PairMoment) -> Slices[set[PairMoment]]:
        """The moments up to *here* at which steps to the next arrival end, from the beginning on."""
        pair = self._new()
        ends = {_moment(pair)}
        for cues in self._stimuli[: here.stimulus]:
            pair.begin(cues)
            over = False
            while not over:
                if pair.run_to_next_arrival(_OPERATIONS_A_SLICE):
                    ends.add(_moment(pair))
                over = pair.at_rest or _moment(pair) >= here
                yield
        return ends


def _after(course: Course | None) -> Course:
    """An empty course in the place of *course*: whoever followed that one sees that it is another, for no number of its
    spans and changes comes again."""
    numbers = Numbers()
    if course is not None:
        numbers.next_id, numbers.ended = course.position.next_id + 1, course.position.ended
    return Course(numbers)


def _moment(pair: LockStep) -> PairMoment:
    return PairMoment(pair.stimuli, *(side.simulation.ticks for side in pair.sides))


def _run_to_tick(side: Side, tick: int) -> Slices[None]:
    operations = 0
    while side.simulation.ticks < tick:
        before = side.simulation.ticks
        operations += side.run(1)
        if side.simulation.ticks == before:
            return
        if operations % _OPERATIONS_A_SLICE == 0:
            yield
