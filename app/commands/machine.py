"""What changes the machine itself, or how it is looked at: interrupt windows, back end, cost sheet, demonstration."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from app.backends.catalogue import BACKENDS, reason_against
from app.commands.command import Circumstances, Refusal, Stimulus
from app.commands.demonstration import Demonstration
from app.commands.field_types import CostSheet, CpuNumber, Flag, named
from app.commands.line import Line
from app.commands.line_choices import BackendName, CostSheetName
from app.commands.line_parts import OneCpu, switch
from app.costs.reference import cost_sheet_of
from app.engine.repricing import reason_against_sheet
from app.engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class SetInterruptFlag(Stimulus):
    """Holds a CPU's interrupt window shut, or lets go."""

    kind = "set_interrupt_flag"
    description = "Holds the CPU's interrupts off, or lets go."
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "if",
            (OneCpu("CPU", "the CPU", ("cpu",)), switch("enabled", "lets interrupts in", "holds interrupts off")),
            example="if 2 off",
        ),
    )
    disturbs = False

    cpu: CpuNumber
    enabled: Annotated[bool, Flag()]

    @property
    def words(self) -> str:
        return f"interrupts of CPU {self.cpu} are {'let in' if self.enabled else 'held off'} by hand"

    def refusal(self, simulation: Simulation) -> Refusal | None:
        return None

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.hold_interrupts_off(self.cpu, not self.enabled)
        simulation.wake(self.cpu)

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: its interrupts are {'let in' if self.enabled else 'held off'}."


@dataclass(frozen=True, slots=True)
class SetBackend(Stimulus):
    """Swaps the way the guest reaches its APIC. What is under way ends as it began."""

    kind = "set_backend"
    description = "Changes how the guest reaches its APIC; what is under way ends as it began."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("backend", (BackendName("NAME", "a back end", ("backend",)),), example="backend vmi"),
    )
    disturbs = False
    pairable = False

    backend: Annotated[str, named(BACKENDS)]

    @property
    def words(self) -> str:
        return f"the back end becomes {self.backend}"

    def refusal(self, simulation: Simulation) -> Refusal | None:
        reason = reason_against(self.backend, simulation.generation, simulation.sheet)
        return Refusal(f"{self.backend}: {reason}") if reason else None

    def perform(self, simulation: Simulation) -> None:
        simulation.switch_to(self.backend)

    def done_words(self, circumstances: Circumstances) -> str:
        if BACKENDS[self.backend].event_channels:
            return f"What begins now has no APIC but event channels ({self.backend})."
        remark = f" {circumstances.remark}" if circumstances.remark else ""
        return f"What begins now reaches the APIC by {self.backend}{remark}."


@dataclass(frozen=True, slots=True)
class SetCostSheet(Stimulus):
    """Prices what is done from now on by the sheet that *cost_sheet* names, and begins to count anew."""

    kind = "set_cost_sheet"
    description = (
        "Prices what is done from now on by another sheet: a name, or a copy such as 2007?vm_exit=900. The counters "
        "begin anew."
    )
    lines: ClassVar[tuple[Line, ...]] = (
        Line("costs", (CostSheetName("SHEET", "a cost sheet", ("cost_sheet",)),), example="costs skylake-sp"),
    )
    disturbs = False
    pairable = False

    cost_sheet: Annotated[str, CostSheet()]

    @property
    def words(self) -> str:
        return f"prices are those of {self.cost_sheet}"

    def refusal(self, simulation: Simulation) -> Refusal | None:
        reason = reason_against_sheet(simulation.execution, cost_sheet_of(self.cost_sheet))
        return Refusal(reason) if reason else None

    def perform(self, simulation: Simulation) -> None:
        simulation.price_by(cost_sheet_of(self.cost_sheet))

    def done_words(self, circumstances: Circumstances) -> str:
        less = f" The back end begins everything {circumstances.remark}." if circumstances.remark else ""
        return f"What is done from now on is priced by {self.cost_sheet}.{less} The counters begin anew."


@dataclass(frozen=True, slots=True)
class Demonstrate(Stimulus):
    """Starts or stops the machine's own slow activity."""

    kind = "demonstrate"
    description = "Starts or stops the machine's own activity."
    lines: ClassVar[tuple[Line, ...]] = (
        Line("demo", (switch("enabled", "starts it", "stops it"),), example="demo on"),
    )
    disturbs = False
    pairable = False

    enabled: Annotated[bool, Flag()]

    @property
    def words(self) -> str:
        return "the machine begins to stir by itself" if self.enabled else "the machine is quiet"

    def refusal(self, simulation: Simulation) -> Refusal | None:
        return None

    def perform(self, simulation: Simulation) -> None:
        simulation.demonstration = Demonstration() if self.enabled else None

    def done_words(self, circumstances: Circumstances) -> str:
        return "The machine stirs by itself." if self.enabled else "The machine is quiet."


MachineCommand = SetInterruptFlag | SetBackend | SetCostSheet | Demonstrate
