"""What CPUID tells of the local APIC."""

import pytest

from app.hw.cpuid import CpuidResult, cpuid
from app.hw.profile import INTEL_P6, INTEL_SDM, KVM, Profile
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.hw.machines import machine_of, switch_mode

APIC = 1 << 9
X2APIC = 1 << 21
TSC_DEADLINE = 1 << 24


def test_leaf_1_tells_initial_id_x2apic_and_tsc_deadline() -> None:
    apic = machine_of(3).cpus[2].apic

    assert cpuid(apic, 1) == CpuidResult(ebx=0x0200_0000, ecx=X2APIC | TSC_DEADLINE, edx=APIC)


def test_apic_bit_goes_with_the_enable_bit() -> None:
    machine = machine_of(1)
    apic = machine.cpus[0].apic
    seen = []

    for mode in (ApicMode.DISABLED, ApicMode.XAPIC, ApicMode.X2APIC, ApicMode.DISABLED):
        switch_mode(machine, 0, mode)
        seen.append(cpuid(apic, 1).edx)

    assert seen == [0, APIC, APIC, 0]


@pytest.mark.parametrize(("profile", "bits"), [(INTEL_SDM, X2APIC | TSC_DEADLINE), (INTEL_P6, 0)])
def test_x2apic_and_tsc_deadline_bits_go_with_the_profile(profile: Profile, bits: int) -> None:
    assert cpuid(machine_of(1, profile=profile).cpus[0].apic, 1).ecx == bits


def test_leaf_b_tells_all_32_bits_of_the_id_and_leaf_1_eight_of_them() -> None:
    apic = machine_of(1, ApicMode.X2APIC, apic_ids=[0x1_2345]).cpus[0].apic

    assert cpuid(apic, 0xB) == CpuidResult(edx=0x1_2345)
    assert cpuid(apic, 1).ebx == 0x4500_0000


def test_leaf_b_is_empty_without_x2apic() -> None:
    assert cpuid(machine_of(2, profile=INTEL_P6).cpus[1].apic, 0xB) == CpuidResult()


@pytest.mark.parametrize("leaf", [0, 2, 0xA, 0xC, 0x8000_0000])
def test_other_leaves_are_zero(leaf: int) -> None:
    assert cpuid(machine_of(2).cpus[1].apic, leaf) == CpuidResult(0, 0, 0, 0)


def test_written_apic_id_does_not_change_the_initial_one() -> None:
    machine = machine_of(2, profile=KVM)

    machine.write_register(1, Register.ID, 0x5500_0000)

    assert machine.read_register(1, Register.ID) == 0x5500_0000
    assert cpuid(machine.cpus[1].apic, 1).ebx == 0x0100_0000
