"""A guest over event channels: one upcall handles what is pending, masked ports wait, level pins are ended by call."""

import pytest

from app.commands.lines import ConfigurePin, LowerPin, RaisePin
from app.commands.machine import SetInterruptFlag
from app.engine.events import GuestExited, HandlerReturned
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.event_channels import EventChannels
from app.hw.events import EventTaken
from app.x86.icr import DeliveryMode
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.units import Vector
from tests.engine.runs import Log, finish, handled, happened, run_to, signal

PIN, VECTOR = 5, 0x51
HOLD, LET_GO = SetInterruptFlag(1, False), SetInterruptFlag(1, True)
every_generation = pytest.mark.parametrize("generation", GENERATIONS)


def paravirtual(generation: str) -> Simulation:
    return Simulation(2, "xen-evtchn", generation=generation)


def channels_of(simulation: Simulation, cpu: int) -> EventChannels:
    channels = simulation.machine.cpus[cpu].event_channels
    assert channels is not None
    return channels


def exits(log: Log, reason: str) -> int:
    return sum(event.reason == reason for event in happened(log, GuestExited))


@every_generation
def test_several_pending_ports_are_handled_in_one_upcall_lowest_first(generation: str) -> None:
    simulation = paravirtual(generation)
    devices = [signal(1, DeliveryMode.FIXED, vector) for vector in (0x61, 0x41, 0x51)]
    finish(simulation, HOLD, *devices)

    log = finish(simulation, LET_GO)

    assert happened(log, EventTaken) == [EventTaken(1, Vector(port)) for port in (0x41, 0x51, 0x61)]
    assert handled(log) == [(1, 0x41), (1, 0x51), (1, 0x61)]
    assert [event.cpu for event in happened(log, HandlerReturned)] == [1]
    assert not channels_of(simulation, 1).upcall_pending


@every_generation
def test_masked_port_waits_until_it_is_unmasked(generation: str) -> None:
    simulation = paravirtual(generation)
    channels = channels_of(simulation, 1)
    channels.masked.set(0x41)

    masked = finish(simulation, signal(1, DeliveryMode.FIXED, 0x41))
    other = finish(simulation, signal(1, DeliveryMode.FIXED, 0x61))
    assert list(channels.pending) == [0x41]
    channels.masked.clear(0x41)
    unmasked = finish(simulation, HOLD, LET_GO)

    assert (handled(masked), handled(other), handled(unmasked)) == ([], [(1, 0x61)], [(1, 0x41)])


@every_generation
def test_edge_event_needs_no_end(generation: str) -> None:
    log = finish(paravirtual(generation), signal(1, DeliveryMode.FIXED, 0x41))

    assert exits(log, "PHYSDEVOP_eoi") == 0


@every_generation
def test_level_pin_may_send_again_after_the_hypercall(generation: str) -> None:
    simulation = paravirtual(generation)
    simulation.apply(ConfigurePin(PIN, 1 << 56 | LEVEL | VECTOR))
    simulation.apply(RaisePin(PIN))
    run_to(simulation, EventTaken, 1)
    assert simulation.machine.io_apic.entries[PIN] & REMOTE_IRR

    run_to(simulation, EventTaken, 1)  # the line is still up
    log = finish(simulation, LowerPin(PIN))

    assert exits(log, "PHYSDEVOP_eoi") >= 1
    assert not simulation.machine.io_apic.entries[PIN] & REMOTE_IRR
    again = finish(simulation, RaisePin(PIN), LowerPin(PIN))
    assert (handled(again), exits(again, "PHYSDEVOP_eoi")) == ([(1, VECTOR)], 1)
