"""Guest code that runs by itself, without a simulation around it."""

import pytest

from app.backends.catalogue import backend
from app.costs.sheet import NoFigure, load_cost_sheet
from app.engine.costing import AccessCost, walk
from app.guest import steps
from app.guest.apic_ops import KernelState
from app.guest.steps import EmulatedRead, EmulatedWrite, Load, Step, Store
from app.hw.machine import Machine
from app.x86.registers import Register
from tests.guest.helpers import ContextOnCpu

SHEET = load_cost_sheet("sapphire-rapids")


def context(name: str, generation: str = "linux-6") -> ContextOnCpu:
    reached = backend(name, generation)
    return ContextOnCpu(Machine(4, reached.apic_mode).cpus[0], KernelState(4, reached.generation), reached.operations)


def test_every_step_is_seen_and_answers_what_is_read() -> None:
    here = context("native-xapic")
    seen: list[type[Step]] = []

    def busy_once(step: Step) -> int:
        seen.append(type(step))
        return 1 << 12 if seen.count(Load) == 1 and isinstance(step, Load) else 0

    done = walk(backend("native-xapic", "linux-6"), here.operations.send_ipi_self(here, 0x41), here.cpu, busy_once)

    assert seen == [Load, Load, Store]  # it polls until the last send has arrived
    assert done.accesses == 3
    assert done.cost(SHEET) == AccessCost(3, 0, 0, 2 * SHEET.price("mmio_read") + SHEET.price("mmio_write"))


def test_the_hypervisor_s_steps_are_among_them() -> None:
    here = context("trap-emulate")

    done = walk(backend("trap-emulate", "linux-6"), here.operations.send_ipi_self(here, 0x41), here.cpu)

    assert [type(step) for step in done.steps].count(EmulatedRead) == 1
    assert [type(step) for step in done.steps].count(EmulatedWrite) == 1
    assert done.cost(SHEET)[:3] == (2, 2, 0)


def test_a_shared_word_is_tested_and_cleared() -> None:
    here = context("kvm-pv")
    word = here.kernel.eoi_words[0]
    word.value = 1
    reached = backend("kvm-pv", "linux-6")

    first = walk(reached, here.operations.eoi(here), here.cpu)
    second = walk(reached, here.operations.eoi(here), here.cpu)

    assert first.steps == [steps.TestAndClear(word)]
    assert (first.accesses, second.accesses) == (0, 1)


def test_the_interrupt_flag_is_followed() -> None:
    here = context("native-xapic")
    here.cpu.interrupt_flag = True

    walk(backend("native-xapic", "linux-6"), here.operations.send_ipi(here, 1, 0x41), here.cpu)

    assert here.cpu.interrupt_flag


def test_the_apic_is_left_alone() -> None:
    here = context("native-xapic")
    before = here.cpu.apic.icr

    walk(backend("native-xapic", "linux-6"), here.operations.send_ipi(here, 1, 0x41), here.cpu)

    assert here.cpu.apic.icr == before


def test_a_price_that_the_sheet_lacks_is_an_error_with_the_reason() -> None:
    here = context("native-x2apic")
    done = walk(backend("native-x2apic", "linux-6"), here.operations.apic_read(Register.TPR), here.cpu)

    with pytest.raises(NoFigure, match="no x2APIC mode before Nehalem"):
        done.cost(load_cost_sheet("2007"))
