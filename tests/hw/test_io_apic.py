"""The I/O APIC's pins: edges, levels, remote IRR, delivery status."""

import pytest

from app.hw.events import PinChanged
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.redirection import LEVEL, MASKED, REMOTE_IRR
from app.x86.units import Vector
from tests.hw.machines import machine_of, of_type, requested
from tests.hw.machines import serve as serve_on

PIN = 18
VECTOR = 0x51
TO_CPU_1 = 1 << 56


def machine_with(entry: int, pin: int = PIN) -> Machine:
    machine = machine_of(2)
    configure(machine, entry, pin)
    machine.take_events()
    return machine


def configure(machine: Machine, entry: int, pin: int = PIN) -> None:
    machine.write_redirection_entry(pin, entry)


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
    return serve_on(machine, 1)


def entry_of(machine: Machine, pin: int = PIN) -> int:
    return machine.io_apic.entries[pin]


def why_silent(machine: Machine) -> str | None:
    return of_type(machine.events, PinChanged)[-1].reason


# What a pin sends


@pytest.mark.parametrize("mode", DeliveryMode)
@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_message_is_what_the_entry_says(destination_mode: DestinationMode, mode: DeliveryMode) -> None:
    machine = machine_with(0x5A << 56 | destination_mode << 11 | mode << 8 | VECTOR)

    machine.drive_pin(PIN, 1)

    assert machine.outbox == [
        InterruptMessage(
            number=1,
            origin=Origin.IO_APIC,
            source=PIN,
            vector=Vector(VECTOR),
            delivery_mode=mode,
            destination_mode=destination_mode,
            shorthand=Shorthand.NONE,
            destination=0x5A,
            trigger_mode=TriggerMode.EDGE,
        )
    ]


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


def test_line_that_is_up_makes_no_edge_while_its_first_is_under_way() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)
    machine.drive_pin(PIN, 1)

    machine.drive_pin(PIN, 1)

    assert len(machine.outbox) == 1
    assert why_silent(machine) == "the line was up already"


def test_falling_line_needs_no_reason() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)

    drive(machine, 1, 0)

    assert of_type(machine.events, PinChanged) == [PinChanged(PIN, 1, None), PinChanged(PIN, 0, None)]


def test_two_edges_under_way_keep_the_delivery_status_until_both_have_arrived() -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)
    for level in (1, 0, 1):
        machine.drive_pin(PIN, level)
    status = [bool(entry_of(machine) & DELIVERY_STATUS)]

    for message in machine.outbox:
        machine.deliver(message)
        status.append(bool(entry_of(machine) & DELIVERY_STATUS))

    assert status == [True, True, False]


@pytest.mark.parametrize("bits", [0, MASKED])
def test_edge_under_way_is_not_called_back_by_what_is_written_meanwhile(bits: int) -> None:
    machine = machine_with(TO_CPU_1 | VECTOR)
    machine.drive_pin(PIN, 1)

    configure(machine, 0x61 | bits)
    machine.settle()

    assert (requested(machine, VECTOR), requested(machine, 0x61)) == ([1], [])


def test_edge_that_nobody_accepts_is_lost() -> None:
    machine = machine_with(5 << 56 | VECTOR)
    drive(machine, 1)

    configure(machine, TO_CPU_1 | VECTOR)
    machine.settle()

    assert requested(machine, VECTOR) == []
    assert entry_of(machine) & DELIVERY_STATUS == 0


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
