"""What one interrupt costs does not depend on how many other CPUs there are: it goes through as many lines of code."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import app
from app.commands.command import Stimulus
from app.commands.registers import WriteRegister
from app.engine.simulation import Simulation
from app.x86.registers import Register
from tests.engine.runs import reschedule, under_every_pair

pytestmark = pytest.mark.slow

_SOURCES = str(Path(app.__file__).parent)
#: Above the eight CPUs up to which a kernel has a way of its own to send.
FEW, MANY = 9, 255
#: Hyper-V names the targets up to VP 63 in the one hypercall and those beyond in the other, with interrupts masked
#: (hv_apic.c): among the few there must then be one beyond.
FEW_BEYOND_64 = 66
FAR = 1 << 30


def lines_of(work: Callable[[], object]) -> int:
    """How many lines of the program *work* goes through."""
    count = 0

    def line(frame: FrameType, what: str, _: Any) -> Any:
        nonlocal count
        count += what == "line"
        return line

    def called(frame: FrameType, what: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(_SOURCES) else None

    before = sys.gettrace()
    sys.settrace(called)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def lines_of_command(simulation: Simulation, command: Stimulus) -> int:
    def work() -> None:
        simulation.apply(command)
        simulation.run(until_idle=True)

    for _ in range(2):  # addresses are known then, and prices
        work()
    return lines_of(work)


@pytest.mark.parametrize(
    "to_the_last", [pytest.param(False, id="to-1"), pytest.param(True, id="to-the-last", marks=pytest.mark.slow)]
)
@under_every_pair
def test_an_ipi_to_one_cpu_costs_the_same_among_few_and_many(generation: str, backend: str, to_the_last: bool) -> None:
    few, many = (
        lines_of_command(
            Simulation(cpus, backend, generation=generation, fast_paths=False),
            reschedule(0, cpus - 1 if to_the_last else 1),
        )
        for cpus in (FEW_BEYOND_64 if to_the_last and backend == "hyperv" else FEW, MANY)
    )

    assert few == many > 100


def with_every_timer_armed(cpus: int) -> Simulation:
    simulation = Simulation(cpus)
    for cpu in range(cpus):
        simulation.apply(WriteRegister(cpu, Register.LVT_TIMER, 0xEF))
        simulation.apply(WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, FAR + cpu))
    simulation.run(until=1_000_000)
    return simulation


def test_a_write_to_a_timer_costs_the_same_among_few_and_many() -> None:
    few, many = (
        lines_of_command(with_every_timer_armed(cpus), WriteRegister(3, Register.TIMER_INITIAL_COUNT, 2 * FAR))
        for cpus in (FEW, MANY)
    )

    assert few == many


def test_an_expiry_of_a_timer_costs_the_same_among_few_and_many() -> None:
    costs = []
    for cpus in (FEW, MANY):
        simulation = with_every_timer_armed(cpus)
        for _ in range(2):
            simulation.apply(WriteRegister(3, Register.TIMER_INITIAL_COUNT, 1000))
            simulation.run(until_idle=True)
            costs.append(lines_of(partial(simulation.run, until=simulation.time + 100_000)))

    assert costs[:2] == costs[2:]


def test_deadlines_that_were_overwritten_are_not_kept_for_ever() -> None:
    simulation = Simulation(2)
    simulation.apply(WriteRegister(0, Register.LVT_TIMER, 0xEF))
    for count in range(1000):
        simulation.apply(WriteRegister(0, Register.TIMER_INITIAL_COUNT, FAR - count))

    assert len(simulation.machine._timers._deadlines) < 10
