"""Loads and stores by physical address."""

import pytest

from app.hw.events import Fault, RegisterFaulted
from app.hw.machine import Machine
from app.hw.physical_memory import IO_APIC_BASE, read_physical, write_physical
from app.hw.profile import INTEL_SDM, INTEL_XEON, Profile
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, ApicMode, Msr
from app.x86.redirection import LEVEL, REMOTE_IRR
from app.x86.registers import Register
from tests.hw.machines import machine_of, of_type, requested, switch_mode

ALL_ONES = 0xFFFF_FFFF
PAGE = RESET_BASE
MOVED = 0xFED4_0000
SELECT, WINDOW, EOI = IO_APIC_BASE, IO_APIC_BASE + 0x10, IO_APIC_BASE + 0x40
SIZES = [1, 2, 4, 8]


# The local APIC's page


def test_every_cpu_sees_its_own_apic_at_the_same_address() -> None:
    machine = machine_of(3)

    write_physical(machine, 1, PAGE + Register.TPR, 0x30)

    assert [read_physical(machine, cpu, PAGE + Register.ID) >> 24 for cpu in range(3)] == [0, 1, 2]
    assert [read_physical(machine, cpu, PAGE + Register.TPR) for cpu in range(3)] == [0, 0x30, 0]


def test_store_to_icr_sends() -> None:
    machine = machine_of(2)

    write_physical(machine, 0, PAGE + Register.ICR_HIGH, 1 << 24)
    write_physical(machine, 0, PAGE + Register.ICR_LOW, 0x40)
    machine.settle()

    assert requested(machine, 0x40) == [1]


@pytest.mark.parametrize(
    ("offset", "size"), [(0x80, 1), (0x80, 2), (0x80, 8), (0x81, 4), (0x82, 4), (0x83, 1), (0x7E, 4)]
)
def test_access_that_is_no_aligned_word_does_nothing_and_is_recorded(offset: int, size: int) -> None:
    machine = machine_of(2)
    machine.write_register(1, Register.TPR, 0x55)

    write_physical(machine, 1, PAGE + offset, 0x30, size)
    assert read_physical(machine, 1, PAGE + offset, size) == 0

    assert machine.read_register(1, Register.TPR) == 0x55
    faulted = RegisterFaulted(1, offset, Fault.ACCESS_SIZE, general_protection=False)
    assert of_type(machine.events, RegisterFaulted) == [faulted, faulted]


@pytest.mark.parametrize("offset", [0x0, 0x84, 0x88, 0xFFC])
def test_aligned_word_that_is_no_register_reads_zero_and_is_an_error(offset: int) -> None:
    machine = machine_of(1)

    assert read_physical(machine, 0, PAGE + offset) == 0
    assert machine.cpus[0].apic.esr_pending == 1 << 7


@pytest.mark.parametrize("mode", [ApicMode.DISABLED, ApicMode.X2APIC])
def test_page_is_dead_outside_xapic_mode(mode: ApicMode) -> None:
    machine = machine_of(2)
    switch_mode(machine, 1, mode)
    machine.take_events()

    write_physical(machine, 1, PAGE + Register.TPR, 0x30)
    write_physical(machine, 1, PAGE + 0x81, 0x30, 1)

    assert read_physical(machine, 1, PAGE + Register.VERSION) == ALL_ONES
    assert read_physical(machine, 1, PAGE + Register.TPR) == ALL_ONES
    assert machine.cpus[1].apic.tpr == 0
    assert machine.events == []
    assert read_physical(machine, 0, PAGE + Register.VERSION) == 0x0005_0014


def test_page_moves_with_its_base() -> None:
    machine = machine_of(2)
    machine.write_msr(1, Msr.IA32_APIC_BASE, MOVED | APIC_ENABLE)

    write_physical(machine, 1, MOVED + Register.TPR, 0x30)

    assert read_physical(machine, 1, MOVED + Register.VERSION) == 0x0005_0014
    assert read_physical(machine, 1, MOVED + Register.TPR) == 0x30
    assert read_physical(machine, 1, PAGE + Register.VERSION) == ALL_ONES
    assert read_physical(machine, 0, PAGE + Register.VERSION) == 0x0005_0014
    assert read_physical(machine, 0, MOVED + Register.VERSION) == ALL_ONES


