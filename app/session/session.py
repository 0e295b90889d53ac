"""A session: the only owner of its machine. Everybody else puts commands into its inbox.

One task does all the work: it applies commands in their order, moves virtual time in slices that never hold the
process up, and publishes. It waits for nobody who watches.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

from app.backends.catalogue import BACKENDS
from app.hw.events import Fault
from app.session.drive import Drive, NotPossible, State
from app.session.hub import Hub
from app.session.owner import Owner
from app.session.pacer import Pacer
from app.session.publisher import Publisher
from app.session.share import Share
from app.sim.commands import (
    INTERRUPT,
    Command,
    Demonstrate,
    Pause,
    ReadMsr,
    ReadRegister,
    Run,
    RunUntilIdle,
    SendIpi,
    SetSpeed,
    StepBy,
    Stimulus,
)
from app.wire.answers import answer_words
from app.wire.commands import parse_command
from app.wire.preview import Preview, preview

_FRAME = 1 / 30
#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: A step to an interrupt that has not come after so many operations ends: it may never come.
_LONGEST_WAIT = 200_000


class Answer(NamedTuple):
    """What became of a command: its number, the state that shows it, a sentence, and what it was asked for."""

    command: int
    seq: int
    text: str
    values: dict[str, Any]


class Session(Owner):
    """One machine and everyone who looks at it."""

    kind = "session"

    def __init__(
        self,
        session_id: str,
        title: str,
        drive: Drive,
        *,
        paused: bool,
        speed: float | None,
        share: Share | None = None,
    ) -> None:
        super().__init__(session_id, share)
        self.title = title
        self.drive = drive
        self.paused = paused
        self.hub = Hub()
        self._pacer = Pacer(speed, drive.longest_gap)
        self._inbox: deque[tuple[Command, asyncio.Future[Answer]]] = deque()
        self._commands = 0
        self._publisher = Publisher(self.hub, drive)
        self._publish()
        self._begin_to_live()

    # For others

    @property
    def cpu_count(self) -> int:
        return len(self.drive.machine.cpus)

    def state(self) -> State:
        """The present state, with its number in the stream as ``seq``."""
        if self._publisher.unseen and self.hub.over is None:
            self._publish()
        return self.hub.state | {"seq": self.hub.seq}

    async def submit(self, command: Command) -> Answer:
        """Puts *command* into the inbox and waits until it has been applied. NotPossible when it cannot be."""
        if self.over:
            raise NotPossible(self.over_words)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._inbox.append((command, future))
        self._called.set()
        return await future

    async def submit_raw(self, raw: object) -> Answer:
        """As submit, for a command that came in as JSON. InvalidCommand lists what is wrong with it."""
        return await self.submit(parse_command(raw, self.cpu_count))

    def preview(self, command: SendIpi) -> Preview:
        """What *command* would do now."""
        mode = BACKENDS[self.drive.backend].apic_mode
        return preview(self.drive.machine, command, mode, self.drive.vector_names)

    def viewers_changed(self) -> None:
        """Somebody has begun or stopped to watch."""
        self._publisher.unseen = True
        self.touch()

    @property
    def hubs(self) -> tuple[Hub]:
        return (self.hub,)

    def _unanswered(self) -> "list[asyncio.Future[Answer]]":
        return [future for _, future in self._inbox]

    # The task

    async def _live(self) -> None:
        while True:
            self._called.clear()
            while self._inbox:
                await self._answer(*self._inbox[0])
                await asyncio.sleep(0)  # a flood of commands is no reason for others to wait
                self._inbox.popleft()  # only now: whoever waits for the command under way is told when the session ends
            delay = None if self.paused else self._advance()
            self._share.busy(self, delay is not None)
            if self._publisher.overdue or (self._publisher.due and self.hub.viewers):
                self._publish()
            elif delay is None and self._publisher.unseen and self.hub.viewers:
                delay = self._publisher.seconds_until_due  # what changed since is still to be shown
            await self._sleep(delay)

    def _advance(self) -> float | None:
        """Moves virtual time on. Returns how long to sleep, None when there is nothing to wait for."""
        next_time = self.drive.next_time()
        if next_time is None:
            self._pacer.stop()
            return None
        self._publisher.unseen = True
        if self._pacer.speed is None:
            self._run_slice(None)
            return 0.0
        until = self._pacer.advance(time.monotonic(), self.drive.time, next_time)
        self._run_slice(until)
        following = self.drive.next_time()
        if following is None:
            return None
        return min(max(self._pacer.seconds_until(following), 0.002), _FRAME)

    def _run_slice(self, until: int | None, operations: int | None = None, *, until_idle: bool = False) -> int:
        """Runs for at most this session's share of wall time. Returns operations done."""
        end = time.monotonic() + self._share.slice()
        done = 0
        while operations is None or done < operations:
            chunk = _OPERATIONS_AT_ONCE if operations is None else min(operations - done, _OPERATIONS_AT_ONCE)
            ran = self.drive.run(until, chunk, until_idle=until_idle)
            done += ran
            if ran < chunk or time.monotonic() > end:
                break
        return done

    # Commands

    async def _answer(self, command: Command, future: "asyncio.Future[Answer]") -> None:
        self.touched = time.monotonic()
        try:
            text, values = await self._do(command)
        except NotPossible as error:
            if not future.done():
                future.set_exception(error)
            return
        self._commands += 1
        if not self.paused:
            self._advance()  # so that the first frame already shows what came of it
        self._publish()
        if not future.done():
            future.set_result(Answer(self._commands, self.hub.seq, text, values))

    async def _do(self, command: Command) -> tuple[str, dict[str, Any]]:
        match command:
            case Pause():
                self._hold()
                return "Time stands still.", {}
            case Run():
                self.paused = False
                return "Time runs.", {}
            case SetSpeed(speed):
                self._pacer.speed = speed
                self._pacer.stop()
                return "Flat out." if speed is None else f"{speed:g} cycles a second.", {}
            case StepBy(unit, amount):
                return await self._step(unit, amount)
            case RunUntilIdle(limit):
                return await self._run_until_idle(limit)
            case _:
                value = self.drive.apply(command)
                return self._applied(command, value)

    def _applied(self, command: Stimulus, value: int | Fault | None) -> tuple[str, dict[str, Any]]:
        if isinstance(value, Fault):
            return f"#GP: {value.value}.", {"fault": value.value}
        if isinstance(command, ReadRegister | ReadMsr) and value is not None:
            return f"It reads {value:#010x}.", {"value": f"{value:#010x}"}
        remark = self.drive.backend_remark
        return answer_words(command, self.drive.vector_names, paused=self.paused, remark=remark), {}

    def _hold(self) -> None:
        self.paused = True
        self._pacer.stop()

    async def _step(self, unit: str, amount: int) -> tuple[str, dict[str, Any]]:
        self._hold()
        done = await (self._run_interrupts(amount) if unit == INTERRUPT else self._run_operations(amount))
        text = f"{done} operation{'' if done == 1 else 's'} done." if done else "Nothing is left to do."
        return text, {"operations": done}

    async def _run_until_idle(self, limit: int) -> tuple[str, dict[str, Any]]:
        with suppress(NotPossible):
            self.drive.apply(Demonstrate(False))
        done = 0 if self.drive.idle else await self._run_operations(limit, until_idle=True)
        idle = self.drive.idle
        text = f"Idle after {done} operations." if idle else f"Still busy after {done} operations."
        return text, {"idle": idle, "operations": done}

    async def _run_operations(self, amount: int, *, until_idle: bool = False) -> int:
        done = 0
        while done < amount:
            ran = self._run_slice(None, amount - done, until_idle=until_idle)
            done += ran
            if not ran or self._told_to_pause() or (until_idle and self.drive.idle):
                break
            await self._let_others()
        return done

    def _told_to_pause(self) -> bool:
        """Whether somebody wants a long run to end."""
        return any(isinstance(command, Pause) for command, _ in self._inbox)

    async def _run_interrupts(self, amount: int) -> int:
        done = waited = 0
        taken = self.drive.interrupts_taken
        goal = taken + amount
        while taken < goal and waited < _LONGEST_WAIT and self.drive.run(operations=1):
            done += 1
            before, taken = taken, self.drive.interrupts_taken
            waited = waited + 1 if taken == before else 0
            if done % _OPERATIONS_AT_ONCE == 0:
                await self._let_others()
                if self._told_to_pause():
                    break
        return done

    async def _let_others(self) -> None:
        """Between two slices of a long run: others get their turn, and viewers see how far it is."""
        self._publisher.unseen = True
        if self._publisher.due:
            self._publish()
        await asyncio.sleep(0)

    def _publish(self) -> None:
        self._publisher.publish(paused=self.paused, speed=self._pacer.speed)
