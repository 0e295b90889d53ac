"""When a CPU takes an interrupt: the flag, the STI shadow, ExtINT, and what goes first."""

import pytest

from app.hw.cpu import Arrival, RunState
from app.hw.events import Accepted, ExternalAcknowledged, Merged, Outcome
from app.hw.legacy_pic import FIRST_VECTOR
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, message, of_type, send_msi, switch_mode

NMI, SMI, INIT, EXTINT = DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.INIT, DeliveryMode.EXTINT
SPURIOUS_LINE = FIRST_VECTOR + 7


def open_machine() -> Machine:
    machine = machine_of(2)
    for cpu in (0, 1):
        machine.set_interrupt_flag(cpu, True)
    machine.take_events()
    return machine


# The interrupt flag


def test_interrupt_waits_for_the_interrupt_flag() -> None:
    cpu = machine_of(1).cpus[0]
    cpu.receive(fixed(0x40))

    assert not cpu.interrupt_deliverable()
    cpu.interrupt_flag = True
    assert cpu.interrupt_deliverable()


@pytest.mark.parametrize("run_state", [RunState.RUNNING, RunState.HALTED])
def test_only_a_deliverable_vector_ends_a_halt(run_state: RunState) -> None:
    machine = open_machine()
    cpu = machine.cpus[0]
    cpu.run_state = run_state
    machine.write_register(0, Register.TPR, 0x40)
    cpu.receive(fixed(0x40))
    assert cpu.next_arrival() is None

    machine.write_register(0, Register.TPR, 0x30)

    assert cpu.next_arrival() is Arrival.INTERRUPT


def test_cpu_that_waits_for_its_start_up_takes_no_interrupt() -> None:
    cpu = machine_of(2).cpus[1]
    cpu.receive(fixed(0x40))
    cpu.interrupt_flag = True
    cpu.run_state = RunState.WAIT_FOR_SIPI

    assert not cpu.interrupt_deliverable()


# STI


@pytest.mark.parametrize(
    ("mode", "arrival"),
    [
        (DeliveryMode.FIXED, Arrival.INTERRUPT),
        (EXTINT, Arrival.INTERRUPT),
        (NMI, Arrival.NMI),
        (INIT, Arrival.INIT),
        (SMI, Arrival.SMI),
    ],
)
def test_instruction_behind_sti_is_not_interrupted(mode: DeliveryMode, arrival: Arrival) -> None:
    machine = machine_of(2)
    cpu = machine.cpus[1]
    cpu.receive(message(0x40, mode))

    cpu.enable_interrupts()
    machine.take_resets()
    assert (cpu.next_arrival(), cpu.interrupt_flag, cpu.starts) == (None, True, 0)
    cpu.instruction_ended()

    assert cpu.next_arrival() is arrival


def test_sti_with_interrupts_on_already_has_no_shadow() -> None:
    cpu = open_machine().cpus[0]
    cpu.receive(fixed(0x40))

    cpu.enable_interrupts()

    assert cpu.interrupt_deliverable()


def test_cli_behind_sti_closes_the_window_before_it_was_open() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]
    cpu.receive(fixed(0x40))
    cpu.receive(message(0, NMI))

    cpu.enable_interrupts()
    cpu.disable_interrupts()

    assert cpu.next_arrival() is Arrival.NMI
    cpu.take_nmi()
    assert cpu.next_arrival() is None
    machine.check()


def test_flag_set_from_outside_has_no_shadow() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]
    cpu.receive(fixed(0x40))
    cpu.enable_interrupts()

    machine.set_interrupt_flag(0, True)

    assert cpu.interrupt_deliverable()


def test_init_ends_the_shadow() -> None:
    machine = machine_of(2)
    cpu = machine.cpus[0]
    cpu.receive(message(0, INIT))
    cpu.enable_interrupts()
    cpu.instruction_ended()
    machine.take_resets()

    cpu.enable_interrupts()

    assert (cpu.starts, cpu.interrupt_shadow) == (1, True)
    machine.check()


# Priority


