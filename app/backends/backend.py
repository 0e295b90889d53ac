"""What a back end is: a table of operations for the guest, and a hypervisor (or none) around it.

Each back end says everything about itself in one ``BackendDefinition``; ``catalogue.BACKENDS`` lists them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from app.costs.sheet import CostSheet, NoFigure
from app.guest.apic_ops import ApicOperations, Generation, KernelState, SetNextEvent
from app.guest.places import Places
from app.guest.steps import Arriving, GuestStep, Hypercall, Steps
from app.hw.cpu import Arrival, Cpu
from app.x86.model_specific_registers import ApicMode

#: What every guest pays for, whichever way it reaches its APIC: its own CPU, its handlers, the messages.
ENTRIES_OF_EVERY_GUEST = frozenset(
    {
        *("memory_read", "memory_write", "spin_exit", "enable_interrupts", "disable_interrupts", "halt"),
        *("interrupt_entry", "interrupt_return", "smm_entry", "smm_return"),
        *("handler_reschedule", "handler_call_function", "handler_invalidate_tlb", "handler_timer"),
        *("handler_device", "handler_nmi", "handler_smi", "message_flight", "eoi_broadcast_flight"),
    }
)
#: With these the kernel sets its APICs up at the boot, natively, and goes on where nothing intercepts it.
_ENTRIES_OF_MODE = {
    ApicMode.XAPIC: frozenset({"mmio_read", "mmio_write"}),
    ApicMode.X2APIC: frozenset({"msr_read", "msr_write", "fence"}),
}


class Found(Enum):
    """How a hypervisor finds the CPU into which it is to put an interrupt."""

    #: Out of the guest already: it halts, or has called.
    OUTSIDE = auto()
    #: In the guest, which has to be kicked out.
    RUNNING = auto()
    #: In the guest, which now lets in what has waited since the hypervisor entered it last.
    AT_WINDOW = auto()

    __hash__ = object.__hash__  # as Arrival's


class Hypervisor(Protocol):
    """What runs below a guest. Of *cpu* its code uses what never changes, its number; all else it asks."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        """What happens instead of *step* on *cpu*, ending in what the guest gets; None when the guest does it
        undisturbed."""

    def deliver(self, found: Found, arrival: Arriving, cpu: Cpu, kernel: KernelState) -> Steps[int]:
        """How an interrupt gets into the guest, whose CPU was *found* so; *arrival* is the step that takes it."""

    def kick(self, arrival: Arrival, cpu: Cpu) -> Steps[None]:
        """What happens when *arrival* comes for *cpu*, which runs the guest and does not let it in yet; no step where
        that does not disturb the guest."""


@dataclass(frozen=True, slots=True, eq=False)
class Backend:
    """One way for the guest of one generation to reach its APIC."""

    name: str
    title: str
    generation: Generation
    #: The mode in which the guest has its APIC.
    apic_mode: ApicMode
    operations: ApicOperations
    native: ApicOperations
    hypervisor: Hypervisor | None
    #: The guest has no APIC: event channels tell it of interrupts.
    event_channels: bool
    #: How the guest arms the timer of its CPU. A clock event device is no entry of the APIC's table.
    set_next_event: SetNextEvent
    definition: "BackendDefinition"

    @property
    def x2apic(self) -> bool:
        """Whether the guest has its APIC in x2APIC mode, by its own lights."""
        return self.apic_mode is ApicMode.X2APIC

    @property
    def sends_by_halves(self) -> bool:
        """Whether its guest sends as any kernel on the APIC page does: by the two halves of ICR, behind a poll."""
        return not self.x2apic and not any(name.startswith("send_") for name in self.overrides)

    @property
    def replacements(self) -> frozenset[str]:
        """The names of the functions that stand in the guest's table instead of its own."""
        return frozenset(getattr(self.operations, name).__name__ for name in self.overrides)

    @property
    def overrides(self) -> tuple[str, ...]:
        """The operations that this back end replaces in the guest."""
        return self.operations.replaced_against(self.native)

    @property
    def replaced_functions(self) -> tuple[str, ...]:
        """The kernel's own functions that are replaced, by the kernel's names."""
        return tuple(getattr(self.native, name).__name__ for name in self.overrides)


class Feature(NamedTuple):
    """A way of its own that a back end has beside the common one: the *entry* of a cost sheet that only this way pays,
    its *name*, and what it *takes*. Work that brings nothing of that never uses it."""

    entry: str
    name: str
    takes: str


#: What a back end replaces: "ink" nothing, and the guest reaches hardware; "crimson" nothing, and each access traps;
#: "amber" the register operations; "blue" sends and EOIs.
Hue = Literal["ink", "crimson", "amber", "blue"]
Shape = Literal["circle", "square", "triangle", "diamond", "wedge", "cross", "hexagon"]


class Mark(NamedTuple):
    """How a back end is drawn: *hue*, *dash* pattern (None: solid), *shape* of its points, which are *filled* or
    hollow. The points tell the single ones apart without any hue."""

    hue: Hue
    dash: str | None
    shape: Shape
    filled: bool = False


class Turn(NamedTuple):
    """One change of the kernel in the argument about the right layer, and what it meant. *when*: the release, or the
    year."""

    year: int
    when: str
    change: str
    meaning: str
    source: str


#: Where turns are from.
TREE = "kernel tree and commits"
RECALLED = "kernel tree and commits, the release recalled"


