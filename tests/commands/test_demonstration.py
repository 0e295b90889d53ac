"""The slow activity that a first visitor finds."""

from collections import Counter

import pytest

from app.commands.command import Stimulus
from app.commands.demonstration import Demonstration
from app.commands.lines import FireLocalSource, RaiseLegacyLine, RaiseLint
from app.commands.machine import Demonstrate, SetInterruptFlag
from app.commands.registers import Rdmsr, ReadRegister, WriteCr8, WriteRegister, Wrmsr
from app.engine.events import CallStarted
from app.engine.simulation import Simulation
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from tests.engine.runs import finish, handled, happened, ipi, reschedule, under_every_backend


def demonstrate(simulation: Simulation, cycles: int) -> list[CallStarted]:
    simulation.apply(Demonstrate(True))
    return demonstrated(simulation, cycles)


def demonstrated(simulation: Simulation, cycles: int) -> list[CallStarted]:
    simulation.run(until=simulation.time + cycles)
    simulation.check()
    return happened(simulation.take_log(), CallStarted)


@under_every_backend
def test_goes_round_and_round_through_every_kind_of_interrupt(backend: str) -> None:
    simulation = Simulation(4, backend)
    simulation.apply(Demonstrate(True))

    simulation.run(until=300_000)
    seen = Counter(vector for _, vector in handled(simulation.take_log()))

    device = simulation.machine.io_apic.entries[18] & 0xFF
    assert set(seen) == {0xFB, 0xFC, 0xFD, device}
    assert min(seen.values()) >= 3


@pytest.mark.parametrize("cpus", [1, 2, 3, 9])
def test_runs_on_any_number_of_cpus(cpus: int) -> None:
    started = demonstrate(Simulation(cpus), 100_000)

    assert len(started) > 5


def test_first_stimulus_comes_after_one_gap() -> None:
    simulation = Simulation(4)

    simulation.apply(Demonstrate(True))

    assert simulation.next_time() == Demonstration.gap
    simulation.run(until=Demonstration.gap - 1)
    assert simulation.take_log() == []


@under_every_backend
def test_calls_do_not_pile_up_behind_a_caller_that_waits(backend: str) -> None:
    simulation = Simulation(4, backend)
    finish(simulation, SetInterruptFlag(3, False))

    demonstrate(simulation, 300_000)

    assert [len(processor.calls) for processor in simulation.processors] == [0] * 4


@under_every_backend
def test_calls_do_not_pile_up_on_a_cpu_that_waits_for_its_start_up(backend: str) -> None:
    simulation = Simulation(4, backend)
    finish(simulation, ipi(0, 2, 0, DeliveryMode.INIT))

    demonstrate(simulation, 300_000)

    assert [len(processor.calls) for processor in simulation.processors] == [0] * 4


@pytest.mark.parametrize(
    "command",
    [
        reschedule(0, 1),
        WriteRegister(1, Register.TPR, 0),
        Wrmsr(1, Msr.IA32_TSC_DEADLINE, 0),
        WriteCr8(1, 0),
        RaiseLint(1, 0),
        FireLocalSource(1, Register.LVT_THERMAL),
        RaiseLegacyLine(1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_any_command_of_a_person_ends_it(command: Stimulus) -> None:
    simulation = Simulation(4)
    demonstrate(simulation, 10_000)

    finish(simulation, command)

    assert simulation.demonstration is None
    assert simulation.run(until=simulation.time + 100_000) == 0


@pytest.mark.parametrize("look", [Rdmsr(1, Msr.IA32_APIC_BASE), ReadRegister(1, Register.SVR)], ids=["MSR", "page"])
def test_whoever_only_looks_does_not_end_it(look: Stimulus) -> None:
    simulation = Simulation(4)
    demonstrate(simulation, 10_000)

    simulation.apply(look)

    assert demonstrated(simulation, 100_000)


def test_stops_when_asked() -> None:
    simulation = Simulation(4)
    demonstrate(simulation, 10_000)

    finish(simulation, Demonstrate(False))

    assert simulation.run(until=simulation.time + 100_000) == 0


def test_is_not_journalled_stimulus_by_stimulus() -> None:
    simulation = Simulation(4)

    demonstrate(simulation, 100_000)

    assert [entry.command for entry in simulation.journal] == [Demonstrate(True)]
