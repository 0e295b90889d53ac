"""What a recording has not shown of its CPUs' local APICs, while it is replayed.

A recording that begins in the middle shows registers one by one; one whose CPUs go to x2APIC mode no longer shows them.
What hangs on something unseen is neither right nor wrong: it is not checked, and the recording is believed.
"""

from collections.abc import Sequence

from app.hw.cpu import Cpu, RunState
from app.trace.check.qemu_shadow import ShadowApic
from app.trace.facts import Fact
from app.x86.register_map import REGISTERS
from app.x86.registers import SVR_ENABLE, Register

_ENABLED_SVR = 0x1FF
#: Registers that keep what software writes, so that one look at them tells it.
_KEEPING = frozenset(
    {Register.TPR, Register.SVR, Register.LDR, Register.DFR, Register.TIMER_DIVIDE}
    | set(range(Register.LVT_TIMER, Register.LVT_ERROR + 1, 16))
)
#: Registers that hang on what came and went before, and never become known by a look.
_MOVING = frozenset(
    {Register.PPR, Register.APR, Register.ESR, Register.ICR_LOW, Register.ICR_HIGH, Register.TIMER_INITIAL_COUNT}
    | set(range(Register.ISR0, Register.IRR7 + 1, 16))
)
#: Of these, those that every interrupt changes.
_VECTORS = frozenset({Register.PPR, Register.APR, *range(Register.ISR0, Register.IRR7 + 1, 16)})
_VECTOR_COUNT = 256
#: A CPU has at most one vector of each legal class in service.
_MOST_IN_SERVICE = 14


class UnseenApic:
    """What is unknown of one local APIC that runs when the recording begins."""

    __slots__ = ("assumed", "in_service", "level", "registers", "requests")

    def __init__(self) -> None:
        self.registers = set(REGISTERS)
        #: Vectors that may be requested without the model knowing.
        self.requests = set(range(_VECTOR_COUNT))
        #: Of these, those that are known to be level-triggered if they are.
        self.level: set[int] = set()
        #: So many more vectors may be in service.
        self.in_service = _MOST_IN_SERVICE
        #: Vectors that the model has in service because the CPU took them, for a reason that is unseen.
        self.assumed: set[int] = set()


class Unseen:
    """What is unknown now. ``vectors``: whether it can be checked which vectors CPUs take."""

    def __init__(self, cpus: Sequence[Cpu], shadows: Sequence[ShadowApic], facts: frozenset[Fact]) -> None:
        self._cpus = cpus
        self._shadows = shadows
        self._taken_recorded = Fact.VECTORS_TAKEN in facts
        self._writes_recorded = Fact.REGISTER_WRITES in facts
        self._destinations = Fact.DESTINATIONS in facts
        self._x2apic: set[int] = set()
        self.vectors = self._writes_recorded and self._destinations
        #: Those that are not known whole, by the CPU's number.
        self.apics: dict[int, UnseenApic] = {}
        if not {Fact.BEGINNING, Fact.REGISTER_WRITES} <= facts:
            self._begin_in_the_middle()

    def _begin_in_the_middle(self) -> None:
        for cpu in self._cpus:
            self.apics[cpu.number] = UnseenApic()
            cpu.run_state = RunState.RUNNING
            cpu.apic.svr = _ENABLED_SVR

    @property
    def starts(self) -> bool:
        """Whether a CPU may have been started unseen."""
        return bool(self.apics or self._x2apic)

    @property
    def broadcasts(self) -> bool:
        """Whether a local APIC may tell the I/O APIC of an EOI for reasons unseen."""
        return self.starts or not self.vectors or not self._taken_recorded

    # What becomes known

    def reset(self, cpu: int) -> None:
        """INIT of *cpu*: all is known of it."""
        if self._writes_recorded:
            self.apics.pop(cpu, None)

    def machine_reset(self) -> None:
        """All is known of every CPU."""
        self._x2apic.clear()
        self.vectors = self._writes_recorded and self._destinations
        for cpu in tuple(self.apics):
            self.reset(cpu)

    def x2apic_entered(self, cpu: int) -> None:
        """From here on *cpu* sends and ends interrupts unseen."""
        self._x2apic.add(cpu)
        self.vectors = False
        self._cpus[cpu].apic.svr |= SVR_ENABLE

    def written(self, cpu: int, offset: int) -> None:
        """*cpu* wrote the register at *offset*."""
        if self.apics and (apic := self.apics.get(cpu)) is not None:
            apic.registers.discard(offset)

    def knows(self, cpu: int, register: Register) -> bool:
        """Whether what *register* of *cpu* holds has been seen."""
        apic = self.apics.get(cpu)
        return apic is None or register not in apic.registers

    # Reads

    def hides(self, cpu: int, offset: int) -> bool:
        """Whether what *cpu* reads at *offset* hangs on something unseen."""
        if cpu in self._x2apic or not self._writes_recorded:
            return True
        if offset in _VECTORS and not (self.vectors and self._taken_recorded):
            return True
        apic = self.apics.get(cpu)
        if apic is None:
            return False
        return offset in apic.registers if offset in _KEEPING else offset in _MOVING

    def learns(self, cpu: int, offset: int) -> bool:
        """Whether a read at *offset*, which is hidden, makes the register known from now on."""
        apic = self.apics.get(cpu)
        if apic is None or offset not in _KEEPING or not self._writes_recorded:
            return False
        apic.registers.discard(offset)
        return True

    # Vectors

    def may_be_requested(self, cpu: int, vector: int) -> bool:
        """Whether *vector* may be requested at *cpu* by something that came before the recording, or that a logical
        destination named while the CPU's logical ID was unseen."""
        apic = self.apics.get(cpu)
        return apic is not None and vector in apic.requests

    def may_be_blocked(self, cpu: int) -> bool:
        """Whether the model may have a vector in service that is not: one that was the 8259's."""
        apic = self.apics.get(cpu)
        return apic is not None and bool(apic.assumed)

    def requested_if_named(self, vector: int, *, level: bool) -> bool:
        """A message names its targets by logical IDs: whoever's is unseen may be one. True when there is any such."""
        found = False
        for apic in self.apics.values():
            if Register.LDR in apic.registers:
                apic.requests.add(vector)
                (apic.level.add if level else apic.level.discard)(vector)
                found = True
        return found

    def taken(self, cpu: int, vector: int) -> bool:
        """*cpu* took *vector*, requested unseen. True when it is known to be level-triggered."""
        apic = self.apics[cpu]
        apic.requests.discard(vector)
        apic.assumed.add(vector)
        return vector in apic.level

    def may_end(self, cpu: int) -> bool:
        """*cpu* ends an interrupt, and none is in service. Whether one may be, unseen; then it is one less."""
        if cpu in self._x2apic or not self._taken_recorded or not self.vectors:
            return True
        apic = self.apics.get(cpu)
        if apic is None or not apic.in_service:
            return False
        apic.in_service -= 1
        return True
