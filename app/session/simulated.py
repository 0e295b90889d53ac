"""A session's drive that people steer: the simulation."""

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from app.backends.backend import remark_on
from app.backends.catalogue import BACKENDS, reason_against
from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Search
from app.commands.command import Refusal, Stimulus
from app.commands.guest import SendIpi
from app.commands.line import Surroundings
from app.commands.table import Command
from app.costs.reference import reference_of
from app.engine.codec import NotRecordable
from app.engine.events import Event
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.engine.waits import Waits
from app.guest.generations import GENERATIONS
from app.history.branches import Branch
from app.history.journal import Entry
from app.history.journal_text import journal_of, write_journal
from app.history.keyframes import Keyframes
from app.history.record import hash_of_tick, state
from app.history.reexecution import Record
from app.history.search import Guard, Past
from app.history.simulation_keyframes import simulation_keyframes
from app.history.slices import Slices
from app.history.timeline import Timeline
from app.hw.machine import Machine
from app.session.drive import NotPossible, make_sure_it_fits
from app.session.looking_back import BranchSummary, FoundMoment, MomentState
from app.session.score import Score
from app.session.simulated_score import SimulatedScore
from app.session.version import program_version
from app.state.caption import telling_of_switch
from app.state.foresight import Foreseen, foresee
from app.state.kept_state import KeptStates
from app.state.ladder import Look, Selection, ladder
from app.state.preview import Preview, preview
from app.state.shapes import LadderState, MachineState
from app.state.snapshot import endings_state, in_flight_state, legacy_pic_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.costs.sheet import CostSheet


#: Measured: a machine with its published states, of which each may have changed every CPU.
BYTES_A_MACHINE, BYTES_A_CPU = 100_000, 60_000
BYTES_A_COMMAND = 200


Slice = TypeVar("Slice")
Arrived = TypeVar("Arrived")


def _timeline_of(simulation: Simulation) -> Timeline:
    """The history of a simulation that may have been stirred already."""
    journal = [Entry(*done.moment, "", cast("Stimulus", done.command)) for done in simulation.journal]
    main = Branch(0, "main", journal=journal, head=simulation.moment)
    return Timeline(simulation, new_keyframes(), [main])


def _hash_of(simulation: Simulation) -> str | None:
    try:
        return hash_of_tick(state(simulation))
    except NotRecordable:
        return None


def new_keyframes() -> Keyframes[Simulation]:
    """Those of a session: they may cost a small part of what running it costs the processor."""
    return simulation_keyframes(time.process_time)


