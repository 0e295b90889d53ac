"""What moves time on: at a pace, step by step, until nothing is left to do. It acts on whoever owns the machine, and
leaves no mark in the machine's journal, which says by itself how far time had gone at each command."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Hit, Looked, Search
from app.commands.command import BaseCommand, Json, Said
from app.commands.field_types import Flag, OfCondition, Perhaps, Speed, Text, Whole, WholeButZero, named
from app.commands.fields import Fields
from app.commands.line import Line
from app.commands.line_choices import ConditionText
from app.commands.line_parts import Decimal, Meant, OneOfWords, Remaining, SpeedOrMax, named_part
from app.commands.time_keeping import Progress, Slices, TimeKeeper, Traveller

MAX_STEPS = 1_000_000
#: The latest tick, or time in TSC cycles, that can be asked for.
LATEST = (1 << 53) - 1
#: A session can have so many branches.
MOST_BRANCHES = 1_000
DEFAULT_IDLE_LIMIT = 1_000_000
_SLOWEST, _FASTEST = 1.0, 1e12

OPERATION = "operation"
INTERRUPT = "interrupt"
#: What a step can be a step of.
STEP_UNITS = (OPERATION, "access", INTERRUPT, "function")
_UNIT_WORDS = {
    OPERATION: Meant(OPERATION, "one thing that happens"),
    "access": Meant("access", "to the next access of an APIC"),
    INTERRUPT: Meant(INTERRUPT, "to the next interrupt that is taken"),
    "function": Meant("function", "to the end of the guest's function"),
}
_BRANCH = Decimal("BRANCH", "the number of a branch", ("branch",), highest=MOST_BRANCHES - 1)
_LIMIT = Decimal("LIMIT", "how many at most", ("limit",), 1, 100_000_000, DEFAULT_IDLE_LIMIT)
_CONDITION = ConditionText("CONDITION", "such as taken(0x61) on 2", ("condition",))


class Transport(BaseCommand):
    """A command that moves time. No journal keeps it, and no pair takes it."""

    __slots__ = ()


class Control(Transport):
    """A command that is over at once."""

    __slots__ = ()

    @abstractmethod
    def steer(self, time: TimeKeeper) -> str:
        """Does it, and says so."""


class Goal(Transport):
    """A command that lets time run to a goal, which may take long."""

    __slots__ = ()

    #: Whether it ends where nothing but timers is left.
    until_idle: ClassVar[bool] = False

    def course(self, traveller: Traveller) -> Slices | Search | None:
        """How it gets there where it does not simply let time run; None where it does."""
        return None

    @property
    def by_interrupts(self) -> bool:
        """Whether it counts interrupts, and not operations."""
        return False

    @property
    @abstractmethod
    def most(self) -> int:
        """How many operations, or interrupts, at most."""

    @abstractmethod
    def prepare(self, time: TimeKeeper) -> None:
        """What happens before the first step."""

    @abstractmethod
    def so_far(self, progress: Progress) -> str:
        """How far it is."""

    @abstractmethod
    def end(self, progress: Progress) -> str:
        """What a person is told once it is over."""

    def values(self, progress: Progress) -> Json:
        """What a program is told of it."""
        return {"operations": progress.operations}

    def answer(self, progress: Progress, *, over: bool) -> Said:
        """What its asker is told: before it is over, that it goes on."""
        values = self.values(progress)
        if over:
            return Said(self.end(progress), values)
        return Said(f"{self.so_far(progress)} It goes on; pause ends it.", values | {"under_way": True})


def _operations(count: int) -> str:
    return f"operation{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Pause(Control):
    """Stops time."""

    kind = "pause"
    description = "Stops time."
    lines: ClassVar[tuple[Line, ...]] = (Line("pause", example="pause"),)

    def steer(self, time: TimeKeeper) -> str:
        time.hold()
        time.end_run()
        return "Time stands still."


@dataclass(frozen=True, slots=True)
class Run(Control):
    """Lets time run."""

    kind = "run"
    description = "Lets time run."
    lines: ClassVar[tuple[Line, ...]] = (Line("run", example="run"),)

    def steer(self, time: TimeKeeper) -> str:
        time.let_run()
        time.end_run()
        return "Time runs."


@dataclass(frozen=True, slots=True)
class SetSpeed(Control):
    """Virtual cycles per second of wall time; None is as fast as it goes."""

    kind = "set_speed"
    description = "Virtual cycles a second of wall time; null or max is as fast as it goes."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("speed", (SpeedOrMax("CYCLES", "cycles a second, or max", ("speed",)),), example="speed 2000"),
    )

    speed: Annotated[float | None, Speed(_SLOWEST, _FASTEST)]

    def steer(self, time: TimeKeeper) -> str:
        time.set_speed(self.speed)
        return "Flat out." if self.speed is None else f"{self.speed:g} cycles a second."


@dataclass(frozen=True, slots=True)
class StepBy(Goal):
    """Runs so many operations, accesses, interrupts or guest functions, then stands still; below zero, goes back."""

    kind = "step"
    description = (
        "Runs so many operations, accesses of the APIC, interrupts or guest functions, then stands still. A count "
        "below zero goes back as exactly."
    )
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "step",
            free=(
                Decimal("COUNT", "how many; below zero goes back", ("count",), -MAX_STEPS, MAX_STEPS, 1),
                OneOfWords("UNIT", ", ".join(STEP_UNITS), ("unit",), _UNIT_WORDS, OPERATION),
            ),
            example="step -1 interrupt",
        ),
    )

    unit: Annotated[str, named(STEP_UNITS)] = OPERATION
    count: Annotated[int, WholeButZero(-MAX_STEPS, MAX_STEPS)] = 1

    @property
    def by_interrupts(self) -> bool:
        return self.unit == INTERRUPT

    @property
    def most(self) -> int:
        return self.count

    def prepare(self, time: TimeKeeper) -> None:
        time.hold()

    def course(self, traveller: Traveller) -> Slices | None:
        if self.course_is_time:
            traveller.stands(self.unit)
            return None
        return traveller.stepper(self.unit, self.count)

    def _units(self, count: int) -> str:
        name = f"{self.unit}{'' if count == 1 else 'es' if self.unit == 'access' else 's'}"
        return f"{count:,} {name}"

    def so_far(self, progress: Progress) -> str:
        if not self.course_is_time:
            way = "back" if self.count < 0 else "on"
            return f"Steps {way} by {self._units(abs(self.count))}."
        if self.by_interrupts:
            done = f"{progress.operations:,} {_operations(progress.operations)}"
            return f"Steps to interrupt {self.count:,}: {progress.interrupts:,} taken so far in {done}."
        return f"Steps: {progress.operations:,} of {self.count:,} operations so far."

    def end(self, progress: Progress) -> str:
        if self.count < 0:
            short = "" if progress.gone == -self.count else " This is the beginning."
            return f"Back by {self._units(progress.gone)}, to {progress.moment}.{short}"
        if self.unit not in (OPERATION, INTERRUPT):
            short = "" if progress.gone == self.count else " Nothing more came."
            return f"On by {self._units(progress.gone)}, to {progress.moment}.{short}"
        done = progress.operations
        return f"{done} {_operations(done)} done." if done else "Nothing is left to do."

    def values(self, progress: Progress) -> Json:
        gone = {} if self.course_is_time else {"gone": progress.gone}
        return {"operations": progress.operations} | gone

    @property
    def course_is_time(self) -> bool:
        """Whether it lets time run, and counts operations."""
        return self.count > 0 and self.unit in (OPERATION, INTERRUPT)


@dataclass(frozen=True, slots=True)
class RunUntilIdle(Goal):
    """Runs until nothing is left to do, or *limit* operations."""

    kind = "run_until_idle"
    description = "Runs until nothing is left to do, or the limit of operations; the answer says which."
    lines: ClassVar[tuple[Line, ...]] = (Line("idle", free=(_LIMIT,), example="idle"),)
    until_idle = True

    limit: Annotated[int, Whole(1, 100_000_000)] = DEFAULT_IDLE_LIMIT

    @property
    def most(self) -> int:
        return self.limit

    def prepare(self, time: TimeKeeper) -> None:
        time.quieten()

    def so_far(self, progress: Progress) -> str:
        done = progress.operations
        return f"Runs until idle: {done:,} {_operations(done)} so far, {self.limit:,} at most."

    def end(self, progress: Progress) -> str:
        done = progress.operations
        return f"{'Idle' if progress.idle else 'Still busy'} after {done} {_operations(done)}."

    def values(self, progress: Progress) -> Json:
        return {"idle": progress.idle, "operations": progress.operations}


@dataclass(frozen=True, slots=True)
class RunTo(Goal):
    """Goes to where a condition comes true: on from the present moment, or back from it."""

    kind = "run_to"
    description = (
        "Goes on to the next tick in which a condition comes true, through what is known and then into what is new, "
        "within the limit of ticks; or backwards to the last one before the present moment, and stands still there. "
        "The answer's hit says why; null: there was none, and looked says where it was looked for."
    )
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "until",
            (_CONDITION,),
            (named_part(_LIMIT, "limit"),),
            "until taken(0x61) on 2",
            "Goes on to the next tick in which a condition comes true, and stands still there.",
            {"backwards": False},
        ),
        Line(
            "back",
            (_CONDITION,),
            (named_part(_LIMIT, "limit"),),
            "back taken(0x61) on 2",
            "Goes back to the last tick in which a condition came true.",
            {"backwards": True},
        ),
    )

    condition: Annotated[Condition, OfCondition()]
    backwards: Annotated[bool, Flag()] = False
    limit: Annotated[int, Whole(1, 100_000_000)] = DEFAULT_IDLE_LIMIT

    @property
    def most(self) -> int:
        return self.limit

    def prepare(self, time: TimeKeeper) -> None:
        time.hold()

    def course(self, traveller: Traveller) -> Search:
        if self.backwards:
            return traveller.searcher_back(self.condition)
        return traveller.searcher(self.condition, self.limit)

    def so_far(self, progress: Progress) -> str:
        ticks = progress.looked.ticks if progress.looked else 0
        way = "Looks back" if self.backwards else "Runs on"
        return f"{way} for {self.condition.text}: {ticks:,} {_ticks(ticks)} looked at so far."

    def end(self, progress: Progress) -> str:
        looked = progress.looked
        if looked is None or not looked.ticks:
            return f"Nothing is {'before' if self.backwards else 'after'} this moment."
        if looked.hit is not None:
            return f"{hit_words(looked.hit)}."
        ticks = looked.last - looked.first + 1
        if ticks <= 0:
            return f"The search for {self.condition.text} ended before it had come to anything."
        where = f"{looked.first:,} to {looked.last:,}"
        return f"{self.condition.text} did not come true in {ticks:,} {_ticks(ticks)}, {where}."

    def values(self, progress: Progress) -> Json:
        looked = progress.looked or Looked(0, 0, 0)
        hit = hit_json(looked.hit) if looked.hit else None
        return {"hit": hit, "looked": {"ticks": looked.ticks, "from": looked.first, "to": looked.last}}


@dataclass(frozen=True, slots=True)
class BreakAt(Control):
    """From now on time that runs stops where a condition comes true."""

    kind = "break_at"
    description = "From now on time that runs stops where a condition comes true; the state's breakpoints list them."
    lines: ClassVar[tuple[Line, ...]] = (Line("break", (_CONDITION,), example="break taken(0x61) on 2"),)

    condition: Annotated[Condition, OfCondition()]

    def steer(self, time: TimeKeeper) -> str:
        return f"Breakpoint {time.breakpoints.add(self.condition)}: running stops at {self.condition.text}."


@dataclass(frozen=True, slots=True)
class RemoveBreakpoint(Control):
    """Time does not stop at that breakpoint any more."""

    kind = "remove_breakpoint"
    description = "Time does not stop at that breakpoint any more."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("unbreak", (Decimal("NUMBER", "of the breakpoint", ("breakpoint",), 1, LATEST),), example="unbreak 1"),
    )

    breakpoint: Annotated[int, Whole(1, LATEST)]

    def steer(self, time: TimeKeeper) -> str:
        return f"Running does not stop at {time.breakpoints.remove(self.breakpoint)} any more."


def _ticks(count: int) -> str:
    return f"tick{'' if count == 1 else 's'}"


def hit_words(hit: Hit) -> str:
    """*hit* in a sentence, without its full stop."""
    return f"Tick {hit.tick:,}, time {hit.time:,}: {hit.why}"


def hit_json(hit: Hit) -> Json:
    """*hit* as an answer and the state have it."""
    return {"tick": hit.tick, "time": hit.time, "words": f"{hit_words(hit)}.", "why": hit.why}


class Journey(Goal):
    """A command that shows another moment, and stands still there. It changes no history."""

    __slots__ = ()

    @property
    def most(self) -> int:
        return 1

    def prepare(self, time: TimeKeeper) -> None:
        time.hold()

    def so_far(self, progress: Progress) -> str:
        return "Goes to another moment."

    def end(self, progress: Progress) -> str:
        return f"This is {progress.moment}."


@dataclass(frozen=True, slots=True)
class Seek(Journey):
    """Shows a tick of a branch, or the last one at *time* (TSC cycles) or before."""

    kind = "seek"
    description = (
        "Shows a tick of a branch, or the last tick at a time or before, and stands still there. It never changes "
        "history. Without a branch it is the present one."
    )
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "seek",
            (Decimal("TICK", "a tick", ("tick",), highest=LATEST),),
            (named_part(_BRANCH, "branch"),),
            "seek 1200",
            "Shows a tick of a branch, and stands still there.",
            {"time": None},
        ),
        Line(
            "time",
            (Decimal("CYCLES", "a time in TSC cycles", ("time",), highest=LATEST),),
            (named_part(_BRANCH, "branch"),),
            "time 12000",
            "Shows the last tick at a time or before, and stands still there.",
            {"tick": None},
        ),
    )

    tick: Annotated[int | None, Perhaps(0, LATEST)] = None
    time: Annotated[int | None, Perhaps(0, LATEST)] = None
    branch: Annotated[int | None, Perhaps(0, MOST_BRANCHES - 1)] = None

    def note_misfits(self, given: Fields) -> None:
        if self.tick is None and self.time is None:
            given.refuse("tick", "is missing: say a tick or a time")
        elif self.tick is not None and self.time is not None:
            given.refuse("time", "says where, as tick does: give one of them")

    def course(self, traveller: Traveller) -> Slices:
        return traveller.seeker(self.tick, self.time, self.branch)


@dataclass(frozen=True, slots=True)
class SwitchBranch(Journey):
    """Shows the head of a branch."""

    kind = "switch_branch"
    description = "Shows the head of a branch, and stands still there."
    lines: ClassVar[tuple[Line, ...]] = (Line("branch", (_BRANCH,), example="branch 0"),)

    branch: Annotated[int, Whole(0, MOST_BRANCHES - 1)]

    def course(self, traveller: Traveller) -> Slices:
        return traveller.seeker(None, None, self.branch)


@dataclass(frozen=True, slots=True)
class NameBranch(Control):
    """Gives a branch another name."""

    kind = "name_branch"
    description = "Gives a branch another name."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("name", (_BRANCH, Remaining("NAME", "its name", ("name",))), example="name 0 before the storm"),
    )

    branch: Annotated[int, Whole(0, MOST_BRANCHES - 1)]
    name: Annotated[str, Text(60)]

    def steer(self, time: TimeKeeper) -> str:
        time.name_branch(self.branch, self.name)
        return f"Branch {self.branch} is called {self.name}."


TransportCommand = (
    Pause
    | Run
    | SetSpeed
    | StepBy
    | RunUntilIdle
    | RunTo
    | BreakAt
    | RemoveBreakpoint
    | Seek
    | SwitchBranch
    | NameBranch
)
