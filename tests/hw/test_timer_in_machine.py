"""The local timer as software sets it and the machine drives it, TSC-deadline mode included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import Accepted, Fault, LocalSourceDropped, Reason
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6
from app.hw.timer import CYCLES_PER_TIMER_CLOCK
from app.x86.lvt import MASKED, TimerMode
from app.x86.model_specific_registers import ApicMode, Msr
from app.x86.registers import Register
from app.x86.state_registers import ESR_RECEIVE_ILLEGAL_VECTOR
from tests.hw.machines import ENABLED, machine_of, of_type, switch_mode

DIVIDE_BY_1 = 0b1011
COUNT = CYCLES_PER_TIMER_CLOCK
TSC_DEADLINE = TimerMode.TSC_DEADLINE << 17


def machine_with_timer(entry: int) -> Machine:
    machine = machine_of(2)
    machine.write_register(1, Register.LVT_TIMER, entry)
    machine.write_register(1, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 100)
    return machine


def machine_with_deadline(deadline: int, entry: int = 0xEF) -> Machine:
    machine = machine_of(2)
    machine.clock.now = 1000
    machine.write_register(1, Register.LVT_TIMER, TSC_DEADLINE | entry)
    machine.write_msr(1, Msr.IA32_TSC_DEADLINE, deadline)
    return machine


def expire_at(machine: Machine, now: int) -> list[int]:
    machine.clock.now = now
    return [cpu.number for cpu in machine.expire_timers()]


def irr(machine: Machine) -> list[list[int]]:
    return [list(cpu.apic.irr) for cpu in machine.cpus]


# Counting


def test_expiry_requests_the_vector_of_its_own_cpu() -> None:
    machine = machine_with_timer(0xEF)

    assert expire_at(machine, 100 * COUNT) == [1]
    assert irr(machine) == [[], [0xEF]]
    assert [event.message for event in of_type(machine.events, Accepted)] == [None]


def test_a_deadline_that_was_overwritten_fires_nothing_when_it_comes() -> None:
    machine = machine_with_timer(0xEF)
    assert machine.next_timer_deadline() == 100 * COUNT
    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 300)

    assert expire_at(machine, 200 * COUNT) == []
    assert irr(machine) == [[], []]
    assert expire_at(machine, 300 * COUNT) == [1]
    assert irr(machine) == [[], [0xEF]]


def test_nothing_expires_before_its_time() -> None:
    machine = machine_with_timer(0xEF)

    assert expire_at(machine, 100 * COUNT - 1) == []
    assert machine.read_register(1, Register.TIMER_CURRENT_COUNT) == 1


def test_masked_timer_counts_and_its_interrupt_is_dropped() -> None:
    machine = machine_with_timer(0xEF | MASKED | TimerMode.PERIODIC << 17)

    assert expire_at(machine, 100 * COUNT) == [1]

    assert irr(machine) == [[], []]
    assert machine.next_timer_deadline() == 200 * COUNT
    assert of_type(machine.events, LocalSourceDropped) == [LocalSourceDropped(1, Register.LVT_TIMER, Reason.LVT_MASKED)]


def test_timer_counts_on_while_software_disabled_and_is_masked_then() -> None:
    machine = machine_with_timer(0xEF | TimerMode.PERIODIC << 17)
    machine.write_register(1, Register.SVR, 0xFF)

    assert expire_at(machine, 100 * COUNT) == [1]
    assert irr(machine) == [[], []]
    machine.write_register(1, Register.SVR, ENABLED)
    machine.write_register(1, Register.LVT_TIMER, 0xEF | TimerMode.PERIODIC << 17)

    assert expire_at(machine, 200 * COUNT) == [1]
    assert irr(machine) == [[], [0xEF]]


def test_timer_with_an_illegal_vector_is_noticed_when_it_expires() -> None:
    machine = machine_with_timer(0x05)
    assert machine.cpus[1].apic.esr_pending == 0

    expire_at(machine, 100 * COUNT)

    assert machine.cpus[1].apic.esr_pending == ESR_RECEIVE_ILLEGAL_VECTOR


def test_next_deadline_is_the_earliest_of_all_cpus() -> None:
    machine = machine_with_timer(0xEF)
    assert machine.next_timer_deadline() == 100 * COUNT

    machine.write_register(0, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    machine.write_register(0, Register.TIMER_INITIAL_COUNT, 99)

    assert machine.next_timer_deadline() == 99 * COUNT


def test_no_deadline_while_no_timer_runs() -> None:
    assert machine_of(2).next_timer_deadline() is None


def test_initial_count_and_divide_read_back() -> None:
    machine = machine_with_timer(0xEF)

    assert machine.read_register(1, Register.TIMER_INITIAL_COUNT) == 100
    assert machine.read_register(1, Register.TIMER_DIVIDE) == DIVIDE_BY_1


def test_position_survives_the_step_to_x2apic_mode() -> None:
    machine = machine_with_timer(0xEF)
    machine.clock.now = 40 * COUNT

    switch_mode(machine, 1, ApicMode.X2APIC)

    assert machine.read_register(1, Register.TIMER_CURRENT_COUNT) == 60
    assert machine.next_timer_deadline() == 100 * COUNT


# TSC-deadline mode


def test_deadline_fires_once_when_the_tsc_is_there_and_then_reads_zero() -> None:
    machine = machine_with_deadline(5000)
    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 5000
    assert machine.next_timer_deadline() == 5000

    assert expire_at(machine, 4999) == []
    assert expire_at(machine, 5000) == [1]

    assert irr(machine) == [[], [0xEF]]
    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0
    assert expire_at(machine, 10_000) == []
    assert machine.next_timer_deadline() is None


@given(st.integers(1, 1000))
def test_deadline_that_has_passed_fires_at_once(deadline: int) -> None:
    machine = machine_with_deadline(deadline)

    assert machine.timers_changed
    assert machine.next_timer_deadline() == 1000
    assert expire_at(machine, 1000) == [1]
    assert irr(machine) == [[], [0xEF]]


def test_deadline_takes_all_64_bits() -> None:
    machine = machine_with_deadline(0xFFFF_FFFF_FFFF_FFFF)

    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0xFFFF_FFFF_FFFF_FFFF


def test_zero_disarms() -> None:
    machine = machine_with_deadline(5000)

    machine.write_msr(1, Msr.IA32_TSC_DEADLINE, 0)

    assert machine.next_timer_deadline() is None
    assert expire_at(machine, 5000) == []


def test_a_new_deadline_replaces_the_old_one() -> None:
    machine = machine_with_deadline(5000)
    assert machine.next_timer_deadline() == 5000

    machine.write_msr(1, Msr.IA32_TSC_DEADLINE, 7000)

    assert machine.timers_changed
    assert machine.next_timer_deadline() == 7000
    assert expire_at(machine, 5000) == []
    assert expire_at(machine, 7000) == [1]


def test_masked_deadline_passes_without_an_interrupt() -> None:
    machine = machine_with_deadline(5000, 0xEF | MASKED)

    assert expire_at(machine, 5000) == [1]

    assert irr(machine) == [[], []]
    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0


def test_counts_have_no_part_in_deadline_mode() -> None:
    machine = machine_with_deadline(5000)

    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 7)
    machine.write_register(1, Register.TIMER_DIVIDE, DIVIDE_BY_1)

    assert machine.read_register(1, Register.TIMER_INITIAL_COUNT) == 0
    assert machine.read_register(1, Register.TIMER_CURRENT_COUNT) == 0
    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 5000


@pytest.mark.parametrize("mode", [TimerMode.ONE_SHOT, TimerMode.PERIODIC, TimerMode.RESERVED])
def test_leaving_deadline_mode_disarms(mode: TimerMode) -> None:
    machine = machine_with_deadline(5000)

    machine.write_register(1, Register.LVT_TIMER, mode << 17 | 0xEF)

    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0
    assert machine.next_timer_deadline() is None
    machine.write_register(1, Register.LVT_TIMER, TSC_DEADLINE | 0xEF)
    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0


@pytest.mark.parametrize("mode", [TimerMode.ONE_SHOT, TimerMode.PERIODIC, TimerMode.RESERVED])
def test_deadline_is_ignored_and_reads_zero_in_every_other_mode(mode: TimerMode) -> None:
    machine = machine_with_timer(mode << 17 | 0xEF)
    before = machine.next_timer_deadline()

    machine.write_msr(1, Msr.IA32_TSC_DEADLINE, 5)

    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0
    assert machine.next_timer_deadline() == before


def test_masking_and_a_new_vector_leave_an_armed_deadline() -> None:
    machine = machine_with_deadline(5000)

    machine.write_register(1, Register.LVT_TIMER, TSC_DEADLINE | MASKED | 0xE0)
    machine.write_register(1, Register.LVT_TIMER, TSC_DEADLINE | 0xE0)

    assert expire_at(machine, 5000) == [1]
    assert irr(machine) == [[], [0xE0]]


def test_armed_deadline_survives_the_step_to_x2apic_mode() -> None:
    machine = machine_with_deadline(5000)

    switch_mode(machine, 1, ApicMode.X2APIC)

    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 5000
    assert expire_at(machine, 5000) == [1]


def test_deadline_of_a_disabled_apic_reads_zero_and_takes_nothing() -> None:
    machine = machine_with_deadline(5000)

    switch_mode(machine, 1, ApicMode.DISABLED)
    machine.write_msr(1, Msr.IA32_TSC_DEADLINE, 5000)

    assert machine.read_msr(1, Msr.IA32_TSC_DEADLINE) == 0
    assert expire_at(machine, 5000) == []


@pytest.mark.parametrize("mode", TimerMode)
def test_cpu_without_tsc_deadline_has_neither_its_mode_nor_its_register(mode: TimerMode) -> None:
    machine = machine_of(1, profile=INTEL_P6)
    machine.write_register(0, Register.LVT_TIMER, mode << 17 | 0xEF)

    assert machine.read_register(0, Register.LVT_TIMER) == (mode & 1) << 17 | 0xEF
    assert machine.read_msr(0, Msr.IA32_TSC_DEADLINE) is Fault.NOT_A_REGISTER
    assert machine.write_msr(0, Msr.IA32_TSC_DEADLINE, 5000) is Fault.NOT_A_REGISTER
    assert machine.next_timer_deadline() is None
