"""A15-A17: kvm-unit-tests, x86/apic.c: the APIC ID, the page's address, and two CPUs with one ID."""

import pytest

from app.hw.cpuid import cpuid
from app.hw.events import Fault
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.hw.profile import INTEL_SDM, KVM, Profile
from app.x86.icr import Icr
from app.x86.model_specific_registers import PHYSICAL_ADDRESS_BITS, RESET_BASE, Msr, x2apic_msr
from app.x86.registers import Register
from tests.conformance.software import (
    DISABLED,
    X2APIC,
    XAPIC,
    booted,
    end_of_interrupt,
    rdmsr,
    read,
    run_handlers,
    send,
    write,
    write_apic_base,
)

MOVED_BASE = 0xFED4_0000
CHAINED = 0xF1
BOTH_KINDS_OF_ID = pytest.mark.parametrize("profile", [INTEL_SDM, KVM], ids=["read-only", "writable"])


def two_cpus(profile: Profile) -> Machine:
    """CPU 1, which runs the test, has an ID whose bits tell registers apart."""
    return booted(2, profile=profile, apic_ids=(0, 0xA5))


@BOTH_KINDS_OF_ID
def test_a15_apic_id_agrees_with_cpuid(profile: Profile) -> None:
    machine = two_cpus(profile)
    apic = machine.cpus[1].apic
    initial = read(machine, 1, Register.ID) >> 24

    assert initial == cpuid(apic, 1).ebx >> 24 == 0xA5
    write_apic_base(machine, 1, X2APIC)
    assert read(machine, 1, Register.ID) == cpuid(apic, 0xB).edx
    assert read(machine, 1, Register.ID) & 0xFF == initial


@BOTH_KINDS_OF_ID
def test_a15_apic_id_write_in_xapic_mode_changes_it_or_not_and_never_faults(profile: Profile) -> None:
    machine = two_cpus(profile)

    assert not isinstance(machine.write_register(1, Register.ID, 0x1234_5678), Fault)

    assert read(machine, 1, Register.ID) == (0x1200_0000 if profile is KVM else 0xA500_0000)


@BOTH_KINDS_OF_ID
def test_a15_apic_id_write_in_x2apic_mode_faults(profile: Profile) -> None:
    machine = two_cpus(profile)
    write_apic_base(machine, 1, X2APIC)

    assert machine.write_msr(1, x2apic_msr(Register.ID), 0x12) is Fault.READ_ONLY
    assert read(machine, 1, Register.ID) == 0xA5


@BOTH_KINDS_OF_ID
def test_a15_apic_id_is_the_first_again_after_a_way_through_the_modes(profile: Profile) -> None:
    machine = two_cpus(profile)
    write(machine, 1, Register.ID, 0x1200_0000)

    for mode in (X2APIC, DISABLED, XAPIC):
        write_apic_base(machine, 1, mode)

    assert read(machine, 1, Register.ID) == 0xA500_0000


def test_a16_apicbase_moves_the_page() -> None:
    machine = booted()
    version = read(machine, 0, Register.VERSION)
    flags = rdmsr(machine, 0, Msr.IA32_APIC_BASE) & 0xFFF

    assert machine.write_msr(0, Msr.IA32_APIC_BASE, MOVED_BASE | flags) is None

    assert read_physical(machine, 0, MOVED_BASE + Register.VERSION) == version
    assert read_physical(machine, 0, RESET_BASE + Register.VERSION) == 0xFFFF_FFFF
    write_physical(machine, 0, MOVED_BASE + Register.TPR, 0x30)
    assert read_physical(machine, 0, MOVED_BASE + Register.TPR) == 0x30


@pytest.mark.parametrize("bit", [PHYSICAL_ADDRESS_BITS, 63, 0, 7, 9])
def test_a16_apicbase_faults_at_reserved_bits(bit: int) -> None:
    machine = booted()
    before = rdmsr(machine, 0, Msr.IA32_APIC_BASE)

    assert machine.write_msr(0, Msr.IA32_APIC_BASE, before | 1 << bit) is Fault.RESERVED_BITS
    assert rdmsr(machine, 0, Msr.IA32_APIC_BASE) == before


def test_a17_aliased_xapic_physical_ipi_reaches_both_cpus_all_along_the_chain() -> None:
    # Profile kvm: software gives the CPUs one ID, so the ID register has to be writable.
    machine = booted(2, profile=KVM)
    counts = [0, 0]

    def advance(cpu: int) -> None:
        counts[cpu] += 1
        write(machine, cpu, Register.ID, (counts[cpu] & 0xFF) << 24)
        end_of_interrupt(machine, cpu)

    for cpu in range(2):
        write(machine, cpu, Register.ID, 0)
    for apic_id in range(256):
        send(machine, apic_id % 2, Icr(CHAINED, destination=apic_id))
        run_handlers(machine, 0, {CHAINED: lambda: advance(0)})
        run_handlers(machine, 1, {CHAINED: lambda: advance(1)})

        assert counts == [apic_id + 1, apic_id + 1]
