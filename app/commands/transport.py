"""What moves time on: at a pace, step by step, until nothing is left to do. It acts on whoever owns the machine, and
leaves no mark in the machine's journal, which says by itself how far time had gone at each command."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple, Protocol

from app.commands.command import BaseCommand, Json, Said
from app.commands.field_types import Speed, Whole, named

MAX_STEPS = 1_000_000
DEFAULT_IDLE_LIMIT = 1_000_000
_SLOWEST, _FASTEST = 1.0, 1e12

OPERATION = "operation"
INTERRUPT = "interrupt"


class TimeKeeper(Protocol):
    """Whoever moves a machine's time on."""

    def hold(self) -> None:
        """Time stands still from now on."""

    def let_run(self) -> None:
        """Time runs from now on."""

    def set_speed(self, speed: float | None) -> None:
        """Virtual cycles per second of wall time; None: as fast as it goes."""

    def end_run(self) -> None:
        """What runs to a goal gives it up, whoever began it."""

    def quieten(self) -> None:
        """The machine's own activity ends: it would never let it come to rest."""


class Progress(NamedTuple):
    """How far a run to a goal is: what it has done, the interrupts taken meanwhile, and whether nothing is left."""

    operations: int
    interrupts: int
    idle: bool


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

    def steer(self, time: TimeKeeper) -> str:
        time.hold()
        time.end_run()
        return "Time stands still."


@dataclass(frozen=True, slots=True)
class Run(Control):
    """Lets time run."""

    kind = "run"
    description = "Lets time run."

    def steer(self, time: TimeKeeper) -> str:
        time.let_run()
        time.end_run()
        return "Time runs."


@dataclass(frozen=True, slots=True)
class SetSpeed(Control):
    """Virtual cycles per second of wall time; None is as fast as it goes."""

    kind = "set_speed"
    description = "Virtual cycles a second of wall time; null or max is as fast as it goes."

    speed: Annotated[float | None, Speed(_SLOWEST, _FASTEST)]

    def steer(self, time: TimeKeeper) -> str:
        time.set_speed(self.speed)
        return "Flat out." if self.speed is None else f"{self.speed:g} cycles a second."


@dataclass(frozen=True, slots=True)
class StepBy(Goal):
    """Runs so many operations or interrupts, then stands still."""

    kind = "step"
    description = "Runs so many operations or interrupts, then stands still."

    unit: Annotated[str, named((OPERATION, INTERRUPT))] = OPERATION
    count: Annotated[int, Whole(1, MAX_STEPS)] = 1

    @property
    def by_interrupts(self) -> bool:
        return self.unit == INTERRUPT

    @property
    def most(self) -> int:
        return self.count

    def prepare(self, time: TimeKeeper) -> None:
        time.hold()

    def so_far(self, progress: Progress) -> str:
        if self.by_interrupts:
            done = f"{progress.operations:,} {_operations(progress.operations)}"
            return f"Steps to interrupt {self.count:,}: {progress.interrupts:,} taken so far in {done}."
        return f"Steps: {progress.operations:,} of {self.count:,} operations so far."

    def end(self, progress: Progress) -> str:
        done = progress.operations
        return f"{done} {_operations(done)} done." if done else "Nothing is left to do."


@dataclass(frozen=True, slots=True)
class RunUntilIdle(Goal):
    """Runs until nothing is left to do, or *limit* operations."""

    kind = "run_until_idle"
    description = "Runs until nothing is left to do, or the limit of operations; the answer says which."
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
        return f"{'Idle' if progress.idle else 'Still busy'} after {progress.operations} operations."

    def values(self, progress: Progress) -> Json:
        return {"idle": progress.idle, "operations": progress.operations}


TransportCommand = Pause | Run | SetSpeed | StepBy | RunUntilIdle
