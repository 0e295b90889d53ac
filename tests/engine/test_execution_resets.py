"""INIT and start-up: what a reset throws away, and how a CPU comes back."""

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetInterruptFlag
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.hw.cpu import RunState
from app.hw.events import InitPerformed, Started
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.engine.runs import (
    finish,
    finished_calls,
    handled,
    happened,
    ipi,
    order,
    reschedule,
    run_to,
    signal,
    steps_of,
    under_every_backend,
)


def in_a_handler(backend: str) -> Simulation:
    """CPU 1 has just entered a device's handler."""
    simulation = Simulation(2, backend)
    simulation.apply(SendMsi(0xFEE0_1000, 0x51))
    run_to(simulation, HandlerEntered, 1)
    return simulation


def reboot(simulation: Simulation, cpu: int) -> None:
    finish(simulation, ipi(0, cpu, 0, DeliveryMode.INIT))
    finish(simulation, ipi(0, cpu, 0x9A, DeliveryMode.STARTUP))


@under_every_backend
def test_init_throws_away_the_running_handler_and_the_cpu_waits(backend: str) -> None:
    simulation = in_a_handler(backend)

    log = finish(simulation, signal(1, DeliveryMode.INIT))

    assert happened(log, InitPerformed) == [InitPerformed(1, waits_for_sipi=True)]
    assert order(log, 1) == []
    assert simulation.processors[1].frames == []
    assert simulation.machine.cpus[1].run_state is RunState.WAIT_FOR_SIPI


@under_every_backend
def test_started_cpu_sets_its_apic_up_again_and_receives(backend: str) -> None:
    simulation = in_a_handler(backend)

    reboot(simulation, 1)
    log = finish(simulation, reschedule(0, 1))

    fresh = Simulation(2).machine
    registers = (Register.SVR, Register.LDR, Register.DFR, Register.LVT_ERROR, Register.LVT_LINT1, Register.ESR)
    assert [simulation.machine.read_register(1, register) for register in registers] == [
        fresh.read_register(1, register) for register in registers
    ]
    assert handled(log) == [(1, 0xFC)]


@under_every_backend
def test_bootstrap_processor_restarts_by_itself(backend: str) -> None:
    simulation = Simulation(2, backend)

    finish(simulation, ipi(1, 0, 0, DeliveryMode.INIT))
    log = finish(simulation, reschedule(1, 0))

    assert handled(log) == [(0, 0xFC)]


@under_every_backend
def test_waiting_cpu_answers_only_to_a_start_up(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, ipi(0, 1, 0, DeliveryMode.INIT))

    quiet = finish(simulation, reschedule(0, 1), ipi(0, 1, 0, DeliveryMode.NMI), reschedule(1, 0))
    started = finish(simulation, ipi(0, 1, 0x9A, DeliveryMode.STARTUP))

    assert handled(quiet) == []
    assert happened(started, Started) == [Started(1, 0x9_A000)]
    assert handled(started) == [(0, 0xFC)]  # the call that waited on CPU 1


@under_every_backend
def test_init_of_a_waiting_caller_ends_its_wait(backend: str) -> None:
    simulation = Simulation(3, backend)
    finish(simulation, SetInterruptFlag(2, False), CallGuest(1, "smp_call_function"))
    reboot(simulation, 1)

    log = finish(simulation, SetInterruptFlag(2, True))

    assert (1, "smp_call_function") not in finished_calls(log)
    assert handled(log) == [(2, 0xFB)]


@under_every_backend
def test_letting_go_of_a_cpu_that_waits_for_its_start_up_leaves_its_interrupts_off(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, ipi(0, 1, 0, DeliveryMode.INIT))

    finish(simulation, SetInterruptFlag(1, False), SetInterruptFlag(1, True))

    assert not simulation.machine.cpus[1].interrupt_flag
    finish(simulation, ipi(0, 1, 0x9A, DeliveryMode.STARTUP))
    assert handled(finish(simulation, reschedule(0, 1))) == [(1, 0xFC)]


def starting(backend: str) -> Simulation:
    """CPU 1 waits, and its start-up IPI has been asked for."""
    simulation = Simulation(2, backend)
    finish(simulation, ipi(0, 1, 0, DeliveryMode.INIT))
    simulation.apply(ipi(0, 1, 0x9A, DeliveryMode.STARTUP))
    return simulation


@pytest.mark.slow
@under_every_backend
def test_init_is_taken_whenever_it_comes_during_a_start_up(backend: str) -> None:
    """The moments go through every step of the started CPU, up to its STI and beyond."""
    probe = starting(backend)
    run_to(probe, Started, 1)
    moments = {time + offset for time, _ in steps_of(probe, 1, probe.time + 100_000) for offset in (-1, 0, 1)}
    assert len(moments) > 20

    for moment in moments:
        simulation = starting(backend)
        simulation.run(until=moment - simulation.sheet.cycles["message_flight"])
        finish(simulation, signal(1, DeliveryMode.INIT))
        cpu = simulation.machine.cpus[1]
        assert (cpu.run_state, cpu.init_pending) == (RunState.WAIT_FOR_SIPI, False), f"INIT at {moment}"


def test_reset_of_a_cpu_that_waits_for_a_word_leaves_nothing_behind() -> None:
    simulation = Simulation(2)
    simulation.apply(SetInterruptFlag(1, False))
    for _ in range(3):
        simulation.apply(CallGuest(0, "smp_call_function"))
        simulation.run(operations=200)
        assert simulation.processors[0].spinning
        finish(simulation, signal(0, DeliveryMode.INIT))

    assert simulation.execution.effects.waiting == {}
