"""A session's drive that plays a recording: the recorded accesses and interrupts move the model."""

import json
import time
from collections.abc import Generator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from app.backends.native import NATIVE_XAPIC
from app.breakpoints.condition import Condition
from app.breakpoints.lookout import Search
from app.commands.command import Refusal, Stimulus
from app.commands.guest import SendIpi
from app.commands.line import Surroundings
from app.commands.machine import Demonstrate
from app.commands.table import Command
from app.costs.sheet import DEFAULT_COST_SHEET
from app.engine.events import Event
from app.engine.journal import moment_at
from app.engine.machine_record import machine_state
from app.history.keyframes import Keyframes
from app.history.recorded import RECORDED_UNITS, RecordedTimeline, recorded_pack
from app.history.reexecution import Record
from app.history.search import Guard, Past
from app.history.slices import Slices
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, Profile
from app.session.drive import NotPossible, make_sure_it_fits
from app.session.looking_back import BranchSummary, FoundMoment, MomentState
from app.session.recorded_findings import difference_records, limit_records
from app.session.recorded_score import RecordedScore
from app.session.simulated import BYTES_A_CPU, BYTES_A_MACHINE, Arrived, Slice
from app.state.kept_state import KeptStates
from app.state.ladder import Look, Selection, ladder
from app.state.preview import Preview, preview
from app.state.shapes import DifferenceState, LadderState, MachineState, RecordingState
from app.state.snapshot import endings_state, legacy_pic_state
from app.trace.check.replay import Replay
from app.trace.operations import Recording

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Measured: an operation with what was recorded of it.
_BYTES_AN_OPERATION = 180
_NOBODY_ELSE = "this session follows a recording: nobody else can stir its machine"


def recorded_timeline(recording: Recording, profile: Profile = INTEL_SDM) -> RecordedTimeline:
    """*recording* from its beginning, with keyframes that cost a small part of what playing it costs."""
    return RecordedTimeline(recording, profile, Keyframes(recorded_pack(recording, profile), time.process_time))


def _hash_of(replay: Replay) -> str:
    """Of the machine, and of how far the recording is."""
    told = json.dumps([replay.position, machine_state(replay.machine)], sort_keys=True)
    return sha256(told.encode()).hexdigest()


