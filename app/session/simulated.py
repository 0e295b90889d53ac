"""A session's drive that people steer: the simulation."""

from typing import TYPE_CHECKING

from app.backends.backend import remark_on
from app.backends.catalogue import BACKENDS, reason_against
from app.commands.command import Stimulus
from app.commands.guest import SendIpi
from app.costs.reference import reference_of
from app.engine.events import Event
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.engine.waits import Waits
from app.guest.generations import GENERATIONS
from app.session.drive import NotPossible, make_sure_it_fits
from app.state.kept_state import KeptStates
from app.state.preview import Preview, preview
from app.state.shapes import MachineState
from app.state.snapshot import in_flight_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.costs.sheet import CostSheet


#: Measured: a machine with its published states, of which each may have changed every CPU.
BYTES_A_MACHINE, BYTES_A_CPU = 100_000, 60_000
BYTES_A_COMMAND = 200


class SimulatedDrive:
    """A simulation, as a session sees it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.machine = simulation.machine
        self.vector_names: Mapping[int, str] = GENERATIONS[simulation.generation].vector_names
        self.longest_gap = 0.9
        self._refused_under: tuple[CostSheet, dict[str, str]] | None = None
        self._named: tuple[CostSheet, str] | None = None
        self._kept = KeptStates()

    @property
    def time(self) -> int:
        return self.simulation.time

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
        journal = len(self.simulation.journal) * BYTES_A_COMMAND
        return BYTES_A_MACHINE + len(self.machine.cpus) * BYTES_A_CPU + journal

    @property
    def interrupts_taken(self) -> int:
        return self.simulation.counters.interrupts_taken

    def next_time(self) -> int | None:
        return self.simulation.next_time()

    @property
    def idle(self) -> bool:
        return self.simulation.idle and self.simulation.demonstration is None

    def run(self, until: int | None = None, operations: int | None = None, *, until_idle: bool = False) -> int:
        return self.simulation.run(until, operations, until_idle=until_idle)

    def apply(self, command: Stimulus) -> Result:
        if refusal := command.refusal(self.simulation):
            raise NotPossible(*refusal)
        return self.simulation.apply(command)

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

    def take_log(self) -> list[tuple[int, Event]]:
        return self.simulation.take_log()

    def state(self) -> MachineState:
        simulation = self.simulation
        flights = simulation.in_flight.values()
        waits = Waits(self.machine, simulation.processors, flights, idle=simulation.idle)
        return {
            "tick": simulation.ticks,
            "backend": simulation.backend,
            "backend_remark": self.backend_remark,
            "cost_sheet": self.cost_sheet,
            "backends_refused": self._refused(),
            "profile": self.machine.profile.name,
            "generation": simulation.generation,
            "switching_to": simulation.switching_to,
            "demonstration": simulation.demonstration is not None,
            "idle": self.idle,
            "counters": simulation.counters.as_dict(),
            "cpus": self._kept.of_processors(simulation.processors, waits, self.vector_names),
            "ioapic": self._kept.of_io_apic(self.machine.io_apic),
            "in_flight": in_flight_state(flights, self.machine),
            "recording": None,
        }