class SimulatedDrive:
    """A simulation, as a session sees it."""

    def __init__(self, simulation: Simulation, timeline: Timeline | None = None, score: Score | None = None) -> None:
        """*score* is what others write of it; without it one follows the timeline."""
        self.timeline = timeline or _timeline_of(simulation)
        self.score: Score = score or SimulatedScore(self.timeline)
        self.jumps = 0
        self.vector_names: Mapping[int, str] = GENERATIONS[simulation.generation].vector_names
        self.longest_gap = 0.9
        self._refused_under: tuple[CostSheet, dict[str, str]] | None = None
        self._named: tuple[CostSheet, str] | None = None
        self._kept = KeptStates()

    @property
    def simulation(self) -> Simulation:
        """The one at the moment that is shown."""
        return self.timeline.simulation

    @property
    def machine(self) -> Machine:
        return self.timeline.simulation.machine

    @property
    def time(self) -> int:
        return self.simulation.time

    @property
    def tick(self) -> int:
        return self.simulation.ticks

    @property
    def branch(self) -> int:
        return self.timeline.branch.number

    @property
    def live(self) -> bool:
        return self.timeline.live

    @property
    def demonstrates(self) -> bool:
        return self.simulation.demonstration is not None

    @property
    def moment_words(self) -> str:
        timeline = self.timeline
        tick, head = timeline.moment.tick, timeline.head.tick
        return f"tick {tick:,} of {head:,} in {timeline.branch.name}"

    def stands(self, unit: str) -> None:
        self.timeline.stands(unit)

    def shown(self) -> dict[str, Any]:
        tick, time = self.timeline.moment
        return {
            "branch": self.branch,
            "tick": tick,
            "time": time,
            "live": self.live,
            "backend": self.backend,
            "cost_sheet": self.cost_sheet,
        }

    def stepper(self, unit: str, count: int) -> Slices[int]:
        if count > 0:
            return (yield from self.timeline.stepper(unit, count))
        return (yield from self._jumping(self.timeline.stepper_back(unit, -count)))

    def seeker(self, tick: int | None, time: int | None, branch: int | None) -> Slices[int]:
        yield from self._jumping(self.timeline.seeker(tick, time, branch))
        return 1

    def searcher(self, condition: Condition, limit: int) -> Search:
        return self.timeline.searcher(condition, limit, self.vector_names)

    def make_sure_it_is_told(self, condition: Condition) -> None:
        """A simulation tells everything."""

    def past(self, branch: int) -> Past:
        return self.timeline.past(branch)

    def guard(self, conditions: "Mapping[int, Condition]") -> Slices[Guard]:
        return self.timeline.guard(conditions, self.vector_names)

    def searcher_back(self, condition: Condition) -> Search:
        return self._jumping(self.timeline.searcher_back(condition, self.vector_names))

    def _jumping(self, slices: Generator[Slice, None, Arrived]) -> Generator[Slice, None, Arrived]:
        """The moment that is shown changes with the last slice, and with it all that was built from the machine."""
        before = self.simulation
        arrived = yield from slices
        if self.simulation is not before:
            self.jumps += 1
            self._kept = KeptStates()
        return arrived

    def hash(self) -> str | None:
        return _hash_of(self.simulation)

    def branches(self) -> list[BranchSummary]:
        return [
            BranchSummary(each.number, each.name, each.parent.number if each.parent else None, each.leaves, each.head)
            for each in self.timeline.branches
        ]

    def recorder(self, branch: int | None, first: int, last: int) -> Generator[list[Record], None, None]:
        return self.timeline.recorder(first, last, branch)

    def state_finder(self, branch: int | None, tick: int | None, time: int | None = None) -> Slices[MomentState]:
        simulation = yield from self.timeline.finder(tick, time, branch)
        course = self.timeline.branch if branch is None else self.timeline.branches[branch]
        shown = SimulatedDrive(simulation).state()
        shown["head"], shown["branch"] = course.head.tick, course.number
        shown["live"] = simulation.ticks == course.head.tick
        shown["hash"] = _hash_of(simulation)
        return MomentState(simulation.time, shown)

    def ladder_finder(self, selection: Selection, branch: int | None, tick: int | None) -> Slices[LadderState]:
        simulation = self.simulation
        if branch is not None or tick is not None:
            simulation = yield from self.timeline.finder(tick, None, branch)
        flights = list(simulation.in_flight.values())
        waits = Waits(simulation.machine, simulation.processors, flights, idle=simulation.idle)
        look = Look(
            simulation.machine,
            flights,
            self.vector_names,
            simulation.processors,
            waits,
            simulation.execution.backend,
        )
        return ladder(look, selection)

    def moment_finder(self, branch: int | None, tick: int | None) -> Slices[FoundMoment]:
        shown = self.timeline.moment
        course = self.branch if branch is None else branch
        at = shown.tick if tick is None and branch is None else tick
        if (course, at) == (self.branch, shown.tick):
            return FoundMoment(course, shown)
        found = yield from self.timeline.finder(at, None, course)
        return FoundMoment(course, found.moment)

    def journal_writer(self, branch: int | None) -> Slices[str]:
        simulation = yield from self.timeline.finder(None, None, branch)
        journal = journal_of(self.timeline, program_version(), branch, _hash_of(simulation))
        return write_journal(journal)

    def name_branch(self, branch: int, name: str) -> None:
        try:
            self.timeline.name_branch(branch, name)
        except LookupError as error:
            raise NotPossible(str(error), "branch") from error

    @property
    def backend(self) -> str:
        return self.simulation.backend

    @property
    def backend_remark(self) -> str:
        execution = self.simulation.execution
        next_one = execution.following or execution.backend
        return remark_on(next_one.definition.lacks, self.simulation.sheet)

    @property
    def cost_sheet(self) -> str:
        sheet = self.simulation.sheet
        if self._named is None or self._named[0] is not sheet:
            self._named = (sheet, reference_of(sheet))
        return self._named[1]

    @property
    def generation(self) -> str:
        return self.simulation.generation

    @property
    def weight(self) -> int:
        journals = self.timeline.commands * BYTES_A_COMMAND
        kept = self.timeline.bytes_kept + self.score.size
        return BYTES_A_MACHINE + len(self.machine.cpus) * BYTES_A_CPU + journals + kept

    @property
    def interrupts_taken(self) -> int:
        return self.simulation.counters.interrupts_taken

    def next_time(self) -> int | None:
        return self.timeline.next_time()

    @property
    def idle(self) -> bool:
        return self.live and self.simulation.idle and not self.demonstrates

    def run(
        self,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        whole_paths: bool = False,
    ) -> int:
        return self.timeline.run(until, operations, until_idle=until_idle, whole_paths=whole_paths)

    def apply(self, command: Stimulus) -> Result:
        if refusal := command.refusal(self.simulation):
            raise NotPossible(*refusal)
        return self.timeline.apply(command)

    def _reason_against(self, backend: str) -> str | None:
        """Why this session's kernel, or its cost sheet, does without that back end."""
        return reason_against(backend, self.simulation.generation, self.simulation.sheet)

    def _refused(self) -> dict[str, str]:
        """The back ends that this session does without, each with the reason. Found out once a sheet."""
        sheet = self.simulation.sheet
        if self._refused_under is None or self._refused_under[0] is not sheet:
            reasons = {name: self._reason_against(name) for name in BACKENDS}
            self._refused_under = (sheet, {name: reason for name, reason in reasons.items() if reason})
        return self._refused_under[1]

    @property
    def happened(self) -> int:
        return self.simulation.happened

    def preview(self, command: SendIpi) -> Preview:
        backend = self.simulation.execution.backend
        make_sure_it_fits(command, x2apic=backend.x2apic)
        return preview(self.machine, command, self.vector_names, backend)

    def surroundings(self, selected: int | None) -> Surroundings:
        kernel = GENERATIONS[self.simulation.generation]
        return Surroundings(self.machine, self.vector_names, tuple(kernel.functions), self._refused(), selected)

    def objection(self, command: Command) -> Refusal | None:
        return command.refusal(self.simulation) if isinstance(command, Stimulus) else None

    def foresee(self, command: Command) -> Foreseen | None:
        backend = self.simulation.execution.backend
        return foresee(self.machine, command, self.vector_names, backend, GENERATIONS[self.simulation.generation])

    def take_log(self) -> list[tuple[int, Event]]:
        return self.simulation.take_log()

    def state(self) -> MachineState:
        simulation = self.simulation
        flights, endings = list(simulation.in_flight.values()), simulation.endings
        waits = Waits(self.machine, simulation.processors, flights, idle=simulation.idle)
        cpus = self._kept.of_processors(simulation.processors, waits, self.vector_names)
        io_apic = self._kept.of_io_apic(self.machine.io_apic)
        switch = telling_of_switch(simulation.backend, simulation.switching_to, simulation.processors, flights)
        return {
            "tick": simulation.ticks,
            "head": self.timeline.head.tick,
            "branch": self.branch,
            "live": self.live,
            "hash": None,
            "backend": simulation.backend,
            "backend_remark": self.backend_remark,
            "cost_sheet": self.cost_sheet,
            "backends_refused": self._refused(),
            "profile": self.machine.profile.name,
            "generation": simulation.generation,
            "switching_to": simulation.switching_to,
            "demonstration": self.demonstrates,
            "idle": self.idle,
            "counters": simulation.counters.as_dict(),
            "rates": simulation.counters.rates(len(cpus), simulation.time),
            "cpus": cpus,
            "ioapic": io_apic,
            "pic": legacy_pic_state(self.machine.legacy_pic),
            "in_flight": in_flight_state(flights, self.machine),
            "caption": self._kept.caption(self.machine, endings, flights, self.vector_names, switch),
            "endings": endings_state(endings, self.vector_names),
            "recording": None,
        }
