"""The I/O APIC: pins, redirection entries, remote IRR."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import PinChanged
from app.hw.io_apic import VERSION
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, TriggerMode
from app.x86.redirection import LEVEL, MASKED, PIN_COUNT, REMOTE_IRR
from app.x86.registers import Register
from tests.hw.helpers import machine_of, of_type, requested

PIN = 18
VECTOR = 0x51
TO_CPU_1 = 1 << 56


def machine_with(entry: int, pin: int = PIN) -> Machine:
    machine = machine_of(2)
    configure(machine, entry, pin)
    machine.take_events()
    return machine


def configure(machine: Machine, entry: int, pin: int = PIN) -> None:
    machine.write_io_apic(0x11 + 2 * pin, entry >> 32)
    machine.write_io_apic(0x10 + 2 * pin, entry & 0xFFFF_FFFF)


def drive(machine: Machine, *levels: int, pin: int = PIN) -> int:
    """Drives the pin and lets what it sends arrive. Returns how many messages it sent."""
    sent = 0
    for level in levels:
        machine.drive_pin(pin, level)
        sent += len(machine.outbox)
        machine.settle()
    return sent


def serve(machine: Machine) -> int:
    """CPU 1 takes its interrupt and ends it; the EOI reaches the I/O APIC."""
    vector = machine.cpus[1].apic.acknowledge()
    machine.write_register(1, Register.EOI, 0)
    machine.settle()
    return vector


def entry_of(machine: Machine, pin: int = PIN) -> int:
    return machine.io_apic.entries[pin]


def why_silent(machine: Machine) -> str | None:
    return of_type(machine.events, PinChanged)[-1].reason


# Registers


def test_only_the_id_bits_of_the_id_register_change_and_arbitration_follows() -> None:
    machine = machine_of(1)

    machine.write_io_apic(0x00, 0xFFFF_FFFF)

    assert (machine.read_io_apic(0x00), machine.read_io_apic(0x02)) == (0x0F00_0000, 0x0F00_0000)


@pytest.mark.parametrize("index", [0x01, 0x02, 0x03, 0x10 + 2 * PIN_COUNT, 0xFF])
def test_other_registers_ignore_writes(index: int) -> None:
    machine = machine_of(1)
    before = machine.read_io_apic(index)

    machine.write_io_apic(index, 0xFFFF_FFFF)

    assert machine.read_io_apic(index) == before


def test_version_tells_version_and_highest_entry() -> None:
    assert machine_of(1).read_io_apic(0x01) == VERSION == 0x0017_0011


@pytest.mark.parametrize("index", [0x03, 0x0F, 0x10 + 2 * PIN_COUNT])
def test_an_index_that_is_no_register_reads_zero(index: int) -> None:
    assert machine_of(1).read_io_apic(index) == 0


def test_pins_are_masked_after_reset() -> None:
    machine = machine_of(1)

    assert [machine.read_io_apic(0x10 + 2 * pin) for pin in range(PIN_COUNT)] == [MASKED] * PIN_COUNT


@given(st.integers(0, PIN_COUNT - 1), st.integers(0, (1 << 64) - 1))
def test_entry_reads_back_its_writable_bits(pin: int, value: int) -> None:
    machine = machine_of(1)

    configure(machine, value, pin)

    assert machine.read_io_apic(0x10 + 2 * pin) == value & 0x1_AFFF
    assert machine.read_io_apic(0x11 + 2 * pin) == value >> 32 & 0xFF00_0000


# Edge pins


def test_rising_edge_sends_once() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)

    assert drive(machine, 1, 1, 0) == 1
    assert requested(machine, VECTOR) == [1]
    assert VECTOR not in machine.cpus[1].apic.tmr


def test_every_rising_edge_sends() -> None:
    assert drive(machine_with(TO_CPU_1 | VECTOR), 1, 0, 1, 0) == 2


def test_edge_while_masked_is_lost_for_good() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | MASKED)

    assert drive(machine, 1) == 0
    assert why_silent(machine) == "the pin is masked, so the edge is lost"
    configure(machine, TO_CPU_1 | VECTOR)
    machine.settle()

    assert requested(machine, VECTOR) == []


def test_line_that_was_up_already_makes_no_edge() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)
    drive(machine, 1)

    drive(machine, 1)

    assert why_silent(machine) == "the line was up already"


def test_falling_line_needs_no_reason() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)

    drive(machine, 1, 0)

    assert of_type(machine.events, PinChanged) == [PinChanged(PIN, 1, None), PinChanged(PIN, 0, None)]


# Level pins


def test_level_pin_sends_once_until_its_eoi() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)

    assert drive(machine, 1, 0, 1, 1) == 1
    assert entry_of(machine) & REMOTE_IRR
    assert why_silent(machine) == "remote IRR is 1: it waits for the EOI"
    assert VECTOR in machine.cpus[1].apic.tmr


def test_line_that_is_down_at_the_eoi_sends_no_more() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    drive(machine, 1, 0)

    assert serve(machine) == VECTOR
    assert entry_of(machine) & REMOTE_IRR == 0
    assert requested(machine, VECTOR) == []


def test_line_that_is_still_up_at_the_eoi_sends_again() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    drive(machine, 1)

    serve(machine)

    assert requested(machine, VECTOR) == [1]
    assert entry_of(machine) & REMOTE_IRR


def test_masked_level_pin_sends_when_unmasked() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL | MASKED)

    assert drive(machine, 1) == 0
    assert why_silent(machine) == "the pin is masked"
    configure(machine, TO_CPU_1 | VECTOR | LEVEL)
    machine.settle()

    assert requested(machine, VECTOR) == [1]


def test_remote_irr_is_set_on_acceptance_and_delivery_status_until_then() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)

    machine.drive_pin(PIN, 1)
    on_the_way = entry_of(machine)
    machine.drive_pin(PIN, 1)
    assert why_silent(machine) == "its message is still on the way"
    machine.settle()

    assert on_the_way & (DELIVERY_STATUS | REMOTE_IRR) == DELIVERY_STATUS
    assert entry_of(machine) & (DELIVERY_STATUS | REMOTE_IRR) == REMOTE_IRR


def test_refused_message_leaves_remote_irr_clear_and_the_pin_ready() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    machine.write_register(1, Register.SVR, 0xFF)
    drive(machine, 1)
    assert entry_of(machine) & (DELIVERY_STATUS | REMOTE_IRR) == 0

    machine.write_register(1, Register.SVR, 0x1FF)

    assert drive(machine, 1) == 1


def test_merged_message_sets_remote_irr_too() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    configure(machine, TO_CPU_1 | VECTOR | LEVEL, pin=19)

    drive(machine, 1, pin=PIN)
    drive(machine, 1, pin=19)

    assert all(entry_of(machine, pin) & REMOTE_IRR for pin in (PIN, 19))


def test_eoi_reaches_every_pin_with_its_vector_and_no_other() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    configure(machine, TO_CPU_1 | VECTOR | LEVEL, pin=19)
    configure(machine, TO_CPU_1 | 0x41 | LEVEL, pin=20)
    for pin in (PIN, 19, 20):
        drive(machine, 1, 0, pin=pin)

    assert serve(machine) == VECTOR

    assert [bool(entry_of(machine, pin) & REMOTE_IRR) for pin in (PIN, 19, 20)] == [False, False, True]


def test_switching_to_edge_and_back_clears_remote_irr() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    drive(machine, 1)

    configure(machine, TO_CPU_1 | VECTOR | MASKED)
    assert entry_of(machine) & REMOTE_IRR == 0
    configure(machine, TO_CPU_1 | VECTOR | LEVEL)

    assert len(machine.outbox) == 1


def test_writing_the_entry_of_a_level_pin_keeps_remote_irr() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    drive(machine, 1)

    configure(machine, VECTOR | LEVEL)

    assert entry_of(machine) == VECTOR | LEVEL | REMOTE_IRR
    assert machine.outbox == []


def test_pin_that_became_edge_while_its_message_was_on_the_way_gets_no_remote_irr() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR | LEVEL)
    machine.drive_pin(PIN, 1)

    configure(machine, TO_CPU_1 | VECTOR)
    machine.settle()

    assert entry_of(machine) & REMOTE_IRR == 0
    machine.check()


@pytest.mark.parametrize("mode", [DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.INIT, DeliveryMode.EXTINT])
def test_level_counts_for_fixed_and_lowest_priority_alone(mode: DeliveryMode) -> None:
    machine = machine_with(TO_CPU_1 | mode << 8 | LEVEL)

    machine.drive_pin(PIN, 1)
    trigger = [message.trigger_mode for message in machine.outbox if isinstance(message, InterruptMessage)]
    machine.settle()

    assert trigger == [TriggerMode.EDGE]
    assert entry_of(machine) & REMOTE_IRR == 0


@pytest.mark.parametrize("mode", [DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.INIT])
def test_level_pin_of_another_mode_sends_once_for_each_rise(mode: DeliveryMode) -> None:
    machine = machine_with(TO_CPU_1 | mode << 8 | LEVEL)

    assert drive(machine, 1, 1, 1) == 1
    assert drive(machine, 0, 1) == 1
