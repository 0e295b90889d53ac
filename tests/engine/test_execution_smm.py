"""System-management interrupts: whatever they interrupt goes on afterwards, and nothing comes in meanwhile."""

import pytest

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.machine import SetInterruptFlag
from app.costs.sheet import load_cost_sheet
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.hw.cpu import RunState
from app.hw.events import InitPerformed, Merged, Reason, Refused, SmiTaken, SmmLeft, Started
from app.x86.icr import DeliveryMode
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
    under_every_backend,
)

SMI = signal(1, DeliveryMode.SMI)
NMI = signal(1, DeliveryMode.NMI)
INIT = signal(1, DeliveryMode.INIT)
START = ipi(0, 1, 0x9A, DeliveryMode.STARTUP)


def in_smm(backend: str) -> Simulation:
    """CPU 1, which was halted, is in its SMI handler."""
    simulation = Simulation(2, backend)
    simulation.apply(SMI)
    run_to(simulation, SmiTaken, 1)
    return simulation


# Where it returns to


@under_every_backend
def test_halted_cpu_halts_again(backend: str) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, SMI)

    cpu = simulation.machine.cpus[1]
    assert happened(log, SmiTaken) == [SmiTaken(1)]
    assert happened(log, SmmLeft) == [SmmLeft(1)]
    assert (cpu.run_state, cpu.interrupt_flag, cpu.in_smm) == (RunState.HALTED, True, False)
    assert simulation.processors[1].frames == []
    assert handled(finish(simulation, reschedule(0, 1))) == [(1, 0xFC)]


@under_every_backend
@pytest.mark.parametrize("running", [0x51, 0xEF])
def test_interrupted_handler_goes_on(backend: str, running: int) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(signal(1, DeliveryMode.FIXED, running))
    run_to(simulation, HandlerEntered, 1)

    log = finish(simulation, SMI)

    assert order(log, 1) == ["+smi", "-smi", f"-{running:x}"]
    assert list(simulation.machine.cpus[1].apic.isr) == []


@under_every_backend
def test_interrupts_are_as_they_were_before(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(signal(1, DeliveryMode.FIXED, 0xEF))
    run_to(simulation, HandlerEntered, 1)
    simulation.apply(SMI)

    run_to(simulation, SmmLeft, 1)

    assert not simulation.machine.cpus[1].interrupt_flag  # the timer's handler keeps them off
    finish(simulation)
    assert simulation.machine.cpus[1].interrupt_flag


@under_every_backend
def test_spinning_caller_spins_on(backend: str) -> None:
    simulation = Simulation(3, backend)
    finish(simulation, SetInterruptFlag(2, False), CallGuest(1, "flush_tlb_others"))

    log = finish(simulation, SMI)
    spinning = simulation.processors[1].spinning
    ends = finish(simulation, SetInterruptFlag(2, True))

    assert order(log, 1) == ["+smi", "-smi"]
    assert spinning is not None
    assert (1, "flush_tlb_others") in finished_calls(ends)


@under_every_backend
def test_caller_whose_wait_is_over_meanwhile_goes_on_after_it(backend: str) -> None:
    simulation = Simulation(3, backend)
    finish(simulation, SetInterruptFlag(2, False), CallGuest(1, "flush_tlb_others"))
    simulation.apply(SMI)
    run_to(simulation, SmiTaken, 1)

    log = finish(simulation, SetInterruptFlag(2, True))

    kinds = [type(event).__name__ for _, event in log if getattr(event, "cpu", None) == 1]
    assert kinds.index("SmmLeft") < kinds.index("CallFinished")


@under_every_backend
def test_a_call_that_was_asked_for_meanwhile_is_done_afterwards(backend: str) -> None:
    simulation = in_smm(backend)

    log = finish(simulation, reschedule(1, 0))

    assert order(log, 1) == ["-smi"]
    assert finished_calls(log) == [(1, "smp_send_reschedule")]
    assert handled(log) == [(0, 0xFC)]


# What waits for its end


@under_every_backend
def test_smi_goes_before_an_nmi_and_an_nmi_before_an_interrupt(backend: str) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, signal(1, DeliveryMode.FIXED, 0x41), NMI, SMI)

    assert order(log, 1) == ["+smi", "-smi", "-nmi", "+41", "-41"]


