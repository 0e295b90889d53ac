"""A session: the only owner of its machine. Everybody else puts commands into its inbox.

One task does all the work: it applies commands in their order, moves virtual time in slices that never hold the
process up, and publishes. It waits for nobody who watches, and what takes long goes on beside whatever else is asked.
"""

import asyncio
import time
from collections import deque
from functools import partial
from typing import Any

from app.commands.command import BaseCommand, Circumstances, Said, Stimulus
from app.commands.guest import SendIpi
from app.commands.machine import Demonstrate
from app.commands.reading import read_command
from app.commands.table import Command
from app.commands.transport import Control, Goal, Journey, NameBranch, RunTo, StepBy
from app.history.slices import Slices
from app.history.store_errors import StoreError
from app.session.answer import Answer, tell
from app.session.breakpoints import Breakpoints
from app.session.drive import Drive, NotPossible
from app.session.flags import Flags
from app.session.hub import Hub
from app.session.inbox import Asked, Done, UnderWay
from app.session.keeper import Answered, Keeper
from app.session.long_run import LongRun
from app.session.looking_back import MOST_TICKS, End, Found, bin_edges, collected, in_slices
from app.session.owner import Owner
from app.session.pacer import Pacer
from app.session.publisher import Publisher
from app.session.score import Filler, Score
from app.session.share import Share
from app.state.ladder import Selection
from app.state.line_answer import Json, line_answer
from app.state.preview import Preview
from app.state.session_shapes import KeptState
from app.state.shapes import Condition, LadderState, NumberedState

