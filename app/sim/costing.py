"""What single APIC accesses cost under each back end, for workloads that are known access by access."""

from functools import lru_cache
from typing import NamedTuple

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS, generation_for
from app.backends.cost_sheet import DEFAULT_COST_SHEET, load_cost_sheet
from app.guest.generations import GENERATIONS
from app.guest.steps import EXITS, GuestStep, Hypercall, HypervisorCall, Step, Steps, price_of
from app.hw.machine import Machine

#: Those that go through the register operations one by one, as a recording does.
BACKEND_NAMES = ("native-xapic", "trap-emulate", "vmi")


class AccessCost(NamedTuple):
    """What one access is: how often the guest leaves, and cycles in all."""

    accesses: int
    exits: int
    hypercalls: int
    cycles: int


@lru_cache
def access_cost(
    backend: str, register: int, write: bool, value: int = 0, sheet: str = DEFAULT_COST_SHEET
) -> AccessCost:
    """The cost of one ``apic_read`` or ``apic_write`` of *register*. KeyError for an unknown *backend*."""
    reached = BACKENDS[backend].bind(GENERATIONS[generation_for(backend)])
    operation = reached.operations.apic_write(register, value) if write else reached.operations.apic_read(register)
    steps = _steps_of(reached, operation)
    prices = load_cost_sheet(sheet).cycles
    return AccessCost(
        1,
        sum(isinstance(step, EXITS) for step in steps),
        sum(isinstance(step, HypervisorCall | Hypercall) for step in steps),
        sum(prices[price_of(step)] for step in steps),
    )


def _steps_of(backend: Backend, operation: Steps[int] | Steps[None]) -> list[Step]:
    """The steps that *operation* comes to, with what the hypervisor does instead of the guest's own."""
    steps: list[Step] = []
    cpu = Machine(1).cpus[0]  # in its reset state: what an access is does not depend on what the APIC holds
    for step in operation:
        host = backend.hypervisor.intercept(_of_guest(step), cpu) if backend.hypervisor else None
        steps += [step] if host is None else host
    return steps


def _of_guest(step: Step) -> GuestStep:
    return step  # type: ignore[return-value]  # a guest function yields guest steps
