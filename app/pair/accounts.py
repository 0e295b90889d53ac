"""What each interrupt took, from the call of its send function to the return of its last handler."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from app.engine.work import Work
from app.guest.steps import Step
from app.hw.messages import Origin
from app.x86.icr import DeliveryMode

#: Who sends interrupts that are no IPIs.
DEVICES = (Origin.IO_APIC, Origin.MSI)


class Performed(NamedTuple):
    """One step: when it began, on which CPU, and its cycles. *receiving* tells a handler's side from the sender's."""

    time: int
    cpu: int
    step: Step
    cycles: int
    receiving: bool


class Handled(NamedTuple):
    """The handler of *vector* (None for an NMI, an SMI or a start-up) began on *cpu*: its first instruction."""

    cpu: int
    vector: int | None
    time: int


@dataclass(slots=True, eq=False)
class Interrupt:
    """One interrupt as its sender means it: a vector to a set of CPUs, in however many messages.

    Times are in virtual TSC cycles. ``source`` is the sending CPU, an I/O APIC pin, or None for an MSI.
    """

    origin: Origin
    source: int | None
    vector: int
    delivery_mode: DeliveryMode
    #: When the guest called its send function; for a device, when it sent.
    called: int
    #: The function of the guest that was running.
    function: str
    messages: int = 0
    #: The numbers of its messages, which tell its spans.
    numbers: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    sending: Work = field(default_factory=Work)
    receiving: Work = field(default_factory=Work)
    handled: list[Handled] = field(default_factory=list)
    #: CPUs at which it met one that was pending already, and CPUs that dropped it.
    merged: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    steps: list[Performed] = field(default_factory=list)

    def book(self, work: Work, *, receiving: bool) -> None:
        """Adds *work* to the side of a handler, or to the sender's."""
        if receiving:
            self.receiving += work
        else:
            self.sending += work

    @property
    def total(self) -> Work:
        """Both sides together."""
        return self.sending + self.receiving

    @property
    def from_cpu(self) -> bool:
        """Whether it is an IPI, and not a device's."""
        return self.origin not in DEVICES

    @property
    def arrived(self) -> bool:
        """Whether the handler has begun on every CPU that did not drop it. INIT has no handler."""
        if self.delivery_mode is DeliveryMode.INIT:
            return True
        return bool(self.targets) and len(self.handled) + len(self.refused) >= len(self.targets)

    @property
    def latency(self) -> int | None:
        """From the call of the send function to the first instruction of the last handler; None before that, and when
        no CPU took it."""
        if not self.arrived or not self.handled:
            return None
        return max(handled.time for handled in self.handled) - self.called


@dataclass(slots=True, eq=False)
class Stretch:
    """What one stimulus led to. ``rest`` is the work that belongs to no interrupt message: idling, local timers,
    functions that send nothing."""

    number: int
    began: int
    interrupts: list[Interrupt] = field(default_factory=list)
    rest: Work = field(default_factory=Work)
    steps: list[Performed] = field(default_factory=list)

    @property
    def total(self) -> Work:
        """All that it took."""
        return sum(self._parts(), Work())

    def _parts(self) -> Iterator[Work]:
        yield self.rest
        for interrupt in self.interrupts:
            yield interrupt.sending
            yield interrupt.receiving

    @property
    def entry_count(self) -> int:
        """How much is kept beside the single steps: this, the interrupts, and the handlers that these came to."""
        return 1 + len(self.interrupts) + sum(len(interrupt.handled) for interrupt in self.interrupts)

    @property
    def step_count(self) -> int:
        """How many single steps are kept."""
        return len(self.steps) + sum(len(interrupt.steps) for interrupt in self.interrupts)

    def forget_steps(self) -> None:
        """Keeps the numbers and drops the single steps."""
        self.steps.clear()
        for interrupt in self.interrupts:
            interrupt.steps.clear()
