"""A1-A6: kvm-unit-tests, x86/apic.c: existence, switching off and on, modes, IPIs to oneself and to everyone."""

import pytest

from app.hw.cpuid import cpuid
from app.hw.events import Fault
from app.hw.local_apic_registers import read_cr8
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.hw.profile import INTEL_P6, PROFILES, Profile
from app.x86.icr import Icr, Shorthand
from app.x86.model_specific_registers import RESET_BASE, X2APIC_ENABLE, ApicMode, Msr
from app.x86.registers import Register
from tests.conformance.software import (
    DISABLED,
    MODE_BITS,
    X2APIC,
    XAPIC,
    booted,
    mode_of,
    rdmsr,
    read,
    run_everywhere,
    run_handlers,
    send,
    write_apic_base,
)

ALL_ONES = 0xFFFF_FFFF
INVALID = X2APIC_ENABLE
BOTH_MODES = pytest.mark.parametrize("mode", [XAPIC, X2APIC], ids=lambda mode: str(mode.value))


def has_apic(machine: Machine) -> bool:
    return bool(cpuid(machine.cpus[0].apic, 1).edx >> 9 & 1)


def page(machine: Machine, register: Register) -> int:
    """The register as a load from the page gives it, whatever the mode."""
    return read_physical(machine, 0, RESET_BASE + register)


def write_mode_bits(machine: Machine, bits: int) -> Fault | None:
    base = rdmsr(machine, 0, Msr.IA32_APIC_BASE) & ~MODE_BITS[X2APIC]
    written = machine.write_msr(0, Msr.IA32_APIC_BASE, base | bits)
    return written if isinstance(written, Fault) else None


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a01_lapic_existence(profile: Profile) -> None:
    assert 0x10 <= read(booted(profile=profile), 0, Register.VERSION) & 0xFF <= 0x15


@BOTH_MODES
def test_a02_apic_disable_takes_away_page_and_cpuid_bit(mode: ApicMode) -> None:
    machine = booted(mode=mode)

    assert write_apic_base(machine, 0, DISABLED) is None

    assert mode_of(machine, 0) is DISABLED
    assert not has_apic(machine)
    assert page(machine, Register.VERSION) == page(machine, Register.TPR) == ALL_ONES
    write_physical(machine, 0, RESET_BASE + Register.TPR, 0x70)
    assert page(machine, Register.TPR) == ALL_ONES
    assert read_cr8(machine.cpus[0].apic) == 0


@BOTH_MODES
def test_a02_apic_disable_leaves_cr8_which_tpr_shows_afterwards(mode: ApicMode) -> None:
    machine = booted(mode=mode)
    version = read(machine, 0, Register.VERSION)
    write_apic_base(machine, 0, DISABLED)
    for cr8 in (0xF, 0x0, 0x5):
        assert machine.write_cr8(0, cr8) is None
        assert read_cr8(machine.cpus[0].apic) == cr8

    assert write_apic_base(machine, 0, XAPIC) is None

    assert mode_of(machine, 0) is XAPIC
    assert has_apic(machine)
    assert page(machine, Register.VERSION) == version
    assert page(machine, Register.TPR) == 0x50
    machine.write_cr8(0, 0xA)
    assert page(machine, Register.TPR) == 0xA0


def test_a02_apic_disable_ends_in_x2apic_mode_with_a_dead_page() -> None:
    machine = booted(mode=X2APIC)
    write_apic_base(machine, 0, DISABLED)
    write_apic_base(machine, 0, XAPIC)

    assert write_apic_base(machine, 0, X2APIC) is None

    assert page(machine, Register.VERSION) == page(machine, Register.TPR) == ALL_ONES
    assert has_apic(machine)


@pytest.mark.parametrize(
    ("before", "bits", "faults"),
    [
        (X2APIC, INVALID, True),
        (X2APIC, MODE_BITS[XAPIC], True),
        (X2APIC, MODE_BITS[DISABLED], False),
        (DISABLED, INVALID, True),
        (DISABLED, MODE_BITS[X2APIC], True),
        (DISABLED, MODE_BITS[XAPIC], False),
        (XAPIC, INVALID, True),
        (XAPIC, MODE_BITS[X2APIC], False),
        (XAPIC, MODE_BITS[DISABLED], False),
    ],
)
def test_a03_enable_x2apic_transitions(before: ApicMode, bits: int, faults: bool) -> None:
    machine = booted(mode=before if before is X2APIC else XAPIC)
    write_apic_base(machine, 0, before)

    fault = write_mode_bits(machine, bits)

    assert bool(fault) is faults
    assert rdmsr(machine, 0, Msr.IA32_APIC_BASE) & MODE_BITS[X2APIC] == (MODE_BITS[before] if faults else bits)


def test_a03_enable_x2apic_faults_where_the_cpu_has_none() -> None:
    machine = booted(profile=INTEL_P6)

    assert write_mode_bits(machine, MODE_BITS[X2APIC]) is Fault.INVALID_MODE
    assert mode_of(machine, 0) is XAPIC
    assert not cpuid(machine.cpus[0].apic, 1).ecx >> 21 & 1


def test_a04_self_ipi_xapic() -> None:
    machine = booted(2)

    send(machine, 0, Icr(0xF1, shorthand=Shorthand.SELF))

    assert mode_of(machine, 0) is XAPIC
    assert run_everywhere(machine) == [[0xF1], []]


def test_a05_self_ipi_x2apic() -> None:
    machine = booted(2, X2APIC)

    send(machine, 0, Icr(0xF1, shorthand=Shorthand.SELF))

    assert mode_of(machine, 0) is X2APIC
    assert run_everywhere(machine) == [[0xF1], []]


@BOTH_MODES
def test_a06_physical_broadcast_by_destination_field(mode: ApicMode) -> None:
    machine = booted(3, mode)

    send(machine, 0, Icr(0xF1, destination=0xFFFF_FFFF if mode is X2APIC else 0xFF))

    assert run_everywhere(machine) == [[0xF1]] * 3


@BOTH_MODES
def test_a06_physical_broadcast_by_shorthand(mode: ApicMode) -> None:
    machine = booted(3, mode)

    send(machine, 0, Icr(0xF1, shorthand=Shorthand.ALL_INCLUDING_SELF))

    assert [run_handlers(machine, cpu) for cpu in range(3)] == [[0xF1]] * 3