@dataclass(frozen=True, slots=True, eq=False)
class BackendDefinition:
    """A back end before it meets a kernel. ``paravirtualise`` makes its table from the kernel's own; None where the
    kernel stays as it is."""

    name: str
    title: str
    #: What it is, for a person who chooses one.
    sentence: str
    mark: Mark
    apic_mode: ApicMode = ApicMode.XAPIC
    #: Something remaps the interrupts of devices, so that they reach more than APIC IDs below 255: an IOMMU. A guest
    #: has none, unless its hypervisor models one.
    interrupt_remapping: bool = False
    hypervisor: Hypervisor | None = None
    paravirtualise: Callable[[ApicOperations], ApicOperations] | None = None
    event_channels: bool = False
    #: The clock event device that the hypervisor has instead of the local timer; None where it has none.
    set_next_event: SetNextEvent | None = None
    #: The hypercall by which a handler goes back instead of IRET; None where it does not.
    iret_call: "Callable[[Generation, Arrival], Hypercall | None] | None" = None
    #: Names of the generations that never had it, with the reason.
    never_in: tuple[tuple[str, str], ...] = ()
    #: The entries of a cost sheet by which its hypervisor's steps are priced.
    host_entries: frozenset[str] = frozenset()
    #: What stands for it by a sheet that lacks some of its entries: the same on hardware, or a hypervisor, with less.
    lesser: "BackendDefinition | None" = None
    #: What the whole of it has and this one has not, in words.
    lacks: tuple[str, ...] = ()
    features: tuple[Feature, ...] = ()
    #: Reasons for which the hypervisor does without its hardware on a CPU, and emulates each access.
    inhibit_reasons: tuple[str, ...] = ()
    #: Hardware answers loads from a virtual-APIC page, where delivery status is never set.
    has_virtual_page: bool = False
    #: It spares the guest EOIs by a word that the two share (``shared_eoi.py``).
    shares_eoi_word: bool = False
    #: Where the functions that it puts into the guest's table stand in Linux: 6.12.117, VMI's in 2.6.22.
    places: Places = field(default_factory=dict)
    #: What became of it in the kernel, in the order of time.
    history: tuple[Turn, ...] = ()
    #: What has to be known beside the price of a recording under it.
    recording_remarks: tuple[str, ...] = ()

    @property
    def entries(self) -> frozenset[str]:
        """Every entry of a cost sheet without which a guest over this back end cannot be priced."""
        return ENTRIES_OF_EVERY_GUEST | _ENTRIES_OF_MODE[self.apic_mode] | self.host_entries

    def reason_against(self, generation: Generation) -> str | None:
        """Why this back end does not go with that kernel; None when it does."""
        if self.apic_mode is ApicMode.X2APIC and generation.x2apic is None:
            return f"{generation.name} knows no x2APIC mode"
        return dict(self.never_in).get(generation.name)

    def reason_against_sheet(self, sheet: CostSheet) -> str | None:
        """Why neither this back end nor a lesser one can be priced by *sheet*, in the sheet's own words; None when one
        can. It is the least of them that speaks: the others lack more."""
        reason = self.lacking_in(sheet)
        return reason if reason is None or self.lesser is None else self.lesser.reason_against_sheet(sheet)

    def lacking_in(self, sheet: CostSheet) -> str | None:
        """Why this one itself cannot be priced by *sheet*; None when it can."""
        if reason := sheet.without.get(self.name):
            return reason
        return next(_missing(sheet, (name for name in sheet.entries if name in self.entries)), None)

    def by_sheet(self, sheet: CostSheet) -> "BackendDefinition":
        """This back end, or the lesser one that stands for it by *sheet*. ValueError says why there is none."""
        reason = self.lacking_in(sheet)
        if reason is None:
            return self
        if self.lesser is None:
            raise ValueError(f"{self.name}: {reason}")
        return self.lesser.by_sheet(sheet)

    def remark_on(self, sheet: CostSheet) -> str:
        """What is left out of it by *sheet*, as the function of that name says it. ValueError as from ``by_sheet``."""
        return remark_on(self.by_sheet(sheet).lacks, sheet)

    def leaving(self, generation: Generation, arrival: Arrival) -> Hypercall | None:
        """The hypercall by which the handler of *arrival* goes back; None for IRET."""
        return self.iret_call(generation, arrival) if self.iret_call else None

    def bind(self, generation: Generation) -> Backend:
        """The back end for that kernel. ValueError says why there is none."""
        reason = self.reason_against(generation)
        if reason is not None:
            raise ValueError(f"{self.name}: {reason}")
        return _bound(self, generation)


def remark_on(lacks: Sequence[str], sheet: CostSheet) -> str:
    """That *lacks* were left out because *sheet* has no figures for them ("without IPI virtualisation: skylake-sp has
    none"); "" for nothing."""
    return f"without {' and '.join(lacks)}: {sheet.name} has none" if lacks else ""


def _missing(sheet: CostSheet, entries: Iterable[str]) -> Iterator[str]:
    for name in entries:
        try:
            sheet.price(name)
        except NoFigure as missing:
            yield str(missing)


@lru_cache
def _bound(definition: BackendDefinition, generation: Generation) -> Backend:
    native = generation.native_operations(definition.apic_mode, interrupt_remapping=definition.interrupt_remapping)
    assert native is not None, "reason_against has looked"
    operations = definition.paravirtualise(native) if definition.paravirtualise else native
    return Backend(
        definition.name,
        definition.title,
        generation,
        definition.apic_mode,
        operations,
        native,
        definition.hypervisor,
        definition.event_channels,
        definition.set_next_event or generation.set_next_event,
        definition,
    )
