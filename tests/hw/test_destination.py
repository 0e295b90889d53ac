"""Whether a destination names an APIC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import NoTarget, Reason
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, KVM, QEMU, Profile
from app.x86.icr import DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import ENABLED, machine_of, of_type, requested, send, send_msi, switch_mode

LOGICAL = DestinationMode.LOGICAL
FLAT, CLUSTER = 0xF, 0x0
DISABLED, XAPIC, X2APIC = ApicMode.DISABLED, ApicMode.XAPIC, ApicMode.X2APIC


def reached(machine: Machine, icr: Icr, sender: int = 0) -> list[int]:
    send(machine, sender, icr)
    return requested(machine, icr.vector)


def set_logical(machine: Machine, cpu: int, logical_id: int, model: int = FLAT) -> None:
    machine.write_register(cpu, Register.DFR, model << 28)
    machine.write_register(cpu, Register.LDR, logical_id << 24)


def mixed() -> Machine:
    """CPU 1 is in xAPIC mode, the others in x2APIC mode."""
    machine = machine_of(3, X2APIC)
    switch_mode(machine, 1, DISABLED, XAPIC)
    machine.write_register(1, Register.SVR, ENABLED)
    return machine


# Shorthands


@pytest.mark.parametrize(
    ("shorthand", "expected"),
    [
        (Shorthand.SELF, [1]),
        (Shorthand.ALL_INCLUDING_SELF, [0, 1, 2, 3]),
        (Shorthand.ALL_EXCLUDING_SELF, [0, 2, 3]),
    ],
)
@pytest.mark.parametrize("mode", [XAPIC, X2APIC])
@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_shorthand_ignores_the_destination(
    mode: ApicMode, destination_mode: DestinationMode, shorthand: Shorthand, expected: list[int]
) -> None:
    icr = Icr(0x40, destination_mode=destination_mode, shorthand=shorthand, destination=3)

    assert reached(machine_of(4, mode), icr, sender=1) == expected


@pytest.mark.parametrize(
    ("shorthand", "expected"), [(Shorthand.ALL_INCLUDING_SELF, [0, 1]), (Shorthand.ALL_EXCLUDING_SELF, [1])]
)
def test_shorthand_passes_by_a_disabled_apic(shorthand: Shorthand, expected: list[int]) -> None:
    machine = machine_of(3)
    switch_mode(machine, 2, DISABLED)

    assert reached(machine, Icr(0x40, shorthand=shorthand)) == expected


@pytest.mark.parametrize("profile", [KVM, QEMU])
def test_self_is_the_sender_whatever_its_written_id(profile: Profile) -> None:
    machine = machine_of(3, profile=profile)
    machine.write_register(1, Register.ID, 2 << 24)

    assert reached(machine, Icr(0x40, shorthand=Shorthand.SELF), sender=1) == [1]


# Physical mode


@given(st.integers(0, 254))
def test_physical_destination_is_the_one_apic_with_that_id(destination: int) -> None:
    expected = [destination] if destination < 5 else []

    assert reached(machine_of(5), Icr(0x40, destination=destination)) == expected


def test_two_apics_with_one_id_both_receive() -> None:
    machine = machine_of(3, profile=KVM)
    machine.write_register(2, Register.ID, 1 << 24)

    assert reached(machine, Icr(0x40, destination=1)) == [1, 2]
    assert reached(machine, Icr(0x41, destination=2)) == []


@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_ff_is_the_xapic_broadcast_whatever_the_logical_ids(destination_mode: DestinationMode) -> None:
    machine = machine_of(3)
    set_logical(machine, 1, 0x00)
    set_logical(machine, 2, 0x11, CLUSTER)

    assert reached(machine, Icr(0x40, destination_mode=destination_mode, destination=0xFF)) == [0, 1, 2]


@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_all_ones_is_the_x2apic_broadcast(destination_mode: DestinationMode) -> None:
    icr = Icr(0x40, destination_mode=destination_mode, destination=0xFFFF_FFFF)

    assert reached(machine_of(20, X2APIC), icr) == list(range(20))


def test_ff_is_an_ordinary_id_in_x2apic_mode() -> None:
    machine = machine_of(3, X2APIC, apic_ids=[0, 0xFF, 0x100])

    assert reached(machine, Icr(0x40, destination=0xFF)) == [1]


def test_all_32_bits_of_an_x2apic_destination_count() -> None:
    machine = machine_of(3, X2APIC, apic_ids=[0, 0x100, 0x8000_0000])

    assert reached(machine, Icr(0x40, destination=0x100)) == [1]
    assert reached(machine, Icr(0x41, destination=0x8000_0000)) == [2]


def test_x2apic_destination_is_compared_in_the_mode_of_the_target() -> None:
    machine = mixed()

    assert reached(machine, Icr(0x40, destination=1)) == [1]
    assert reached(machine, Icr(0x41, destination=0x101)) == []
    assert reached(machine, Icr(0x42, destination=0xFFFF_FFFF)) == [0, 1, 2]
    assert reached(machine, Icr(0x43, destination=0xFF)) == []


def test_xapic_broadcast_of_a_cpu_reaches_only_apics_in_xapic_mode() -> None:
    assert reached(mixed(), Icr(0x40, destination=0xFF), sender=1) == [1]


@pytest.mark.parametrize(("profile", "expected"), [(INTEL_SDM, [1]), (KVM, [0, 1, 2])])
@pytest.mark.parametrize("mode_bit", [0, 1 << 2], ids=["physical", "logical"])
def test_ff_of_a_device_reaches_x2apic_mode_where_the_profile_says_so(
    mode_bit: int, profile: Profile, expected: list[int]
) -> None:
    machine = machine_of(3, X2APIC, profile, apic_ids=[16, 1, 18])  # no logical ID in cluster 0
    switch_mode(machine, 1, DISABLED, XAPIC)
    machine.write_register(1, Register.SVR, ENABLED)

    send_msi(machine, 0xFEEF_F000 | mode_bit, 0x41)

    assert requested(machine, 0x41) == expected


def test_disabled_apic_has_no_address() -> None:
    machine = machine_of(3)
    switch_mode(machine, 1, DISABLED)

    assert reached(machine, Icr(0x40, destination=1)) == []
    assert of_type(machine.events, NoTarget) == [NoTarget(1, Vector(0x40), Reason.NO_SUCH_DESTINATION, (1,))]
    assert reached(machine, Icr(0x41, destination=0xFF)) == [0, 2]


@pytest.mark.parametrize(
    ("icr", "meant"),
    [
        (Icr(0x40, destination=1), (1,)),
        (Icr(0x40, destination=7), ()),
        (Icr(0x40, destination=2, destination_mode=LOGICAL), ()),
        (Icr(0x40, shorthand=Shorthand.ALL_EXCLUDING_SELF), (1, 2)),
    ],
)
def test_nobody_names_those_whose_apic_is_disabled(icr: Icr, meant: tuple[int, ...]) -> None:
    machine = machine_of(3)
    for cpu in (1, 2):
        switch_mode(machine, cpu, DISABLED)

    assert reached(machine, icr) == []
    assert [event.disabled for event in of_type(machine.events, NoTarget)] == [meant]


def test_device_s_broadcast_while_all_are_disabled_names_all() -> None:
    machine = machine_of(2)
    for cpu in (0, 1):
        switch_mode(machine, cpu, DISABLED)

    send_msi(machine, 0xFEEF_F000, 0x41)

    assert [event.disabled for event in of_type(machine.events, NoTarget)] == [(0, 1)]


# Logical mode


@given(st.integers(0, 254), st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_flat_model_reaches_who_shares_a_bit(destination: int, logical_ids: list[int]) -> None:
    machine = machine_of(3)
    for cpu, logical_id in enumerate(logical_ids):
        set_logical(machine, cpu, logical_id)

    expected = [cpu for cpu, logical_id in enumerate(logical_ids) if destination & logical_id]

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=destination)) == expected


def test_all_ones_is_compared_bit_by_bit_where_the_profile_says_so() -> None:
    machine = machine_of(4, profile=QEMU)
    set_logical(machine, 1, 0x00)
    set_logical(machine, 2, 0xF1, CLUSTER)
    set_logical(machine, 3, 0x21, CLUSTER)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=0xFF)) == [0, 2]
    assert reached(machine, Icr(0x41, destination=0xFF)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("destination", "expected"),
    [(0x11, [0]), (0x12, [1]), (0x13, [0, 1]), (0x21, [2]), (0x2E, []), (0x33, []), (0x10, [])],
)
@pytest.mark.parametrize("profile", [INTEL_SDM, QEMU])
def test_cluster_model_wants_the_cluster_and_a_bit(profile: Profile, destination: int, expected: list[int]) -> None:
    machine = machine_of(3, profile=profile)
    for cpu, logical_id in enumerate([0x11, 0x12, 0x21]):
        set_logical(machine, cpu, logical_id, CLUSTER)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=destination)) == expected


@pytest.mark.parametrize("profile", [INTEL_SDM, QEMU])
def test_cluster_15_is_a_cluster_like_the_others(profile: Profile) -> None:
    machine = machine_of(4, profile=profile)
    for cpu, logical_id in enumerate([0x11, 0x12, 0x21, 0xF1]):
        set_logical(machine, cpu, logical_id, CLUSTER)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=0xF1)) == [3]


def test_all_ones_reach_cluster_15_alone_where_they_are_compared_bitwise() -> None:
    machine = machine_of(3, profile=QEMU)
    for cpu, logical_id in enumerate([0x11, 0xF1, 0xF2]):
        set_logical(machine, cpu, logical_id, CLUSTER)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=0xFF)) == [1, 2]


@pytest.mark.parametrize("profile", [INTEL_SDM, QEMU])
def test_flat_model_knows_no_cluster_15(profile: Profile) -> None:
    machine = machine_of(2, profile=profile)
    set_logical(machine, 1, 0x0E)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=0xF0)) == []


@pytest.mark.parametrize(
    ("apic_id", "ldr"),
    [(0, 1), (15, 0x8000), (16, 0x1_0001), (37, 0x2_0020), (255, 0xF_8000), (256, 0x10_0001)],
)
def test_x2apic_logical_id_derives_from_the_apic_id(apic_id: int, ldr: int) -> None:
    machine = machine_of(2, X2APIC, apic_ids=[0x54, apic_id])

    assert machine.read_register(1, Register.LDR) == ldr
    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=ldr)) == [1]


def test_x2apic_logical_destination_reaches_several_of_one_cluster_and_nobody_of_another() -> None:
    machine = machine_of(40, X2APIC)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=0x1_0005)) == [16, 18]
    assert reached(machine, Icr(0x41, destination_mode=LOGICAL, destination=0x1_0000)) == []
