"""What a send costs in the hypervisor, and what happens where a sheet has no figure for it."""

import pytest

from app.commands.guest import CallGuest
from app.costs.sheet import load_cost_sheet
from app.engine.counters import Counters
from app.engine.simulation import Simulation
from tests.engine.runs import finish


def spent(backend: str, function: str, cpus: int, **changes: int) -> Counters:
    """What *function* on CPU 0 comes to in all, by the kernel's own sheet with these figures changed."""
    simulation = Simulation(
        cpus, backend, load_cost_sheet("sapphire-rapids").with_values(changes), generation="linux-6"
    )
    finish(simulation, CallGuest(0, function, wait=False))
    return simulation.counters


@pytest.mark.parametrize("targets", [1, 3, 7])
@pytest.mark.parametrize(
    ("backend", "price"),
    [("trap-emulate", "send_ipi_target"), ("kvm-pv", "send_ipi_target"), ("apicv", "post_interrupt")],
)
def test_trapped_shorthand_costs_its_way_to_every_target(backend: str, price: str, targets: int) -> None:
    free = spent(backend, "send_ipi_allbutself", targets + 1, **{price: 0})
    dear = spent(backend, "send_ipi_allbutself", targets + 1, **{price: 10_000})

    assert dear.cycles - free.cycles == targets * 10_000
    assert dear.exits == free.exits


def test_native_send_costs_no_hypervisor_anything() -> None:
    assert (
        spent("native-xapic", "send_ipi_allbutself", 4, send_ipi_target=10_000).cycles
        == spent("native-xapic", "send_ipi_allbutself", 4, send_ipi_target=0).cycles
    )


def test_virtual_ipi_costs_the_write_and_the_posting() -> None:
    free = spent("apicv", "smp_send_reschedule", 2, ipi_virtualization=0)
    dear = spent("apicv", "smp_send_reschedule", 2, ipi_virtualization=10_000)

    assert dear.cycles - free.cycles == 10_000


@pytest.mark.parametrize(
    ("backend", "sheet", "words"),
    [
        ("apicv", "2007", "2007 has no figure for"),
        ("hyperv", "2007", "2007 has no figure for hypercall: VMCALL needs VT-x"),
    ],
)
def test_what_the_sheet_lacks_is_said_in_its_words(backend: str, sheet: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{backend}: {words}"):
        Simulation(2, backend, load_cost_sheet(sheet), generation="linux-6")