class RecordedDrive:
    """A recording, as a session sees it. ``name`` is the recording's file name, ``data`` that file's content."""

    def __init__(self, name: str, timeline: RecordedTimeline, data: bytes = b"") -> None:
        self.name = name
        self.data = data
        self.timeline = timeline
        self.score = RecordedScore(timeline.recording, self.machine.profile)
        self.jumps = 0
        self.vector_names: Mapping[int, str] = {}  # nobody knows which kernel was recorded
        self.longest_gap = 0.02
        self._limits = limit_records(self.replay)
        self._found = 0
        self._differences: list[DifferenceState] = []
        self._kept = KeptStates()

    @property
    def replay(self) -> Replay:
        """The one at the moment that is shown."""
        return self.timeline.playback.replay

    @property
    def machine(self) -> Machine:
        return self.replay.machine

    @property
    def time(self) -> int:
        return self.replay.time

    @property
    def tick(self) -> int:
        return self.replay.position

    @property
    def branch(self) -> int:
        return 0

    @property
    def live(self) -> bool:
        return self.timeline.live

    @property
    def demonstrates(self) -> bool:
        return False

    @property
    def moment_words(self) -> str:
        return f"operation {self.replay.position:,} of {self.replay.length:,}"

    def stands(self, unit: str) -> None:
        self.timeline.stands(unit)

    def shown(self) -> dict[str, Any]:
        return {"tick": self.replay.position}

    def stepper(self, unit: str, count: int) -> Slices[int]:
        if unit not in RECORDED_UNITS:
            raise NotPossible(f"a recording has no step by {unit}: there are {', '.join(RECORDED_UNITS)}", "unit")
        if count > 0:
            return self.timeline.stepper(unit, count)
        return self._jumping(self.timeline.stepper_back(unit, -count))

    def seeker(self, tick: int | None, time: int | None, branch: int | None) -> Slices[int]:
        self._make_sure_of(branch)
        return self._jumping(self._sought(tick, time))

    def _sought(self, tick: int | None, time: int | None) -> Slices[int]:
        yield from self.timeline.seeker(tick, time)
        return 1

    def make_sure_it_is_told(self, condition: Condition) -> None:
        if condition.untold:
            raise NotPossible(f"this session follows a recording; {condition.untold}", "condition")

    def past(self, branch: int) -> Past:
        return self.timeline

    def guard(self, conditions: "Mapping[int, Condition]") -> Slices[Guard]:
        return self.timeline.guard(conditions, self.vector_names)

    def searcher(self, condition: Condition, limit: int) -> Search:
        self.make_sure_it_is_told(condition)
        return self.timeline.searcher(condition, limit, self.vector_names)

    def searcher_back(self, condition: Condition) -> Search:
        self.make_sure_it_is_told(condition)
        return self._jumping(self.timeline.searcher_back(condition, self.vector_names))

    def _jumping(self, course: Generator[Slice, None, Arrived]) -> Generator[Slice, None, Arrived]:
        before = self.replay
        gone = yield from course
        if self.replay is not before:
            self.jumps += 1
            self._kept = KeptStates()
            self._found = -1
        return gone

    def hash(self) -> str:
        return _hash_of(self.replay)

    def branches(self) -> list[BranchSummary]:
        return [BranchSummary(0, "main", None, moment_at(0, 0), self.timeline.head)]

    def recorder(self, branch: int | None, first: int, last: int) -> Generator[list[Record], None, None]:
        self._make_sure_of(branch)
        return self.timeline.recorder(first, last)

    def state_finder(self, branch: int | None, tick: int | None, time: int | None = None) -> Slices[MomentState]:
        self._make_sure_of(branch)
        return self._found_state(tick)

    def _found_state(self, tick: int | None) -> Slices[MomentState]:
        playback = yield from self.timeline.finder(tick)
        there = RecordedDrive(self.name, RecordedTimeline(self.timeline.recording, self.machine.profile), self.data)
        there.timeline.playback = playback
        return MomentState(playback.time, {**there.state(), "hash": _hash_of(playback.replay)})

    def ladder_finder(self, selection: Selection, branch: int | None, tick: int | None) -> Slices[LadderState]:
        self._make_sure_of(branch)
        return self._found_ladder(selection, tick)

    def _found_ladder(self, selection: Selection, tick: int | None) -> Slices[LadderState]:
        machine = self.machine
        if tick is not None:
            playback = yield from self.timeline.finder(tick)
            machine = playback.replay.machine
        return ladder(Look(machine, [], self.vector_names), selection)

    def moment_finder(self, branch: int | None, tick: int | None) -> Slices[FoundMoment]:
        self._make_sure_of(branch)
        return self._found_moment(branch, tick)

    def _found_moment(self, branch: int | None, tick: int | None) -> Slices[FoundMoment]:
        if tick is None and branch is None:
            return FoundMoment(0, self.timeline.moment)
        playback = yield from self.timeline.finder(tick)
        return FoundMoment(0, moment_at(playback.ticks, playback.time))

    def journal_writer(self, branch: int | None) -> Slices[str]:
        raise NotPossible("a recording has no journal: its file has all that happened")

    @staticmethod
    def _make_sure_of(branch: int | None) -> None:
        if branch:
            raise NotPossible(f"there is no branch {branch}: a recording has one", "branch")

    def name_branch(self, branch: int, name: str) -> None:
        raise NotPossible("a recording has no branches", "branch")

    @property
    def backend(self) -> str:
        return NATIVE_XAPIC.name

    @property
    def backend_remark(self) -> str:
        return ""

    @property
    def cost_sheet(self) -> str:
        return DEFAULT_COST_SHEET

    @property
    def generation(self) -> None:
        return None

    @property
    def weight(self) -> int:
        machine = BYTES_A_MACHINE + len(self.machine.cpus) * BYTES_A_CPU
        return machine + self.replay.length * _BYTES_AN_OPERATION + len(self.data) + self.score.size

    @property
    def interrupts_taken(self) -> int:
        return self.replay.vectors_checked

    def next_time(self) -> int | None:
        return self.replay.next_time

    @property
    def idle(self) -> bool:
        return self.replay.finished

    def run(
        self,
        until: int | None = None,
        operations: int | None = None,
        *,
        until_idle: bool = False,
        whole_paths: bool = False,
    ) -> int:
        return self.timeline.run(until, operations)

    def apply(self, command: Stimulus) -> None:
        if isinstance(command, Demonstrate):
            return
        raise NotPossible(_NOBODY_ELSE)

    @property
    def happened(self) -> int:
        return self.timeline.playback.happened

    def preview(self, command: SendIpi) -> Preview:
        make_sure_it_fits(command, x2apic=self.machine.cpus[command.cpu].apic.x2apic)
        return preview(self.machine, command, self.vector_names)

    def surroundings(self, selected: int | None) -> Surroundings:
        return Surroundings(self.machine, self.vector_names, (), {}, selected)

    def objection(self, command: Command) -> Refusal | None:
        stirs = isinstance(command, Stimulus) and not isinstance(command, Demonstrate)
        return Refusal(_NOBODY_ELSE) if stirs else None

    def foresee(self, command: Command) -> None:
        """Nothing that stirs the machine can be done."""

    def take_log(self) -> list[tuple[int, Event]]:
        return self.timeline.playback.take_log()

    def state(self) -> MachineState:
        replay = self.replay
        cpus = self._kept.of_cpus(self.machine.cpus, self.vector_names)
        io_apic = self._kept.of_io_apic(self.machine.io_apic)
        endings = self.timeline.playback.endings
        return {
            "tick": replay.position,
            "head": replay.length,
            "branch": 0,
            "live": self.live,
            "hash": None,
            "backend": self.backend,
            "backend_remark": self.backend_remark,
            "cost_sheet": self.cost_sheet,
            "backends_refused": {},
            "profile": self.machine.profile.name,
            "generation": self.generation,
            "switching_to": None,
            "demonstration": False,
            "idle": self.idle,
            "counters": self._counted(),
            "rates": self.timeline.playback.counters.rates(len(cpus), self.machine.clock.now),
            "cpus": cpus,
            "ioapic": io_apic,
            "pic": legacy_pic_state(self.machine.legacy_pic),
            "in_flight": [],
            "caption": self._kept.caption(self.machine, endings, (), self.vector_names),
            "endings": endings_state(endings, self.vector_names),
            "recording": self._recording(),
            "differences": self._told(),
        }

    def _recording(self) -> RecordingState:
        """How far it is, and how well the model explains it."""
        replay = self.replay
        return {
            "name": self.name,
            "position": replay.position,
            "length": replay.length,
            "finished": replay.finished,
            "line": replay.line,
            "reads_checked": replay.reads_checked,
            "reads_mismatched": replay.reads_mismatched,
            "vectors_checked": replay.vectors_checked,
            "vectors_mismatched": replay.vectors_mismatched,
            "unexplained": replay.findings.unexplained,
            "checked": replay.findings.checked,
            "unseen": replay.findings.reads_unseen + replay.findings.vectors_unseen,
            "limits": self._limits,
        }

    def _told(self) -> list[DifferenceState]:
        """The same object as long as nothing new is found, so that nobody is sent it again."""
        found = self.replay.findings.mismatched
        if found != self._found:
            self._found, self._differences = found, difference_records(self.replay)
        return self._differences

    def _counted(self) -> dict[str, int]:
        """What the recording tells; exits and cycles it does not."""
        playback = self.timeline.playback
        playback.count()
        counters = playback.counters
        counters.ipis_sent = self.replay.ipis_sent
        counters.accesses = sum(self.replay.accesses.values())
        counters.interrupts_taken = self.replay.vectors_checked
        return counters.as_dict()
