"""A pair: two machines in step, owned by one task. Everybody else puts requests into its inbox.

Each machine has a stream like any session's; what they made of each stimulus is read from ``lock_step``, which only
this task changes and only between two turns of the event loop.
"""

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from app.compare.lock_step import MOST_INTERRUPTS, LockStep, Side
from app.compare.script import Cue, Script, at_once
from app.session.drive import NotPossible, State
from app.session.hub import Hub
from app.session.publisher import Publisher
from app.session.registry import UnknownSession
from app.session.share import Share
from app.session.simulated import SimulatedDrive
from app.sim.commands import Stimulus

_LOG = logging.getLogger(__name__)
_SESSION_OVER, _BROKEN = 1000, 1011
_OVER_WORDS = "this pair is over"
#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: Whoever asked for something long is answered after so many seconds; it goes on.
_PATIENCE = 1.0
_FULL_WORDS = f"this pair has had {MOST_INTERRUPTS:,} interrupts, which is all that it keeps; begin a new one"
#: Stimuli that may wait: a recording of an hour is another matter.
MOST_WAITING = 20_000


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


class Give(NamedTuple):
    """Further stimuli for both, after those that wait."""

    stimuli: tuple[tuple[Cue, ...], ...]


Request = Give | Go


class PairedDrive(SimulatedDrive):
    """One of the two machines, as a stream shows it."""

    def __init__(self, side: Side, pair: "Pair") -> None:
        super().__init__(side.simulation)
        self._pair = pair

    def state(self) -> State:
        return super().state() | {"pair": self._pair.progress()}


class PairedMachine:
    """What a stream needs of one machine of a pair: as much as of a session."""

    def __init__(self, pair: "Pair", side: Side, name: str) -> None:
        self.id = f"{pair.id}/{name}"
        self.hub = Hub()
        self.cpu_count = len(side.simulation.processors)
        self.publisher = Publisher(self.hub, PairedDrive(side, pair))
        self._pair = pair

    def state(self) -> State:
        """The present state, with its number in the stream as ``seq``."""
        if self.publisher.unseen and self.hub.over is None:
            self.publish()
        return self.hub.state | {"seq": self.hub.seq}

    def publish(self) -> None:
        """Makes the present state the newest."""
        self.publisher.publish(paused=self._pair.paused, speed=None)

    def viewers_changed(self) -> None:
        """Somebody has begun or stopped to watch."""
        self.publisher.unseen = True
        self._pair.touch()


