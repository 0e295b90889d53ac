"""What the bus makes of a message's address, and that it remembers none for too long."""

import pytest

from app.hw.events import NoTarget, Reason
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, KVM, QEMU, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import ENABLED, machine_of, of_type, post, requested, send, send_msi, switch_mode

LOGICAL = DestinationMode.LOGICAL
LOWEST_TO_EVERYONE = 0xFEEF_F000, 0x0141


def reached(machine: Machine, vector: int, destination: int) -> list[int]:
    send(machine, 0, Icr(vector, destination_mode=LOGICAL, destination=destination))
    return requested(machine, vector)


def test_destination_that_nobody_has_is_recorded() -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0x40, destination=7))

    assert of_type(machine.events, NoTarget) == [NoTarget(1, Vector(0x40), Reason.NO_SUCH_DESTINATION)]


# Lowest priority to everyone


@pytest.mark.parametrize(("profile", "count"), [(INTEL_SDM, 0), (KVM, 3), (QEMU, 1)])
def test_lowest_priority_broadcast_of_a_device_ends_as_the_profile_says(profile: Profile, count: int) -> None:
    machine = machine_of(3, profile=profile)

    send_msi(machine, *LOWEST_TO_EVERYONE)

    assert len(requested(machine, 0x41)) == count
    machine.check()


def test_refused_lowest_priority_broadcast_is_recorded() -> None:
    machine = machine_of(3)

    send_msi(machine, *LOWEST_TO_EVERYONE)

    assert of_type(machine.events, NoTarget) == [NoTarget(1, Vector(0x41), Reason.LOWEST_PRIORITY_BROADCAST)]


@pytest.mark.parametrize("destination", [0xFF, 0xFFFF_FFFF])
def test_in_x2apic_mode_all_32_ones_are_the_broadcast(destination: int) -> None:
    machine = machine_of(3, ApicMode.X2APIC, KVM, apic_ids=[0, 1, 0xFF])

    send(machine, 0, Icr(0x41, DeliveryMode.LOWEST_PRIORITY, destination=destination))

    assert requested(machine, 0x41) == ([2] if destination == 0xFF else [0, 1, 2])


@pytest.mark.parametrize("data", [0x0141, 0x0041])
def test_other_message_without_a_target_has_no_such_destination(data: int) -> None:
    machine = machine_of(1)
    switch_mode(machine, 0, ApicMode.DISABLED)

    send_msi(machine, 0xFEE0_7000 if data & 0x100 else 0xFEEF_F000, data)

    assert [event.reason for event in of_type(machine.events, NoTarget)] == [Reason.NO_SUCH_DESTINATION]


def test_lowest_priority_to_all_logical_ids_is_no_physical_broadcast() -> None:
    machine = machine_of(3)

    send_msi(machine, 0xFEEF_F00C, 0x41)

    assert len(requested(machine, 0x41)) == 1


# Whom a destination names is remembered, and must not be remembered for too long


def test_a_written_ldr_changes_who_receives() -> None:
    machine = machine_of(2)
    assert reached(machine, 0x40, 0x02) == [1]

    machine.write_register(1, Register.LDR, 0x80 << 24)

    assert reached(machine, 0x41, 0x02) == []
    assert reached(machine, 0x42, 0x80) == [1]


def test_a_written_dfr_changes_who_receives() -> None:
    machine = machine_of(2)
    machine.write_register(1, Register.LDR, 0x12 << 24)
    assert reached(machine, 0x40, 0x02) == [1]

    machine.write_register(1, Register.DFR, 0)

    assert reached(machine, 0x41, 0x02) == []


def test_a_written_apic_id_changes_who_receives() -> None:
    machine = machine_of(2, profile=KVM)
    send(machine, 0, Icr(0x40, destination=1))

    machine.write_register(1, Register.ID, 5 << 24)
    for vector, destination in ((0x41, 1), (0x42, 5)):
        send(machine, 0, Icr(vector, destination=destination))

    assert list(machine.cpus[1].apic.irr) == [0x40, 0x42]


def test_an_init_changes_who_receives() -> None:
    machine = machine_of(3)
    assert reached(machine, 0x40, 0x06) == [1, 2]

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))  # clears its LDR
    post(machine, 0, Icr(0x42, destination_mode=LOGICAL, destination=0x06))
    assert machine.targets(machine.outbox[0]) == [2]
    machine.write_register(1, Register.SVR, ENABLED)

    assert reached(machine, 0x41, 0x06) == [2]


def test_a_change_of_mode_changes_who_receives() -> None:
    machine = machine_of(2)
    send(machine, 0, Icr(0x40, destination=0xFF))

    switch_mode(machine, 1, ApicMode.X2APIC)
    send(machine, 0, Icr(0x41, destination=0xFF))

    assert requested(machine, 0x41) == [0]


def test_address_is_looked_at_on_arrival_and_not_when_it_is_sent() -> None:
    machine = machine_of(2)
    post(machine, 0, Icr(0x40, destination_mode=LOGICAL, destination=0x02))
    machine.write_register(1, Register.LDR, 0x80 << 24)

    machine.settle()

    assert requested(machine, 0x40) == []


def test_device_and_cpu_that_write_the_same_address_may_mean_different_cpus() -> None:
    machine = machine_of(2, ApicMode.X2APIC, KVM)

    send(machine, 0, Icr(0x40, destination=0xFF))
    send_msi(machine, 0xFEEF_F000, 0x41)

    assert (requested(machine, 0x40), requested(machine, 0x41)) == ([], [0, 1])


def switched_to_x2apic() -> Machine:
    machine = machine_of(2)
    for cpu in (0, 1):
        switch_mode(machine, cpu, ApicMode.X2APIC)
    return machine


def test_addresses_are_forgotten_before_they_fill_the_memory() -> None:
    machine = switched_to_x2apic()

    for destination in range(5_000):
        send(machine, 0, Icr(0x40, destination=0x1_0000 + destination))

    assert len(machine.bus._addressed) < 5_000
    send(machine, 0, Icr(0x41, destination=1))
    assert requested(machine, 0x41) == [1]
