"""A level pin whose interrupt was refused asks until somebody takes it; and what changes while it is under way."""

from collections.abc import Callable

import pytest

from app.hw.events import Refused
from app.hw.machine import Machine
from app.hw.profile import KVM
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, Icr
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import LEVEL, MASKED, REMOTE_IRR
from app.x86.registers import Register
from tests.hw.machines import ENABLED, machine_of, of_type, requested, send, serve, switch_mode

PIN = 18
VECTOR = 0x51
TO_CPU_1 = 1 << 56
LOGICAL = 1 << 11
STATE = DELIVERY_STATUS | REMOTE_IRR


def machine_with(entry: int) -> Machine:
    """The pin is up and its first message has arrived."""
    machine = machine_of(3, profile=KVM)
    machine.write_register(1, Register.SVR, 0xFF)
    machine.write_redirection_entry(PIN, entry)
    machine.drive_pin(PIN, 1)
    machine.settle()
    return machine


def state(machine: Machine) -> int:
    return machine.io_apic.entries[PIN] & STATE


def test_refused_interrupt_leaves_remote_irr_and_delivery_status_clear() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)

    assert state(machine) == 0
    assert len(of_type(machine.events, Refused)) == 1
    assert machine.outbox == []


def test_refused_level_pin_is_tried_again_when_its_target_is_enabled() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)

    machine.write_register(1, Register.SVR, ENABLED)
    assert state(machine) == DELIVERY_STATUS
    machine.settle()

    assert requested(machine, VECTOR) == [1]
    assert state(machine) == REMOTE_IRR


def test_refused_level_pin_is_tried_again_when_its_line_is_driven() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)

    machine.drive_pin(PIN, 1)

    assert len(machine.outbox) == 1


def test_refused_level_pin_whose_line_fell_is_not_tried_again() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)
    machine.drive_pin(PIN, 0)

    machine.write_register(1, Register.SVR, ENABLED)

    assert machine.outbox == []


def test_refused_level_pin_is_tried_again_when_its_entry_is_written() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)

    machine.write_redirection_entry(PIN, 2 << 56 | LEVEL | VECTOR)
    machine.settle()

    assert requested(machine, VECTOR) == [2]


def test_refused_level_pin_is_tried_again_when_its_destination_is_written() -> None:
    machine = machine_with(TO_CPU_1 | LEVEL | VECTOR)

    machine.write_io_apic(0x11 + 2 * PIN, 2 << 24)
    machine.settle()

    assert requested(machine, VECTOR) == [2]


def test_written_destination_sends_nothing_from_a_pin_that_waits_or_does_not_ask() -> None:
    machine = machine_of(3)
    for pin, entry in ((1, MASKED | LEVEL | VECTOR), (2, LEVEL | VECTOR), (3, VECTOR)):
        machine.write_redirection_entry(pin, entry)
        machine.drive_pin(pin, 1)
    machine.drive_pin(4, 1)
    machine.settle()

    for pin in (1, 2, 3, 4):
        machine.write_io_apic(0x11 + 2 * pin, 2 << 24)

    assert machine.outbox == []


def become_logical_8(machine: Machine) -> None:
    machine.write_register(2, Register.LDR, 0x80 << 24)


def take_id_9(machine: Machine) -> None:
    machine.write_register(2, Register.ID, 9 << 24)


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        (0x80 << 56 | LOGICAL, become_logical_8),
        (9 << 56, take_id_9),
    ],
    ids=["LDR", "ID"],
)
def test_level_pin_without_a_target_is_tried_again_when_an_apic_takes_the_address(
    entry: int, change: Callable[[Machine], None]
) -> None:
    machine = machine_with(entry | LEVEL | VECTOR)
    assert requested(machine, VECTOR) == []

    change(machine)
    machine.settle()

    assert requested(machine, VECTOR) == [2]


