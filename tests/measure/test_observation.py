"""What cycles go to, and when handlers begin."""

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.guest import CallGuest
from app.costs.sheet import load_cost_sheet
from app.engine.events import HandlerEntered
from app.engine.processor import sending_functions
from app.engine.simulation import Simulation
from app.guest.steps import Delay
from app.measure.measuring import DEFAULT_SHEET, kernel_for
from app.measure.observation import Observation
from app.measure.scenarios import SCENARIOS

under_every_back_end = pytest.mark.parametrize("backend", BACKENDS)
SHEET = load_cost_sheet(DEFAULT_SHEET)


def simulation(backend: str, cpus: int = 4) -> Simulation:
    return Simulation(cpus, backend, SHEET, generation=kernel_for(backend, SHEET))


@under_every_back_end
def test_shares_add_up_to_what_the_simulation_counts(backend: str) -> None:
    machine = simulation(backend)
    seen = Observation(machine)

    for stimuli in SCENARIOS["call-function"].rounds:
        for stimulus in stimuli:
            machine.apply(stimulus)
    machine.run(until_idle=True)

    assert seen.shares().total == machine.counters.cycles > 0
    assert seen.shares().sends > 0


def test_waiting_by_the_clock_is_no_work() -> None:
    machine = simulation("native-xapic", cpus=2)
    seen = Observation(machine)

    machine.apply(CallGuest(0, "do_boot_cpu", target=1))
    machine.run(until_idle=True)

    waited = [done for done in seen.steps if isinstance(done.step, Delay)]
    assert [(done.step, done.work.cycles) for done in waited] == [(done.step, 0) for done in waited] != []
    assert seen.shares().total == machine.counters.cycles < machine.time


@under_every_back_end
def test_each_handler_is_seen_to_begin_once(backend: str) -> None:
    machine = simulation(backend)
    seen = Observation(machine)

    machine.apply(CallGuest(0, "smp_call_function"))
    machine.run(until_idle=True)

    entered = [(event.cpu, event.vector) for _, event in machine.take_log() if isinstance(event, HandlerEntered)]
    assert [(begun.cpu, begun.vector) for begun in seen.handlers] == entered
    assert len(entered) == 3


def test_watching_changes_nothing() -> None:
    watched, alone = simulation("hyperv"), simulation("hyperv")
    Observation(watched)

    for machine in (watched, alone):
        machine.apply(CallGuest(1, "flush_tlb_others"))
        machine.run(until_idle=True)

    assert (watched.time, watched.counters, watched.take_log()) == (alone.time, alone.counters, alone.take_log())


def test_everything_below_a_send_is_sending() -> None:
    names = sending_functions(simulation("kvm-pv").execution.backend)

    assert {"kvm_send_ipi_mask", "x2apic_send_ipi", "native_x2apic_icr_write", "apic_icr_write"} <= names
    assert "native_send_call_func_ipi" not in names
