"""A session's drive that plays a recording: the recorded accesses and interrupts move the model."""

from typing import TYPE_CHECKING

from app.backends.native import NATIVE_XAPIC
from app.commands.command import Stimulus
from app.commands.guest import SendIpi
from app.commands.machine import Demonstrate
from app.costs.sheet import DEFAULT_COST_SHEET
from app.engine.counters import Counters
from app.engine.event_log import EventLog
from app.engine.events import Event
from app.session.drive import NotPossible, make_sure_it_fits
from app.session.recorded_findings import difference_records, limit_records
from app.session.simulated import BYTES_A_CPU, BYTES_A_MACHINE
from app.state.kept_state import KeptStates
from app.state.preview import Preview, preview
from app.state.shapes import DifferenceState, MachineState
from app.trace.check.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Measured: an operation with what was recorded of it.
_BYTES_AN_OPERATION = 180


class RecordedDrive:
    """*replay*, as a session sees it. ``name`` is the recording's file name, ``data`` that file's content."""

    def __init__(self, name: str, replay: Replay, data: bytes = b"") -> None:
        self.name = name
        self.data = data
        self.replay = replay
        self.machine = replay.machine
        self.vector_names: Mapping[int, str] = {}  # nobody knows which kernel was recorded
        self.longest_gap = 0.02
        self._limits = limit_records(replay)
        self._found = 0
        self._differences: list[DifferenceState] = []
        self._counters = Counters()
        self._log = EventLog(self.machine.clock, self._counters)
        self._kept = KeptStates()

    @property
    def time(self) -> int:
        return self.replay.time

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
        return machine + self.replay.length * _BYTES_AN_OPERATION + len(self.data)

    @property
    def interrupts_taken(self) -> int:
        return self.replay.vectors_checked

    def next_time(self) -> int | None:
        return self.replay.next_time

    @property
    def idle(self) -> bool:
        return self.replay.finished

    def run(self, until: int | None = None, operations: int | None = None, *, until_idle: bool = False) -> int:
        done = 0
        replay = self.replay
        while not replay.finished and (operations is None or done < operations):
            if until is not None and (replay.next_time or 0) > until:
                break
            replay.step()
            for event in self.machine.take_events():
                self._log.record(event)
            done += 1
        return done

    def apply(self, command: Stimulus) -> None:
        if isinstance(command, Demonstrate):
            return
        raise NotPossible("this session follows a recording: nobody else can stir its machine")

    @property
    def happened(self) -> int:
        return self._log.happened

    def preview(self, command: SendIpi) -> Preview:
        make_sure_it_fits(command, x2apic=self.machine.cpus[command.cpu].apic.x2apic)
        return preview(self.machine, command, self.vector_names)

    def take_log(self) -> list[tuple[int, Event]]:
        return self._log.take()

    def state(self) -> MachineState:
        replay = self.replay
        return {
            "tick": replay.position,
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
            "cpus": self._kept.of_cpus(self.machine.cpus, self.vector_names),
            "ioapic": self._kept.of_io_apic(self.machine.io_apic),
            "in_flight": [],
            "recording": {
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
            },
            "differences": self._told(),
        }

    def _told(self) -> list[DifferenceState]:
        """The same object as long as nothing new is found, so that nobody is sent it again."""
        found = self.replay.findings.mismatched
        if found != self._found:
            self._found, self._differences = found, difference_records(self.replay)
        return self._differences

    def _counted(self) -> dict[str, int]:
        """What the recording tells; exits and cycles it does not."""
        self._log.count()
        self._counters.ipis_sent = self.replay.ipis_sent
        self._counters.accesses = sum(self.replay.accesses.values())
        self._counters.interrupts_taken = self.replay.vectors_checked
        return self._counters.as_dict()
