"""What a device's write to the message region asks for."""

import pytest

from app.hw.device_messages import decode, wide_destination
from app.hw.events import Accepted, MsiIgnored, Reason
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import INTEL_SDM, KVM, PROFILES, QEMU, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Shorthand, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.units import Vector
from tests.hw.machines import machine_of, of_type, requested, send_msi

pytestmark = pytest.mark.slow

TO_CPU_2 = 0xFEE0_2000
ASSERTED_LEVEL = 0xC000
LEVEL_TAKEN_BACK = 0x8000
FIXED, LOWEST, INIT = DeliveryMode.FIXED, DeliveryMode.LOWEST_PRIORITY, DeliveryMode.INIT


def test_message_reaches_its_destination() -> None:
    machine = machine_of(3)

    send_msi(machine, TO_CPU_2, 0x41)

    assert requested(machine, 0x41) == [2]
    assert 0x41 not in machine.cpus[2].apic.tmr


def test_every_field_travels() -> None:
    machine = machine_of(3)

    machine.send_msi(0xFEE5_A004, 0xC141)

    assert machine.outbox == [
        InterruptMessage(
            number=1,
            origin=Origin.MSI,
            source=None,
            vector=Vector(0x41),
            delivery_mode=LOWEST,
            destination_mode=DestinationMode.LOGICAL,
            shorthand=Shorthand.NONE,
            destination=0x5A,
            trigger_mode=TriggerMode.LEVEL,
        )
    ]


@pytest.mark.parametrize(
    ("address_bits", "data_mode", "becomes"),
    [
        (0x0, FIXED, FIXED),
        (0x4, FIXED, FIXED),
        (0x8, FIXED, FIXED),
        (0xC, FIXED, LOWEST),
        (0xC, LOWEST, LOWEST),
        (0xC, DeliveryMode.NMI, DeliveryMode.NMI),
        (0x0, LOWEST, LOWEST),
    ],
)
def test_redirection_hint_counts_for_fixed_and_logical_messages(
    address_bits: int, data_mode: DeliveryMode, becomes: DeliveryMode
) -> None:
    machine = machine_of(1)

    machine.send_msi(0xFEE0_1000 | address_bits, data_mode << 8 | 0x41)

    (message,) = machine.outbox
    assert isinstance(message, InterruptMessage)
    assert message.delivery_mode is becomes
    assert message.destination_mode == address_bits >> 2 & 1


def test_redirected_message_goes_to_one_of_those_addressed() -> None:
    machine = machine_of(4)

    for vector in (0x41, 0x42, 0x43, 0x44):
        send_msi(machine, 0xFEE0_F00C, vector)

    assert sorted(requested(machine, vector) for vector in (0x41, 0x42, 0x43, 0x44)) == [[0], [1], [2], [3]]


def test_logical_message_without_hint_goes_to_all_of_those_addressed() -> None:
    machine = machine_of(4)

    send_msi(machine, 0xFEE0_D004, 0x41)

    assert requested(machine, 0x41) == [0, 2, 3]


@pytest.mark.parametrize("mode", [FIXED, LOWEST, INIT])
def test_level_taken_back_is_ignored_with_its_reason(mode: DeliveryMode) -> None:
    machine = machine_of(3)

    machine.send_msi(TO_CPU_2, LEVEL_TAKEN_BACK | mode << 8 | 0x41)

    assert machine.outbox == []
    assert machine.events == [MsiIgnored(Vector(0x41), mode, Reason.LEVEL_DEASSERT)]


@pytest.mark.parametrize("profile", [KVM, QEMU])
def test_level_taken_back_is_delivered_where_the_profile_does_not_look_at_level(profile: Profile) -> None:
    machine = machine_of(3, profile=profile)

    send_msi(machine, TO_CPU_2, 0x80FF)

    assert requested(machine, 0xFF) == [2]
    assert 0xFF in machine.cpus[2].apic.tmr


@pytest.mark.parametrize("mode", [DeliveryMode.NMI, DeliveryMode.SMI, DeliveryMode.EXTINT])
def test_level_bits_of_other_modes_do_not_count(mode: DeliveryMode) -> None:
    machine = machine_of(3)

    send_msi(machine, TO_CPU_2, LEVEL_TAKEN_BACK | mode << 8 | 0x41)

    assert of_type(machine.events, Accepted) == [Accepted(2, Vector(0x41), mode, TriggerMode.EDGE, 1)]


@pytest.mark.parametrize("mode", [FIXED, LOWEST])
def test_asserted_level_is_a_level_interrupt(mode: DeliveryMode) -> None:
    machine = machine_of(3)

    send_msi(machine, TO_CPU_2, ASSERTED_LEVEL | mode << 8 | 0x41)

    assert requested(machine, 0x41) == [2]
    assert 0x41 in machine.cpus[2].apic.tmr


def test_level_zero_of_an_edge_message_does_not_count() -> None:
    machine = machine_of(3)

    send_msi(machine, TO_CPU_2, 0x0041)

    assert requested(machine, 0x41) == [2]


# Addresses


@pytest.mark.parametrize("address", [0xFED0_2000, 0xFEF0_0000, 0x0])
def test_address_outside_the_region_is_refused(address: int) -> None:
    with pytest.raises(ValueError, match=f"{address:#010x}"):
        machine_of(1).send_msi(address, 0x41)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("bit", range(32, 64))
def test_upper_half_of_the_address_is_zero_but_for_the_high_destination_of_kvm(bit: int, profile: Profile) -> None:
    address = 1 << bit | TO_CPU_2

    if profile is KVM and bit >= 40:
        assert wide_destination(2, address, profile) == 2 | 1 << bit - 32
        assert decode(address, 0x41, profile).vector == 0x41
    else:
        with pytest.raises(ValueError, match=f"under profile {profile.name} bits 63:32 must be 0"):
            decode(address, 0x41, profile)


@pytest.mark.parametrize("bit", range(5, 12))
@pytest.mark.parametrize(("profile", "counts"), [(INTEL_SDM, False), (QEMU, False), (KVM, True)])
def test_bits_11_to_5_are_destination_bits_14_to_8_where_the_profile_has_them(
    profile: Profile, counts: bool, bit: int
) -> None:
    assert wide_destination(2, 1 << bit | TO_CPU_2, profile) == (2 | 1 << bit + 3 if counts else 2)


def test_upper_half_goes_before_bits_11_to_5() -> None:
    address = 0x0001_2300_FEE4_5FE0

    assert wide_destination(0x45, address, KVM) == 0x1_2345


@pytest.mark.parametrize(("profile", "address"), [(KVM, 0xFEE0_1020), (KVM, 0x100_FEE0_1000)])
def test_wide_destination_reaches_an_apic_with_a_large_id(profile: Profile, address: int) -> None:
    machine = machine_of(3, ApicMode.X2APIC, profile, apic_ids=[0, 1, 0x101])

    send_msi(machine, address, 0x41)

    assert requested(machine, 0x41) == [2]
