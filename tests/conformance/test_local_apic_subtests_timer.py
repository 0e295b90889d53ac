"""A12-A14: kvm-unit-tests, x86/apic.c: the one-shot timer, changes of its mode, and the TSC deadline."""

import pytest

from app.hw.cpuid import cpuid
from app.hw.machine import Machine
from app.hw.timer import CYCLES_PER_TIMER_CLOCK
from app.x86.lvt import TimerMode
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from tests.conformance.software import booted, pass_time, rdmsr, read, run_handlers, write

VECTOR = 0xEE
DIVIDE_BY_1 = 0x0B
COUNT = 0x99_9999
ONE_SHOT, PERIODIC, TSC_DEADLINE = TimerMode.ONE_SHOT, TimerMode.PERIODIC, TimerMode.TSC_DEADLINE


def counting_from(count: int, mode: TimerMode = ONE_SHOT) -> Machine:
    machine = booted()
    write(machine, 0, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    write_mode(machine, mode)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, count)
    return machine


def write_mode(machine: Machine, mode: TimerMode) -> None:
    write(machine, 0, Register.LVT_TIMER, mode << 17 | VECTOR)


def count_down(machine: Machine, counts: int) -> None:
    pass_time(machine, counts * CYCLES_PER_TIMER_CLOCK)


def current(machine: Machine) -> int:
    return read(machine, 0, Register.TIMER_CURRENT_COUNT)


def test_a12_timer_one_shot_fires_once_and_not_before_its_count() -> None:
    machine = counting_from(0x1_0000)
    began = machine.clock.now

    fired = machine.next_timer_deadline()
    assert fired is not None
    assert fired - began >= 0x1_0000
    pass_time(machine, fired - began - 1)
    assert run_handlers(machine, 0) == []
    pass_time(machine, 1)
    assert run_handlers(machine, 0) == [VECTOR]
    count_down(machine, 10 * 0x1_0000)
    assert run_handlers(machine, 0) == []


@pytest.mark.parametrize("mode", [ONE_SHOT, PERIODIC])
def test_a13_apic_change_mode_bits_read_back(mode: TimerMode) -> None:
    machine = counting_from(COUNT, mode)

    assert read(machine, 0, Register.LVT_TIMER) == mode << 17 | VECTOR


def test_a13_apic_change_mode_keeps_the_initial_count() -> None:
    machine = counting_from(COUNT)

    write_mode(machine, PERIODIC)

    assert read(machine, 0, Register.TIMER_INITIAL_COUNT) == COUNT


def test_a13_apic_change_mode_from_zero_to_periodic_leaves_zero() -> None:
    machine = counting_from(COUNT)
    count_down(machine, COUNT // 2)
    assert 0 < current(machine) <= COUNT // 2 + 1
    count_down(machine, COUNT)
    assert current(machine) == 0

    write_mode(machine, PERIODIC)

    assert current(machine) == 0
    count_down(machine, COUNT // 2)
    assert current(machine) == 0


def test_a13_apic_change_mode_from_periodic_keeps_the_position_and_stops_at_zero() -> None:
    machine = counting_from(COUNT, PERIODIC)
    count_down(machine, COUNT + COUNT // 2)
    position = current(machine)

    write_mode(machine, ONE_SHOT)

    assert current(machine) == position == COUNT - COUNT // 2
    count_down(machine, position)
    assert current(machine) == 0
    count_down(machine, COUNT // 2)
    assert current(machine) == 0


def test_a13_apic_change_mode_to_periodic_keeps_the_position_and_wraps() -> None:
    machine = counting_from(COUNT)
    count_down(machine, COUNT // 2)
    position = current(machine)

    write_mode(machine, PERIODIC)

    assert current(machine) == position == COUNT - COUNT // 2
    count_down(machine, position)
    assert current(machine) == COUNT
    count_down(machine, 5)
    assert current(machine) == COUNT - 5


def test_a14_tsc_deadline_in_the_past_fires_exactly_once() -> None:
    machine = booted()
    assert cpuid(machine.cpus[0].apic, 1).ecx >> 24 & 1
    pass_time(machine, 1000)
    write_mode(machine, TSC_DEADLINE)

    assert machine.write_msr(0, Msr.IA32_TSC_DEADLINE, machine.clock.now - 1) is None
    pass_time(machine, 0)

    assert run_handlers(machine, 0) == [VECTOR]
    assert rdmsr(machine, 0, Msr.IA32_TSC_DEADLINE) == 0
    pass_time(machine, 1_000_000)
    assert run_handlers(machine, 0) == []
