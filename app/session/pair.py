"""A pair: two machines in step, owned by one task. Everybody else puts requests into its inbox.

Each machine has a stream like any session's; what they made of each stimulus is read from ``lock_step``, which only
this task changes and only between two turns of the event loop.
"""

import asyncio
import time
from collections import deque
from enum import Enum
from typing import NamedTuple

from app.commands.command import Stimulus
from app.history.slices import Slices
from app.history.slices import at_once as whole
from app.history.timeline import Timeline
from app.pair.lock_step import MOST_ENTRIES, LockStep, Side
from app.pair.script import Cue, Script, at_once
from app.pair.timeline import ARRIVAL, STIMULUS, PairTimeline
from app.session.drive import NotPossible
from app.session.hub import Hub
from app.session.owner import Owner
from app.session.pair_score import PairedScore
from app.session.publisher import Publisher
from app.session.registry import UnknownSession
from app.session.score import Score
from app.session.share import Share
from app.session.simulated import BYTES_A_COMMAND, BYTES_A_CPU, BYTES_A_MACHINE, SimulatedDrive
from app.state.kept_state import KeptStates
from app.state.ladder import Selection
from app.state.shapes import Condition, LadderState, MachineState, NumberedState, PairState
from app.x86.words import VectorNames

#: Measured: an interrupt with all that each machine made of it.
_BYTES_AN_ENTRY = 500
_BYTES_A_STEP = 160
#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: Whoever asked for something long is answered after so many seconds; it goes on.
_PATIENCE = 1.0
_FULL_WORDS = (
    f"this pair has had {MOST_ENTRIES:,} stimuli, interrupts and handlers, which is all that it keeps; begin a new one"
)
#: What ``next`` answers at the end of a way.
_OVER = object()
_GIVEN_UP_WORDS = "a pause has ended the way back; the pair stands where it stood"
#: Stimuli that may wait: a recording of an hour is another matter.
MOST_WAITING = 20_000


def weight_of(cpus: int) -> int:
    """About how many bytes two machines of so many CPUs take before anything has happened."""
    return 2 * (BYTES_A_MACHINE + cpus * BYTES_A_CPU)


class Go(Enum):
    """How far a pair goes by itself."""

    #: Until no stimulus waits.
    ON = "run"
    #: Nowhere: time stands still.
    NOT = "pause"
    #: To the end of the present stimulus, or of the next where that has ended.
    STIMULUS = "next"
    #: Until each machine has had one more interrupt reach its last handler.
    ARRIVAL = "step"


#: The steps, by what they are a step of.
_UNITS = {Go.STIMULUS: STIMULUS, Go.ARRIVAL: ARRIVAL}


class Back(Enum):
    """Undoes one step. The pair stands still afterwards; what was undone waits to come again."""

    STIMULUS = STIMULUS
    ARRIVAL = ARRIVAL


class Give(NamedTuple):
    """Further stimuli for both, after those that wait."""

    stimuli: tuple[tuple[Cue, ...], ...]


Request = Give | Go | Back


class _WayBack(NamedTuple):
    """A step back that is under way, and who waits for it."""

    slices: Slices[int]
    future: "asyncio.Future[None]"


class PairedDrive(SimulatedDrive):
    """One of the two machines, as a stream shows it."""

    def __init__(self, side: Side, pair: "Pair") -> None:
        super().__init__(side.simulation, Timeline(side.simulation), PairedScore(side))
        self._pair = pair

    def jump(self, side: Side) -> None:
        """Shows *side* from now on: the pair has gone to another moment."""
        self.timeline = Timeline(side.simulation)
        self.score = PairedScore(side)
        self.jumps += 1
        self._kept = KeptStates()

    def state(self) -> MachineState:
        # A pair has no branches: wherever it stands is its newest moment, and what was undone waits.
        shown: MachineState = {**super().state(), "head": self.simulation.ticks, "live": True}
        return {**shown, "pair": self._pair.progress()}


