"""What the bus tries again because a target had no room for the vector (P6 family)."""

from app.hw.events import Accepted, MessageSent, Refused, Retried
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage
from app.hw.profile import INTEL_P6, INTEL_SDM
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, Icr, Shorthand, TriggerMode
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register
from app.x86.state_registers import ESR_SEND_ACCEPT
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, message, of_type, post, requested, send, send_msi

VECTOR = 0x40
PIN = 18
TO_CPU_1 = 1 << 56
TO_OTHERS = Icr(VECTOR, shorthand=Shorthand.ALL_EXCLUDING_SELF)


def full(cpus: int, *without_room: int) -> Machine:
    """A P6 machine in which the CPUs *without_room* have VECTOR requested already."""
    machine = machine_of(cpus, profile=INTEL_P6)
    for cpu in without_room:
        machine.cpus[cpu].apic.accept(fixed(VECTOR))
    machine.take_events()
    return machine


def make_room(machine: Machine, cpu: int) -> None:
    assert machine.cpus[cpu].take_interrupt() == VECTOR


def try_again(machine: Machine) -> None:
    machine.retry()
    machine.settle()


def busy(machine: Machine, cpu: int) -> bool:
    """Delivery status of the CPU's ICR."""
    value = machine.read_register(cpu, Register.ICR_LOW)
    assert isinstance(value, int)
    return bool(value & DELIVERY_STATUS)


def test_message_waits_while_its_target_has_no_room() -> None:
    machine = full(2, 1)

    send(machine, 0, Icr(VECTOR, destination=1))
    for _ in range(3):
        try_again(machine)

    assert [message.remaining for message in machine.retrying] == [(1,)]
    assert of_type(machine.events, Retried) == [Retried(1, Vector(VECTOR), DeliveryMode.FIXED, 1)]
    assert (machine.outbox, machine.undelivered) == ([], 0)
    machine.check()


def test_message_is_tried_again_when_there_is_room() -> None:
    machine = full(2, 1)
    send(machine, 0, Icr(VECTOR, destination=1))

    make_room(machine, 1)
    try_again(machine)

    assert requested(machine, VECTOR) == [1]
    assert machine.retrying == []
    assert of_type(machine.events, Accepted) == [Accepted(1, Vector(VECTOR), DeliveryMode.FIXED, TriggerMode.EDGE, 2)]
    machine.check()


def test_each_attempt_is_a_message_with_its_own_number_for_the_rest_of_the_targets() -> None:
    machine = full(3, 1)
    send(machine, 0, TO_OTHERS)

    make_room(machine, 1)
    try_again(machine)

    messages = [event.message for event in of_type(machine.events, MessageSent)]
    assert [(each.number, each.remaining) for each in messages if isinstance(each, InterruptMessage)] == [
        (1, None),
        (2, (1,)),
    ]


def test_targets_with_room_get_it_once() -> None:
    machine = full(4, 1, 3)
    send(machine, 0, TO_OTHERS)
    assert machine.cpus[2].take_interrupt() == VECTOR

    for cpu in (1, 3):
        make_room(machine, cpu)
        try_again(machine)

    assert requested(machine, VECTOR) == [1, 3]
    assert [event.cpu for event in of_type(machine.events, Accepted)] == [2, 1, 3]
    machine.check()


def test_targets_still_without_room_are_tried_once_more() -> None:
    machine = full(3, 1, 2)
    send(machine, 0, TO_OTHERS)

    make_room(machine, 1)
    try_again(machine)

    assert [message.remaining for message in machine.retrying] == [(2,)]
    assert [(event.cpu, event.message) for event in of_type(machine.events, Retried)] == [(1, 1), (2, 1), (2, 2)]
    machine.check()


def test_targets_of_the_next_attempt_are_those_that_are_left() -> None:
    machine = full(3, 1)
    send(machine, 0, TO_OTHERS)
    make_room(machine, 1)

    machine.retry()

    assert machine.targets(machine.outbox[0]) == [1]


def test_delivery_status_of_the_sender_is_pending_until_all_have_it() -> None:
    machine = full(3, 1)
    post(machine, 0, TO_OTHERS)
    seen = [busy(machine, 0)]

    machine.settle()
    seen.append(busy(machine, 0))
    make_room(machine, 1)
    machine.retry()
    seen.append(busy(machine, 0))
    machine.settle()
    seen.append(busy(machine, 0))

    assert seen == [True, True, True, False]


def test_settling_tries_again_what_has_room_now() -> None:
    machine = full(2, 1)
    send(machine, 0, Icr(VECTOR, destination=1))
    make_room(machine, 1)

    machine.settle()

    assert requested(machine, VECTOR) == [1]


