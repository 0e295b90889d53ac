"""LINT0 and LINT1: edges, and signals that by-pass IRR."""

import pytest

from app.hw.cpu import RunState
from app.hw.events import Accepted, LintChanged, LocalSourceDropped, Reason
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode
from app.x86.lvt import LEVEL, MASKED
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.state_registers import ESR_RECEIVE_ILLEGAL_VECTOR
from tests.hw.machines import machine_of, of_type, serve, switch_mode

LINT0, LINT1 = Register.LVT_LINT0, Register.LVT_LINT1
PINS = {LINT0: 0, LINT1: 1}
VECTOR = 0x77
pins = pytest.mark.parametrize("register", PINS)


def machine_with(register: Register, entry: int) -> Machine:
    machine = machine_of(2)
    machine.write_register(1, register, entry)
    machine.take_events()
    return machine


def drive(machine: Machine, register: Register, *levels: int) -> None:
    for level in levels:
        machine.drive_lint(1, PINS[register], level)


def irr(machine: Machine) -> list[int]:
    return list(machine.cpus[1].apic.irr)


# Edges


@pins
def test_edge_pin_requests_once_for_each_rise(register: Register) -> None:
    machine = machine_with(register, VECTOR)
    counts = []

    for level in (1, 1, 0, 0, 1):
        drive(machine, register, level)
        counts.append(len(of_type(machine.events, Accepted)))
        if machine.cpus[1].apic.deliverable():
            serve(machine, 1)

    assert counts == [1, 1, 1, 1, 2]
    assert VECTOR not in machine.cpus[1].apic.tmr


@pins
def test_every_change_of_a_pin_is_recorded_and_nothing_else(register: Register) -> None:
    machine = machine_with(register, VECTOR | MASKED)

    drive(machine, register, 0, 1, 1, 0)

    pin = PINS[register]
    assert of_type(machine.events, LintChanged) == [LintChanged(1, pin, 1), LintChanged(1, pin, 0)]


@pins
def test_edge_while_masked_is_lost(register: Register) -> None:
    machine = machine_with(register, VECTOR | MASKED)

    drive(machine, register, 1)
    machine.write_register(1, register, VECTOR)
    drive(machine, register, 0)

    assert irr(machine) == []
    assert of_type(machine.events, LocalSourceDropped) == [LocalSourceDropped(1, register, Reason.LVT_MASKED)]


@pins
def test_illegal_vector_is_noticed_on_the_edge(register: Register) -> None:
    machine = machine_with(register, 0x0F)

    drive(machine, register, 1)

    assert machine.cpus[1].apic.esr_pending == ESR_RECEIVE_ILLEGAL_VECTOR


# Signals


@pins
@pytest.mark.parametrize("trigger", [0, LEVEL])
def test_nmi_pin_is_an_edge_whatever_its_trigger_mode(trigger: int, register: Register) -> None:
    machine = machine_with(register, DeliveryMode.NMI << 8 | trigger)
    cpu = machine.cpus[1]

    drive(machine, register, 1, 1)

    assert cpu.nmi_deliverable()
    cpu.take_nmi()
    assert (cpu.nmi_count, cpu.nmi_pending) == (1, 0)


@pins
def test_smi_pin_is_latched(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.SMI << 8)

    drive(machine, register, 1, 0)

    assert machine.cpus[1].smi_pending


@pins
def test_init_pin_resets_the_cpu(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.INIT << 8)

    drive(machine, register, 1)
    machine.take_resets()

    assert machine.cpus[1].run_state is RunState.WAIT_FOR_SIPI
    assert machine.cpus[1].apic.lint_lines[PINS[register]] == 1


@pins
@pytest.mark.parametrize("mode", [DeliveryMode.LOWEST_PRIORITY, DeliveryMode.RESERVED_3, DeliveryMode.STARTUP])
def test_reserved_mode_delivers_nothing(mode: DeliveryMode, register: Register) -> None:
    machine = machine_with(register, mode << 8 | VECTOR)

    drive(machine, register, 1)

    assert irr(machine) == []
    assert [event.reason for event in of_type(machine.events, LocalSourceDropped)] == [Reason.RESERVED_DELIVERY_MODE]


@pins
def test_masked_signal_is_dropped(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.NMI << 8 | MASKED)

    drive(machine, register, 1)

    assert machine.cpus[1].nmi_pending == 0
    assert of_type(machine.events, LocalSourceDropped) == [LocalSourceDropped(1, register, Reason.LVT_MASKED)]


# ExtINT, and pins of an APIC that is switched off: the rest is the CPU's


@pins
def test_extint_pin_asks_for_as_long_as_it_is_up(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.EXTINT << 8 | VECTOR)
    machine.set_interrupt_flag(1, True)
    seen = []

    for level in (1, 0):
        drive(machine, register, level)
        seen.append(machine.cpus[1].interrupt_deliverable())

    assert seen == [True, False]
    assert irr(machine) == []


@pins
def test_masked_extint_pin_does_not_ask_until_it_is_unmasked(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.EXTINT << 8 | MASKED)
    machine.set_interrupt_flag(1, True)

    drive(machine, register, 1)
    assert not machine.cpus[1].interrupt_deliverable()
    machine.write_register(1, register, DeliveryMode.EXTINT << 8)

    assert machine.cpus[1].interrupt_deliverable()


def test_pins_of_a_disabled_apic_are_intr_and_nmi() -> None:
    machine = machine_of(2)
    machine.set_interrupt_flag(1, True)
    switch_mode(machine, 1, ApicMode.DISABLED)
    cpu = machine.cpus[1]

    drive(machine, LINT0, 1)
    assert cpu.interrupt_deliverable()
    drive(machine, LINT0, 0)
    assert not cpu.interrupt_deliverable()

    drive(machine, LINT1, 1, 0)
    assert (cpu.nmi_deliverable(), cpu.nmi_pending) == (True, 1)
