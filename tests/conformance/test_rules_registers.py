"""REG and BASE rules: each register's reset value and writable bits, access sizes, IA32_APIC_BASE."""

import pytest

from app.hw.events import Ignored, Reason
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, PROFILES, Profile
from app.x86.icr import Icr, Shorthand
from app.x86.model_specific_registers import BOOTSTRAP_PROCESSOR, RESET_BASE, Msr
from app.x86.registers import Register
from app.x86.state_registers import ESR_ILLEGAL_REGISTER_ADDRESS
from tests.conformance.software import (
    DISABLED,
    X2APIC,
    XAPIC,
    booted,
    error_status,
    mode_of,
    rdmsr,
    read,
    send,
    vectors,
    write,
    write_apic_base,
)

ALL_ONES = 0xFFFF_FFFF
#: Reset value, and what is read back after all ones were written, in xAPIC mode.
RESET_AND_ONES: dict[Register, tuple[int, int]] = {
    Register.ID: (0, 0),
    Register.VERSION: (0x0005_0014, 0x0005_0014),
    Register.TPR: (0, 0xFF),
    Register.APR: (0, 0),
    Register.PPR: (0, 0),
    Register.EOI: (0, 0),
    Register.RRD: (0, 0),
    Register.LDR: (0, 0xFF00_0000),
    Register.DFR: (ALL_ONES, ALL_ONES),
    Register.SVR: (0xFF, 0x3FF),
    Register.ISR0: (0, 0),
    Register.TMR0: (0, 0),
    Register.IRR0: (0, 0),
    Register.ESR: (0, 0),
    Register.ICR_LOW: (0, 0xC_CFFF & ~0x1000),
    Register.ICR_HIGH: (0, 0xFF00_0000),
    Register.LVT_TIMER: (0x1_0000, 0x7_00FF),
    Register.LVT_THERMAL: (0x1_0000, 0x1_07FF),
    Register.LVT_PERFORMANCE: (0x1_0000, 0x1_07FF),
    Register.LVT_LINT0: (0x1_0000, 0x1_A7FF),
    Register.LVT_LINT1: (0x1_0000, 0x1_A7FF),
    Register.LVT_ERROR: (0x1_0000, 0x1_00FF),
    Register.TIMER_INITIAL_COUNT: (0, ALL_ONES),
    Register.TIMER_CURRENT_COUNT: (0, 0),
    Register.TIMER_DIVIDE: (0, 0xB),
}
XEON_RESET_AND_ONES = {
    Register.VERSION: (0x0106_0015, 0x0106_0015),
    Register.SVR: (0xFF, 0x13FF),
    Register.LVT_CMCI: (0x1_0000, 0x1_07FF),
}
LVT = [register for register in Register if register.name.startswith("LVT")]
NO_REGISTERS = (0x000, 0x040, 0x0C4, 0x290, 0x3F0, 0x400, 0xFF0)


@pytest.mark.parametrize(("register", "values"), RESET_AND_ONES.items(), ids=lambda value: getattr(value, "name", ""))
def test_register_reset_value_and_writable_bits(register: Register, values: tuple[int, int]) -> None:
    reset, ones = values
    assert read(Machine(1), 0, register) == reset
    machine = booted()

    write(machine, 0, register, ALL_ONES)

    assert read(machine, 0, register) == ones


@pytest.mark.parametrize(
    ("register", "values"), XEON_RESET_AND_ONES.items(), ids=lambda value: getattr(value, "name", "")
)
def test_register_reset_value_and_writable_bits_of_a_newer_version(register: Register, values: tuple[int, int]) -> None:
    reset, ones = values
    assert read(Machine(1, profile=INTEL_XEON), 0, register) == reset
    machine = booted(profile=INTEL_XEON)

    write(machine, 0, register, ALL_ONES)

    assert read(machine, 0, register) == ones


# Access


def test_reg_1_only_aligned_words_reach_a_register() -> None:
    machine = booted()
    write(machine, 0, Register.TPR, 0x30)
    address = RESET_BASE + Register.TPR

    for size, offset in ((1, 0), (2, 0), (8, 0), (4, 1), (4, 2)):
        write_physical(machine, 0, address + offset, 0x70, size)
        assert read_physical(machine, 0, address + offset, size) == 0

    assert read(machine, 0, Register.TPR) == 0x30


