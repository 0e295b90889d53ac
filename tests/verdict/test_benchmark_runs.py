"""The hosts on which published benchmarks are run again: they do what was measured."""

import pytest

from app.backends.backend import BackendDefinition
from app.commands.guest import CallGuest
from app.costs.sheet import load_cost_sheet
from app.engine.counters import Counters
from app.verdict.benchmark_guests import BY_MASK_4_18, ROUNDS, X2APIC_CLUSTER_4_18, X2APIC_PHYS_4_18, Driver
from app.verdict.benchmark_runs import (
    APICV_X2APIC,
    IPIV_X2APIC,
    PV,
    TRAPPED_X2APIC,
    TRAPPED_XAPIC,
    Host,
    cycles_a_round,
    interrupt_load,
)


def host(definition: BackendDefinition, cpus: int = 2, *, polling: bool = True, driver: Driver = ()) -> Host:
    return Host(definition, load_cost_sheet("sapphire-rapids"), cpus, polling, driver)


def counted(machine: Host, program: str) -> Counters:
    simulation = machine.start()
    simulation.apply(CallGuest(0, program))
    simulation.run(until_idle=True)
    simulation.check()
    return simulation.counters


def test_every_round_sends_one_ipi_that_is_taken_and_ended() -> None:
    counters = counted(host(TRAPPED_XAPIC), "on_cpu")

    assert (counters.ipis_sent, counters.interrupts_taken, counters.eois) == (ROUNDS, ROUNDS, ROUNDS)


def test_xapic_send_polls_and_writes_twice_where_x2apic_writes_once() -> None:
    idle = 1  # the sender halts in the end
    kick_and_eoi = 2 * ROUNDS

    assert counted(host(TRAPPED_XAPIC), "on_cpu").exits == 3 * ROUNDS + kick_and_eoi + idle
    assert counted(host(TRAPPED_X2APIC), "on_cpu").exits == ROUNDS + kick_and_eoi + idle


def test_virtual_x2apic_exits_for_sends_alone_until_those_are_virtualised() -> None:
    assert counted(host(APICV_X2APIC), "on_cpu").exits == ROUNDS + 1
    assert counted(host(IPIV_X2APIC), "on_cpu").exits == 1


@pytest.mark.parametrize(("driver", "sends"), [(X2APIC_PHYS_4_18, 39), (X2APIC_CLUSTER_4_18, 3), (BY_MASK_4_18, 39)])
def test_broadcast_is_a_send_for_each_target_or_each_cluster(driver: Driver, sends: int) -> None:
    assert counted(host(TRAPPED_X2APIC, 40, driver=driver), "broadcast_ipi").ipis_sent == sends * ROUNDS


def test_paravirtual_broadcast_is_one_hypercall() -> None:
    assert counted(host(PV, 40, driver=BY_MASK_4_18), "broadcast_ipi").hypercalls == ROUNDS


def test_halted_target_is_not_kicked_but_entered() -> None:
    running, halted = (counted(host(TRAPPED_X2APIC, polling=polling), "normal_ipi") for polling in (True, False))

    assert running.exits - 1 == ROUNDS * 3
    assert halted.exits - 1 >= ROUNDS * 3, "send, EOI, HLT"


def test_polling_and_halting_targets_answer_at_different_times() -> None:
    assert cycles_a_round(host(TRAPPED_X2APIC), "normal_ipi") != cycles_a_round(
        host(TRAPPED_X2APIC, polling=False), "normal_ipi"
    )


def test_interrupt_load_is_the_same_every_time_and_traps_an_eoi_each() -> None:
    first, second = (interrupt_load(host(TRAPPED_X2APIC), 20_000, 0.005) for _ in range(2))

    assert first == second
    assert first.register_traps == pytest.approx(20_000, rel=0.3)
    kicked_twice = first.entries - 2 * first.register_traps
    assert 0 < kicked_twice < 0.02 * first.entries, (
        "each leaves for the kick and the EOI; in a handler, for a window too"
    )


def test_shared_bit_spares_most_eois_and_half_of_the_entries() -> None:
    plain, spared = (interrupt_load(host(definition), 20_000, 0.005) for definition in (TRAPPED_X2APIC, PV))

    assert spared.register_traps < plain.register_traps / 10
    assert spared.entries < plain.entries * 0.6
