"""LVT and TMR rules: what the APIC's own sources do."""

import pytest

from app.hw.cpu import Arrival
from app.hw.cpuid import cpuid
from app.hw.events import Fault, LocalSourceDropped, Reason
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_XEON
from app.hw.timer import CYCLES_PER_TIMER_CLOCK
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.lvt import DELIVERY_STATUS, LEVEL, REMOTE_IRR
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from tests.conformance.software import (
    MASKED,
    booted,
    end_of_interrupt,
    pass_time,
    read,
    run_handlers,
    send,
    vectors,
    write,
)

VECTOR = 0x44
DIVIDE_BY_1 = 0xB
PERIODIC, DEADLINE, RESERVED = 1 << 17, 2 << 17, 3 << 17
FIXED, SMI, NMI, INIT, EXTINT = (
    DeliveryMode.FIXED,
    DeliveryMode.SMI,
    DeliveryMode.NMI,
    DeliveryMode.INIT,
    DeliveryMode.EXTINT,
)
SENSOR_MODES = {FIXED: Arrival.INTERRUPT, SMI: Arrival.SMI, NMI: Arrival.NMI, INIT: None, EXTINT: None}
PIN_MODES = SENSOR_MODES | {INIT: Arrival.INIT, EXTINT: Arrival.INTERRUPT}


def count_down(machine: Machine, counts: int) -> None:
    pass_time(machine, counts * CYCLES_PER_TIMER_CLOCK)


def start_timer(lvt: int, count: int = 1000) -> Machine:
    machine = booted()
    write(machine, 0, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    write(machine, 0, Register.LVT_TIMER, lvt)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, count)
    return machine


# Local vector table


@pytest.mark.parametrize(
    ("register", "mode"),
    [
        (register, mode)
        for register in (Register.LVT_CMCI, Register.LVT_THERMAL, Register.LVT_PERFORMANCE)
        for mode in SENSOR_MODES
    ],
)
def test_lvt_2_sensors_deliver_fixed_smi_and_nmi_alone(register: Register, mode: DeliveryMode) -> None:
    machine = booted(profile=INTEL_XEON)
    write(machine, 0, register, mode << 8 | VECTOR)

    machine.fire_local(0, register)

    assert machine.cpus[0].next_arrival() is SENSOR_MODES[mode]
    dropped = LocalSourceDropped(0, register, Reason.RESERVED_DELIVERY_MODE)
    assert (dropped in machine.events) is (SENSOR_MODES[mode] is None)


@pytest.mark.parametrize("pin", [0, 1])
@pytest.mark.parametrize("mode", PIN_MODES)
def test_lvt_2_lint_pins_deliver_init_and_extint_too(mode: DeliveryMode, pin: int) -> None:
    machine = booted()
    write(machine, 0, Register.LVT_LINT0 + 0x10 * pin, mode << 8 | VECTOR)

    machine.drive_lint(0, pin, 1)

    assert machine.cpus[0].next_arrival() is PIN_MODES[mode]


@pytest.mark.parametrize("mode", [NMI, SMI, INIT])
def test_lvt_2_trigger_mode_does_not_count_for_signals(mode: DeliveryMode) -> None:
    machine = booted()
    write(machine, 0, Register.LVT_LINT0, LEVEL | mode << 8 | VECTOR)

    machine.drive_lint(0, 0, 1)

    assert machine.cpus[0].next_arrival() is PIN_MODES[mode]
    assert not read(machine, 0, Register.LVT_LINT0) & REMOTE_IRR


def test_lvt_2_extint_is_a_level() -> None:
    machine = booted()
    write(machine, 0, Register.LVT_LINT0, EXTINT << 8)

    machine.drive_legacy_line(3, 1)
    assert machine.cpus[0].next_arrival() is Arrival.INTERRUPT
    machine.drive_legacy_line(3, 0)

    assert machine.cpus[0].next_arrival() is None


@pytest.mark.parametrize("mode", [FIXED, NMI])
def test_lvt_3_performance_entry_masks_itself_when_it_fires(mode: DeliveryMode) -> None:
    machine = booted()
    write(machine, 0, Register.LVT_PERFORMANCE, mode << 8 | VECTOR)

    machine.fire_local(0, Register.LVT_PERFORMANCE)

    assert read(machine, 0, Register.LVT_PERFORMANCE) & MASKED


def test_lvt_4_level_lint0_has_remote_irr_from_acceptance_to_eoi_and_comes_again() -> None:
    machine = booted()
    cpu = machine.cpus[0]
    write(machine, 0, Register.LVT_LINT0, LEVEL | VECTOR)

    machine.drive_lint(0, 0, 1)
    assert read(machine, 0, Register.LVT_LINT0) & REMOTE_IRR
    assert vectors(machine, 0, Register.TMR0) == [VECTOR]
    assert cpu.take_interrupt() == VECTOR
    end_of_interrupt(machine, 0)
    assert vectors(machine, 0, Register.IRR0) == [VECTOR]
    assert cpu.take_interrupt() == VECTOR
    machine.drive_lint(0, 0, 0)
    end_of_interrupt(machine, 0)

    assert not read(machine, 0, Register.LVT_LINT0) & REMOTE_IRR
    assert vectors(machine, 0, Register.IRR0) == []


