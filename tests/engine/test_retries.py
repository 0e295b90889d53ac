"""The P6 family's bus: an IPI without room at its target is refused and sent again, and is still one IPI."""

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import ConfigurePin, FireLocalSource, LowerPin, RaisePin
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister, Wrmsr
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.hw.events import Merged, Retried
from app.hw.profile import INTEL_P6, INTEL_SDM, Profile
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import RESET_BASE, Msr
from app.x86.redirection import REMOTE_IRR
from app.x86.registers import Register
from tests.engine.runs import (
    finish,
    finished_calls,
    handled,
    happened,
    reschedule,
    run_to,
    signal,
    under_every_backend,
)

HELD, LET_GO = SetInterruptFlag(1, False), SetInterruptFlag(1, True)
DELIVERY_STATUS = 1 << 12


def waiting_for_room(backend: str, profile: Profile = INTEL_P6) -> Simulation:
    """CPU 1 takes no interrupts; CPUs 0 and 2 have both sent it the same vector."""
    simulation = Simulation(3, backend, profile=profile)
    simulation.apply(HELD)
    finish(simulation, reschedule(0, 1))
    simulation.apply(reschedule(2, 1))
    return simulation


@under_every_backend
def test_refused_ipi_is_delivered_once_its_target_has_taken_the_first(backend: str) -> None:
    simulation = waiting_for_room(backend)

    held = finish(simulation)
    log = finish(simulation, LET_GO)

    assert len(happened(held, Retried)) == 1
    assert (handled(held), handled(log)) == ([], [(1, 0xFC), (1, 0xFC)])
    assert happened(log, Retried) == []
    assert simulation.machine.retrying == []


@under_every_backend
def test_refused_ipi_is_counted_as_one(backend: str) -> None:
    simulation = waiting_for_room(backend)

    finish(simulation)
    before = simulation.counters.ipis_sent
    finish(simulation, LET_GO)

    assert (before, simulation.counters.ipis_sent, simulation.counters.interrupts_taken) == (2, 2, 2)


@under_every_backend
def test_nothing_spins_while_there_is_no_room(backend: str) -> None:
    simulation = waiting_for_room(backend)
    finish(simulation)

    assert simulation.next_time() is None
    assert simulation.run(until=simulation.time + 1_000_000) == 0
    assert simulation.take_log() == []
    assert len(simulation.machine.retrying) == 1


@under_every_backend
def test_sender_stays_busy_until_its_ipi_has_been_accepted(backend: str) -> None:
    simulation = waiting_for_room(backend)
    finish(simulation)
    refused = simulation.machine.read_register(2, Register.ICR_LOW)

    finish(simulation, LET_GO)
    accepted = simulation.machine.read_register(2, Register.ICR_LOW)

    assert isinstance(refused, int)
    assert isinstance(accepted, int)
    assert (refused & DELIVERY_STATUS, accepted & DELIVERY_STATUS) == (DELIVERY_STATUS, 0)


@under_every_backend
def test_busy_sender_polls_before_its_next_ipi_and_sends_it_afterwards(backend: str) -> None:
    simulation = waiting_for_room(backend)
    finish(simulation)
    simulation.apply(reschedule(2, 0))

    simulation.run(until=simulation.time + 100_000)
    polling = simulation.take_log()
    log = finish(simulation, LET_GO)

    assert (handled(polling), finished_calls(polling)) == ([], [])
    assert (0, 0xFC) in handled(log)
    assert finished_calls(log) == [(2, "smp_send_reschedule")]


def test_devices_message_is_tried_again_too_and_is_no_ipi() -> None:
    simulation = Simulation(2, profile=INTEL_P6)
    device = signal(1, DeliveryMode.FIXED, 0x51)

    held = finish(simulation, HELD, device, device)
    log = finish(simulation, LET_GO)

    assert (len(happened(held, Retried)), happened(held, Merged)) == (1, [])
    assert handled(log) == [(1, 0x51), (1, 0x51)]
    assert simulation.counters.ipis_sent == 0


@pytest.mark.parametrize("way", ["INIT", "APIC switched off"])
def test_room_that_a_reset_makes_is_used(way: str) -> None:
    """The IPI is tried again, and refused for good by an APIC that is off: its sender has a send-accept error."""
    simulation = waiting_for_room("native-xapic")
    finish(simulation)
    reset = signal(1, DeliveryMode.INIT) if way == "INIT" else Wrmsr(1, Msr.IA32_APIC_BASE, RESET_BASE)

    log = finish(simulation, reset)

    assert handled(log) == [(2, 0xFE)]
    assert simulation.machine.retrying == []
    assert finished_calls(finish(simulation, reschedule(2, 0))) == [(2, "smp_send_reschedule")]


def test_later_processors_merge_and_send_nothing_again() -> None:
    simulation = waiting_for_room("native-xapic", INTEL_SDM)

    held = finish(simulation)
    log = finish(simulation, LET_GO)

    assert (len(happened(held, Merged)), happened(held, Retried)) == (1, [])
    assert handled(log) == [(1, 0xFC)]


@under_every_backend
def test_those_who_had_room_get_a_broadcast_once(backend: str) -> None:
    simulation = Simulation(4, backend, profile=INTEL_P6)
    finish(simulation, HELD, signal(1, DeliveryMode.FIXED, 0x41))

    held = finish(simulation, CallGuest(0, "send_ipi_allbutself", vector=0x41))
    log = finish(simulation, LET_GO)

    assert sorted(handled(held)) == [(2, 0x41), (3, 0x41)]
    assert handled(log) == [(1, 0x41), (1, 0x41)]


def test_level_pin_whose_message_finds_no_room_is_served_once_there_is_some() -> None:
    simulation = Simulation(2, profile=INTEL_P6)
    level_to_cpu_1 = ConfigurePin(3, 1 << 56 | 0x8051)
    finish(simulation, level_to_cpu_1, HELD, signal(1, DeliveryMode.FIXED, 0x51), RaisePin(3))
    waiting = simulation.machine.io_apic.entries[3]

    simulation.apply(LET_GO)
    run_to(simulation, HandlerEntered, 1)
    finish(simulation, LowerPin(3))
    served = simulation.machine.io_apic.entries[3]

    assert (waiting & DELIVERY_STATUS, waiting & REMOTE_IRR) == (DELIVERY_STATUS, 0)
    assert (served & DELIVERY_STATUS, served & REMOTE_IRR) == (0, 0)
    assert simulation.counters.interrupts_taken == 2


def test_local_source_that_finds_no_room_is_served_once_there_is_some() -> None:
    simulation = Simulation(2, profile=INTEL_P6)
    counters = Register.LVT_PERFORMANCE

    finish(simulation, HELD, signal(1, DeliveryMode.FIXED, 0x51))
    held = finish(simulation, WriteRegister(1, counters, 0x51), FireLocalSource(1, counters))
    log = finish(simulation, LET_GO)

    assert len(happened(held, Retried)) == 1
    assert handled(log) == [(1, 0x51), (1, 0x51)]
