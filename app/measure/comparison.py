"""What a comparison finds: one row for each back end, in numbers, and the remarks without which they would mislead."""

from dataclasses import dataclass
from typing import NamedTuple

from app.backends.backend import Feature
from app.costs.sheet import CostSheet
from app.engine.work import Work


class Shares(NamedTuple):
    """Cycles of one workload by what they went to."""

    #: Sending IPIs: from the guest's send function down to the register, with the hypervisor's part.
    sends: int
    #: Ending interrupts.
    eois: int
    #: The local timer's registers.
    timer: int
    #: Delivery, handlers, every other access.
    rest: int

    @property
    def total(self) -> int:
        return sum(self)


@dataclass(frozen=True, slots=True)
class Row:
    """One back end. ``latency`` is in TSC cycles, from the call of the send function to the first instruction of the
    last target's handler, as the mean of the workload's IPIs; None where the workload has no time of its own (a
    recorded log) or sends nothing."""

    backend: str
    generation: str
    #: Entries of the guest's table of operations that it replaces, and the kernel's functions that stand there.
    overrides: tuple[str, ...]
    replaced_functions: tuple[str, ...]
    #: Of all CPUs.
    work: Work
    shares: Shares
    latency: int | None
    #: What native-xapic spends on the same with the same kernel.
    native_cycles: int
    #: What the whole of the back end has and the sheet has no prices for, so that it was left out.
    lacks: tuple[str, ...] = ()
    #: Ways of its own that the work never took.
    unused: tuple[Feature, ...] = ()
    #: Of its accesses, those that read the delivery status once more because the message before was still under way.
    polls: int = 0

    @property
    def cycles(self) -> int:
        """What all CPUs spent on interrupt work."""
        return self.work.cycles


@dataclass(frozen=True, slots=True)
class Missing:
    """A back end that cannot take part, and why: its kernel or its cost sheet does without it."""

    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A workload under several back ends, all priced by one sheet."""

    #: A line that says what was run: "smp_call_function to 64 CPUs", or the recording's name.
    workload: str
    cpus: int
    #: IPIs sent and interrupts ended natively: what "N sends, M EOIs" means.
    sends: int
    eois: int
    sheet: CostSheet
    rows: tuple[Row, ...]
    missing: tuple[Missing, ...]
    #: Every assumption that a reader has to know, in sentences.
    remarks: tuple[str, ...]

    def row(self, backend: str) -> Row | None:
        """The row of *backend*; None when it could not take part."""
        return next((row for row in self.rows if row.backend == backend), None)


class Point(NamedTuple):
    """One guest function at one number of targets under one back end: the sender's cycles and everybody's."""

    targets: int
    sender_cycles: int
    all_cycles: int
    exits: int
    hypercalls: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Cost against the number of targets, 1 to 255."""

    backend: str
    points: tuple[Point, ...]
    #: Numbers of targets at which the sender's cost steps up, with the reason: "a second hypercall: 128 APIC IDs a
    #: window", "a second cluster of 16".
    steps: tuple[tuple[int, str], ...]


class Bar(NamedTuple):
    """A stretch of one IPI's way. Times are in TSC cycles since its send function was called."""

    start: int
    cycles: int
    #: Its CPU; None on the way between two.
    cpu: int | None
    #: "guest", "hypervisor" or "bus".
    where: str
    #: The step in words, and its entry in the cost sheet ("" for what has none).
    words: str
    price: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One IPI to one running CPU, from the send function to the handler's return, step by step."""

    backend: str
    bars: tuple[Bar, ...]