class Pair:
    """Two machines, the stimuli that wait for them, and everyone who looks at them."""

    def __init__(
        self, pair_id: str, lock_step: LockStep, script: Script, *, paused: bool, share: Share | None = None
    ) -> None:
        self.id = pair_id
        self.lock_step = lock_step
        self.script = script
        self.touched = time.monotonic()
        self._go = Go.NOT if paused else Go.ON
        self._waiting = deque(script.stimuli)
        self._inbox: deque[tuple[Request, asyncio.Future[None]]] = deque()
        self._answers: list[tuple[float, asyncio.Future[None]]] = []
        self._called = asyncio.Event()
        self._share = share or Share()
        self.machines = {
            name: PairedMachine(self, side, name) for name, side in zip("ab", lock_step.sides, strict=True)
        }
        for machine in self.machines.values():
            machine.publish()
        self._task = asyncio.create_task(self._live(), name=f"pair {pair_id}")
        self._task.add_done_callback(self._ended)

    # For others

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
        return self._go is not Go.NOT and not (self.lock_step.at_rest and not self._waiting)

    @property
    def over(self) -> bool:
        return self.machines["a"].hub.over is not None

    def machine(self, name: str) -> PairedMachine:
        """Machine ``a`` or ``b``. UnknownSession for any other name."""
        if name not in self.machines:
            raise UnknownSession(f"{self.id}/{name}")
        return self.machines[name]

    def progress(self) -> dict[str, int | bool]:
        """How far it is."""
        return {
            "stimuli": self.lock_step.stimuli,
            "waiting": len(self._waiting),
            "paused": self.paused,
            "at_rest": self.lock_step.at_rest,
        }

    def touch(self) -> None:
        """Somebody is interested."""
        self.touched = time.monotonic()
        self._called.set()

    async def give(self, *commands: Stimulus) -> None:
        """One more stimulus for both. NotPossible when too many wait or the pair is over."""
        await self.ask(Give((at_once(*commands),)))

    async def ask(self, request: Request) -> None:
        """Puts *request* into the inbox and waits until it has been done, or is well under way."""
        if self.over:
            raise NotPossible(_OVER_WORDS)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._inbox.append((request, future))
        self.touch()
        await future

    async def close(self, code: int = _SESSION_OVER) -> None:
        """Ends the pair and closes its streams with *code*."""
        self.abandon(code)
        await asyncio.gather(self._task, return_exceptions=True)

    def abandon(self, code: int = _SESSION_OVER) -> None:
        """As close, without waiting for the task to end."""
        self._task.cancel()
        self._share.busy(self, False)
        for future in [future for _, future in self._inbox] + [future for _, future in self._answers]:
            if not future.done():
                future.set_exception(NotPossible(_OVER_WORDS))
        for machine in self.machines.values():
            machine.hub.close(code)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            _LOG.error("pair %s broke", self.id, exc_info=fault)
            self.abandon(_BROKEN)

    # The task

    async def _live(self) -> None:
        while True:
            self._called.clear()
            while self._inbox:
                self._take(*self._inbox.popleft())
            self._share.busy(self, self.running)
            if self.running:
                self._run_slice()
            self._publish()
            self._answer()
            if self.running or self._inbox:
                await asyncio.sleep(0)
            else:
                await self._sleep()

    async def _sleep(self) -> None:
        unseen = any(machine.publisher.unseen for machine in self.machines.values())
        delay = max(machine.publisher.seconds_until_due for machine in self.machines.values()) if unseen else None
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._called.wait()

    def _take(self, request: Request, future: "asyncio.Future[None]") -> None:
        match request:
            case Give() if self.lock_step.full:
                if not future.done():
                    future.set_exception(NotPossible(_FULL_WORDS))
                return
            case Give(stimuli) if len(self._waiting) + len(stimuli) > MOST_WAITING:
                if not future.done():
                    future.set_exception(NotPossible(f"{MOST_WAITING:,} stimuli wait already; let time run"))
                return
            case Give(stimuli):
                self._waiting.extend(stimuli)
            case Go():
                self._go = request
        if request in (Go.STIMULUS, Go.ARRIVAL) and self.lock_step.at_rest:
            if self._waiting:
                self._begin_next()
            else:
                self._go = Go.NOT
        self._changed()
        self._answers.append((time.monotonic() + _PATIENCE, future))

    def _begin_next(self) -> None:
        self.lock_step.begin(self._waiting.popleft())
        if self.lock_step.full and self._waiting:
            left = f"{len(self._waiting):,} stimuli were left out: {_FULL_WORDS}."
            self._waiting.clear()
            self.script = self.script._replace(remarks=(*self.script.remarks, left))

    def _run_slice(self) -> None:
        """Goes on for at most this pair's share of wall time."""
        end = time.monotonic() + self._share.slice()
        while self.running and time.monotonic() < end:
            if self._go is Go.ARRIVAL:
                if self.lock_step.run_to_next_arrival(_OPERATIONS_AT_ONCE) or self.lock_step.at_rest:
                    self._go = Go.NOT
            else:
                self._run_on()
        self._changed()

    def _run_on(self) -> None:
        if self._go is Go.ON and self.lock_step.at_rest and self._waiting:
            self._begin_next()
        self.lock_step.run(_OPERATIONS_AT_ONCE)
        if self._go is Go.STIMULUS and self.lock_step.at_rest:
            self._go = Go.NOT

    def _changed(self) -> None:
        for machine in self.machines.values():
            machine.publisher.unseen = True

    def _publish(self) -> None:
        """At rest what has changed is shown at once: whoever asked is answered after it."""
        for machine in self.machines.values():
            if machine.publisher.due or (machine.publisher.unseen and self._answers and not self.running):
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
