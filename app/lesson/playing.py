"""Does lines of the palette on a session's history: what people press on the page, written down beforehand."""

from app.breakpoints.condition import Condition
from app.commands.command import Stimulus
from app.commands.line import Surroundings
from app.commands.line_reading import read_line
from app.commands.table import Command
from app.commands.transport import RunTo, RunUntilIdle, StepBy
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.history.timeline import Timeline
from app.x86.words import VectorNames

#: So many ticks are looked at for a condition, and so many operations run until idle: a lesson is no benchmark.
MOST_TICKS = 20_000
_SAID = "machine commands, step, until and idle can stand here"


class UnusableLine(ValueError):
    """Why a line cannot be read, or its command not be done; one sentence."""


def names_of(simulation: Simulation) -> VectorNames:
    """What the kernel calls its vectors."""
    return GENERATIONS[simulation.generation].vector_names


def command_of(line: str, simulation: Simulation) -> Command:
    """The command that *line* is on *simulation* as it stands. UnusableLine says what is wrong with it."""
    kernel = GENERATIONS[simulation.generation]
    among = Surroundings(simulation.machine, kernel.vector_names, tuple(kernel.functions), {})
    read = read_line(line, among)
    if read.command is None:
        assert read.misfit is not None, "a line is a command, or something is wrong with it"
        at = f" at column {read.misfit.start + 1}" if read.syntax else ""
        known = f" ({read.syntax})" if read.syntax else ""
        raise UnusableLine(f"{line!r}{at}: {read.misfit.says}{known}")
    match read.command:
        case Stimulus() | RunUntilIdle():
            return read.command
        case RunTo() if not read.command.backwards:
            return read.command
        case StepBy() if read.command.count > 0:
            return read.command
        case _:
            raise UnusableLine(f"{line!r}: a lesson only goes on: {_SAID}")


def play(line: str, timeline: Timeline, who: str = "") -> None:
    """Does *line* at the present moment of *timeline*. UnusableLine says why it cannot be done."""
    command = command_of(line, timeline.simulation)
    match command:
        case Stimulus():
            refusal = command.refusal(timeline.simulation)
            if refusal is not None:
                raise UnusableLine(f"{line!r}: {refusal.message}")
            timeline.apply(command, who)
        case StepBy():
            gone = timeline.step(command.unit, command.count)
            if gone < command.count:
                raise UnusableLine(f"{line!r}: nothing is left to happen after {gone:,} of {command.count:,}")
        case RunTo():
            if not goes_to(timeline, command.condition):
                raise UnusableLine(f"{line!r}: it does not come true within {MOST_TICKS:,} ticks")
        case RunUntilIdle():
            timeline.run(operations=MOST_TICKS, until_idle=True)
            if not timeline.simulation.idle:
                raise UnusableLine(f"{line!r}: it is still busy after {MOST_TICKS:,} operations")
        case _:
            raise AssertionError(f"{line!r} is no line of a lesson")


def goes_to(timeline: Timeline, condition: Condition) -> bool:
    """Goes on to the next tick in which *condition* comes true. Returns whether it does within MOST_TICKS."""
    search = timeline.searcher(condition, MOST_TICKS, names_of(timeline.simulation))
    while True:
        try:
            next(search)
        except StopIteration as stop:
            return stop.value.hit is not None
