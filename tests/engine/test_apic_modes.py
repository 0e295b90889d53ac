"""A guest whose APIC is no longer where it has mapped it, and hypervisor calls, which need no page."""

import pytest

from app.commands.guest import CallGuest
from app.commands.registers import Wrmsr
from app.engine.events import CallStarted
from app.engine.simulation import Simulation
from app.hw.events import Fault, MessageSent, RegisterFaulted
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, ApicMode, Msr
from app.x86.registers import Register
from tests.engine.runs import (
    Log,
    finish,
    finished_calls,
    handled,
    happened,
    reschedule,
    run_to,
    signal,
    steps_of,
    under_every_backend,
)

XAPIC, OFF, MOVED_TO = RESET_BASE | APIC_ENABLE, RESET_BASE, 0xFED0_0000 | APIC_ENABLE
MOVED, IN_X2APIC_MODE, SWITCHED_OFF = (
    Wrmsr(1, Msr.IA32_APIC_BASE, value) for value in (MOVED_TO, XAPIC | X2APIC_ENABLE, OFF)
)
DEVICE = signal(1, DeliveryMode.FIXED, 0x51)

through_the_page = pytest.mark.parametrize("backend", ["native-xapic", "trap-emulate"])
page_is_dead = pytest.mark.parametrize("change", [MOVED, IN_X2APIC_MODE], ids=["moved", "x2APIC mode"])


def faults(log: Log) -> set[RegisterFaulted]:
    return set(happened(log, RegisterFaulted))


def not_decoded(register: Register) -> RegisterFaulted:
    return RegisterFaulted(1, register, Fault.NOT_DECODED, general_protection=False)


@through_the_page
@page_is_dead
def test_store_to_a_dead_page_is_ignored(backend: str, change: Wrmsr) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, change, DEVICE)

    assert handled(log) == [(1, 0x51)]
    assert faults(log) == {not_decoded(Register.EOI)}
    assert list(simulation.machine.cpus[1].apic.isr) == [0x51]


@through_the_page
@pytest.mark.parametrize("change", [MOVED, IN_X2APIC_MODE, SWITCHED_OFF], ids=["moved", "x2APIC mode", "off"])
def test_load_from_a_dead_page_is_all_ones_so_that_a_sender_polls_for_ever(backend: str, change: Wrmsr) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(change)
    simulation.apply(reschedule(1, 0))

    simulation.run(until=200_000)
    log = simulation.take_log()

    assert faults(log) == {not_decoded(Register.ICR_LOW)}
    assert happened(log, MessageSent) == []
    assert finished_calls(log) == []
    assert not simulation.idle


@through_the_page
def test_polling_sender_goes_on_when_the_page_is_back(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(MOVED)
    simulation.apply(reschedule(1, 0))
    simulation.run(until=200_000)

    log = finish(simulation, Wrmsr(1, Msr.IA32_APIC_BASE, XAPIC))

    assert finished_calls(log) == [(1, "smp_send_reschedule")]
    assert handled(log) == [(0, 0xFC)]


@through_the_page
def test_page_of_another_cpu_is_as_it_was(backend: str) -> None:
    simulation = Simulation(3, backend)

    log = finish(simulation, MOVED, reschedule(0, 2))

    assert handled(log) == [(2, 0xFC)]
    assert faults(log) == set()


@page_is_dead
def test_hypervisor_call_ends_an_interrupt_wherever_the_page_is(change: Wrmsr) -> None:
    simulation = Simulation(2, "vmi")

    log = finish(simulation, change, DEVICE)

    assert faults(log) == set()
    assert list(simulation.machine.cpus[1].apic.isr) == []


def test_hypervisor_calls_send_and_end_after_a_move() -> None:
    simulation = Simulation(3, "vmi")

    log = finish(simulation, MOVED, CallGuest(1, "smp_call_function"))

    assert sorted(handled(log)) == [(0, 0xFB), (2, 0xFB)]
    assert finished_calls(log) == [(1, "smp_call_function")]


# Switched off


def calling(backend: str) -> Simulation:
    """CPU 1 has just begun to call the others."""
    simulation = Simulation(3, backend)
    simulation.apply(CallGuest(1, "smp_call_function"))
    run_to(simulation, CallStarted, 1)
    return simulation


@under_every_backend
@pytest.mark.parametrize("cpu", [1, 2], ids=["of the caller", "of a called CPU"])
def test_apic_may_be_switched_off_at_any_step_of_a_call(backend: str, cpu: int) -> None:
    probe = calling(backend)
    moments = {time + offset for time, _ in steps_of(probe, cpu, 100_000) for offset in (-1, 0, 1)}
    assert len(moments) > 10

    for moment in moments:
        simulation = calling(backend)
        simulation.run(until=moment)
        simulation.apply(Wrmsr(cpu, Msr.IA32_APIC_BASE, OFF))
        simulation.run(operations=500)
        simulation.check()
        apic = simulation.machine.cpus[cpu].apic
        assert (apic.mode, apic.irr.bits) == (ApicMode.DISABLED, 0), f"switched off at {moment}"


@under_every_backend
def test_cpu_without_its_apic_gets_no_message_and_no_one_waits_for_it(backend: str) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, SWITCHED_OFF, DEVICE, reschedule(0, 1))

    assert handled(log) == []
    assert finished_calls(log) == [(0, "smp_send_reschedule")]


def test_absence_of_the_page_is_said_once_and_not_at_every_poll() -> None:
    simulation = Simulation(2)
    simulation.apply(Wrmsr(1, Msr.IA32_APIC_BASE, RESET_BASE))

    simulation.apply(CallGuest(1, "smp_send_reschedule", target=0))
    simulation.run(operations=200)

    said = [event for _, event in simulation.take_log() if isinstance(event, RegisterFaulted)]
    assert said == [not_decoded(Register.ICR_LOW)]
