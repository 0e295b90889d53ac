"""An IPI through an emulated register: the hypervisor reaches every target, and that costs something for each."""

from collections import Counter

import pytest

from app.backends.cost_sheet import load_cost_sheet
from app.guest.steps import HostWork
from app.hw.profile import PROFILES
from app.sim.commands import CallGuest, SendIpi
from app.sim.host_effects import targets_named
from app.sim.simulation import Simulation
from app.x86.icr import DeliveryMode, DestinationMode, Icr
from app.x86.registers import Register
from tests.sim.helpers import LIMIT

FIXED, LOWEST, LOGICAL = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DestinationMode.LOGICAL


def host_work(backend: str, cpus: int, call: str | SendIpi, generation: str | None = None) -> Counter[str]:
    """The entries under which CPU 0's hypervisor worked while the guest was in the function *call*, or sent that."""
    simulation = Simulation(cpus, backend, load_cost_sheet("sapphire-rapids"), generation=generation)
    simulation.apply(CallGuest(0, call) if isinstance(call, str) else call)
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


@pytest.mark.parametrize(
    ("profile", "icr", "reached"),
    [
        pytest.param("intel-sdm", Icr(0x51, FIXED, LOGICAL, destination=0b1011), 3, id="fixed, mask of three"),
        pytest.param("intel-sdm", Icr(0x51, LOWEST, LOGICAL, destination=0b1011), 1, id="lowest, mask of three"),
        pytest.param("intel-sdm", Icr(0x51, LOWEST, LOGICAL, destination=0b0100), 1, id="lowest, one"),
        pytest.param("intel-sdm", Icr(0x51, LOWEST, LOGICAL, destination=0b1_0000), 0, id="lowest, nobody"),
        pytest.param("intel-sdm", Icr(0x51, LOWEST, destination=0xFF), 0, id="lowest, everyone, not sent"),
        pytest.param("kvm", Icr(0x51, LOWEST, destination=0xFF), 4, id="lowest, everyone, sent as fixed"),
        pytest.param("qemu", Icr(0x51, LOWEST, destination=0xFF), 1, id="lowest, everyone, arbitrated"),
    ],
)
def test_hypervisor_has_to_reach_those_who_get_the_interrupt(profile: str, icr: Icr, reached: int) -> None:
    simulation = Simulation(4, "trap-emulate", generation="linux-2.6.22", profile=PROFILES[profile])
    machine = simulation.machine
    machine.write_register(0, Register.ICR_HIGH, icr.destination << 24)
    machine.write_register(0, Register.ICR_LOW, icr.low())

    named = targets_named(machine)
    machine.settle()

    assert named == reached == sum(0x51 in cpu.apic.irr for cpu in machine.cpus)


def test_lowest_priority_ipi_costs_its_way_to_one() -> None:
    mask_of_three = SendIpi(0, Icr(0x51, LOWEST, LOGICAL, destination=0b1110))

    assert host_work("trap-emulate", 4, mask_of_three, generation="linux-2.6.22")["send_ipi_target"] == 1


def test_posted_interrupts_are_posted_to_each_target() -> None:
    found = host_work("apicv", 5, "send_ipi_allbutself")

    assert (found["post_interrupt"], found["send_ipi_target"]) == (4, 0)


def test_hypercall_pays_for_its_targets_once() -> None:
    assert host_work("hyperv", 5, "send_ipi_allbutself")["send_ipi_target"] == 0, "HostSend is what is paid"
