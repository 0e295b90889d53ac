"""A machine as a whole: what is sent, how each message ends, and who is told."""

import pytest

from app.hw.events import Accepted, Event, InterruptFlagChanged, InterruptsHeldOff, MessageSent
from app.hw.machine import MAX_XAPIC_CPUS, Machine
from app.hw.messages import EoiBroadcast, InterruptMessage, Origin
from app.hw.profile import INTEL_P6, INTEL_SDM, KVM
from app.x86.icr import DeliveryMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import fixed, machine_of, message, of_type, post, requested, switch_mode


@pytest.mark.parametrize("cpu_count", [0, -1, 257])
def test_impossible_number_of_cpus_is_refused(cpu_count: int) -> None:
    with pytest.raises(ValueError, match=f"not {cpu_count}"):
        Machine(cpu_count)


def test_largest_machine_leaves_the_xapic_broadcast_free() -> None:
    assert Machine(MAX_XAPIC_CPUS).cpus[-1].apic.apic_id == 0xFE


def test_after_power_up_apics_are_software_disabled_and_interrupts_off() -> None:
    machine = Machine(2)

    assert [(cpu.apic.software_enabled, cpu.interrupt_flag) for cpu in machine.cpus] == [(False, False)] * 2
    assert [cpu.bootstrap for cpu in machine.cpus] == [True, False]
    assert [cpu.apic.bootstrap for cpu in machine.cpus] == [True, False]
    assert machine.profile is INTEL_SDM
    machine.check()


def test_apic_ids_are_the_numbers_or_those_given() -> None:
    assert [cpu.apic.apic_id for cpu in Machine(3).cpus] == [0, 1, 2]
    assert [cpu.apic.initial_id for cpu in Machine(2, ApicMode.X2APIC, apic_ids=[0, 0x1_0000]).cpus] == [0, 0x1_0000]


@pytest.mark.parametrize("mode", [ApicMode.XAPIC, ApicMode.X2APIC])
def test_firmware_may_have_switched_x2apic_mode_on(mode: ApicMode) -> None:
    assert [cpu.apic.mode for cpu in Machine(2, mode).cpus] == [mode, mode]


def test_what_happens_goes_to_the_recorder_that_was_given() -> None:
    seen: list[Event] = []
    machine = Machine(1, record=seen.append, profile=KVM)

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
    machine.cpus[1].apic.accept(fixed(0x40, TriggerMode.LEVEL))
    machine.cpus[1].take_interrupt()

    machine.write_register(1, Register.EOI, 0)

    (broadcast,) = machine.outbox
    assert broadcast == EoiBroadcast(1, 1, Vector(0x40))
    assert machine.targets(broadcast) == []
    assert machine.deliver(broadcast) == []


def test_delivery_names_the_cpus_that_the_message_was_for() -> None:
    machine = machine_of(3)
    post(machine, 0, Icr(0x40, shorthand=Shorthand.ALL_EXCLUDING_SELF))

    assert [cpu.number for cpu in machine.deliver(machine.outbox.pop())] == [1, 2]


def test_init_and_start_up_act_when_the_machine_settles() -> None:
    machine = machine_of(2)
    for icr in (Icr(0, DeliveryMode.INIT, destination=1), Icr(0x9A, DeliveryMode.STARTUP, destination=1)):
        post(machine, 0, icr)

    machine.settle()

    assert machine.cpus[1].starts == 2


def test_delivering_alone_performs_no_init() -> None:
    machine = machine_of(2)
    post(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))

    machine.deliver(machine.outbox.pop())

    assert (machine.cpus[1].starts, machine.cpus[1].init_pending) == (0, True)


def test_message_that_was_recorded_elsewhere_leaves_an_idle_sender_idle() -> None:
    machine = machine_of(2)
    machine.deliver(message(0x40, DeliveryMode.FIXED, origin=Origin.IPI)._replace(source=1))

    assert [cpu.apic.sends_in_flight for cpu in machine.cpus] == [0, 0]
    assert requested(machine, 0x40) == [0]


def test_init_of_a_sender_leaves_its_message_on_the_way() -> None:
    machine = machine_of(2)
    post(machine, 1, Icr(0x40, destination=0))
    machine.cpus[1].receive(message(0, DeliveryMode.INIT))

    machine.take_resets()
    assert machine.cpus[1].apic.sends_in_flight == 1
    machine.settle()

    assert machine.cpus[1].apic.sends_in_flight == 0
    assert requested(machine, 0x40) == [0]


# The I/O APIC's registers


def test_whole_redirection_entry_is_written_and_sends_only_when_complete() -> None:
    machine = machine_of(3)
    machine.drive_pin(5, 1)

    machine.write_redirection_entry(5, 2 << 56 | 0x8051)
    machine.settle()

    assert (machine.read_io_apic(0x1A), machine.read_io_apic(0x1B)) == (0xC051, 0x0200_0000)
    assert requested(machine, 0x51) == [2]


