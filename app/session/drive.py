"""What a session can be driven by: a simulation that people steer, or a recording that plays."""

from collections.abc import Generator, Mapping
from typing import Any, Protocol

from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Search
from app.commands.command import Refusal, Stimulus
from app.commands.guest import SendIpi
from app.commands.line import Surroundings
from app.commands.table import Command
from app.engine.events import Event
from app.engine.performable import Result
from app.history.reexecution import Record
from app.history.search import Guard, Past
from app.history.slices import Slices
from app.hw.machine import Machine
from app.session.looking_back import BranchSummary, FoundMoment, MomentState
from app.session.score import Score
from app.state.foresight import Foreseen
from app.state.ladder import Selection
from app.state.preview import Preview
from app.state.shapes import LadderState, MachineState


class NotPossible(Exception):
    """A command that this session cannot carry out; the message says why. ``field`` is the field of the command that it
    is about; "" for none."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def make_sure_it_fits(command: SendIpi, *, x2apic: bool) -> None:
    """NotPossible when a guest that has its APIC in that mode cannot write *command*."""
    if misfit := command.misfit(x2apic=x2apic):
        raise NotPossible(*misfit)


class Drive(Protocol):
    """A machine that moves in virtual time."""

    #: What the kernel that runs on it calls its vectors.
    vector_names: Mapping[int, str]
    #: Wall seconds that a stretch in which nothing happens may last.
    longest_gap: float

    @property
    def score(self) -> Score:
        """What happens on it, as spans."""

    @property
    def machine(self) -> Machine:
        """The machine at the moment that is shown: another object after each way to another moment."""

    @property
    def time(self) -> int:
        """Virtual time, in TSC cycles."""

    @property
    def jumps(self) -> int:
        """How often another moment was shown instead of the next."""

    @property
    def tick(self) -> int:
        """The tick that is shown."""

    @property
    def branch(self) -> int:
        """The number of the branch that is shown."""

    @property
    def live(self) -> bool:
        """Nothing is known of what comes next."""

    @property
    def demonstrates(self) -> bool:
        """The machine acts by itself."""

    @property
    def moment_words(self) -> str:
        """Which moment is shown."""

    def stands(self, unit: str) -> None:
        """A step of *unit* is made from the moment that is shown: a step back will end there, too."""

    def shown(self) -> dict[str, Any]:
        """The moment that is shown, as JSON, by which it can be found again."""

    def stepper(self, unit: str, count: int) -> Slices[int]:
        """Goes on by *count* of *unit*, or back where *count* is below zero; a little at each ``next``. NotPossible
        where this drive cannot."""

    def seeker(self, tick: int | None, time: int | None, branch: int | None) -> Slices[int]:
        """Shows a tick, or the last one at *time* or before, or with neither the head of *branch*; a little at each
        ``next``. LookupError and ValueError when there is no such branch or moment, NotPossible where it cannot."""

    def searcher(self, condition: Condition, limit: int) -> Search:
        """Goes on to the next tick in which *condition* comes true, or as far as *limit* ticks. NotPossible where this
        drive cannot tell."""

    def make_sure_it_is_told(self, condition: Condition) -> None:
        """NotPossible when this drive cannot tell whether *condition* holds."""

    def past(self, branch: int) -> Past:
        """A branch, to be looked at again, without moving anybody. LookupError when there is none."""

    def guard(self, conditions: Mapping[int, Condition]) -> Slices[Guard]:
        """What lets time go on tick by tick, and tells when one of *conditions* comes true."""

    def searcher_back(self, condition: Condition) -> Search:
        """Goes back to the last tick in which *condition* came true, if it did. NotPossible where this drive cannot
        tell."""

    def hash(self) -> str | None:
        """Of the model's state at the moment that is shown, without where the clock stands behind its tick; None where
        something cannot be told, as a sheet that has no name."""

    def branches(self) -> list[BranchSummary]:
        """All branches of its history, by number."""

    def recorder(self, branch: int | None, first: int, last: int) -> Generator[list[Record], None, None]:
        """What happened in these ticks of a branch, of the present one without a number; a few at a time. LookupError
        when there is no such branch. Nobody moves."""

    def state_finder(self, branch: int | None, tick: int | None, time: int | None = None) -> Slices[MomentState]:
        """What was to be seen at a tick of a branch, as late behind it as *time* says, or at
        its head. LookupError and ValueError when there is no such
        branch or tick. Nobody moves."""

    def ladder_finder(self, selection: Selection, branch: int | None, tick: int | None) -> Slices[LadderState]:
        """The gates that what is selected passes: at the moment that is shown where both are None, or else as in
        ``state_finder``. LookupError when what is selected is not there. Nobody moves."""

    def moment_finder(self, branch: int | None, tick: int | None) -> Slices[FoundMoment]:
        """When a tick of a branch was: of the present one without a number, and its head without a tick; with neither
        the moment that is shown. LookupError and ValueError as in ``state_finder``. Nobody moves."""

    def journal_writer(self, branch: int | None) -> Slices[str]:
        """The journal of a branch as text. LookupError when there is no such branch; NotPossible where nobody acts."""

    def name_branch(self, branch: int, name: str) -> None:
        """Gives a branch another name. NotPossible when there is none."""

    @property
    def backend(self) -> str:
        """The name of the back end."""

    @property
    def backend_remark(self) -> str:
        """What the cost sheet leaves out of the back end, and why; "" for nothing."""

    @property
    def cost_sheet(self) -> str:
        """The text that names the cost sheet."""

    @property
    def generation(self) -> str | None:
        """The name of the kernel; None where nobody knows it."""

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""

    @property
    def interrupts_taken(self) -> int:
        """How many interrupts the CPUs have taken."""

    def next_time(self) -> int | None:
        """When something happens next; None when nothing will."""

    @property
    def idle(self) -> bool:
        """Nothing is left to do; timers may still be waiting for their time."""

    def run(
        self,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        whole_paths: bool = False,
    ) -> int:
        """Moves on, no further than *until*, for no more than so many *operations*, but with *whole_paths* to the end
        of what is done as a whole; returns the operations done."""

    def apply(self, command: Stimulus) -> Result:
        """Does what a person asked. NotPossible when this drive cannot."""

    @property
    def happened(self) -> int:
        """How many events there have been since it began, whether or not anybody took them."""

    def preview(self, command: SendIpi) -> Preview:
        """What *command* would do now, and the word that it would write. NotPossible when there is no such word."""

    def surroundings(self, selected: int | None) -> Surroundings:
        """What a line may speak of whose writer has selected that CPU."""

    def objection(self, command: Command) -> Refusal | None:
        """Why *command* cannot be done now, as far as that is known without trying; None when it can."""

    def foresee(self, command: Command) -> Foreseen | None:
        """What *command*, to which there is no objection, would come to."""

    def take_log(self) -> list[tuple[int, Event]]:
        """The newest of what happened since the last call, with its time. What nobody takes is dropped in the end."""

    def state(self) -> MachineState:
        """The part of the visible state that the drive knows."""
