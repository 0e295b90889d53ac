"""Cases 24-26, where implementations differ: the timer's paces and modes, NMIs, CR8."""

import pytest

from app.hw.events import Fault
from app.hw.local_apic_registers import read_cr8
from app.hw.machine import Machine
from app.hw.timer import CYCLES_PER_TIMER_CLOCK
from app.x86.icr import DeliveryMode, Icr
from app.x86.lvt import TimerMode
from app.x86.model_specific_registers import ApicMode, Msr
from app.x86.registers import Register
from tests.conformance.software import (
    DISABLED,
    X2APIC,
    XAPIC,
    booted,
    pass_time,
    post,
    rdmsr,
    read,
    run_handlers,
    run_nmis,
    send,
    write,
    write_apic_base,
)

VECTOR = 0xEE
COUNT = 1000
DIVIDE_BY_1, DIVIDE_BY_4 = 0b1011, 0b0001
DIVISORS = {0b0000: 2, 0b0001: 4, 0b0010: 8, 0b0011: 16, 0b1000: 32, 0b1001: 64, 0b1010: 128, 0b1011: 1}
NMI_TO_CPU_0 = Icr(0, DeliveryMode.NMI, destination=0)


def machine_with_timer(mode: TimerMode, divide: int = DIVIDE_BY_1) -> Machine:
    machine = booted()
    write(machine, 0, Register.TIMER_DIVIDE, divide)
    write_mode(machine, mode)
    return machine


def write_mode(machine: Machine, mode: TimerMode) -> None:
    write(machine, 0, Register.LVT_TIMER, mode << 17 | VECTOR)


def current(machine: Machine) -> int:
    return read(machine, 0, Register.TIMER_CURRENT_COUNT)


def arm_deadline(machine: Machine, value: int) -> None:
    assert not isinstance(machine.write_msr(0, Msr.IA32_TSC_DEADLINE, value), Fault)


# Timer


@pytest.mark.parametrize(("code", "divisor"), DIVISORS.items())
def test_case_24_divide_code(code: int, divisor: int) -> None:
    machine = machine_with_timer(TimerMode.ONE_SHOT, code)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, COUNT)

    pass_time(machine, 3 * divisor * CYCLES_PER_TIMER_CLOCK)

    assert current(machine) == COUNT - 3
    assert machine.next_timer_deadline() == COUNT * divisor * CYCLES_PER_TIMER_CLOCK


def test_case_24_divide_rewritten_while_counting_changes_the_pace_of_the_rest() -> None:
    machine = machine_with_timer(TimerMode.ONE_SHOT)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, COUNT)
    pass_time(machine, 400 * CYCLES_PER_TIMER_CLOCK)

    write(machine, 0, Register.TIMER_DIVIDE, DIVIDE_BY_4)

    assert current(machine) == 600
    pass_time(machine, 400 * CYCLES_PER_TIMER_CLOCK)
    assert current(machine) == 500


def test_case_24_periodic_to_deadline_disarms() -> None:
    machine = machine_with_timer(TimerMode.PERIODIC)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, COUNT)

    write_mode(machine, TimerMode.TSC_DEADLINE)

    assert current(machine) == 0
    assert rdmsr(machine, 0, Msr.IA32_TSC_DEADLINE) == 0
    pass_time(machine, 3 * COUNT * CYCLES_PER_TIMER_CLOCK)
    assert run_handlers(machine, 0) == []


def test_case_24_deadline_to_periodic_disarms() -> None:
    machine = machine_with_timer(TimerMode.TSC_DEADLINE)
    arm_deadline(machine, 5000)

    write_mode(machine, TimerMode.PERIODIC)

    assert current(machine) == 0
    assert rdmsr(machine, 0, Msr.IA32_TSC_DEADLINE) == 0
    pass_time(machine, 10_000)
    assert run_handlers(machine, 0) == []