_FRAME = 1 / 30
#: How many operations go by between two looks at the clock.
_OPERATIONS_AT_ONCE = 20
#: Wall seconds that commands may take before time goes on.
_COMMANDS_SLICE = 0.004
#: Whoever asked for something long is answered after so many seconds; it goes on.
_PATIENCE = 1.0


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
        sleep_after: float = 0.0,
        key: str | None = None,
        keeper: Keeper | None = None,
        remark: str = "",
        first_seq: int = 0,
        flags: Flags | None = None,
    ) -> None:
        super().__init__(session_id, share, sleep_after, key)
        self.title = title
        self.drive = drive
        self.paused = paused
        #: Writes down what happens; None where that ends with the process.
        self.keeper = keeper
        #: Words that people have put at its moments.
        self.flags = flags or Flags()
        #: What is said of the session as long as it is open.
        self._remark = remark
        self.hub = Hub(first_seq)
        self._pacer = Pacer(speed, drive.longest_gap)
        self._inbox: deque[Asked] = deque()
        self._done: list[Done] = []
        #: Those who are told as soon as the disk has what they asked for.
        self._waiting: set[asyncio.Future[Answer]] = set()
        self._under_way: UnderWay | None = None
        self.breakpoints = Breakpoints(drive)
        self._commands = 0
        self._filler = Filler(drive.score)
        self._publisher = Publisher(self.hub, drive)
        self._publisher.number(self._condition())
        self._begin_to_live()

    # For others

    @property
    def cpu_count(self) -> int:
        return len(self.drive.machine.cpus)

    @property
    def weight(self) -> int:
        return self.drive.weight

    def state(self) -> NumberedState:
        """The present state, with its number in the stream as ``seq``. Asking for it wakes the session up, behind what
        is answered: who comes back hears that it slept."""
        if self._publisher.unseen and self.hub.over is None:
            self._publisher.number(self._condition())
        state: NumberedState = {**self.hub.state, "seq": self.hub.seq, "hash": self.drive.hash()}
        self.touch()
        return state

    async def submit(self, command: Command, key: str | None = None) -> Answer:
        """Puts *command* into the inbox and waits until it has been applied and is kept, or is well under way.
        NotPossible when it cannot be, NotKept when it cannot be kept. With *key*, an Idempotency-Key, it is done once,
        in this process or an earlier one; OtherRequest when that came with another command."""
        if self.over:
            raise NotPossible(self.over_words)
        if key is not None and self.keeper is not None:
            earlier = await self.keeper.earlier(key, command)
            if earlier is not None:
                return earlier
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._inbox.append(Asked(command, future, key))
        self.touch()
        return await future

    async def submit_raw(self, raw: object, key: str | None = None) -> Answer:
        """As submit, for a command that came in as JSON. InvalidCommand lists what is wrong with it."""
        return await self.submit(read_command(raw, self.cpu_count), key)

    @property
    def must_stay(self) -> bool:
        """Whether it has something that cannot be written down now, and would be lost."""
        return self.keeper is not None and self.keeper.refusal is not None and self.keeper.behind

    def keep(self) -> "asyncio.Future[None] | None":
        """Writes down what has happened since the last time; None when there is nothing to wait for."""
        if self.keeper is None:
            return None
        self._say_where()
        writing = self.keeper.keep()
        self.keeper.keep_keyframes()
        return writing

    def _say_where(self) -> None:
        if self.keeper is not None:
            used = time.time() - (time.monotonic() - self.touched)
            self.keeper.place(self.drive.shown() | {"speed": self._pacer.speed}, used)

    def history(self) -> dict[str, Any]:
        """The moment that is shown, and all branches."""
        courses = [course.summary() for course in self.drive.branches()]
        return {"branch": self.drive.branch, "tick": self.state()["tick"], "branches": courses}

    async def state_at(self, branch: int | None, tick: int | None) -> NumberedState:
        """What was to be seen at a tick of a branch; of the present one, and at its head, where they are None. It moves
        nobody. NotPossible when there is no such moment."""
        time_then, machine = await self._looked_up(self.drive.state_finder(branch, tick))
        return {
            "time": time_then,
            **self._condition(),
            "viewers": len(self.hub.viewers),
            **machine,
            "seq": self.hub.seq,
        }

    async def ladder(self, selection: Selection, branch: int | None, tick: int | None) -> LadderState:
        """The gates that what is selected passes, now or at a tick of a branch. It moves nobody. NotPossible when there
        is no such thing or no such moment."""
        self.touch()
        return await self._looked_up(self.drive.ladder_finder(selection, branch, tick))

    async def records(self, branch: int | None, first: int, last: int | None, limit: int) -> Found:
        """What happened in these ticks of a branch. NotPossible when there is no such branch."""
        wanted = self.drive.branch if branch is None else branch
        head = next((each.head.tick for each in self.drive.branches() if each.number == wanted), 0)
        end = head if last is None else min(last, head)
        stop = min(end, max(first, 1) + MOST_TICKS - 1)
        recorder = self.drive.recorder(branch, first, stop)
        return await self._looked_up(collected(recorder, limit, stop, stop + 1 if stop < end else None))

    def record_counts(self, branch: int | None, first: int, last: int | None, bins: int) -> dict[str, Any] | None:
        """How many things happened in each of *bins* equal parts of these ticks of a branch; None where somebody has to
        look at each. NotPossible when there is no such branch."""
        wanted = self.drive.branch if branch is None else branch
        head = next((each.head.tick for each in self.drive.branches() if each.number == wanted), None)
        if head is None:
            return None
        begin = max(first, 1)
        end = max(begin, head if last is None else min(last, head)) + 1
        counts = self.drive.score.event_counts(wanted, bin_edges(bins, begin, end))
        return None if counts is None else {"bins": counts, "from": begin, "to": end}

    async def journal(self, branch: int | None) -> str:
        """What it was asked in a branch, as text. NotPossible when there is no such branch, or nobody can ask it
        anything."""
        return await self._looked_up(self.drive.journal_writer(branch))

    @staticmethod
    async def _looked_up(slices: Slices[End]) -> End:
        try:
            return await in_slices(slices)
        except (LookupError, ValueError) as error:
            raise NotPossible(str(error)) from error

    def score(self) -> Score:
        """What happens, as spans. What is missing of them is made from now on."""
        self._called.set()
        return self.drive.score

    def preview(self, command: SendIpi) -> Preview:
        """What *command* would do now."""
        self.touch()
        return self.drive.preview(command)

    def line(self, text: str, caret: int | None, selected: int | None) -> Json:
        """What somebody is told who writes *text* as a command, with the caret there."""
        self.touch()
        drive = self.drive
        return line_answer(text, caret, drive.surroundings(selected), drive.objection, drive.foresee)

    def viewers_changed(self) -> None:
        """Somebody has begun or stopped to watch."""
        self._changed()
        self.touch()

    @property
    def hubs(self) -> tuple[Hub]:
        return (self.hub,)

    def _unanswered(self) -> "list[asyncio.Future[Answer]]":
        waiting = [asked.future for asked in self._inbox] + [done.future for done in self._done]
        return [*waiting, *self._waiting] + ([self._under_way.future] if self._under_way else [])

    def _changed(self) -> None:
        self._publisher.unseen = True

    # The task

    async def _live(self) -> None:
        while True:
            self._called.clear()
            self._take_commands()
            delay = self._go_on()
            if self._filler.go_on(self._share.slice()):
                self._changed()
                delay = 0.0
            self._share.busy(self, delay is not None)
            if (self._publisher.due and (self.hub.viewers or self._done)) or self._publisher.overdue:
                self._publish()
            elif delay is None and self._publisher.behind and self.hub.viewers:
                delay = self._publisher.seconds_until_due  # what changed since is still to be shown
            self._tell()
            await self._sleep(0.0 if self._inbox else delay)

    def _take_commands(self) -> None:
        """Applies what has come in, in its order. A flood of commands is no reason for time to stand still."""
        end = time.monotonic() + _COMMANDS_SLICE
        while self._inbox:
            asked = self._inbox[0]
            try:
                self._do(asked)
            except (NotPossible, StoreError) as error:
                if not asked.future.done():
                    asked.future.set_exception(error)
            self._inbox.popleft()  # only now: whoever waits for it is told when a fault of ours ends the session
            if time.monotonic() > end:
                return

    def _go_on(self) -> float | None:
        """Moves virtual time on. Returns how long to sleep, None when there is nothing to wait for."""
        if self.paused and self._under_way is None:
            self.throttle.stop()
            return None
        if self._falls_asleep():
            self._pacer.stop()
            return None
        if self._under_way is None:
            return self._advance()
        self._changed()
        try:
            self._under_way.run.go_on(self._share.slice())
        except NotPossible as error:
            future, self._under_way = self._under_way.future, None
            if not future.done():
                future.set_exception(error)
            return 0.0
        self._look_at_run()
        return 0.0

    def _advance(self) -> float | None:
        next_time = self.drive.next_time()
        if next_time is None:
            self._pacer.stop()
            self.throttle.stop()
            return None
        self._changed()
        began = time.monotonic()
        if self._pacer.speed is None:
            self._run_slice(None)
            now = time.monotonic()
            self.throttle.flat_out(now, now - began)
            return 0.0
        before = self.drive.time
        until = self._pacer.advance(began, before, next_time)
        self._run_slice(until)
        following = self.drive.next_time()
        behind = following is not None and following < until
        self.throttle.paced(began, until - before, (self.drive.time if behind else until) - before)
        if following is None:
            return None
        return min(max(self._pacer.seconds_until(following), 0.002), _FRAME)

    def _run_slice(self, until: int | None) -> None:
        """Runs for at most this session's share of wall time."""
        end = time.monotonic() + self._share.slice()
        if self.breakpoints:
            if self.breakpoints.run(until, end):
                self.hold()
            return
        while self.drive.run(until, _OPERATIONS_AT_ONCE, whole_paths=True) >= _OPERATIONS_AT_ONCE:
            if time.monotonic() > end:
                return

    def _condition(self) -> Condition:
        """What the state shows of the session itself."""
        return {
            "paused": self.paused,
            "speed": self._pacer.speed,
            "under_way": self._under_way.run.state() if self._under_way else None,
            "sleep": self.sleep.state(),
            "throttled": self.throttle.state(),
            "kept": self._kept_state(),
            "score": {"flags": self.flags.changes},
            "breakpoints": self.breakpoints.state(),
        }

    def _kept_state(self) -> KeptState | None:
        """What there is to say of how it is kept; None when there is nothing."""
        refusal = self.keeper.refusal if self.keeper is not None else None
        if refusal is not None:
            words = (
                f"Nothing can be kept at present: {refusal}. You can watch; what would change the session is refused."
            )
            return {"open": False, "words": words}
        return {"open": True, "words": self._remark} if self._remark else None

    def condition_changed(self) -> None:
        """What is said of the session is to be said anew."""
        self._changed()
        self._called.set()

    def _publish(self) -> None:
        self._publisher.publish(self._condition())

    def _tell(self) -> None:
        """Answers those whose command has been applied, once it is kept."""
        if not self._done:
            return
        seq = self._publisher.promise()
        told = [(done, Answer(done.number, seq, done.text, done.values)) for done in self._done]
        self._done.clear()
        writing = None
        if self.keeper is not None:
            self._say_where()
            writing = self.keeper.keep(
                Answered(done.place, done.key, answer) for done, answer in told if done.place is not None
            )
        if writing is None:
            for done, answer in told:
                tell(done.future, answer)
            return
        self._waiting |= {done.future for done, _ in told}
        writing.add_done_callback(partial(self._tell_kept, told))

    def _tell_kept(self, told: list[tuple[Done, Answer]], writing: "asyncio.Future[None]") -> None:
        error = writing.exception()
        if error is not None:
            self.condition_changed()
        for done, answer in told:
            self._waiting.discard(done.future)
            tell(done.future, error if error is not None and done.lasts else answer)

    # Commands

    def _do(self, asked: Asked) -> None:
        """Applies a command; its asker is told when this round is over, or later where it takes long."""
        command, future, key = asked
        if self.keeper is not None and (refusal := self.keeper.refusal) and _lasts(command):
            self._changed()
            raise refusal
        back = self.sleep.words
        if isinstance(command, Goal):
            self._begin_run(command, future)
            return
        text, values = self._applied(command)
        self._commands += 1
        self.sleep.forget()
        self._changed()
        place = self.keeper.newest() if self.keeper is not None and isinstance(command, Stimulus) else None
        text = f"{text} {back}".rstrip()
        self._done.append(Done(future, self._commands, text, values, _lasts(command), place, key))

    def _applied(self, command: Control | Stimulus) -> Said:
        if isinstance(command, Control):
            return Said(command.steer(self), {})
        before = self.drive.branch
        result = self.drive.apply(command)
        circumstances = Circumstances(
            self.drive.vector_names,
            self.paused,
            self.drive.backend_remark,
            has_apics=self.drive.machine.cpus[0].event_channels is None,
        )
        said = command.answer(result, circumstances)
        branch = self.drive.branch
        if branch == before:
            return said
        return Said(f"{said.text} This begins branch {branch}; the old one stays.", said.values | {"branch": branch})

    # What commands do to time

    def hold(self) -> None:
        """Time stands still from now on."""
        self.paused = True
        self._pacer.stop()
        self.breakpoints.look_anew()

    def let_run(self) -> None:
        """Time runs from now on."""
        self.paused = False

    def set_speed(self, speed: float | None) -> None:
        """Virtual cycles per second of wall time; None: as fast as it goes."""
        self._pacer.speed = speed
        self._pacer.stop()

    def quieten(self) -> None:
        """The machine's own activity ends: it would never let it come to rest. In the past nobody disturbs it: that
        would be another branch; nor does anybody where it does not act by itself: what was done last stays the last."""
        if self.drive.live and self.drive.demonstrates:
            self.drive.apply(Demonstrate(False))

    def name_branch(self, branch: int, name: str) -> None:
        """Gives a branch another name. NotPossible when there is none of that number."""
        self.drive.name_branch(branch, name)

    # What takes long

    def _begin_run(self, goal: Goal, future: "asyncio.Future[Answer]") -> None:
        """Does the first slice at once: most are over then."""
        if self._under_way is not None and isinstance(goal, Journey) and isinstance(self._under_way.run.goal, Journey):
            self.end_run()  # whoever drags a slider wants to be where it stands now
        if self._under_way is not None:
            raise NotPossible(f"busy: {self._under_way.run.words} Pause ends it")
        run = LongRun(goal, self.drive)
        goal.prepare(self)
        self.breakpoints.look_anew()
        self._commands += 1
        self.sleep.forget()
        self._changed()
        run.go_on(self._share.slice())
        self._under_way = UnderWay(run, future, self._commands, time.monotonic() + _PATIENCE)
        self._look_at_run()

    def _look_at_run(self) -> None:
        """Has its asker answered once it is over, or well under way."""
        assert self._under_way is not None
        run, future, number, until = self._under_way
        waits = not future.done() and all(done.future is not future for done in self._done)
        if waits and (run.over or time.monotonic() > until):
            self._done.append(Done(future, number, *run.answer(), lasts=_lasts(run.goal)))
        if run.over:
            self._under_way = None
            if run.found is not None:
                self.breakpoints.found(*run.found)

    def end_run(self) -> None:
        """What runs to a goal gives it up, whoever began it."""
        if self._under_way is not None:
            self._under_way.run.over = True
            self._look_at_run()


def _lasts(command: BaseCommand) -> bool:
    """Whether *command* changes what is kept of a session: what was asked, how far it has come, or a name."""
    if isinstance(command, StepBy):
        return command.count > 0
    if isinstance(command, RunTo):
        return not command.backwards
    return isinstance(command, Stimulus | NameBranch | Goal) and not isinstance(command, Journey)
