"""A session's drive that people steer: the simulation."""

from typing import TYPE_CHECKING

from app.guest.irq_vectors import VECTOR_NAMES
from app.hw.events import Fault
from app.session.drive import State
from app.sim.commands import Stimulus
from app.sim.events import Event
from app.sim.simulation import Simulation
from app.wire.snapshot import cpu_state, in_flight_state, io_apic_state

if TYPE_CHECKING:
    from collections.abc import Mapping


class SimulatedDrive:
    """A simulation, as a session sees it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.machine = simulation.machine
        self.vector_names: Mapping[int, str] = VECTOR_NAMES
        self.longest_gap = 0.9

    @property
    def time(self) -> int:
        return self.simulation.time

    @property
    def backend(self) -> str:
        return self.simulation.backend

    @property
    def interrupts_taken(self) -> int:
        return self.simulation.counters.interrupts_taken

    def next_time(self) -> int | None:
        return self.simulation.next_time()

    def run(self, until: int | None = None, operations: int | None = None) -> int:
        return self.simulation.run(until, operations)

    def apply(self, command: Stimulus) -> int | Fault | None:
        return self.simulation.apply(command)

    def take_log(self) -> list[tuple[int, Event]]:
        return self.simulation.take_log()

    def state(self) -> State:
        simulation = self.simulation
        return {
            "backend": simulation.backend,
            "cost_sheet": simulation.sheet.name,
            "demonstration": simulation.demonstration is not None,
            "idle": simulation.next_time() is None,
            "counters": simulation.counters.as_dict(),
            "cpus": [cpu_state(processor) for processor in simulation.processors],
            "ioapic": io_apic_state(self.machine.io_apic),
            "in_flight": in_flight_state(simulation.in_flight.values(), self.machine),
            "recording": None,
        }
