"""Guest code that runs by itself on the CPUs of a machine, without a simulation around it: nothing else happens, and
nobody else does anything but answer.

The same interpreter runs it as in a simulation. What its steps reach is the machine, or what stands in for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS, generation_for
from app.costs.sheet import DEFAULT_COST_SHEET, CostSheet, load_cost_sheet
from app.engine.apic_access import ApicAccess
from app.engine.counters import Counters
from app.engine.events import Event
from app.engine.execution import Execution
from app.engine.processor import Processor
from app.engine.work import Work
from app.guest.apic_ops import Context
from app.guest.generations import GENERATIONS
from app.guest.step_kinds import price_of
from app.guest.steps import Step, Steps
from app.hw.cpu import RunState
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.registers import Register
from app.x86.units import Cycles, Vector

#: What a CPU is to run.
Code = Callable[[Context], Steps[None] | Steps[int]]
#: Stands for a message that is going to be posted, and goes nowhere.
_UNSENT = InterruptMessage(
    0, Origin.IPI, 0, Vector(0), DeliveryMode.FIXED, DestinationMode.PHYSICAL, Shorthand.NONE, 0, TriggerMode.EDGE
)
#: Nobody here asks how long a wait by the clock is.
_CYCLES_A_MICROSECOND = 1000


class AtOnce(ApicAccess):
    """The machine, on which messages take no time."""

    def step_ended(self) -> None:
        self._machine.settle()


class NoApic(ApicAccess):
    """Nothing stands behind the accesses: every register reads as 0, and nothing comes of a write. What a hypervisor
    sends by a write of ICR, or of SELF IPI, has to reach so many *targets*."""

    def __init__(self, machine: Machine, targets: int = 0) -> None:
        super().__init__(machine)
        self.targets = targets

    def load(self, cpu: int, register: int) -> int:
        return 0

    def store(self, cpu: int, register: int, value: int) -> None:
        pass

    def read(self, cpu: int, register: int) -> int:
        return 0

    def write(self, cpu: int, register: int, value: int) -> None:
        pass

    def read_virtual_page(self, cpu: int, register: int, *, by_page: bool) -> int:
        return 0

    def read_msr(self, cpu: int, msr: int) -> int:
        return 0

    def write_msr(self, cpu: int, msr: int, value: int) -> None:
        pass

    def carry(self, cpu: int, register: int, value: int, *, by_page: bool) -> Sequence[InterruptMessage]:
        return [_UNSENT] * self.targets if register in (Register.ICR_LOW, Register.SELF_IPI) else []

    def post(self, message: InterruptMessage) -> None:
        pass

    def send_for(self, cpu: int, apic_id: int, vector: int, mode: DeliveryMode, trigger: TriggerMode) -> None:
        pass

    def end_event(self, port: int) -> None:
        pass


class Alone:
    """The CPUs of *machine* over *backend*, with nothing to do. *costs*: cycles by the entries of a cost sheet."""

    def __init__(
        self,
        machine: Machine,
        backend: Backend,
        costs: Mapping[str, Cycles],
        access: ApicAccess,
        record: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.machine = machine
        self._access = access
        self.counters = Counters()
        self.execution = Execution(
            machine, backend, costs, _CYCLES_A_MICROSECOND, record, lambda processor: None, self.counters, access
        )

    def begin(self, cpu: int, code: Code) -> Processor:
        """CPU *cpu* runs *code* from now on."""
        processor = self.execution.processors[cpu]
        self.execution.begin(processor, "alone", code)
        return processor

    def turn(self, processor: Processor) -> Cycles | None:
        """Lets the CPU do its next step, and time go by; None when there was none."""
        cycles = self.execution.turn(processor)
        if cycles is not None:
            self.machine.clock.now += cycles
            self._access.step_ended()
        return cycles

    def steps(self, cpu: int, code: Code) -> Iterator[Step]:
        """Runs *code* to its end, step by step, the hypervisor's among them. Whoever it waits for has answered as soon
        as it looks."""
        processor = self.begin(cpu, code)
        processor.cpu.run_state = RunState.HALTED  # behind the code there is nothing to do
        while processor.frames:
            if self.turn(processor) is not None:
                assert processor.last_step is not None
                yield processor.last_step
            elif (spin := processor.spinning) is not None:
                spin.word.value = spin.value

    def run(self, cpu: int, code: Code) -> "Run":
        """Runs *code* to its end as ``steps`` does."""
        before = self.counters.work
        done = tuple(self.steps(cpu, code))
        return Run(done, self.counters.work - before)

    def until(self, processor: Processor, reached: Callable[[], bool]) -> "Run":
        """Lets the CPU go on until that is *reached*."""
        before = self.counters.work
        done: list[Step] = []
        while not reached():
            self.turn(processor)
            assert processor.last_step is not None, "a CPU that goes on does steps"
            done.append(processor.last_step)
        return Run(tuple(done), self.counters.work - before)


@dataclass(frozen=True, slots=True)
class Run:
    """Guest code that has run: every step that was done, and what they came to."""

    steps: tuple[Step, ...]
    work: Work

    def __add__(self, other: "Run") -> "Run":
        return Run(self.steps + other.steps, self.work + other.work)

    @property
    def paid(self) -> frozenset[str]:
        """The entries of a cost sheet under which its steps stand."""
        return frozenset(map(price_of, self.steps))


def access_run(backend: Backend, register: int, value: int | None, sheet: CostSheet, targets: int = 0) -> Run:
    """One ``apic_read`` (*value* is None) or ``apic_write`` of *register*, by *sheet*; a write of ICR that a hypervisor
    carries out reaches so many *targets*. NoFigure when the sheet lacks a price.

    The machine is in its reset state: what an access is does not depend on what the APIC holds.
    """
    machine = Machine(1)
    table = backend.operations
    return Alone(machine, backend, sheet.cycles, NoApic(machine, targets)).run(
        0, lambda context: table.apic_read(register) if value is None else table.apic_write(register, value)
    )


@lru_cache
def access_cost(
    backend: str, register: int, write: bool, value: int = 0, sheet: str = DEFAULT_COST_SHEET, targets: int = 1
) -> Work:
    """What one ``apic_read`` or ``apic_write`` of *register* costs. KeyError for an unknown *backend*."""
    reached = BACKENDS[backend].bind(GENERATIONS[generation_for(backend)])
    return access_run(reached, register, value if write else None, load_cost_sheet(sheet), targets).work