class PairedMachine:
    """What a stream needs of one machine of a pair: as much as of a session."""

    def __init__(self, pair: "Pair", side: Side, name: str) -> None:
        self.id = f"{pair.id}/{name}"
        self.hub = Hub()
        self.cpu_count = len(side.simulation.processors)
        self._drive = PairedDrive(side, pair)
        self.publisher = Publisher(self.hub, self._drive)
        self._pair = pair

    def state(self) -> NumberedState:
        """The present state, with its number in the stream as ``seq``."""
        if self.publisher.unseen and self.hub.over is None:
            self.number()
        state: NumberedState = {**self.hub.state, "seq": self.hub.seq}
        self._pair.touch()
        return state

    def ladder(self, selection: Selection) -> LadderState:
        """The gates that what is selected passes now. NotPossible when there is no such thing."""
        self._pair.touch()
        try:
            return whole(self._drive.ladder_finder(selection, None, None))
        except LookupError as missing:
            raise NotPossible(str(missing)) from missing

    @property
    def vector_names(self) -> VectorNames:
        """What its kernel calls its vectors."""
        return self._drive.vector_names

    @property
    def score(self) -> Score:
        """What happens on it, as spans: another object after each step back."""
        return self._drive.score

    def number(self) -> None:
        """Makes the present state the newest, for whoever asks for it."""
        self.publisher.number(self._condition())

    def _condition(self) -> Condition:
        return self._pair.condition()

    def jump(self, side: Side) -> None:
        """Shows *side* from now on: the pair has gone to another moment."""
        self._drive.jump(side)

    def publish(self) -> None:
        """Makes the present state the newest."""
        self.publisher.publish(self._condition())

    def viewers_changed(self) -> None:
        """Somebody has begun or stopped to watch."""
        self.publisher.unseen = True
        self._pair.touch()