def test_message_of_a_device_waits_too() -> None:
    machine = full(2, 1)
    send_msi(machine, 0xFEE0_1000, VECTOR)

    make_room(machine, 1)
    try_again(machine)

    assert requested(machine, VECTOR) == [1]
    assert machine.retrying == []


def test_init_of_the_target_ends_the_waiting_with_a_refusal() -> None:
    machine = full(2, 1)
    send(machine, 0, Icr(VECTOR, destination=1))

    machine.cpus[1].receive(message(0, DeliveryMode.INIT))
    machine.take_resets()
    try_again(machine)

    assert machine.retrying == []
    assert [(event.cpu, event.message) for event in of_type(machine.events, Refused)] == [(1, 2)]
    assert not busy(machine, 0)


def test_room_that_an_init_makes_is_used_at_once() -> None:
    machine = full(2, 1)
    post(machine, 0, Icr(VECTOR, destination=1))
    post(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))

    machine.settle()

    assert machine.retrying == []
    assert [event.message for event in of_type(machine.events, Refused)] == [3]


# Errors of the sender


def test_message_that_waits_is_no_error_of_its_sender() -> None:
    machine = full(2, 1)

    send(machine, 0, Icr(VECTOR, destination=1))

    assert machine.cpus[0].apic.esr_pending == 0


def test_message_that_is_refused_in_the_end_is_an_error() -> None:
    machine = full(2, 1)
    send(machine, 0, Icr(VECTOR, destination=1))

    machine.write_register(1, Register.SVR, 0xFF)
    make_room(machine, 1)
    try_again(machine)

    assert machine.cpus[0].apic.esr_pending == ESR_SEND_ACCEPT


def test_message_that_one_accepted_at_first_is_no_error_when_the_rest_refuses() -> None:
    machine = full(3, 2)
    send(machine, 0, TO_OTHERS)

    machine.write_register(2, Register.SVR, 0xFF)
    make_room(machine, 2)
    try_again(machine)

    assert requested(machine, VECTOR) == [1]
    assert machine.cpus[0].apic.esr_pending == 0


# Pins


def test_pin_s_delivery_status_is_pending_until_there_is_room() -> None:
    machine = full(2, 1)
    machine.write_redirection_entry(PIN, TO_CPU_1 | LEVEL | VECTOR)
    machine.drive_pin(PIN, 1)
    seen = []

    for step in (machine.settle, lambda: make_room(machine, 1), lambda: try_again(machine)):
        step()
        seen.append(machine.io_apic.entries[PIN] & (DELIVERY_STATUS | REMOTE_IRR))

    assert seen == [DELIVERY_STATUS, DELIVERY_STATUS, REMOTE_IRR]
    assert VECTOR in machine.cpus[1].apic.tmr


def test_level_pin_sends_nothing_more_while_its_message_waits() -> None:
    machine = full(2, 1)
    machine.write_redirection_entry(PIN, TO_CPU_1 | LEVEL | VECTOR)

    for level in (1, 0, 1):
        machine.drive_pin(PIN, level)
        machine.settle()
    machine.write_register(0, Register.SVR, 0x1FF)

    assert len(of_type(machine.events, MessageSent)) == 1


def test_edges_of_a_pin_wait_one_behind_the_other() -> None:
    machine = full(2, 1)
    machine.write_redirection_entry(PIN, TO_CPU_1 | VECTOR)
    for level in (1, 0, 1):
        machine.drive_pin(PIN, level)
    machine.settle()
    status = []

    for _ in range(2):
        make_room(machine, 1)
        try_again(machine)
        status.append(bool(machine.io_apic.entries[PIN] & DELIVERY_STATUS))
        machine.write_register(1, Register.EOI, 0)

    assert status == [True, False]


# Everyone else merges


def test_nothing_is_tried_again_where_vectors_merge() -> None:
    machine = machine_of(2, profile=INTEL_SDM)
    for _ in range(2):
        send(machine, 0, Icr(VECTOR, destination=1))

    machine.retry()

    assert (machine.retrying, machine.outbox, requested(machine, VECTOR)) == ([], [], [1])
    assert not busy(machine, 0)


def test_second_startup_ipi_is_no_send_accept_error() -> None:
    machine = machine_of(2, profile=INTEL_P6)
    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))

    for _ in range(2):
        send(machine, 0, Icr(0x9, DeliveryMode.STARTUP, destination=1))

    assert machine.cpus[0].apic.esr_pending == 0
    send(machine, 0, Icr(0x9, DeliveryMode.STARTUP, destination=7))
    assert machine.cpus[0].apic.esr_pending == ESR_SEND_ACCEPT
