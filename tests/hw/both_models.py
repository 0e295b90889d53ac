"""The model and the obvious one, side by side: every operation is performed on both, and must show the same in both."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from app.hw.cpu import RunState
from app.hw.events import Event, Fault, Ignored
from app.hw.local_apic_registers import read_cr8
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.x86.model_specific_registers import PAGE_SIZE, ApicMode, Msr, x2apic_msr
from app.x86.registers import Register
from tests.hw.obvious import ObviousMachine
from tests.hw.visible_state import differences, visible_state

_GP = "#GP"
_EMPTY_BUS = 0xFFFF_FFFF
#: What an operation answers in both: a value that was read, or several, #GP, or nothing.
Answers = tuple[object, object]


class Operation(NamedTuple):
    """A method of ``BothModels`` and what it is given."""

    name: str
    arguments: tuple[int, ...]

    def __str__(self) -> str:
        return f"both.perform({', '.join([repr(self.name), *map(hex, self.arguments)])})"


def operation(name: str, *arguments: int) -> Operation:
    return Operation(name, arguments)


class BothModels:
    """Two machines of *cpus* CPUs. *origin* says in a failure's text where the operations come from."""

    def __init__(self, cpus: int, *, x2apic: bool, origin: str = "") -> None:
        self.cpus = cpus
        self.origin = origin or f"both = BothModels({cpus}, x2apic={x2apic})"
        #: How often each kind of event has happened.
        self.happened: Counter[type[Event]] = Counter()
        self.model = Machine(cpus, ApicMode.X2APIC if x2apic else ApicMode.XAPIC, self._count)
        self.obvious = ObviousMachine(cpus, x2apic)
        self.performed = 0
        self._last_operations: deque[Operation] = deque(maxlen=25)

    def _count(self, event: Event) -> None:
        self.happened[type(event)] += 1

    def perform(self, name: str, *arguments: int) -> None:
        """Performs one operation on both. AssertionError when an answer or anything visible differs."""
        self.performed += 1
        self._last_operations.append(Operation(name, arguments))
        try:
            self._perform(name, arguments)
        except Exception as failure:
            failure.add_note(f"in operation {self.performed} of: {self.origin}\nThe last operations were")
            failure.add_note("\n".join(map(str, self._last_operations)))
            raise

    def _perform(self, name: str, arguments: Sequence[int]) -> None:
        answers: Answers | None = getattr(self, name)(*arguments)
        self.model.settle()
        if answers is not None and answers[0] != answers[1]:
            raise AssertionError("\n".join(differences(*answers, "the answer")))
        model, obvious = visible_state(self.model), self.obvious.state()
        if model != obvious:
            raise AssertionError("\n".join(differences(model, obvious)))
        self.model.check()

    # Registers

    def read(self, cpu: int, offset: int) -> Answers:
        return _answer(self.model.read_register(cpu, offset)), self.obvious.read(cpu, offset)

    def read_page(self, cpu: int) -> Answers:
        """All registers, and what lies between them."""
        answers = {hex(offset): self.read(cpu, offset) for offset in range(0, 0x400, 16)}
        ours = {offset: answer for offset, (answer, _) in answers.items()}
        return ours, {offset: answer for offset, (_, answer) in answers.items()}

    def write(self, cpu: int, offset: int, value: int) -> Answers:
        return _answer(self.model.write_register(cpu, offset, value)), self.obvious.write(cpu, offset, value)

    def load(self, cpu: int, address: int) -> Answers:
        """A word of memory, which may be the page of the CPU's APIC."""
        expected = self.obvious.read(cpu, address % PAGE_SIZE) if self._in_page(cpu, address) else _EMPTY_BUS
        return read_physical(self.model, cpu, address), expected

    def store(self, cpu: int, address: int, value: int) -> None:
        write_physical(self.model, cpu, address, value)
        if self._in_page(cpu, address):
            self.obvious.write(cpu, address % PAGE_SIZE, value)

    def _in_page(self, cpu: int, address: int) -> bool:
        apic = self.obvious.apics[cpu]
        return apic.mode == "xapic" and address - address % PAGE_SIZE == apic.base

    def read_msr(self, cpu: int, offset: int) -> Answers:
        """RDMSR of the register at *offset*, in whatever mode."""
        listens = self.obvious.apics[cpu].mode == "x2apic"
        return _answer(self.model.read_msr(cpu, x2apic_msr(offset))), (
            self.obvious.read(cpu, offset) if listens else _GP
        )

    def write_msr(self, cpu: int, offset: int, value: int) -> Answers:
        listens = self.obvious.apics[cpu].mode == "x2apic"
        return _answer(self.model.write_msr(cpu, x2apic_msr(offset), value)), (
            self.obvious.write(cpu, offset, value) if listens else _GP
        )

    def write_apic_base(self, cpu: int, value: int) -> Answers:
        ours = _answer(self.model.write_msr(cpu, Msr.IA32_APIC_BASE, value))
        return ours, self.obvious.write_apic_base(cpu, value)

    def read_apic_base(self, cpu: int) -> Answers:
        return _answer(self.model.read_msr(cpu, Msr.IA32_APIC_BASE)), self.obvious.read_apic_base(cpu)

    def write_tsc_deadline(self, cpu: int, value: int) -> None:
        self.model.write_msr(cpu, Msr.IA32_TSC_DEADLINE, value)
        self.obvious.write_tsc_deadline(cpu, value)

    def read_tsc_deadline(self, cpu: int) -> Answers:
        return _answer(self.model.read_msr(cpu, Msr.IA32_TSC_DEADLINE)), self.obvious.read_tsc_deadline(cpu)

    def write_cr8(self, cpu: int, value: int) -> Answers:
        return _answer(self.model.write_cr8(cpu, value)), self.obvious.write_cr8(cpu, value)

    def read_cr8(self, cpu: int) -> Answers:
        return read_cr8(self.model.cpus[cpu].apic), self.obvious.read_cr8(cpu)

    # What a CPU does

    def take_interrupt(self, cpu: int) -> Answers:
        """INTA, whether there is an interrupt or not."""
        external = self.obvious.external_requested(cpu)
        vector = self.model.cpus[cpu].take_interrupt()
        return vector, self.obvious.take_external(cpu) if external else self.obvious.acknowledge(cpu)

    def take_nmi_or_smi(self, cpu: int) -> None:
        """Takes what stands at the door; nothing if neither does."""
        arrival = self.obvious.arrival(cpu)
        if arrival == "NMI":
            self.model.cpus[cpu].take_nmi()
            self.obvious.take_nmi(cpu)
        elif arrival == "SMI":
            self.model.cpus[cpu].take_smi()
            self.obvious.take_smi(cpu)

    def return_from_nmi(self, cpu: int) -> None:
        self.model.cpus[cpu].return_from_nmi()
        self.obvious.return_from_nmi(cpu)

    def resume(self, cpu: int) -> None:
        """RSM, which means something in system-management mode only."""
        if self.obvious.apics[cpu].in_smm:
            self.model.cpus[cpu].resume()
            self.obvious.resume_from_smm(cpu)

    def sti(self, cpu: int) -> None:
        """Of a CPU that executes instructions, as the next two."""
        if self.model.cpus[cpu].run_state is RunState.RUNNING:
            self.model.cpus[cpu].enable_interrupts()
            self.obvious.sti(cpu)

    def cli(self, cpu: int) -> None:
        if self.model.cpus[cpu].run_state is RunState.RUNNING:
            self.model.cpus[cpu].disable_interrupts()
            self.obvious.cli(cpu)

    def end_instruction(self, cpu: int) -> None:
        if self.model.cpus[cpu].run_state is RunState.RUNNING:
            self.model.cpus[cpu].instruction_ended()
            self.obvious.end_instruction(cpu)

    # Local sources, devices and time

    def drive_lint(self, cpu: int, pin: int, level: int) -> None:
        self.model.drive_lint(cpu, pin, level)
        self.obvious.drive_lint(cpu, pin, bool(level))

    def drive_legacy_line(self, line: int, level: int) -> None:
        self.model.drive_legacy_line(line, level)
        self.obvious.drive_legacy_line(line, bool(level))

    def fire_thermal(self, cpu: int) -> None:
        self.model.fire_local(cpu, Register.LVT_THERMAL)
        self.obvious.local_event(cpu, "thermal")

    def fire_performance(self, cpu: int) -> None:
        self.model.fire_local(cpu, Register.LVT_PERFORMANCE)
        self.obvious.local_event(cpu, "performance")

    def drive_pin(self, pin: int, level: int) -> None:
        self.model.drive_pin(pin, level)
        self.obvious.drive_pin(pin, bool(level))

    def send_msi(self, address: int, data: int) -> None:
        self.model.send_msi(address, data)
        self.obvious.send_msi(address, data)

    def read_io_apic(self, index: int) -> Answers:
        return self.model.read_io_apic(index), self.obvious.read_io_apic(index)

    def write_io_apic(self, index: int, value: int) -> None:
        self.model.write_io_apic(index, value)
        self.obvious.write_io_apic(index, value)

    def advance(self, cycles: int) -> None:
        """Time passes: the model is set to each deadline in turn, the obvious one to each cycle."""
        end = self.model.clock.now + cycles
        while (deadline := self.model.next_timer_deadline()) is not None and deadline <= end:
            self.model.clock.now = deadline
            self.model.expire_timers()
            self.model.settle()
        self.model.clock.now = end
        self.obvious.advance(cycles)


def _answer(answer: int | Fault | Ignored | None) -> int | str | None:
    if isinstance(answer, Ignored):
        return None  # the obvious model gives no reasons
    return _GP if isinstance(answer, Fault) else answer
