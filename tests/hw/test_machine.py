"""A machine as a whole: what is sent, how each message ends, and the invariants."""

import pytest

from app.hw.cpu import RunState
from app.hw.events import Accepted, Event, InterruptFlagChanged, MessageSent, MsiIgnored, Reason
from app.hw.local_apic import ApicMode
from app.hw.machine import MAX_CPUS, Machine
from app.hw.messages import EoiBroadcast, Origin
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.registers import Register
from tests.hw.helpers import fixed, machine_of, of_type, post, requested, send


@pytest.mark.parametrize("cpu_count", [0, -1, MAX_CPUS + 1])
def test_impossible_number_of_cpus_is_refused(cpu_count: int) -> None:
    with pytest.raises(ValueError, match=f"not {cpu_count}"):
        Machine(cpu_count)


def test_after_power_up_apics_are_software_disabled_and_interrupts_off() -> None:
    machine = Machine(2)

    assert [(cpu.apic.software_enabled, cpu.interrupt_flag) for cpu in machine.cpus] == [(False, False)] * 2
    assert [cpu.bootstrap for cpu in machine.cpus] == [True, False]
    machine.check()


def test_what_happens_goes_to_the_recorder_that_was_given() -> None:
    seen: list[Event] = []
    machine = Machine(1, record=seen.append)

    machine.set_interrupt_flag(0, True)

    assert seen == [InterruptFlagChanged(0, True)]
    assert machine.take_events() == []


def test_events_are_taken_once() -> None:
    machine = Machine(1)
    machine.set_interrupt_flag(0, True)

    assert machine.take_events() == [InterruptFlagChanged(0, True)]
    assert machine.take_events() == []


# Messages


def test_message_waits_until_it_is_delivered() -> None:
    machine = machine_of(2)

    post(machine, 0, Icr(0x40, destination=1))

    assert requested(machine, 0x40) == []
    assert machine.undelivered == len(machine.outbox) == 1
    assert machine.targets(machine.outbox[0]) == [1]
    machine.settle()
    assert requested(machine, 0x40) == [1]
    assert machine.undelivered == 0


def test_messages_arrive_in_the_order_in_which_they_were_sent() -> None:
    machine = machine_of(2)
    for vector in (0x60, 0x40, 0x50):
        post(machine, 0, Icr(vector, destination=1))

    machine.settle()

    assert [event.vector for event in of_type(machine.events, Accepted)] == [0x60, 0x40, 0x50]


def test_messages_of_all_devices_are_numbered_from_one_counter() -> None:
    machine = machine_of(2)
    machine.write_io_apic(0x10, 0x51)

    post(machine, 0, Icr(0x40, destination=1))
    machine.drive_pin(0, 1)
    machine.send_msi(0xFEE0_1000, 0x42)

    sent = [
        (event.message.number, getattr(event.message, "origin", None)) for event in of_type(machine.events, MessageSent)
    ]
    assert sent == [(1, Origin.IPI), (2, Origin.IO_APIC), (3, Origin.MSI)]


def test_eoi_broadcast_goes_to_the_io_apic_and_to_no_cpu() -> None:
    machine = machine_of(2)

    assert machine.targets(EoiBroadcast(1, 0, 0x40)) == []


def test_delivery_names_the_cpus_that_the_message_was_for() -> None:
    machine = machine_of(3)
    post(machine, 0, Icr(0x40, shorthand=Shorthand.ALL_EXCLUDING_SELF))

    assert [cpu.number for cpu in machine.deliver(machine.outbox.pop())] == [1, 2]


# MSI


def test_msi_reaches_its_destination() -> None:
    machine = machine_of(3)

    machine.send_msi(0xFEE0_2000, 0x41)
    machine.settle()

    assert requested(machine, 0x41) == [2]


def test_msi_with_redirection_hint_and_logical_mode_goes_to_one_of_those_addressed() -> None:
    machine = machine_of(4)

    for vector in (0x41, 0x42, 0x43, 0x44):
        machine.send_msi(0xFEE0_F00C, vector)
    machine.settle()

    assert sorted(requested(machine, vector)[0] for vector in (0x41, 0x42, 0x43, 0x44)) == [0, 1, 2, 3]
    assert all(len(requested(machine, vector)) == 1 for vector in (0x41, 0x42, 0x43, 0x44))


