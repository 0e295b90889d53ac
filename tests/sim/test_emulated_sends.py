"""An IPI through an emulated register: the hypervisor reaches every target, and that costs something for each."""

from collections import Counter

import pytest

from app.backends.cost_sheet import load_cost_sheet
from app.guest.steps import HostWork
from app.sim.commands import CallGuest
from app.sim.simulation import Simulation
from tests.sim.helpers import LIMIT


def host_work(backend: str, cpus: int, function: str) -> Counter[str]:
    """The entries under which CPU 0's hypervisor worked while the guest was in *function*."""
    simulation = Simulation(cpus, backend, load_cost_sheet("sapphire-rapids"))
    simulation.apply(CallGuest(0, function))
    found: Counter[str] = Counter()
    for _ in range(LIMIT):
        if not simulation.run(operations=1):
            return found
        step = simulation.processors[0].last_step
        if isinstance(step, HostWork):
            found[step.price] += 1
            simulation.processors[0].last_step = None
    raise AssertionError("it has no end")


@pytest.mark.parametrize("backend", ["trap-emulate", "vmi"])
@pytest.mark.parametrize("cpus", [2, 8, 33])
def test_broadcast_by_one_emulated_write_costs_something_for_each_target(backend: str, cpus: int) -> None:
    assert host_work(backend, cpus, "send_ipi_allbutself")["send_ipi_target"] == cpus - 1


def test_sending_to_one_reaches_one() -> None:
    assert host_work("trap-emulate", 8, "smp_send_reschedule")["send_ipi_target"] == 1


def test_posted_interrupts_are_posted_to_each_target() -> None:
    found = host_work("apicv", 5, "send_ipi_allbutself")

    assert (found["post_interrupt"], found["send_ipi_target"]) == (4, 0)


def test_hypercall_pays_for_its_targets_once() -> None:
    assert host_work("hyperv", 5, "send_ipi_allbutself")["send_ipi_target"] == 0, "HostSend is what is paid"
