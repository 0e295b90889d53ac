"""A session's drive that plays a recording: the recorded accesses and interrupts move the model."""

from typing import TYPE_CHECKING

from app.hw.events import Fault
from app.session.drive import NotPossible, State
from app.sim.commands import Demonstrate, ReadRegister, Stimulus
from app.sim.events import Event
from app.traces.replay import Replay
from app.wire.snapshot import apic_state, io_apic_state

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordedDrive:
    """*replay*, as a session sees it. ``name`` is the recording's file name."""

    def __init__(self, name: str, replay: Replay) -> None:
        self.name = name
        self.replay = replay
        self.machine = replay.machine
        self.vector_names: Mapping[int, str] = {}  # nobody knows which kernel was recorded
        self.longest_gap = 0.02

    @property
    def time(self) -> int:
        return self.replay.time

    @property
    def backend(self) -> str:
        return "native-xapic"

    @property
    def interrupts_taken(self) -> int:
        return self.replay.vectors_checked

    def next_time(self) -> int | None:
        return self.replay.next_time

    def run(self, until: int | None = None, operations: int | None = None) -> int:
        done = 0
        replay = self.replay
        while not replay.finished and (operations is None or done < operations):
            if until is not None and (replay.next_time or 0) > until:
                break
            replay.step()
            done += 1
        return done

    def apply(self, command: Stimulus) -> int | Fault | None:
        if isinstance(command, ReadRegister):
            return self.machine.read_register(command.cpu, command.register)
        if isinstance(command, Demonstrate):
            return None
        raise NotPossible("this session follows a recording: nobody else can stir its machine")

    def take_log(self) -> list[tuple[int, Event]]:
        return [(self.time, event) for event in self.machine.take_events()]

    def state(self) -> State:
        replay = self.replay
        return {
            "backend": self.backend,
            "cost_sheet": "2007",
            "demonstration": False,
            "idle": replay.finished,
            "counters": self._counters(),
            "cpus": [apic_state(cpu) for cpu in self.machine.cpus],
            "ioapic": io_apic_state(self.machine.io_apic),
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
            },
        }

    def _counters(self) -> State:
        return {
            "ipis_sent": self.replay.ipis_sent,
            "accesses": sum(self.replay.accesses.values()),
            "exits": 0,
            "hypercalls": 0,
            "cycles": 0,
            "interrupts_taken": self.replay.vectors_checked,
        }