def test_local_apic_goes_before_the_io_apic_at_one_address() -> None:
    machine = machine_of(2)
    machine.write_msr(1, Msr.IA32_APIC_BASE, IO_APIC_BASE | APIC_ENABLE)

    assert read_physical(machine, 1, IO_APIC_BASE + Register.VERSION) == 0x0005_0014
    assert read_physical(machine, 0, IO_APIC_BASE + Register.VERSION) == 0


def test_page_comes_back_when_the_apic_does() -> None:
    machine = machine_of(1)

    for bits in (APIC_ENABLE | X2APIC_ENABLE, 0, APIC_ENABLE):
        assert machine.write_msr(0, Msr.IA32_APIC_BASE, PAGE | bits) is None

    assert read_physical(machine, 0, PAGE + Register.VERSION) == 0x0005_0014


# Nobody there


@pytest.mark.parametrize("size", SIZES)
def test_empty_bus_reads_all_ones_and_takes_everything(size: int) -> None:
    machine = machine_of(1)

    write_physical(machine, 0, 0xD000_0000, 0, size)

    assert read_physical(machine, 0, 0xD000_0000, size) == (1 << 8 * size) - 1
    assert machine.events == []


# The I/O APIC's page


def io_apic_read(machine: Machine, index: int) -> int:
    write_physical(machine, 0, SELECT, index)
    return read_physical(machine, 1, WINDOW)


def test_select_and_window_are_one_for_all_cpus() -> None:
    machine = machine_of(2)

    write_physical(machine, 0, SELECT, 0x112)
    write_physical(machine, 1, WINDOW, 0x1_0051)

    assert read_physical(machine, 1, SELECT) == 0x12
    assert io_apic_read(machine, 0x12) == 0x1_0051
    assert io_apic_read(machine, 0x01) == 0x0017_0011


def test_store_to_the_window_may_send() -> None:
    machine = machine_of(2)
    machine.write_io_apic(0x11, 1 << 24)
    machine.drive_pin(0, 1)

    write_physical(machine, 0, SELECT, 0x10)
    write_physical(machine, 0, WINDOW, LEVEL | 0x51)
    machine.settle()

    assert requested(machine, 0x51) == [1]


@pytest.mark.parametrize(("profile", "ends"), [(INTEL_SDM, False), (INTEL_XEON, True)])
def test_eoi_register_is_there_from_version_0x20_on(profile: Profile, ends: bool) -> None:
    machine = machine_of(2, profile=profile)
    machine.write_redirection_entry(0, 1 << 56 | LEVEL | 0x51)
    machine.drive_pin(0, 1)
    machine.settle()
    machine.drive_pin(0, 0)

    write_physical(machine, 0, EOI, 0x151)

    assert (machine.io_apic.entries[0] & REMOTE_IRR == 0) == ends
    assert read_physical(machine, 0, EOI) == 0


@pytest.mark.parametrize("offset", [0x04, 0x14, 0x20, 0xFFC])
def test_rest_of_the_page_reads_zero_and_takes_nothing(offset: int) -> None:
    machine = machine_of(1)
    write_physical(machine, 0, SELECT, 0x10)

    write_physical(machine, 0, IO_APIC_BASE + offset, 0x51)

    assert read_physical(machine, 0, IO_APIC_BASE + offset) == 0
    assert (machine.io_apic.select, machine.read_io_apic(0x10)) == (0x10, 0x1_0000)


@pytest.mark.parametrize("size", [1, 2, 8])
def test_io_apic_answers_words_alone(size: int) -> None:
    machine = machine_of(1)

    write_physical(machine, 0, SELECT, 0x01, size)

    assert machine.io_apic.select == 0
    assert read_physical(machine, 0, SELECT, size) == (1 << 8 * size) - 1