@under_every_backend
@pytest.mark.parametrize(
    ("stimulus", "expected"),
    [
        (signal(1, DeliveryMode.FIXED, 0x41), ["-smi", "+41", "-41"]),
        (NMI, ["-smi", "-nmi"]),
        (SMI, ["-smi", "+smi", "-smi"]),
        (signal(1, DeliveryMode.EXTINT), ["-smi", "+27", "-27"]),
    ],
    ids=["interrupt", "NMI", "SMI", "ExtINT"],
)
def test_nothing_comes_in_before_its_end(backend: str, stimulus: Stimulus, expected: list[str]) -> None:
    simulation = in_smm(backend)

    assert order(finish(simulation, stimulus), 1) == expected


@under_every_backend
def test_one_smi_is_latched_and_further_ones_are_one_with_it(backend: str) -> None:
    simulation = in_smm(backend)

    log = finish(simulation, SMI, SMI, SMI)

    assert len(happened(log, Merged)) == 2
    assert happened(log, SmiTaken) == [SmiTaken(1)]


@under_every_backend
def test_init_waits_for_its_end_and_then_resets(backend: str) -> None:
    simulation = in_smm(backend)

    log = finish(simulation, INIT)

    kinds = [type(event).__name__ for _, event in log]
    assert happened(log, InitPerformed) == [InitPerformed(1, waits_for_sipi=True)]
    assert kinds.index("SmmLeft") < kinds.index("InitPerformed")
    cpu = simulation.machine.cpus[1]
    assert (cpu.run_state, cpu.in_smm, cpu.init_pending) == (RunState.WAIT_FOR_SIPI, False, False)


@under_every_backend
def test_start_up_behind_an_init_that_waits_for_its_end_is_lost(backend: str) -> None:
    """A start-up IPI is not latched: whoever sends it to a CPU in system-management mode has to send it again."""
    simulation = in_smm(backend)

    lost = finish(simulation, INIT, START)
    again = finish(simulation, START)

    assert [event.reason for event in happened(lost, Refused)] == [Reason.IN_SMM]
    assert happened(lost, Started) == []
    assert happened(again, Started) == [Started(1, 0x9_A000)]
    assert handled(finish(simulation, reschedule(0, 1))) == [(1, 0xFC)]


@under_every_backend
def test_init_throws_an_interrupted_handler_away_after_it(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(signal(1, DeliveryMode.FIXED, 0x51))
    run_to(simulation, HandlerEntered, 1)
    simulation.apply(SMI)
    run_to(simulation, SmiTaken, 1)

    log = finish(simulation, INIT)

    assert order(log, 1) == ["-smi"]
    assert simulation.processors[1].frames == []


# Held off


@under_every_backend
def test_cpu_that_is_held_in_it_stays_shut_afterwards_and_opens_when_let_go(backend: str) -> None:
    simulation = in_smm(backend)

    held = finish(simulation, SetInterruptFlag(1, False), signal(1, DeliveryMode.FIXED, 0x41))
    let_go = finish(simulation, SetInterruptFlag(1, True))

    assert order(held, 1) == ["-smi"]
    assert order(let_go, 1) == ["+41", "-41"]


@under_every_backend
def test_cpu_that_is_let_go_in_it_is_open_afterwards(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False))
    simulation.apply(SMI)
    run_to(simulation, SmiTaken, 1)

    finish(simulation, SetInterruptFlag(1, True))

    assert simulation.machine.cpus[1].interrupt_flag


# What it costs


def test_smi_costs_its_entry_its_handler_and_its_return() -> None:
    simulation = Simulation(2)
    cycles = load_cost_sheet("2007").cycles

    finish(simulation, SMI)

    assert simulation.counters.cycles == cycles["smm_entry"] + cycles["handler_smi"] + cycles["smm_return"]


@under_every_backend
def test_smi_touches_no_register(backend: str) -> None:
    simulation = Simulation(2, backend)

    finish(simulation, SMI)

    assert (simulation.counters.accesses, simulation.counters.eois) == (0, 0)