def test_msi_with_redirection_hint_and_physical_mode_is_not_redirected() -> None:
    machine = machine_of(4)

    machine.send_msi(0xFEE0_2008, 0x41)
    machine.settle()

    assert requested(machine, 0x41) == [2]


def test_msi_that_takes_a_level_back_is_ignored_with_its_reason() -> None:
    machine = machine_of(3)

    machine.send_msi(0xFEE0_2000, 0x8041)
    machine.settle()

    assert requested(machine, 0x41) == []
    assert machine.events[-1] == MsiIgnored(0x41, DeliveryMode.FIXED, Reason.LEVEL_DEASSERT)


def test_msi_that_asserts_a_level_is_a_level_interrupt() -> None:
    machine = machine_of(3)

    machine.send_msi(0xFEE0_2000, 0xC041)
    machine.settle()

    assert requested(machine, 0x41) == [2]
    assert 0x41 in machine.cpus[2].apic.tmr


def test_whole_redirection_entry_is_written_and_sends_only_when_complete() -> None:
    machine = machine_of(3)
    machine.drive_pin(5, 1)

    machine.write_redirection_entry(5, 2 << 56 | 0x8051)
    machine.settle()

    assert (machine.read_io_apic(0x1A), machine.read_io_apic(0x1B)) == (0xC051, 0x0200_0000)
    assert requested(machine, 0x51) == [2]


def test_msi_outside_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="0xfed02000"):
        machine_of(1).send_msi(0xFED0_2000, 0x41)


# Whoever keeps the time is told


@pytest.mark.parametrize("register", [Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE])
def test_write_to_the_timer_asks_to_look_at_the_deadlines_again(register: Register) -> None:
    machine = machine_of(1)
    assert not machine.timers_changed

    machine.write_register(0, register, 1)

    assert machine.timers_changed


# Invariants


def test_check_finds_a_request_below_16() -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.irr.set(3)

    with pytest.raises(AssertionError, match="CPU 0: irr holds a vector below 16"):
        machine.check()


def test_check_finds_two_vectors_of_one_class_in_service() -> None:
    machine = machine_of(1)
    for vector in (0x41, 0x42):
        machine.cpus[0].apic.isr.set(vector)

    with pytest.raises(AssertionError, match="two vectors of one class"):
        machine.check()


def test_check_finds_a_merge_without_a_request() -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.coalesced.set(0x41)

    with pytest.raises(AssertionError, match="merged that is not requested"):
        machine.check()


def test_check_finds_a_waiting_cpu_with_interrupts_on() -> None:
    machine = machine_of(2)
    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))
    machine.cpus[1].interrupt_flag = True

    with pytest.raises(AssertionError, match="CPU 1: waits for a start-up IPI with interrupts on"):
        machine.check()
    assert machine.cpus[1].run_state is RunState.WAIT_FOR_SIPI


def test_check_finds_remote_irr_on_an_edge_pin() -> None:
    machine = machine_of(1)
    machine.io_apic.entries[5] |= 1 << 14

    with pytest.raises(AssertionError, match="pin 5: remote IRR of an edge pin"):
        machine.check()


def test_check_finds_a_message_that_is_not_counted() -> None:
    machine = machine_of(2)
    post(machine, 0, Icr(0x40, destination=1))
    machine.undelivered = 0

    with pytest.raises(AssertionError, match="not counted as on its way"):
        machine.check()


def test_a_busy_machine_has_nothing_to_find() -> None:
    machine = machine_of(4, ApicMode.X2APIC)
    for cpu in machine.cpus:
        for vector in (0x41, 0x51, 0x51):
            cpu.apic.accept(fixed(vector))
        cpu.apic.acknowledge()
    post(machine, 0, Icr(0x60, shorthand=Shorthand.ALL_INCLUDING_SELF))

    machine.check()

    assert machine.undelivered == 1