@pytest.mark.parametrize("offset", NO_REGISTERS, ids=hex)
def test_reg_2_access_to_no_register_is_an_illegal_register_address(offset: int) -> None:
    machine = booted()

    read(machine, 0, offset)
    assert error_status(machine, 0) == ESR_ILLEGAL_REGISTER_ADDRESS
    write(machine, 0, offset, 0)
    assert error_status(machine, 0) == ESR_ILLEGAL_REGISTER_ADDRESS
    assert error_status(machine, 0) == 0


def test_reg_4_every_cpu_sees_its_own_apic_at_the_common_address() -> None:
    machine = booted(3)

    for cpu in range(3):
        write_physical(machine, cpu, RESET_BASE + Register.TPR, cpu << 4)

    assert [read_physical(machine, cpu, RESET_BASE + Register.TPR) for cpu in range(3)] == [0x00, 0x10, 0x20]
    assert [read(machine, cpu, Register.ID) >> 24 for cpu in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_reg_6_version_counts_the_lvt_entries_that_are_there(profile: Profile) -> None:
    machine = booted(profile=profile)
    there = 0
    for register in LVT:
        read(machine, 0, register)
        there += error_status(machine, 0) == 0

    assert read(machine, 0, Register.VERSION) >> 16 & 0xFF == there - 1


@pytest.mark.parametrize(
    ("profile", "suppresses"), [(INTEL_SDM, 0), (INTEL_XEON, 1), (INTEL_P6, 0)], ids=["sdm", "xeon", "p6"]
)
def test_reg_6_version_says_whether_eoi_broadcasts_can_be_suppressed(profile: Profile, suppresses: int) -> None:
    machine = booted(profile=profile)

    write(machine, 0, Register.SVR, 0x11FF)

    assert read(machine, 0, Register.VERSION) >> 24 & 1 == suppresses
    assert read(machine, 0, Register.SVR) >> 12 & 1 == suppresses


# IA32_APIC_BASE


def test_base_2_disabling_loses_the_registers() -> None:
    machine = booted()
    write(machine, 0, Register.LDR, 0x0100_0000)
    write(machine, 0, Register.LVT_LINT0, 0x33)
    send(machine, 0, Icr(0x44, shorthand=Shorthand.SELF))

    for mode in (DISABLED, XAPIC):
        write_apic_base(machine, 0, mode)

    assert read(machine, 0, Register.SVR) == 0xFF
    assert read(machine, 0, Register.LDR) == 0
    assert read(machine, 0, Register.LVT_LINT0) == 0x1_0000
    assert vectors(machine, 0, Register.IRR0) == []


def test_base_5_x2apic_mode_has_the_32_bit_id_and_a_derived_ldr_and_keeps_the_rest() -> None:
    machine = booted(2, apic_ids=(0, 0x125))
    write(machine, 1, Register.LDR, 0x0200_0000)
    write(machine, 1, Register.LVT_LINT0, 0x33)
    write(machine, 1, Register.TPR, 0x21)
    write(machine, 1, Register.ICR_HIGH, 0x0700_0000)
    assert read(machine, 1, Register.ID) == 0x2500_0000

    write_apic_base(machine, 1, X2APIC)

    assert read(machine, 1, Register.ID) == 0x125
    assert read(machine, 1, Register.LDR) == 0x0012_0020
    assert read(machine, 1, Register.ICR_LOW) == 0
    assert read(machine, 1, Register.LVT_LINT0) == 0x33
    assert read(machine, 1, Register.TPR) == 0x21


def test_base_6_power_up_is_xapic_mode_at_the_usual_address() -> None:
    machine = Machine(2)

    assert [mode_of(machine, cpu) for cpu in range(2)] == [XAPIC, XAPIC]
    assert rdmsr(machine, 0, Msr.IA32_APIC_BASE) == 0xFEE0_0900
    assert rdmsr(machine, 1, Msr.IA32_APIC_BASE) == 0xFEE0_0800


@pytest.mark.parametrize("cpu", [0, 1])
def test_base_7_bootstrap_bit_cannot_be_changed(cpu: int) -> None:
    machine = booted(2)
    before = rdmsr(machine, cpu, Msr.IA32_APIC_BASE)

    assert machine.write_msr(cpu, Msr.IA32_APIC_BASE, before ^ BOOTSTRAP_PROCESSOR) == Ignored(Reason.NOT_WRITABLE)

    assert rdmsr(machine, cpu, Msr.IA32_APIC_BASE) == before