@pytest.mark.parametrize("mode", [TimerMode.ONE_SHOT, TimerMode.PERIODIC])
def test_case_24_deadline_register_is_ignored_in_the_other_modes(mode: TimerMode) -> None:
    machine = machine_with_timer(mode)

    arm_deadline(machine, 5000)

    assert rdmsr(machine, 0, Msr.IA32_TSC_DEADLINE) == 0
    pass_time(machine, 10_000)
    assert run_handlers(machine, 0) == []


def test_case_24_initial_count_is_ignored_in_deadline_mode() -> None:
    machine = machine_with_timer(TimerMode.TSC_DEADLINE)
    arm_deadline(machine, 50_000)

    write(machine, 0, Register.TIMER_INITIAL_COUNT, COUNT)

    assert current(machine) == 0
    assert rdmsr(machine, 0, Msr.IA32_TSC_DEADLINE) == 50_000
    pass_time(machine, 49_999)
    assert run_handlers(machine, 0) == []
    pass_time(machine, 1)
    assert run_handlers(machine, 0) == [VECTOR]


def test_case_24_deadline_of_zero_disarms() -> None:
    machine = machine_with_timer(TimerMode.TSC_DEADLINE)
    arm_deadline(machine, 5000)

    arm_deadline(machine, 0)

    pass_time(machine, 10_000)
    assert run_handlers(machine, 0) == []


# NMI


@pytest.mark.parametrize("nmis", range(1, 6))
def test_case_25_nmis_before_the_handler_run_it_at_most_twice(nmis: int) -> None:
    machine = booted(2)
    for sender in range(nmis):
        post(machine, sender % 2, NMI_TO_CPU_0)
    machine.settle()

    assert run_nmis(machine, 0) == min(nmis, 2)


@pytest.mark.parametrize("nmis", range(6))
def test_case_25_nmis_during_the_handler_run_it_at_most_once_more(nmis: int) -> None:
    machine = booted(2)
    send(machine, 1, NMI_TO_CPU_0)
    machine.cpus[0].take_nmi()

    for sender in range(nmis):
        send(machine, sender % 2, NMI_TO_CPU_0)

    machine.cpus[0].return_from_nmi()
    assert run_nmis(machine, 0) == min(nmis, 1)


def test_case_25_sti_shadow_holds_nmi_and_interrupt_off_for_one_instruction() -> None:
    machine = booted(2)
    cpu = machine.cpus[0]
    cpu.disable_interrupts()
    cpu.enable_interrupts()
    send(machine, 1, NMI_TO_CPU_0)
    send(machine, 1, Icr(0x44, destination=0))
    assert cpu.next_arrival() is None

    cpu.instruction_ended()

    assert run_nmis(machine, 0) == 1
    assert run_handlers(machine, 0) == [0x44]


# CR8


@pytest.mark.parametrize("cr8", range(16))
def test_case_26_cr8_is_the_class_of_tpr_and_clears_the_sub_class(cr8: int) -> None:
    machine = booted()
    write(machine, 0, Register.TPR, 0x5A)
    assert read_cr8(machine.cpus[0].apic) == 5

    assert machine.write_cr8(0, cr8) is None

    assert read(machine, 0, Register.TPR) == cr8 << 4
    assert read_cr8(machine.cpus[0].apic) == cr8


def test_case_26_cr8_upper_bits_fault_and_change_nothing() -> None:
    machine = booted()
    write(machine, 0, Register.TPR, 0x5A)

    faults = [machine.write_cr8(0, 1 << bit | 3) for bit in range(4, 64)]

    assert faults == [Fault.RESERVED_BITS] * 60
    assert read(machine, 0, Register.TPR) == 0x5A


@pytest.mark.parametrize("mode", [XAPIC, X2APIC, DISABLED], ids=["xapic", "x2apic", "disabled"])
def test_case_26_cr8_works_in_every_mode(mode: ApicMode) -> None:
    machine = booted()
    assert write_apic_base(machine, 0, mode) is None

    machine.write_cr8(0, 9)

    assert read_cr8(machine.cpus[0].apic) == 9
