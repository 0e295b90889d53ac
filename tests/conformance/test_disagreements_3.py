"""Case 19, where implementations differ: what every x2APIC MSR, and every bit of it, may be read and written as.

The tables are those of the manual ("x2APIC Register Address Space") in numbers, not those that the model runs on.
"""

from collections.abc import Iterable, Iterator

import pytest

from app.hw.events import Fault
from app.hw.profile import INTEL_SDM, INTEL_XEON, Profile
from app.x86.model_specific_registers import ApicMode
from tests.conformance.software import DISABLED, X2APIC, XAPIC, booted, write_apic_base

READ_ONLY = {0x802, 0x803, 0x80A, 0x80D, *range(0x810, 0x828), 0x839}
READ_WRITE = {0x808, 0x80F, 0x828, 0x830, *range(0x832, 0x838), 0x838, 0x83E}
WRITE_ONLY = {0x80B, 0x83F}
CMCI = 0x82F
MSRS = range(0x800, 0x900)


def bits(*ranges: tuple[int, int]) -> set[int]:
    """Bit numbers of (high, low) pairs, as the manual prints them."""
    return {bit for high, low in ranges for bit in range(low, high + 1)}


VECTOR, MODE, STATUS, MASK = (7, 0), (10, 8), (12, 12), (16, 16)
#: The bits of each writable MSR that raise no #GP when they are 1.
ALLOWED = {
    0x808: bits((7, 0)),
    0x80B: bits(),
    0x80F: bits((9, 0)),
    0x828: bits(),
    0x830: bits((12, 0), (15, 14), (19, 18), (63, 32)),  # bit 12 is ignored
    0x832: bits(VECTOR, STATUS, MASK, (18, 17)),
    0x833: bits(VECTOR, MODE, STATUS, MASK),
    0x834: bits(VECTOR, MODE, STATUS, MASK),
    0x835: bits(VECTOR, MODE, (16, 12)),
    0x836: bits(VECTOR, MODE, (16, 12)),
    0x837: bits(VECTOR, STATUS, MASK),
    0x838: bits((31, 0)),
    0x83E: bits((3, 3), (1, 0)),
    0x83F: bits((7, 0)),
}
XEON_ALLOWED = {0x80F: bits((9, 0), (12, 12)), CMCI: bits(VECTOR, MODE, STATUS, MASK)}


def readable(profile: Profile, msrs: Iterable[int] = MSRS) -> set[int]:
    return {msr for msr in msrs if not isinstance(booted(1, X2APIC, profile).read_msr(0, msr), Fault)}


def writable(profile: Profile, msrs: Iterable[int] = MSRS) -> set[int]:
    return {msr for msr in msrs if booted(1, X2APIC, profile).write_msr(0, msr, 0) is None}


@pytest.mark.parametrize(
    ("profile", "optional"), [(INTEL_SDM, set()), (INTEL_XEON, {CMCI})], ids=["without CMCI", "with CMCI"]
)
def test_case_19_every_x2apic_msr_can_be_read_and_written_as_the_manual_says(
    profile: Profile, optional: set[int]
) -> None:
    assert readable(profile) == READ_ONLY | READ_WRITE | optional
    assert writable(profile) == READ_WRITE | WRITE_ONLY | optional


@pytest.mark.parametrize("mode", [XAPIC, DISABLED], ids=["xapic", "disabled"])
def test_case_19_every_x2apic_msr_faults_outside_x2apic_mode(mode: ApicMode) -> None:
    machine = booted()
    assert write_apic_base(machine, 0, mode) is None

    assert all(isinstance(machine.read_msr(0, msr), Fault) for msr in MSRS)
    assert all(isinstance(machine.write_msr(0, msr, 0), Fault) for msr in MSRS)


def rejected(profile: Profile, msr: int) -> Iterator[int]:
    """The bits of *msr* that raise #GP when they alone are 1; such a write changes nothing."""
    for bit in range(64):
        machine = booted(1, X2APIC, profile)
        before = machine.read_msr(0, msr)
        if machine.write_msr(0, msr, 1 << bit) is not None:
            assert machine.read_msr(0, msr) == before
            assert machine.outbox == []
            yield bit


@pytest.mark.parametrize("msr", ALLOWED, ids=hex)
def test_case_19_every_reserved_bit_of_a_register_faults(msr: int) -> None:
    assert set(rejected(INTEL_SDM, msr)) == set(range(64)) - ALLOWED[msr]


@pytest.mark.parametrize("msr", XEON_ALLOWED, ids=hex)
def test_case_19_every_reserved_bit_faults_but_those_of_newer_versions(msr: int) -> None:
    assert set(rejected(INTEL_XEON, msr)) == set(range(64)) - XEON_ALLOWED[msr]
