"""Event channels instead of a local APIC, and a hypervisor that sends."""

import pytest

from app.hw.events import Accepted, EventTaken, Merged, Reason, Refused
from app.hw.messages import Origin
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import ApicMode
from tests.hw.machines import LEVEL_MSI, TO_CPU_1, channelled, machine_of, of_type, pending, requested, send_msi

# Events


def test_message_sets_the_pending_bit_and_nothing_of_the_apic() -> None:
    machine = channelled()

    send_msi(machine, TO_CPU_1, 0x41)

    assert pending(machine, 1) == [0x41]
    assert requested(machine, 0x41) == []
    assert [(event.cpu, event.vector) for event in of_type(machine.events, Accepted)] == [(1, 0x41)]
    machine.check()


def test_vector_that_no_apic_could_take_is_refused() -> None:
    """Or else a guest that gets its APICs back would have it pending there."""
    machine = channelled()

    send_msi(machine, TO_CPU_1, 0x05)

    assert pending(machine, 1) == []
    assert [(event.cpu, event.reason) for event in of_type(machine.events, Refused)] == [(1, Reason.ILLEGAL_VECTOR)]
    machine.transplant(ApicMode.XAPIC, event_channels=False)
    machine.check()


def test_second_event_of_a_pending_port_merges() -> None:
    machine = channelled()

    send_msi(machine, TO_CPU_1, 0x41)
    send_msi(machine, TO_CPU_1, 0x41)

    assert pending(machine, 1) == [0x41]
    assert len(of_type(machine.events, Accepted)) == len(of_type(machine.events, Merged)) == 1
    machine.check()


def test_lowest_port_goes_first_and_its_bit_is_cleared() -> None:
    machine = channelled()
    for vector in (0x61, 0x31, 0x41):
        send_msi(machine, TO_CPU_1, vector)

    taken = [machine.cpus[1].take_interrupt() for _ in range(3)]

    assert taken == [0x31, 0x41, 0x61]
    assert of_type(machine.events, EventTaken) == [EventTaken(1, port) for port in taken]
    assert pending(machine, 1) == []


def test_masked_port_waits_and_calls_nobody_up() -> None:
    machine = channelled()
    channels = machine.cpus[1].event_channels
    assert channels is not None
    channels.masked.set(0x41)

    send_msi(machine, TO_CPU_1, 0x41)

    assert (channels.upcall_pending, channels.deliverable()) == (False, None)
    assert not machine.cpus[1].interrupt_deliverable()
    channels.masked.clear(0x41)
    assert channels.deliverable() == 0x41
    assert machine.cpus[1].interrupt_deliverable()


def test_masked_port_lets_a_higher_one_by() -> None:
    machine = channelled()
    channels = machine.cpus[1].event_channels
    assert channels is not None
    channels.masked.set(0x31)

    send_msi(machine, TO_CPU_1, 0x31)
    send_msi(machine, TO_CPU_1, 0x41)

    assert channels.acknowledge() == 0x41
    assert channels.acknowledge() is None
    assert pending(machine, 1) == [0x31]


def test_selector_has_a_bit_for_each_word_with_news_and_the_guest_takes_it() -> None:
    machine = channelled()
    channels = machine.cpus[1].event_channels
    assert channels is not None
    for vector in (0x31, 0x41, 0x42):
        send_msi(machine, TO_CPU_1, vector)
    assert (channels.selector, channels.upcall_pending) == (0b11, True)

    machine.cpus[1].take_interrupt()
    assert (channels.selector, channels.upcall_pending) == (0, False)

    send_msi(machine, TO_CPU_1, 0x42)
    assert channels.selector == 0, "it is pending already"
    send_msi(machine, TO_CPU_1, 0xC0)
    assert (channels.selector, channels.upcall_pending) == (0b1000, True)


def test_requests_that_come_along_call_the_guest_up() -> None:
    machine = machine_of(2)
    send_msi(machine, TO_CPU_1, 0x41)

    machine.transplant(ApicMode.XAPIC, event_channels=True)

    channels = [cpu.event_channels for cpu in machine.cpus]
    assert [(each.selector, each.upcall_pending) for each in channels if each] == [(0, False), (0b10, True)]


def test_one_cpu_sends_an_event_to_another() -> None:
    machine = channelled()

    machine.send_for(0, 1, 0x41, DeliveryMode.FIXED)
    [message] = machine.outbox

    assert (message.origin, message.source) == (Origin.EVENT_CHANNEL, 0)  # type: ignore[union-attr]  # an interrupt


def test_upcall_without_an_event_finds_nothing() -> None:
    machine = channelled()

    assert machine.cpus[1].take_interrupt() == 0xFF
    assert machine.events == []


@pytest.mark.parametrize(("data", "level"), [(0x41, []), (0x41 | LEVEL_MSI, [0x41])], ids=["edge", "level"])
def test_port_remembers_how_its_last_interrupt_was_triggered(data: int, level: list[int]) -> None:
    machine = channelled()
    channels = machine.cpus[1].event_channels
    assert channels is not None
    channels.level.assign(0x41, not level)

    send_msi(machine, TO_CPU_1, data)

    assert list(channels.level) == level


def test_nmi_comes_in_as_ever() -> None:
    machine = channelled()

    send_msi(machine, TO_CPU_1, DeliveryMode.NMI << 8)

    assert machine.cpus[1].nmi_deliverable()


# A hypervisor that sends


@pytest.mark.parametrize("mode", [ApicMode.XAPIC, ApicMode.X2APIC])
def test_hypervisor_sends_for_a_cpu_past_its_icr(mode: ApicMode) -> None:
    machine = machine_of(3, mode)
    icr = machine.cpus[0].apic.icr

    machine.send_for(0, 2, 0x41, DeliveryMode.FIXED)
    [message] = machine.outbox
    machine.settle()

    assert requested(machine, 0x41) == [2]
    assert (message.origin, message.source) == (Origin.HYPERVISOR, 0)  # type: ignore[union-attr]  # an interrupt
    assert (machine.cpus[0].apic.icr, machine.cpus[0].apic.sends_in_flight) == (icr, 0)
    machine.check()


def test_hypervisor_sends_an_nmi() -> None:
    machine = machine_of(2)

    machine.send_for(1, 0, 2, DeliveryMode.NMI)
    machine.settle()

    assert machine.cpus[0].nmi_pending == 1


def test_hypervisors_message_to_nobody_is_no_error_of_the_sender() -> None:
    machine = machine_of(2)

    machine.send_for(1, 7, 0x41, DeliveryMode.FIXED)
    machine.settle()

    assert (requested(machine, 0x41), machine.undelivered) == ([], 0)
    assert machine.cpus[1].apic.esr_pending == 0
    machine.check()


def test_hypervisors_destination_255_is_one_apic_and_no_broadcast() -> None:
    machine = machine_of(3)

    machine.send_for(0, 0xFF, 0x41, DeliveryMode.FIXED)
    machine.settle()

    assert requested(machine, 0x41) == []
