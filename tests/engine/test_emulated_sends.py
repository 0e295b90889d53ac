"""An IPI through an emulated register: the hypervisor reaches every target, and that costs something for each."""

from collections import Counter
from itertools import pairwise

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import SendMsi
from app.costs.sheet import load_cost_sheet
from app.engine.apic_access import ApicAccess
from app.engine.simulation import Simulation
from app.engine.waits import Waits
from app.guest.steps import HostWork
from app.hw.events import Accepted
from app.hw.profile import PROFILES, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr
from app.x86.registers import Register
from tests.engine.runs import LIMIT

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
    access = ApicAccess(machine)

    carried = access.carry(0, Register.ICR_LOW, icr.low(), by_page=False)
    for message in carried:
        access.post(message)
    machine.settle()

    assert len(carried) == reached == sum(0x51 in cpu.apic.irr for cpu in machine.cpus)


def test_lowest_priority_ipi_costs_its_way_to_one() -> None:
    mask_of_three = SendIpi(0, Icr(0x51, LOWEST, LOGICAL, destination=0b1110))

    assert host_work("trap-emulate", 4, mask_of_three, generation="linux-2.6.22")["send_ipi_target"] == 1


def test_posted_interrupts_are_posted_to_each_target() -> None:
    found = host_work("apicv", 5, "send_ipi_allbutself")

    assert (found["post_interrupt"], found["send_ipi_target"]) == (4, 0)


def test_hypercall_pays_for_its_targets_once() -> None:
    assert host_work("hyperv", 5, "send_ipi_allbutself")["send_ipi_target"] == 0, "HostSend is what is paid"


# Who hears of it when


def arrivals(backend: str, cpus: int, sheet: str = "sapphire-rapids") -> list[int]:
    """When each other CPU accepts the call of CPU 0, after the first exit of that."""
    simulation = Simulation(cpus, backend, load_cost_sheet(sheet), generation="linux-6")
    simulation.take_log()
    simulation.apply(CallGuest(0, "send_ipi_allbutself"))
    simulation.run(operations=LIMIT)
    return [time for time, event in simulation.take_log() if isinstance(event, Accepted)]


@pytest.mark.parametrize(
    ("backend", "work"),
    [("trap-emulate", "send_ipi_target"), ("kvm-pv", "send_ipi_target"), ("apicv", "post_interrupt")],
)
def test_each_target_hears_of_a_trapped_broadcast_behind_the_hosts_work_for_it(backend: str, work: str) -> None:
    times = arrivals(backend, 6)

    assert [after - before for before, after in pairwise(times)] == [
        load_cost_sheet("sapphire-rapids").cycles[work]
    ] * 4


def test_broadcast_that_nobody_emulates_arrives_everywhere_at_once() -> None:
    assert len(set(arrivals("native-xapic", 6))) == 1


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_broadcast_in_parts_is_one_ipi_and_its_delivery_status_is_busy_until_the_last_has_arrived(
    profile: Profile,
) -> None:
    simulation = Simulation(4, "trap-emulate", profile=profile, generation="linux-2.6.22")
    simulation.apply(CallGuest(0, "send_ipi_allbutself"))
    apic = simulation.machine.cpus[0].apic
    busy = []
    while simulation.run(operations=1):
        simulation.check()
        busy.append((apic.sends_in_flight > 0, len(simulation.in_flight) > 0))

    assert all(sends for sends, flying in busy if flying)
    assert (simulation.counters.ipis_sent, simulation.counters.messages) == (1, 1)
    assert (apic.sends_in_flight, apic.esr_pending) == (0, 0)


def test_sender_with_a_virtual_page_never_polls_for_a_message_that_is_under_way() -> None:
    simulation = Simulation(4, "apicv", load_cost_sheet("sapphire-rapids"), generation="linux-6")
    simulation.apply(CallGuest(0, "send_ipi_mask", mask=0b1110, vector=0xFB))
    waits = Waits(simulation.machine, simulation.processors, [], idle=False)
    under_way = 0
    while simulation.run(operations=1):
        under_way += simulation.machine.cpus[0].apic.sends_in_flight > 0
        assert waits.of(simulation.processors[0]) is None

    assert under_way > 0
    assert simulation.counters.accesses == 3 * 3 + 3  # a poll and the halves of ICR each, and each target's EOI


def test_sender_that_is_reset_meanwhile_has_its_hypervisor_reach_the_rest() -> None:
    simulation = Simulation(4, "trap-emulate", generation="linux-2.6.22")
    simulation.apply(CallGuest(1, "send_ipi_allbutself"))
    while not any(isinstance(event, Accepted) for _, event in simulation.take_log()):
        simulation.run(operations=1)
    simulation.apply(SendMsi(0xFEE0_1000, DeliveryMode.INIT << 8))

    simulation.run(operations=LIMIT)

    simulation.check()
    assert simulation.counters.accepted == 3 + 1


@pytest.mark.parametrize("features", [True, False], ids=["posted", "notified"])
def test_virtualised_ipi_leaves_behind_the_work_of_hardware(features: bool) -> None:
    sheet = load_cost_sheet("sapphire-rapids" if features else "skylake-sp")
    simulation = Simulation(2, "apicv", sheet, generation="linux-6")
    simulation.apply(CallGuest(0, "smp_send_reschedule", target=1))
    price = "ipi_virtualization" if features else "post_interrupt"
    for _ in range(LIMIT):
        simulation.run(operations=1)
        step = simulation.processors[0].last_step
        if isinstance(step, HostWork) and step.price == price:
            break
        assert simulation.in_flight == {}

    assert len(simulation.in_flight) == 1