def test_signals_are_taken_in_the_manual_s_order() -> None:
    machine = open_machine()
    cpu = machine.cpus[0]
    for mode in (EXTINT, DeliveryMode.FIXED, NMI, INIT, SMI):
        cpu.receive(message(0x40, mode))
    taken = []

    while (arrival := cpu.next_arrival()) is not None:
        taken.append(arrival)
        match arrival:
            case Arrival.SMI:
                cpu.take_smi()
                cpu.resume()
            case Arrival.INIT:
                cpu.init_pending = False  # it would forget the rest
            case Arrival.NMI:
                cpu.take_nmi()
            case _:
                cpu.take_interrupt()

    assert taken == [Arrival.SMI, Arrival.INIT, Arrival.NMI, Arrival.INTERRUPT, Arrival.INTERRUPT]


# ExtINT


def test_extint_is_latched_and_gets_its_vector_from_the_8259() -> None:
    machine = open_machine()
    cpu = machine.cpus[1]
    machine.legacy_pic.raise_line(4)

    outcomes = [cpu.receive(message(0x99, EXTINT, number=number)) for number in (1, 2)]
    assert outcomes == [Outcome.ACCEPTED, Outcome.MERGED]
    assert cpu.interrupt_deliverable()

    assert cpu.take_interrupt() == FIRST_VECTOR + 4
    assert (cpu.next_arrival(), cpu.signalled, list(cpu.apic.isr), list(cpu.apic.irr)) == (None, False, [], [])
    assert of_type(machine.events, Accepted) == [Accepted(1, Vector(0x99), EXTINT, TriggerMode.EDGE, 1)]
    assert of_type(machine.events, Merged) == [Merged(1, Vector(0x99), EXTINT, 2)]
    assert of_type(machine.events, ExternalAcknowledged) == [ExternalAcknowledged(1, Vector(FIRST_VECTOR + 4))]


def test_extint_waits_for_the_interrupt_flag_and_for_nothing_else() -> None:
    machine = machine_of(1)
    cpu = machine.cpus[0]
    cpu.apic.accept(fixed(0xF1))
    cpu.apic.acknowledge()
    machine.write_register(0, Register.TPR, 0xFF)
    machine.write_register(0, Register.SVR, 0xFF)

    cpu.receive(message(0, EXTINT))
    assert cpu.next_arrival() is None
    machine.set_interrupt_flag(0, True)

    assert cpu.next_arrival() is Arrival.INTERRUPT


def test_extint_that_nobody_asks_for_any_more_gives_the_spurious_vector_of_the_8259() -> None:
    machine = open_machine()

    send_msi(machine, 0xFEE0_1000, EXTINT << 8)

    assert machine.cpus[1].take_interrupt() == SPURIOUS_LINE


def test_extint_goes_before_the_apic_s_own_vector() -> None:
    machine = open_machine()
    cpu = machine.cpus[0]
    cpu.apic.accept(fixed(0x40))
    machine.legacy_pic.raise_line(0)
    cpu.receive(message(0, EXTINT))

    assert [cpu.take_interrupt(), cpu.take_interrupt()] == [FIRST_VECTOR, 0x40]


def test_pin_and_message_at_once_are_one_extint() -> None:
    machine = open_machine()
    cpu = machine.cpus[0]
    machine.write_register(0, Register.LVT_LINT0, EXTINT << 8)
    machine.drive_legacy_line(4, 1)
    cpu.receive(message(0, EXTINT))

    assert cpu.take_interrupt() == FIRST_VECTOR + 4
    assert cpu.next_arrival() is None


def test_pin_stays_up_while_the_8259_has_another_line() -> None:
    machine = open_machine()
    machine.write_register(0, Register.LVT_LINT0, EXTINT << 8)
    for line in (4, 1):
        machine.drive_legacy_line(line, 1)

    vectors = []
    while machine.cpus[0].interrupt_deliverable():
        vectors.append(machine.cpus[0].take_interrupt())

    assert vectors == [FIRST_VECTOR + 1, FIRST_VECTOR + 4]


def test_disabled_apic_lets_the_8259_through() -> None:
    machine = open_machine()
    machine.drive_legacy_line(4, 1)
    assert not machine.cpus[0].interrupt_deliverable()

    switch_mode(machine, 0, ApicMode.DISABLED)

    assert machine.cpus[0].take_interrupt() == FIRST_VECTOR + 4
    assert not machine.cpus[0].interrupt_deliverable()


def test_spurious_vector_when_nothing_is_deliverable_any_more() -> None:
    machine = open_machine()
    machine.cpus[0].receive(fixed(0x40))
    machine.write_register(0, Register.TPR, 0x40)

    assert machine.cpus[0].take_interrupt() == 0xFF
