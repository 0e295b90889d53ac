"""What a back end is: a table of operations for the guest, and a hypervisor (or none) around it."""

from dataclasses import dataclass
from typing import Protocol

from app.guest.apic_driver import NATIVE_OPERATIONS
from app.guest.apic_ops import ApicOperations
from app.guest.steps import Arriving, GuestStep, Steps


class Hypervisor(Protocol):
    """What runs below a guest."""

    def intercept(self, step: GuestStep) -> Steps[int] | None:
        """What happens instead of *step*, ending in what the guest gets; None when the guest does it undisturbed."""

    def deliver(self, halted: bool, arrival: Arriving) -> Steps[int]:
        """How an interrupt gets into the guest, whose CPU is *halted* or running; *arrival* is the step that
        takes it."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One way for a guest to reach its APIC."""

    name: str
    title: str
    operations: ApicOperations
    hypervisor: Hypervisor | None

    @property
    def replacements(self) -> frozenset[str]:
        """The names of the functions that stand in the guest's table instead of its own."""
        return frozenset(getattr(self.operations, name).__name__ for name in self.overrides)

    @property
    def overrides(self) -> tuple[str, ...]:
        """The operations that this back end replaces in the guest."""
        return self.operations.replaced_against(NATIVE_OPERATIONS)
