"""A level-triggered LINT0: remote IRR, EOI, masks."""

from app.hw.events import Accepted
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6
from app.x86.icr import TriggerMode
from app.x86.lvt import DELIVERY_STATUS, LEVEL, MASKED, REMOTE_IRR
from app.x86.registers import Register
from app.x86.state_registers import ESR_RECEIVE_ILLEGAL_VECTOR
from tests.hw.machines import ENABLED, fixed, machine_of, of_type, serve

LINT0, LINT1 = Register.LVT_LINT0, Register.LVT_LINT1
VECTOR = 0x77


def machine_with(entry: int) -> Machine:
    machine = machine_of(2)
    machine.write_register(1, LINT0, entry)
    machine.take_events()
    return machine


def drive(machine: Machine, *levels: int) -> None:
    for level in levels:
        machine.drive_lint(1, 0, level)


def irr(machine: Machine) -> list[int]:
    return list(machine.cpus[1].apic.irr)


def lint0(machine: Machine) -> int:
    value = machine.read_register(1, LINT0)
    assert isinstance(value, int)
    return value


def test_level_pin_requests_and_waits_for_the_eoi_with_remote_irr() -> None:
    machine = machine_with(VECTOR | LEVEL)

    drive(machine, 1)
    assert lint0(machine) == VECTOR | LEVEL | REMOTE_IRR
    assert VECTOR in machine.cpus[1].apic.tmr

    drive(machine, 0, 1, 0)
    assert len(of_type(machine.events, Accepted)) == 1

    assert serve(machine, 1) == VECTOR
    assert lint0(machine) == VECTOR | LEVEL
    assert irr(machine) == []


def test_level_pin_that_is_still_up_at_the_eoi_requests_again() -> None:
    machine = machine_with(VECTOR | LEVEL)
    drive(machine, 1)

    serve(machine, 1)

    assert irr(machine) == [VECTOR]
    assert lint0(machine) & REMOTE_IRR


def test_eoi_of_another_vector_leaves_remote_irr() -> None:
    machine = machine_with(VECTOR | LEVEL)
    drive(machine, 1, 0)
    machine.cpus[1].apic.accept(fixed(0xE0, TriggerMode.LEVEL))

    assert serve(machine, 1) == 0xE0

    assert lint0(machine) & REMOTE_IRR


def test_eoi_with_nothing_in_service_leaves_remote_irr() -> None:
    machine = machine_with(VECTOR | LEVEL)
    drive(machine, 1)

    machine.write_register(1, Register.EOI, 0)

    assert lint0(machine) & REMOTE_IRR


def test_masked_level_pin_requests_when_it_is_unmasked() -> None:
    machine = machine_with(VECTOR | LEVEL | MASKED)

    drive(machine, 1)
    assert irr(machine) == []
    machine.write_register(1, LINT0, VECTOR | LEVEL)

    assert irr(machine) == [VECTOR]


def test_masked_level_pin_that_fell_meanwhile_requests_nothing() -> None:
    machine = machine_with(VECTOR | LEVEL | MASKED)

    drive(machine, 1, 0)
    machine.write_register(1, LINT0, VECTOR | LEVEL)

    assert irr(machine) == []


def test_software_disable_keeps_remote_irr_and_stops_requests_until_the_entry_is_unmasked() -> None:
    machine = machine_with(VECTOR | LEVEL)
    drive(machine, 1)
    machine.write_register(1, Register.SVR, 0xFF)

    assert lint0(machine) == VECTOR | LEVEL | MASKED | REMOTE_IRR
    serve(machine, 1)
    machine.write_register(1, Register.SVR, ENABLED)
    assert irr(machine) == []
    machine.write_register(1, LINT0, VECTOR | LEVEL)
    assert irr(machine) == [VECTOR]


def test_level_pin_that_merges_has_remote_irr_too() -> None:
    machine = machine_with(VECTOR | LEVEL)
    machine.cpus[1].apic.accept(fixed(VECTOR))

    drive(machine, 1)

    assert lint0(machine) & REMOTE_IRR
    assert VECTOR in machine.cpus[1].apic.tmr


def test_level_pin_with_an_illegal_vector_has_no_remote_irr() -> None:
    machine = machine_with(0x0F | LEVEL)

    drive(machine, 1)

    assert lint0(machine) == 0x0F | LEVEL
    assert machine.cpus[1].apic.esr_pending == ESR_RECEIVE_ILLEGAL_VECTOR


def test_switch_to_edge_clears_remote_irr() -> None:
    machine = machine_with(VECTOR | LEVEL)
    drive(machine, 1)

    machine.write_register(1, LINT0, VECTOR)

    assert lint0(machine) == VECTOR
    machine.check()


def test_lint1_knows_no_level() -> None:
    machine = machine_of(2)
    machine.write_register(1, LINT1, VECTOR | LEVEL)

    machine.drive_lint(1, 1, 1)
    serve(machine, 1)

    assert irr(machine) == []
    assert VECTOR not in machine.cpus[1].apic.tmr
    assert machine.read_register(1, LINT1) == VECTOR | LEVEL


def test_level_pin_without_room_is_accepted_as_a_level_when_there_is() -> None:
    machine = machine_of(2, profile=INTEL_P6)
    machine.cpus[1].apic.accept(fixed(VECTOR))
    machine.write_register(1, LINT0, VECTOR | LEVEL)

    drive(machine, 1)
    assert lint0(machine) & REMOTE_IRR == 0
    machine.cpus[1].take_interrupt()

    assert irr(machine) == [VECTOR]
    assert VECTOR in machine.cpus[1].apic.tmr
    assert lint0(machine) == VECTOR | LEVEL | REMOTE_IRR


def full() -> Machine:
    """A P6 whose level-triggered LINT0 is up and waits for room."""
    machine = machine_of(2, profile=INTEL_P6)
    machine.cpus[1].apic.accept(fixed(VECTOR))
    machine.write_register(1, LINT0, VECTOR | LEVEL)
    drive(machine, 1)
    assert lint0(machine) == VECTOR | LEVEL | DELIVERY_STATUS
    return machine


def test_level_pin_that_fell_while_it_had_no_room_requests_nothing() -> None:
    machine = full()
    drive(machine, 0)

    machine.cpus[1].take_interrupt()

    assert (irr(machine), lint0(machine)) == ([], VECTOR | LEVEL)


def test_level_pin_without_room_is_accepted_with_another_vector_and_waits_no_more() -> None:
    machine = full()

    machine.write_register(1, LINT0, 0x78 | LEVEL)

    assert irr(machine) == [VECTOR, 0x78]
    assert lint0(machine) == 0x78 | LEVEL | REMOTE_IRR
    machine.cpus[1].take_interrupt()
    assert irr(machine) == [VECTOR]


def test_pin_without_room_that_becomes_an_edge_still_wants_its_interrupt() -> None:
    machine = full()

    machine.write_register(1, LINT0, 0x78)

    assert irr(machine) == [VECTOR, 0x78]
    assert lint0(machine) == 0x78
