"""Reads and writes as software makes them in the xAPIC page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import Fault, Ignored, RegisterFaulted
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, KVM, PROFILES, QEMU, Profile
from app.x86.icr import DELIVERY_STATUS, Icr
from app.x86.lvt import MASKED
from app.x86.model_specific_registers import ApicMode
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.state_registers import ESR_ILLEGAL_REGISTER_ADDRESS
from tests.hw.machines import fixed, machine_of, of_type, post, requested, send, switch_mode

WORD = st.integers(0, 0xFFFF_FFFF)
UNLISTED = [0x000, 0x040, 0x2F0, 0x321, 0x400]  # 0x2F0 is CMCI, which this version has not

# xAPIC mode


@pytest.mark.parametrize(
    "register", [Register.TPR, Register.SVR, Register.LDR, Register.TIMER_DIVIDE, Register.ICR_HIGH]
)
@given(value=WORD)
def test_a_write_changes_the_writable_bits_and_no_others(register: Register, value: int) -> None:
    machine = machine_of(1)

    machine.write_register(0, register, value)

    writable = REGISTERS[register].layout.writable_mask
    if register is Register.SVR:
        writable &= ~SVR_SUPPRESS_EOI_BROADCAST  # reserved in this version
    assert machine.read_register(0, register) == value & writable


@given(WORD)
def test_dfr_reads_ones_below_the_model(value: int) -> None:
    machine = machine_of(1)

    machine.write_register(0, Register.DFR, value)

    assert machine.read_register(0, Register.DFR) == value & 0xF000_0000 | 0x0FFF_FFFF


@pytest.mark.parametrize("register", INTEL_SDM.lvt_registers)
@given(value=WORD)
def test_local_vector_table_takes_its_writable_bits(register: Register, value: int) -> None:
    machine = machine_of(1)

    machine.write_register(0, register, value)

    assert machine.read_register(0, register) == value & REGISTERS[register].layout.writable_mask


@pytest.mark.parametrize("register", INTEL_SDM.lvt_registers)
def test_software_disable_masks_every_entry_and_enable_unmasks_none(register: Register) -> None:
    machine = machine_of(1)
    machine.write_register(0, register, 0x40)

    machine.write_register(0, Register.SVR, 0x0FF)
    machine.write_register(0, Register.SVR, 0x1FF)

    assert machine.read_register(0, register) == 0x40 | MASKED


@pytest.mark.parametrize("register", INTEL_SDM.lvt_registers)
def test_mask_cannot_be_cleared_while_software_disabled(register: Register) -> None:
    machine = Machine(1)

    machine.write_register(0, register, 0x40)

    assert machine.read_register(0, register) == 0x40 | MASKED


def test_xapic_id_stands_in_the_top_byte() -> None:
    assert machine_of(3).read_register(2, Register.ID) == 0x0200_0000


@pytest.mark.parametrize(
    ("profile", "reads"), [(INTEL_SDM, 0x0200_0000), (INTEL_P6, 0x0700_0000), (KVM, 0x7700_0000), (QEMU, 0x7700_0000)]
)
def test_xapic_id_is_writable_where_the_profile_says_so(profile: Profile, reads: int) -> None:
    machine = machine_of(3, profile=profile)

    machine.write_register(2, Register.ID, 0x77FF_FFFF)

    assert machine.read_register(2, Register.ID) == reads
    assert len(of_type(machine.events, RegisterFaulted)) == (profile is INTEL_SDM)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_version_register_is_the_profile_s(profile: Profile) -> None:
    assert machine_of(1, profile=profile).read_register(0, Register.VERSION) == profile.version


@pytest.mark.parametrize(("profile", "reads"), [(INTEL_SDM, 0x3A0), (INTEL_P6, 0x3AF), (INTEL_XEON, 0x13A0)])
def test_spurious_vector_register_takes_what_the_profile_has(profile: Profile, reads: int) -> None:
    machine = machine_of(1, profile=profile)

    machine.write_register(0, Register.SVR, 0xFFFF_FFA0)

    assert machine.read_register(0, Register.SVR) == reads


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_entry_that_the_version_has_not_is_no_register(profile: Profile) -> None:
    machine = machine_of(1, profile=profile)
    for register in profile.lvt_registers:
        machine.write_register(0, register, 0x40)
    assert machine.cpus[0].apic.esr_pending == 0

    for register in set(LVT_REGISTERS) - set(profile.lvt_registers):
        machine.write_register(0, register, 0x40)
        assert machine.read_register(0, register) == 0

    present = 1 + (profile.version >> 16 & 0xFF)
    assert len(profile.lvt_registers) == present
    assert machine.cpus[0].apic.esr_pending == (ESR_ILLEGAL_REGISTER_ADDRESS if present < len(LVT_REGISTERS) else 0)


@pytest.mark.parametrize("register", [Register.APR, Register.RRD])
def test_registers_of_the_p6_read_zero_since_the_pentium_4(register: Register) -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.TPR, 0x55)

    assert machine.read_register(0, register) == 0
    assert machine.events == []


def test_vector_registers_show_32_vectors_each() -> None:
    machine = machine_of(1)
    apic = machine.cpus[0].apic
    apic.accept(fixed(0x41))
    apic.acknowledge()
    apic.accept(fixed(0xFD))

    assert machine.read_register(0, Register.ISR2) == 1 << 1
    assert machine.read_register(0, Register.IRR7) == 1 << 29
    assert [machine.read_register(0, 0x180 + 16 * index) for index in range(8)] == [0] * 8
    assert machine.read_register(0, Register.PPR) == 0x40


@pytest.mark.parametrize("offset", [*UNLISTED, Register.SELF_IPI])
def test_unlisted_offset_reads_zero_and_is_noticed(offset: int) -> None:
    machine = machine_of(1)

    assert machine.read_register(0, offset) == 0
    assert machine.cpus[0].apic.esr_pending == ESR_ILLEGAL_REGISTER_ADDRESS
    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(0, offset, Fault.NOT_A_REGISTER, general_protection=False)
    ]


@pytest.mark.parametrize("offset", [*UNLISTED, Register.SELF_IPI])
def test_write_to_an_unlisted_offset_is_noticed_and_nothing_else(offset: int) -> None:
    machine = machine_of(1)

    assert machine.write_register(0, offset, 0x40) == Ignored(Fault.NOT_A_REGISTER)
    assert machine.cpus[0].apic.esr_pending == ESR_ILLEGAL_REGISTER_ADDRESS
    assert machine.outbox == []


@pytest.mark.parametrize("offset", [Register.VERSION, Register.TPR, Register.EOI, 0x040])
def test_disabled_apic_does_not_answer(offset: int) -> None:
    machine = machine_of(1)
    switch_mode(machine, 0, ApicMode.DISABLED)
    machine.take_events()

    assert machine.read_register(0, offset) == 0xFFFF_FFFF
    assert machine.write_register(0, offset, 0x55) == Ignored(Fault.NOT_DECODED)

    assert (machine.cpus[0].apic.tpr, machine.cpus[0].apic.esr_pending) == (0, 0)
    assert machine.events == [RegisterFaulted(0, offset, Fault.NOT_DECODED, general_protection=False)]  # said once


@pytest.mark.parametrize("register", [r for r, d in REGISTERS.items() if d.xapic.readable and not d.xapic.writable])
def test_write_to_a_register_for_reading_changes_nothing(register: int) -> None:
    machine = machine_of(2)
    before = machine.read_register(1, register)

    assert machine.write_register(1, register, 0xFFFF_FFFF) == Ignored(Fault.READ_ONLY)
    assert machine.read_register(1, register) == before
    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(1, register, Fault.READ_ONLY, general_protection=False)
    ]


def test_reading_eoi_gives_zero() -> None:
    machine = machine_of(1)

    assert machine.read_register(0, Register.EOI) == 0
    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(0, Register.EOI, Fault.WRITE_ONLY, general_protection=False)
    ]


def test_any_value_written_to_eoi_ends_the_interrupt() -> None:
    machine = machine_of(1)
    machine.cpus[0].apic.accept(fixed(0x41))
    machine.cpus[0].apic.acknowledge()

    machine.write_register(0, Register.EOI, 0x1234)

    assert len(machine.cpus[0].apic.isr) == 0


# ICR


def test_high_half_is_latched_and_only_the_low_half_sends() -> None:
    machine = machine_of(2)

    machine.write_register(0, Register.ICR_HIGH, 0x0100_0000)
    assert machine.outbox == []
    machine.write_register(0, Register.ICR_LOW, 0x40)
    machine.settle()

    assert requested(machine, 0x40) == [1]


@given(WORD, WORD)
def test_icr_reads_back_what_was_written_less_reserved_bits(high: int, low: int) -> None:
    machine = machine_of(2)

    machine.write_register(0, Register.ICR_HIGH, high)
    machine.write_register(0, Register.ICR_LOW, low)

    read_back = machine.read_register(0, Register.ICR_LOW)
    assert machine.read_register(0, Register.ICR_HIGH) == high & 0xFF00_0000
    assert read_back in (low & 0xC_CFFF, low & 0xC_CFFF | DELIVERY_STATUS)


def test_delivery_status_is_pending_until_every_message_has_arrived() -> None:
    machine = machine_of(2)
    icr = Icr(0x40, destination=1)
    post(machine, 0, icr)
    post(machine, 0, icr)

    seen = [machine.read_register(0, Register.ICR_LOW)]
    for message in machine.outbox:
        machine.deliver(message)
        seen.append(machine.read_register(0, Register.ICR_LOW))

    assert seen == [icr.low() | DELIVERY_STATUS, icr.low() | DELIVERY_STATUS, icr.low()]


def test_delivery_status_ends_when_nobody_has_the_destination() -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0x40, destination=99))

    assert machine.read_register(0, Register.ICR_LOW) == Icr(0x40).low()