class Pair(Owner):
    """Two machines, the stimuli that wait for them, and everyone who looks at them."""

    kind = "pair"

    def __init__(
        self,
        pair_id: str,
        lock_step: LockStep,
        script: Script,
        *,
        paused: bool,
        share: Share | None = None,
        sleep_after: float = 0.0,
    ) -> None:
        super().__init__(pair_id, share, sleep_after)
        self.timeline = PairTimeline(lock_step, script.stimuli, scored=True)
        self.script = script
        self._go = Go.NOT if paused else Go.ON
        self._way_back: _WayBack | None = None
        self._inbox: deque[tuple[Request, asyncio.Future[None]]] = deque()
        self._answers: list[tuple[float, asyncio.Future[None]]] = []
        self.machines = {
            name: PairedMachine(self, side, name) for name, side in zip("ab", lock_step.sides, strict=True)
        }
        for machine in self.machines.values():
            machine.number()
        self._begin_to_live()

    # For others

    @property
    def lock_step(self) -> LockStep:
        """The machines at the present moment, with their books; others after a step back."""
        return self.timeline.lock_step

    @property
    def title(self) -> str:
        return " against ".join(side.simulation.backend for side in self.lock_step.sides)

    @property
    def paused(self) -> bool:
        """Nothing goes on by itself."""
        return self._go is Go.NOT

    @property
    def running(self) -> bool:
        """Something is going on at this moment."""
        if self._way_back is not None:
            return True
        return self._go is not Go.NOT and not (self.lock_step.at_rest and not self.timeline.waiting_count)

    def machine(self, name: str) -> PairedMachine:
        """Machine ``a`` or ``b``. UnknownSession for any other name."""
        if name not in self.machines:
            raise UnknownSession(f"{self.id}/{name}")
        return self.machines[name]

    def progress(self) -> PairState:
        """How far it is."""
        return {
            "stimuli": self.lock_step.stimuli,
            "waiting": self.timeline.waiting_count,
            "paused": self.paused,
            "at_rest": self.lock_step.at_rest,
        }

    @property
    def weight(self) -> int:
        machines = weight_of(self.machines["a"].cpu_count)
        books = self.lock_step.entries * _BYTES_AN_ENTRY + self.lock_step.steps * _BYTES_A_STEP
        scores = sum(machine.score.size for machine in self.machines.values())
        return machines + books + scores + (self.lock_step.stimuli + self.timeline.waiting_count) * BYTES_A_COMMAND

    def condition(self) -> Condition:
        """What the state of a machine shows of the pair itself."""
        return {
            "paused": self.paused,
            "speed": None,
            "under_way": None,
            "sleep": self.sleep.state(),
            "throttled": self.throttle.state(),
            "kept": None,
            "score": {"flags": 0},
            "breakpoints": None,
        }

    async def give(self, *commands: Stimulus) -> None:
        """One more stimulus for both. NotPossible when too many wait, the pair is over, or a command does not fit the
        guest of either."""
        for side in self.lock_step.sides:
            for command in commands:
                if misfit := side.misfit(command):
                    raise NotPossible(f"{side.simulation.backend}: {misfit.message}", misfit.field)
        await self.ask(Give((at_once(*commands),)))

    async def ask(self, request: Request) -> None:
        """Puts *request* into the inbox and waits until it has been done, or is well under way. A step back is waited
        for until it is done, and what is asked meanwhile waits, too; a pause ends it. NotPossible when the pair is
        over, does not take it, or a pause has ended it."""
        if self.over:
            raise NotPossible(self.over_words)
        if request is Go.NOT:
            self._give_up_ways_back()
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.append((request, future))
        self.touch()
        await future

    @property
    def hubs(self) -> list[Hub]:
        return [machine.hub for machine in self.machines.values()]

    def _unanswered(self) -> "list[asyncio.Future[None]]":
        going_back = [self._way_back.future] if self._way_back else []
        return going_back + [future for _, future in self._inbox] + [future for _, future in self._answers]

    # The task

    async def _live(self) -> None:
        while True:
            self._called.clear()
            while self._inbox and self._way_back is None:
                self._take(*self._inbox.popleft())
            runs = self.running and not self._falls_asleep()
            self._share.busy(self, runs)
            if runs:
                began = time.monotonic()
                self._run_slice()
                now = time.monotonic()
                self.throttle.flat_out(now, now - began)
            else:
                self.throttle.stop()
            self._publish()
            self._answer()
            await self._sleep(0.0 if runs else self._seconds_until_due())

    def _seconds_until_due(self) -> float | None:
        """Until what has changed is still to be shown; None when all is."""
        publishers = [machine.publisher for machine in self.machines.values()]
        return min((publisher.seconds_until_due for publisher in publishers if publisher.behind), default=None)

    def _take(self, request: Request, future: "asyncio.Future[None]") -> None:
        match request:
            case Give() if self.lock_step.full:
                if not future.done():
                    future.set_exception(NotPossible(_FULL_WORDS))
                return
            case Give(stimuli) if self.timeline.waiting_count + len(stimuli) > MOST_WAITING:
                if not future.done():
                    future.set_exception(NotPossible(f"{MOST_WAITING:,} stimuli wait already; let time run"))
                return
            case Give(stimuli):
                self.timeline.give(*stimuli)
            case Back():
                self._go = Go.NOT
                self._way_back = _WayBack(self.timeline.stepper_back(request.value), future)
            case Go():
                self._go = request
                if request in _UNITS:
                    self._begin_step(_UNITS[request])
        self.sleep.forget()
        self._changed()
        if not isinstance(request, Back):
            self._answers.append((time.monotonic() + _PATIENCE, future))

    def _begin_step(self, unit: str) -> None:
        """Begins the next stimulus where the present one has ended; without one, the pair stands still."""
        if self.lock_step.at_rest and not self.timeline.waiting_count:
            self._go = Go.NOT
            return
        self.timeline.stands(unit)
        if self.lock_step.at_rest:
            self._begin_next()

    def _begin_next(self) -> None:
        self.timeline.begin()
        if self.lock_step.full and self.timeline.waiting_count:
            left = f"{self.timeline.waiting_count:,} stimuli were left out: {_FULL_WORDS}."
            self.timeline.leave_out_waiting()
            self.script = self.script._replace(remarks=(*self.script.remarks, left))

    def _run_slice(self) -> None:
        """Goes on for at most this pair's share of wall time."""
        end = time.monotonic() + self._share.slice()
        while self.running and time.monotonic() < end:
            if self._way_back is not None:
                self._go_back(self._way_back)
            elif self._go is Go.ARRIVAL:
                if self.lock_step.run_to_next_arrival(_OPERATIONS_AT_ONCE) or self.lock_step.at_rest:
                    self._go = Go.NOT
            else:
                self._run_on()
        self._changed()

    def _run_on(self) -> None:
        if self._go is Go.ON and self.lock_step.at_rest and self.timeline.waiting_count:
            self._begin_next()
        self.lock_step.run(_OPERATIONS_AT_ONCE)
        if self._go is Go.STIMULUS and self.lock_step.at_rest:
            self._go = Go.NOT

    def _go_back(self, way: _WayBack) -> None:
        """A little of the way; the machines that are shown change with its end."""
        before = self.lock_step
        if next(way.slices, _OVER) is not _OVER:
            return
        self._way_back = None
        if self.lock_step is not before:
            for machine, side in zip(self.machines.values(), self.lock_step.sides, strict=True):
                machine.jump(side)
        if not way.future.done():
            way.future.set_result(None)

    def _give_up_ways_back(self) -> None:
        """The one that is under way, and those that wait."""
        given_up = [future for request, future in self._inbox if isinstance(request, Back)]
        self._inbox = deque(each for each in self._inbox if not isinstance(each[0], Back))
        if self._way_back is not None:
            given_up.append(self._way_back.future)
            self._way_back = None
        for future in given_up:
            if not future.done():
                future.set_exception(NotPossible(_GIVEN_UP_WORDS))

    def _changed(self) -> None:
        for machine in self.machines.values():
            machine.publisher.unseen = True

    def _publish(self) -> None:
        for machine in self.machines.values():
            if machine.publisher.due:
                machine.publish()

    def _answer(self) -> None:
        now = time.monotonic()
        kept = []
        for until, future in self._answers:
            if self.running and now < until:
                kept.append((until, future))
            elif not future.done():
                future.set_result(None)
        self._answers = kept
