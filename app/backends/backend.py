"""What a back end is: a table of operations for the guest, and a hypervisor (or none) around it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from app.backends.cost_sheet import CostSheet, NoFigure
from app.guest.apic_ops import ApicOperations, Generation, Kernel, SetNextEvent
from app.guest.steps import Arriving, GuestStep, Steps
from app.hw.apic_base import ApicMode
from app.hw.cpu import Cpu

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


class Hypervisor(Protocol):
    """What runs below a guest."""

    def intercept(self, step: GuestStep, cpu: Cpu) -> Steps[int] | None:
        """What happens instead of *step* on *cpu*, ending in what the guest gets; None when the guest does it
        undisturbed."""

    def deliver(self, halted: bool, arrival: Arriving, cpu: Cpu, kernel: Kernel) -> Steps[int]:
        """How an interrupt gets into the guest, whose CPU is *halted* or running; *arrival* is the step that
        takes it."""


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
    #: The hypervisor may spare the guest an EOI through a word that they share.
    shares_eoi_word: bool
    #: The guest has no APIC: event channels tell it of interrupts.
    event_channels: bool
    #: How the guest arms the timer of its CPU. A clock event device is no entry of the APIC's table.
    set_next_event: SetNextEvent

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


@dataclass(frozen=True, slots=True, eq=False)
class BackendDefinition:
    """A back end before it meets a kernel. ``paravirtualise`` makes its table from the kernel's own; None where the
    kernel stays as it is."""

    name: str
    title: str
    apic_mode: ApicMode = ApicMode.XAPIC
    hypervisor: Hypervisor | None = None
    paravirtualise: Callable[[ApicOperations], ApicOperations] | None = None
    shares_eoi_word: bool = False
    event_channels: bool = False
    #: The clock event device that the hypervisor has instead of the local timer; None where it has none.
    set_next_event: SetNextEvent | None = None
    #: Names of the generations that never had it, with the reason.
    never_in: tuple[tuple[str, str], ...] = ()
    #: The entries of a cost sheet by which its hypervisor's steps are priced.
    host_entries: frozenset[str] = frozenset()

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
        """Why this back end cannot be priced by *sheet*, in the sheet's own words; None when it can."""
        return next(_missing(sheet, (name for name in sheet.entries if name in self.entries)), None)

    def bind(self, generation: Generation) -> Backend:
        """The back end for that kernel. ValueError says why there is none."""
        reason = self.reason_against(generation)
        if reason is not None:
            raise ValueError(f"{self.name}: {reason}")
        return _bound(self, generation)


def _missing(sheet: CostSheet, entries: Iterable[str]) -> Iterator[str]:
    for name in entries:
        try:
            sheet.price(name)
        except NoFigure as missing:
            yield str(missing)


@lru_cache
def _bound(definition: BackendDefinition, generation: Generation) -> Backend:
    native = generation.x2apic if definition.apic_mode is ApicMode.X2APIC else generation.xapic
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
        definition.shares_eoi_word,
        definition.event_channels,
        definition.set_next_event or generation.set_next_event,
    )