def test_only_eight_bits_of_the_index_count() -> None:
    machine = machine_of(1)

    machine.write_io_apic(0x110, 0x1_0051)

    assert machine.read_io_apic(0x310) == 0x1_0051


# Whoever keeps the time is told


@pytest.mark.parametrize("register", [Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE])
def test_write_to_the_timer_asks_to_look_at_the_deadlines_again(register: Register) -> None:
    machine = machine_of(1)
    assert not machine.timers_changed

    machine.write_register(0, register, 1)
    assert machine.timers_changed
    machine.next_timer_deadline()

    assert not machine.timers_changed


@pytest.mark.parametrize("register", [Register.TPR, Register.SVR, Register.LVT_ERROR, Register.ICR_HIGH])
def test_write_to_another_register_does_not(register: Register) -> None:
    machine = machine_of(1)

    machine.write_register(0, register, 0x1FF)

    assert not machine.timers_changed


def test_reset_of_a_running_timer_asks_too() -> None:
    machine = machine_of(2)
    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 100)
    assert machine.next_timer_deadline() is not None

    machine.cpus[1].receive(message(0, DeliveryMode.INIT))
    machine.take_resets()

    assert machine.timers_changed
    assert machine.next_timer_deadline() is None


def test_switching_an_apic_off_stops_its_timer() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.TIMER_INITIAL_COUNT, 100)

    switch_mode(machine, 0, ApicMode.DISABLED)

    assert machine.timers_changed
    assert machine.next_timer_deadline() is None


@pytest.mark.parametrize("apic_ids", [(0,), (0, 1, 2)])
def test_every_cpu_needs_one_apic_id(apic_ids: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="APIC IDs"):
        Machine(2, apic_ids=apic_ids)


def test_no_machine_is_in_a_mode_that_its_profile_lacks() -> None:
    with pytest.raises(ValueError, match="no x2APIC mode"):
        Machine(1, ApicMode.X2APIC, profile=INTEL_P6)


def test_interrupts_that_are_held_off_leave_the_flag_as_it_is() -> None:
    machine = Machine(1)
    cpu = machine.cpus[0]
    cpu.interrupt_flag = True

    machine.hold_interrupts_off(0, True)
    assert (cpu.interrupt_flag, cpu.interrupts_open) == (True, False)
    machine.hold_interrupts_off(0, False)

    assert cpu.interrupts_open
    assert machine.take_events() == [InterruptsHeldOff(0, True), InterruptsHeldOff(0, False)]


# A hypervisor carries an IPI to its targets


def carried(machine: Machine, icr: Icr) -> list[InterruptMessage]:
    machine.carry_ipis()
    post(machine, 0, icr)
    return machine.take_carried()


def test_carried_ipi_is_one_message_to_each_target_and_waits_to_be_posted() -> None:
    machine = machine_of(4)

    parts = carried(machine, Icr(0x51, shorthand=Shorthand.ALL_EXCLUDING_SELF))

    assert [(part.part, part.remaining) for part in parts] == [(0, (1,)), (1, (2,)), (2, (3,))]
    assert machine.outbox == []
    machine.post(parts[1])
    machine.settle()
    assert requested(machine, 0x51) == [2]
    assert machine.cpus[0].apic.sends_in_flight == 2
    for part in (parts[0], parts[2]):
        machine.post(part)
    machine.settle()
    assert requested(machine, 0x51) == [1, 2, 3]
    assert machine.cpus[0].apic.sends_in_flight == 0
    machine.check()


def test_carried_ipi_to_one_target_goes_as_it_was_written() -> None:
    machine = machine_of(2)

    parts = carried(machine, Icr(0x51, destination=1))

    assert [(part.part, part.destination) for part in parts] == [(None, 1)]
    assert parts[0].is_ipi


def test_carried_ipi_that_names_nobody_is_posted_at_once() -> None:
    machine = machine_of(2)

    assert carried(machine, Icr(0x51, destination=7)) == []

    assert [sent.destination for sent in machine.outbox if isinstance(sent, InterruptMessage)] == [7]


def test_what_comes_of_a_write_beside_its_ipis_is_not_carried() -> None:
    machine = machine_of(2)
    machine.cpus[1].receive(fixed(0x51, TriggerMode.LEVEL))
    machine.cpus[1].apic.acknowledge()
    machine.carry_ipis()

    machine.write_register(1, Register.EOI, 0)

    assert machine.take_carried() == []
    assert [(type(sent), sent.is_ipi) for sent in machine.outbox] == [(EoiBroadcast, False)]
