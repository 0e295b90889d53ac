"""The I/O APIC's registers: ID, version, entries, the EOI register, wide destinations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import EoiBroadcastSuppressed
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, KVM, PROFILES, QEMU, Profile
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import LEVEL, MASKED, PIN_COUNT, REMOTE_IRR
from app.x86.registers import SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.units import Vector
from tests.hw.machines import ENABLED, machine_of, of_type, requested, serve

VECTOR = 0x51
TO_CPU_1 = 1 << 56


def raised(profile: Profile, *pins: int) -> Machine:
    """Level *pins* with VECTOR for CPU 1 are up and accepted."""
    machine = machine_of(2, profile=profile)
    for pin in pins:
        machine.write_redirection_entry(pin, TO_CPU_1 | LEVEL | VECTOR)
        machine.drive_pin(pin, 1)
        machine.settle()
    return machine


def waiting_for_eoi(machine: Machine) -> list[int]:
    return [pin for pin, entry in enumerate(machine.io_apic.entries) if entry & REMOTE_IRR]


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


@pytest.mark.parametrize(
    ("profile", "version"),
    [
        (INTEL_SDM, 0x0017_0011),
        (INTEL_XEON, 0x0017_0020),
        (INTEL_P6, 0x0017_0011),
        (KVM, 0x0017_0011),
        (QEMU, 0x0017_0020),
    ],
)
def test_version_tells_version_and_highest_entry(profile: Profile, version: int) -> None:
    assert machine_of(1, profile=profile).read_io_apic(0x01) == version


@pytest.mark.parametrize("index", [0x03, 0x0F, 0x10 + 2 * PIN_COUNT])
def test_an_index_that_is_no_register_reads_zero(index: int) -> None:
    assert machine_of(1).read_io_apic(index) == 0


def test_pins_are_masked_after_reset() -> None:
    machine = machine_of(1)

    assert [machine.read_io_apic(0x10 + 2 * pin) for pin in range(PIN_COUNT)] == [MASKED] * PIN_COUNT


@given(st.integers(0, PIN_COUNT - 1), st.integers(0, (1 << 64) - 1), st.sampled_from(list(PROFILES.values())))
def test_entry_reads_back_its_writable_bits(pin: int, value: int, profile: Profile) -> None:
    machine = machine_of(1, profile=profile)
    high = 0xFFFE_0000 if profile is KVM else 0xFF00_0000

    machine.write_redirection_entry(pin, value)

    assert machine.read_io_apic(0x10 + 2 * pin) == value & 0x1_AFFF
    assert machine.read_io_apic(0x11 + 2 * pin) == value >> 32 & high


def test_writing_one_half_leaves_the_other() -> None:
    machine = machine_of(1)
    machine.write_redirection_entry(3, 0x5500_0000_0001_0051)

    machine.write_io_apic(0x16, 0x1_0061)
    assert machine.read_io_apic(0x17) == 0x5500_0000
    machine.write_io_apic(0x17, 0x6600_0000)

    assert machine.read_io_apic(0x16) == 0x1_0061


# The EOI register


def test_eoi_register_ends_the_vector_at_every_pin_with_it() -> None:
    machine = raised(INTEL_XEON, 3, 4)
    machine.write_redirection_entry(5, TO_CPU_1 | LEVEL | 0x61)
    machine.drive_pin(5, 1)
    machine.settle()
    machine.drive_pin(3, 0)

    machine.write_io_apic_eoi(VECTOR)
    assert waiting_for_eoi(machine) == [5]
    machine.settle()

    assert waiting_for_eoi(machine) == [4, 5]  # its line is still up: it was sent again


@pytest.mark.parametrize("vector", [0x50, 0x61])
def test_eoi_register_leaves_other_vectors_alone(vector: int) -> None:
    machine = raised(INTEL_XEON, 3)

    machine.write_io_apic_eoi(vector)

    assert waiting_for_eoi(machine) == [3]


@pytest.mark.parametrize(("profile", "waiting"), [(INTEL_SDM, [3]), (KVM, [3]), (INTEL_XEON, []), (QEMU, [])])
def test_eoi_register_is_there_from_version_0x20_on(profile: Profile, waiting: list[int]) -> None:
    machine = raised(profile, 3)

    machine.write_io_apic_eoi(VECTOR)

    assert waiting_for_eoi(machine) == waiting
    assert machine.io_apic.has_eoi_register == (waiting == [])


def test_suppressed_broadcast_leaves_the_end_to_software() -> None:
    machine = raised(INTEL_XEON, 3)
    machine.write_register(1, Register.SVR, ENABLED | SVR_SUPPRESS_EOI_BROADCAST)
    machine.drive_pin(3, 0)

    serve(machine, 1)
    assert of_type(machine.events, EoiBroadcastSuppressed) == [EoiBroadcastSuppressed(1, Vector(VECTOR))]
    assert waiting_for_eoi(machine) == [3]
    machine.write_io_apic_eoi(VECTOR)

    assert waiting_for_eoi(machine) == []


# Wide destinations


@pytest.mark.parametrize(("profile", "reached"), [(KVM, [2]), (INTEL_SDM, [1])])
def test_bits_55_to_49_of_an_entry_are_destination_bits_14_to_8_where_the_profile_has_them(
    profile: Profile, reached: list[int]
) -> None:
    machine = machine_of(3, ApicMode.X2APIC, profile, apic_ids=[0, 5, 0x5505])

    machine.write_redirection_entry(3, 0x05AA_0000_0000_0000 | VECTOR)
    machine.drive_pin(3, 1)
    machine.settle()

    assert requested(machine, VECTOR) == reached
