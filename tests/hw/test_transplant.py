"""What moves a guest from one kind of interrupt controller to another."""

import pytest

from app.hw.events import Refused
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register
from tests.hw.machines import LEVEL_MSI, TO_CPU_1, channelled, machine_of, of_type, pending, requested, send_msi

PIN = 5


def test_pending_requests_become_events_and_requests_again() -> None:
    machine = machine_of(2)
    send_msi(machine, TO_CPU_1, 0x41)
    send_msi(machine, TO_CPU_1, 0x51 | LEVEL_MSI)

    machine.transplant(ApicMode.XAPIC, event_channels=True)
    channels = machine.cpus[1].event_channels
    assert channels is not None
    assert (list(channels.pending), list(channels.level)) == ([0x41, 0x51], [0x51])
    assert list(machine.cpus[1].apic.irr) == []
    machine.check()

    machine.transplant(ApicMode.XAPIC, event_channels=False)
    apic = machine.cpus[1].apic
    assert machine.cpus[1].event_channels is None
    assert (list(apic.irr), 0x51 in apic.tmr, 0x41 in apic.tmr) == ([0x41, 0x51], True, False)
    machine.check()


def test_merged_requests_become_one_event() -> None:
    machine = machine_of(2)
    for _ in range(3):
        send_msi(machine, TO_CPU_1, 0x41)

    machine.transplant(ApicMode.XAPIC, event_channels=True)

    assert pending(machine, 1) == [0x41]
    machine.check()


def test_event_channels_stay_the_same_when_only_the_mode_changes() -> None:
    machine = channelled()
    send_msi(machine, TO_CPU_1, 0x41)

    machine.transplant(ApicMode.X2APIC, event_channels=True)

    assert pending(machine, 1) == [0x41]


@pytest.mark.parametrize(("before", "after"), [(ApicMode.XAPIC, ApicMode.X2APIC), (ApicMode.X2APIC, ApicMode.XAPIC)])
def test_apic_changes_its_mode_with_its_registers_and_requests(before: ApicMode, after: ApicMode) -> None:
    machine = machine_of(2, before)
    machine.write_register(1, Register.TPR, 0x20)
    machine.send_for(0, 1, 0x41, DeliveryMode.FIXED)
    machine.settle()

    machine.transplant(after, event_channels=False)

    apic = machine.cpus[1].apic
    assert (apic.mode, apic.tpr, apic.svr, list(apic.irr)) == (after, 0x20, 0x1FF, [0x41])
    machine.check()


def test_apic_in_its_mode_already_keeps_its_logical_id() -> None:
    machine = machine_of(2)
    logical_id = machine.cpus[1].apic.ldr

    machine.transplant(ApicMode.XAPIC, event_channels=False)

    assert machine.cpus[1].apic.ldr == logical_id != 0


def test_level_pin_sends_again_once_its_event_is_ended() -> None:
    machine = channelled()
    machine.write_redirection_entry(PIN, 1 << 56 | LEVEL | 0x51)
    machine.drive_pin(PIN, 1)
    machine.settle()
    assert machine.cpus[1].take_interrupt() == 0x51
    assert machine.io_apic.entries[PIN] & REMOTE_IRR

    machine.end_at_io_apic(0x51)
    machine.settle()

    assert pending(machine, 1) == [0x51]
    assert of_type(machine.events, Refused) == []
    assert list(machine.cpus[1].apic.tmr) == []
    machine.check()


def test_message_through_the_page_reaches_the_mode_of_the_moment() -> None:
    machine = machine_of(2)
    machine.transplant(ApicMode.X2APIC, event_channels=False)

    assert machine.write_register(0, Register.ICR_LOW, 1 << 32 | TriggerMode.EDGE << 15 | 0x41) is None
    machine.settle()

    assert requested(machine, 0x41) == [1]