def p6_with_lint0_waiting_for_room() -> Machine:
    machine = booted(profile=INTEL_P6)
    write(machine, 0, Register.LVT_LINT0, LEVEL | VECTOR)
    send(machine, 0, Icr(VECTOR, shorthand=Shorthand.SELF))
    machine.drive_lint(0, 0, 1)
    return machine


def test_lvt_4_level_lint0_that_waited_for_room_is_accepted_as_a_level() -> None:
    machine = p6_with_lint0_waiting_for_room()
    assert not read(machine, 0, Register.LVT_LINT0) & REMOTE_IRR

    assert machine.cpus[0].take_interrupt() == VECTOR

    assert vectors(machine, 0, Register.IRR0) == [VECTOR]
    assert vectors(machine, 0, Register.TMR0) == [VECTOR]
    assert read(machine, 0, Register.LVT_LINT0) & REMOTE_IRR


def test_lvt_5_lint1_has_only_edges() -> None:
    machine = booted()
    write(machine, 0, Register.LVT_LINT1, LEVEL | VECTOR)

    machine.drive_lint(0, 1, 1)
    assert run_handlers(machine, 0) == [VECTOR]

    assert vectors(machine, 0, Register.TMR0) == []
    assert not read(machine, 0, Register.LVT_LINT1) & REMOTE_IRR


def test_lvt_6_delivery_status_is_1_while_a_source_waits_for_room() -> None:
    machine = p6_with_lint0_waiting_for_room()
    assert read(machine, 0, Register.LVT_LINT0) & DELIVERY_STATUS

    machine.cpus[0].take_interrupt()

    assert not read(machine, 0, Register.LVT_LINT0) & DELIVERY_STATUS


def test_lvt_6_a_source_that_was_rewritten_does_not_wait_for_ever() -> None:
    machine = p6_with_lint0_waiting_for_room()

    write(machine, 0, Register.LVT_LINT0, 0x55)
    run_handlers(machine, 0)

    assert not read(machine, 0, Register.LVT_LINT0) & DELIVERY_STATUS


def test_lvt_6_performance_interrupt_that_waits_for_room_is_not_lost_to_its_own_mask() -> None:
    machine = booted(profile=INTEL_P6)
    write(machine, 0, Register.LVT_PERFORMANCE, VECTOR)
    send(machine, 0, Icr(VECTOR, shorthand=Shorthand.SELF))

    machine.fire_local(0, Register.LVT_PERFORMANCE)
    assert read(machine, 0, Register.LVT_PERFORMANCE) == MASKED | DELIVERY_STATUS | VECTOR

    assert run_handlers(machine, 0) == [VECTOR, VECTOR]


# Timer


def test_tmr_2_reserved_mode_does_not_count() -> None:
    machine = start_timer(RESERVED | VECTOR)

    count_down(machine, 2000)

    assert read(machine, 0, Register.TIMER_CURRENT_COUNT) == 0
    assert run_handlers(machine, 0) == []


def test_tmr_2_p6_has_no_deadline_mode() -> None:
    machine = booted(profile=INTEL_P6)

    write(machine, 0, Register.LVT_TIMER, DEADLINE | VECTOR)

    assert not cpuid(machine.cpus[0].apic, 1).ecx >> 24 & 1
    assert read(machine, 0, Register.LVT_TIMER) == VECTOR
    assert isinstance(machine.read_msr(0, Msr.IA32_TSC_DEADLINE), Fault)
    assert isinstance(machine.write_msr(0, Msr.IA32_TSC_DEADLINE, 5000), Fault)


def test_tmr_3_initial_count_restarts_and_zero_stops() -> None:
    machine = start_timer(VECTOR)
    count_down(machine, 400)

    write(machine, 0, Register.TIMER_INITIAL_COUNT, 700)
    assert read(machine, 0, Register.TIMER_CURRENT_COUNT) == 700
    write(machine, 0, Register.TIMER_INITIAL_COUNT, 0)

    count_down(machine, 2000)
    assert read(machine, 0, Register.TIMER_CURRENT_COUNT) == 0
    assert run_handlers(machine, 0) == []


def test_tmr_4_periodic_comes_every_time() -> None:
    machine = start_timer(PERIODIC | VECTOR)

    taken = []
    for _ in range(3):
        count_down(machine, 1000)
        taken += run_handlers(machine, 0)

    assert taken == [VECTOR] * 3


def test_tmr_8_masked_timer_counts_and_its_interrupt_is_lost() -> None:
    machine = start_timer(MASKED | VECTOR)
    count_down(machine, 400)
    assert read(machine, 0, Register.TIMER_CURRENT_COUNT) == 600

    count_down(machine, 600)
    write(machine, 0, Register.LVT_TIMER, VECTOR)

    assert run_handlers(machine, 0) == []