def test_level_pin_without_a_target_is_tried_again_when_an_apic_takes_the_other_model() -> None:
    machine = machine_with(0x88 << 56 | LOGICAL | LEVEL | VECTOR | MASKED)
    machine.write_register(2, Register.DFR, 0)
    machine.write_register(2, Register.LDR, 0x18 << 24)
    machine.write_redirection_entry(PIN, 0x88 << 56 | LOGICAL | LEVEL | VECTOR)
    machine.settle()
    assert requested(machine, VECTOR) == []

    machine.write_register(2, Register.DFR, 0xF << 28)
    machine.settle()

    assert requested(machine, VECTOR) == [2]


def test_level_pin_is_tried_again_when_an_apic_is_switched_on() -> None:
    machine = machine_with(2 << 56 | LEVEL | VECTOR)
    switch_mode(machine, 2, ApicMode.DISABLED)
    machine.write_redirection_entry(PIN, 2 << 56 | VECTOR)
    machine.write_redirection_entry(PIN, 2 << 56 | LEVEL | VECTOR)
    machine.settle()
    assert state(machine) == 0

    switch_mode(machine, 2, ApicMode.XAPIC)
    machine.write_register(2, Register.SVR, ENABLED)
    machine.settle()

    assert requested(machine, VECTOR) == [2]


def test_level_interrupt_that_an_init_lost_waits_for_an_eoi_that_never_comes() -> None:
    machine = machine_with(2 << 56 | LEVEL | VECTOR)

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=2))

    assert requested(machine, VECTOR) == []
    assert state(machine) == REMOTE_IRR


# While a message is under way


def test_entry_that_became_level_meanwhile_sends_when_the_edge_has_arrived() -> None:
    machine = machine_of(3)
    machine.write_redirection_entry(PIN, TO_CPU_1 | VECTOR)
    machine.drive_pin(PIN, 1)

    machine.write_redirection_entry(PIN, TO_CPU_1 | LEVEL | 0x61)
    assert len(machine.outbox) == 1
    machine.settle()

    assert (requested(machine, VECTOR), requested(machine, 0x61)) == ([1], [1])
    assert state(machine) == REMOTE_IRR


def test_entry_that_became_level_meanwhile_waits_for_the_last_of_two_edges() -> None:
    machine = machine_of(3)
    machine.write_redirection_entry(PIN, TO_CPU_1 | VECTOR)
    for level in (1, 0, 1):
        machine.drive_pin(PIN, level)
    machine.write_redirection_entry(PIN, TO_CPU_1 | LEVEL | 0x61)
    first, second = machine.outbox
    machine.outbox.clear()

    machine.deliver(first)
    assert machine.outbox == []
    machine.deliver(second)

    assert len(machine.outbox) == 1


def test_pin_that_was_redirected_while_in_service_is_found_by_its_eoi() -> None:
    machine = machine_with(2 << 56 | LEVEL | VECTOR)
    machine.drive_pin(PIN, 0)

    machine.write_redirection_entry(PIN, LEVEL | VECTOR)
    assert serve(machine, 2) == VECTOR

    assert state(machine) == 0


def test_pin_that_was_masked_while_in_service_is_ready_after_its_eoi() -> None:
    machine = machine_with(2 << 56 | LEVEL | VECTOR)
    machine.write_redirection_entry(PIN, 2 << 56 | LEVEL | MASKED | VECTOR)

    serve(machine, 2)
    assert (state(machine), machine.outbox) == (0, [])
    machine.write_redirection_entry(PIN, 2 << 56 | LEVEL | VECTOR)

    assert len(machine.outbox) == 1


def test_pin_that_no_longer_delivers_interrupts_loses_remote_irr_at_the_eoi_and_sends_nothing() -> None:
    machine = machine_with(2 << 56 | LEVEL | VECTOR)
    machine.write_redirection_entry(PIN, 2 << 56 | LEVEL | DeliveryMode.NMI << 8 | VECTOR)

    serve(machine, 2)

    assert (state(machine), machine.cpus[2].nmi_pending) == (0, 0)
