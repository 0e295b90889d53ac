"""RDMSR, WRMSR and CR8: what each MSR from 0x800 to 0x8ff answers, bit by bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import Fault, MsrFaulted, RegisterFaulted
from app.hw.local_apic_registers import read_cr8
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, INTEL_XEON, Profile
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.hw.machines import ENABLED, fixed, machine_of, of_type, requested, switch_mode

pytestmark = pytest.mark.slow  # every one of some thousand cases; the quick run leaves them out

DISABLED, XAPIC, X2APIC = ApicMode.DISABLED, ApicMode.XAPIC, ApicMode.X2APIC
MSRS = range(0x800, 0x900)
# The manual's table ("x2APIC Register Address Space").
CMCI = 0x82F
READ_ONLY = {0x802, 0x803, 0x80A, 0x80D, *range(0x810, 0x828), 0x839}
READ_WRITE = {0x808, 0x80F, 0x828, 0x830, *range(0x832, 0x839), 0x83E}
WRITE_ONLY = {0x80B, 0x83F}
ALLOWED = {
    0x808: 0xFF,
    0x80B: 0,
    0x80F: 0x13FF,
    0x828: 0,
    CMCI: 0x1_17FF,
    0x830: 0xFFFF_FFFF_000C_DFFF,
    0x832: 0x7_10FF,
    0x833: 0x1_17FF,
    0x834: 0x1_17FF,
    0x835: 0x1_F7FF,
    0x836: 0x1_F7FF,
    0x837: 0x1_10FF,
    0x838: 0xFFFF_FFFF,
    0x83E: 0xB,
    0x83F: 0xFF,
}
msrs = pytest.mark.parametrize("msr", MSRS, ids=hex)
profiles = pytest.mark.parametrize("profile", [INTEL_SDM, INTEL_XEON], ids=lambda profile: profile.name)


def readable(profile: Profile) -> set[int]:
    return READ_ONLY | READ_WRITE | ({CMCI} if profile is INTEL_XEON else set())


def writable(profile: Profile) -> set[int]:
    return READ_WRITE | WRITE_ONLY | ({CMCI} if profile is INTEL_XEON else set())


@profiles
@msrs
def test_read_faults_exactly_where_the_manual_says(msr: int, profile: Profile) -> None:
    machine = machine_of(1, X2APIC, profile)

    answer = machine.read_msr(0, msr)

    if msr in readable(profile):
        assert not isinstance(answer, Fault)
        assert machine.events == []
    else:
        fault = Fault.WRITE_ONLY if msr in WRITE_ONLY else Fault.NOT_A_REGISTER
        assert answer is fault
        assert machine.events == [RegisterFaulted(0, (msr - 0x800) << 4, fault, general_protection=True)]


@profiles
@msrs
def test_write_of_zero_faults_exactly_where_the_manual_says(msr: int, profile: Profile) -> None:
    machine = machine_of(1, X2APIC, profile)

    answer = machine.write_msr(0, msr, 0)

    if msr in writable(profile):
        assert answer is None
    else:
        assert answer is (Fault.READ_ONLY if msr in READ_ONLY else Fault.NOT_A_REGISTER)
    illegal_vector = {0x830: 1 << 5, 0x83F: 1 << 5 | 1 << 6}
    assert machine.cpus[0].apic.esr_pending == illegal_vector.get(msr, 0)


@pytest.mark.parametrize("msr", sorted(ALLOWED), ids=hex)
def test_write_faults_for_each_bit_that_may_not_be_set(msr: int) -> None:
    refusal = Fault.NOT_ZERO if msr in (0x80B, 0x828) else Fault.RESERVED_BITS
    machine = machine_of(1, X2APIC, INTEL_XEON)

    answers = [machine.write_msr(0, msr, 1 << bit) for bit in range(64)]

    assert answers == [None if ALLOWED[msr] >> bit & 1 else refusal for bit in range(64)]


def test_bit_12_of_svr_is_reserved_where_the_version_cannot_suppress_broadcasts() -> None:
    machine = machine_of(1, X2APIC, INTEL_SDM)

    assert machine.write_msr(0, 0x80F, ENABLED | 1 << 12) is Fault.RESERVED_BITS
    assert machine.read_msr(0, 0x80F) == ENABLED


@pytest.mark.parametrize("msr", [*sorted(READ_WRITE | READ_ONLY | WRITE_ONLY), CMCI], ids=hex)
def test_faulting_write_changes_nothing(msr: int) -> None:
    machine = machine_of(1, X2APIC, INTEL_XEON)
    before = [machine.read_msr(0, each) for each in readable(INTEL_XEON)]

    assert isinstance(machine.write_msr(0, msr, 0xFFFF_FFFF_FFFF_FFFF), Fault)

    assert [machine.read_msr(0, each) for each in readable(INTEL_XEON)] == before
    assert machine.outbox == []


@pytest.mark.parametrize("mode", [XAPIC, DISABLED])
@msrs
def test_every_one_faults_outside_x2apic_mode(msr: int, mode: ApicMode) -> None:
    machine = machine_of(2)
    if mode is DISABLED:
        switch_mode(machine, 1, DISABLED)
    machine.take_events()

    assert machine.read_msr(1, msr) is Fault.WRONG_MODE
    assert machine.write_msr(1, msr, 0) is Fault.WRONG_MODE
    assert machine.events == [MsrFaulted(1, msr, Fault.WRONG_MODE)] * 2


@pytest.mark.parametrize("mode", [XAPIC, X2APIC])
@pytest.mark.parametrize("msr", [0x0, 0x1A, 0x6DF, 0x6E1, 0x7FF, 0x900, 0x4000_0070])
def test_msr_that_is_no_register_faults(msr: int, mode: ApicMode) -> None:
    machine = machine_of(1, mode)

    assert machine.read_msr(0, msr) is Fault.NOT_A_REGISTER
    assert machine.write_msr(0, msr, 0) is Fault.NOT_A_REGISTER
    assert machine.events == [MsrFaulted(0, msr, Fault.NOT_A_REGISTER)] * 2


@given(st.sampled_from(sorted(READ_WRITE - {0x828, 0x830, 0x838})), st.integers(0, (1 << 32) - 1))
def test_accepted_value_reads_back_but_for_the_bits_that_hardware_sets(msr: int, bits: int) -> None:
    machine = machine_of(1, X2APIC, INTEL_XEON)
    value = bits & ALLOWED[msr] | (1 << 8 if msr == 0x80F else 0)
    set_by_hardware = 0x5000 if 0x832 <= msr <= 0x837 else 0

    assert machine.write_msr(0, msr, value) is None

    assert machine.read_msr(0, msr) == value & ~set_by_hardware


def test_one_write_of_icr_sends() -> None:
    machine = machine_of(2, X2APIC)

    machine.write_msr(0, 0x830, 1 << 32 | 0x40)
    machine.settle()

    assert requested(machine, 0x40) == [1]
    assert machine.read_msr(0, 0x830) == 1 << 32 | 0x40


def test_eoi_of_a_level_interrupt_is_broadcast() -> None:
    machine = machine_of(1, X2APIC)
    machine.write_redirection_entry(3, 0x8051)
    machine.drive_pin(3, 1)
    machine.settle()
    machine.cpus[0].take_interrupt()

    machine.write_msr(0, 0x80B, 0)

    assert len(machine.outbox) == 1


# CR8


def with_tpr(tpr: int, mode: ApicMode = XAPIC) -> Machine:
    machine = machine_of(1, mode)
    machine.write_register(0, Register.TPR, tpr)
    return machine


@pytest.mark.parametrize("mode", [XAPIC, X2APIC])
@pytest.mark.parametrize("value", range(16))
def test_cr8_is_the_class_of_the_task_priority_and_clears_the_rest(value: int, mode: ApicMode) -> None:
    machine = with_tpr(0x5F, mode)
    assert read_cr8(machine.cpus[0].apic) == 5

    assert machine.write_cr8(0, value) is None

    assert machine.read_register(0, Register.TPR) == value << 4
    assert read_cr8(machine.cpus[0].apic) == value


@pytest.mark.parametrize("bit", range(4, 64))
def test_upper_bit_of_cr8_faults(bit: int) -> None:
    machine = with_tpr(0x5F)

    assert machine.write_cr8(0, 1 << bit | 3) is Fault.RESERVED_BITS

    assert machine.read_register(0, Register.TPR) == 0x5F
    assert of_type(machine.events, MsrFaulted) == [MsrFaulted(0, None, Fault.RESERVED_BITS)]


@given(st.integers(0, 15), st.integers(16, 255))
def test_cr8_holds_back_its_class_and_those_below(value: int, vector: int) -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.accept(fixed(vector))

    machine.write_cr8(0, value)

    assert (machine.cpus[0].apic.deliverable() is not None) == (vector >> 4 > value)


def test_cr8_goes_on_while_the_apic_is_off_and_is_the_task_priority_after_that() -> None:
    machine = with_tpr(0x5F)
    switch_mode(machine, 0, DISABLED)
    assert read_cr8(machine.cpus[0].apic) == 5

    assert machine.write_cr8(0, 0xA) is None
    assert read_cr8(machine.cpus[0].apic) == 0xA
    switch_mode(machine, 0, XAPIC)

    assert machine.read_register(0, Register.TPR) == 0xA0
