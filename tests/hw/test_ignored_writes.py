"""A write that changes nothing says so, to whoever wrote and in an event, with the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import EntryWriteIgnored, Fault, Ignored, Reason, RegisterFaulted, WriteIgnored
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, PROFILES, Profile
from app.x86.model_specific_registers import ApicMode, Msr, x2apic_msr
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from tests.hw.machines import machine_of

ENABLED = 0x1FF
DEADLINE_MODE, RESERVED_MODE = 2 << 17, 3 << 17
INITIAL_COUNT = Register.TIMER_INITIAL_COUNT


def said(machine: Machine, register: int | None, msr: int | None, reason: Reason) -> bool:
    return machine.events == [WriteIgnored(0, register, msr, reason)]


@pytest.mark.parametrize("value", [0, 5000])
@pytest.mark.parametrize(
    ("mode", "reason"),
    [(DEADLINE_MODE, Reason.TIMER_COUNTS_NOT), (RESERVED_MODE, Reason.TIMER_MODE_RESERVED)],
    ids=["TSC-deadline", "reserved"],
)
def test_initial_count_outside_the_counting_modes(mode: int, reason: Reason, value: int) -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_TIMER, mode | 0x40)
    machine.take_events()

    assert machine.write_register(0, INITIAL_COUNT, value) == Ignored(reason)
    assert said(machine, INITIAL_COUNT, None, reason)


@pytest.mark.parametrize("value", [0, 5000])
def test_deadline_outside_its_mode(value: int) -> None:
    machine = machine_of(1)

    assert machine.write_msr(0, Msr.IA32_TSC_DEADLINE, value) == Ignored(Reason.TIMER_HAS_NO_DEADLINE)
    assert said(machine, None, Msr.IA32_TSC_DEADLINE, Reason.TIMER_HAS_NO_DEADLINE)


def test_unmasking_an_lvt_entry_while_software_disabled() -> None:
    machine = Machine(1)
    machine.write_register(0, Register.LVT_ERROR, 0x1_0040)
    machine.take_events()

    assert machine.write_register(0, Register.LVT_ERROR, 0x40) == Ignored(Reason.KEPT_MASKED)
    assert said(machine, Register.LVT_ERROR, None, Reason.KEPT_MASKED)


@pytest.mark.parametrize(
    ("register", "value"),
    [(Register.TPR, 0x100), (Register.LDR, 0x0100_0001), (Register.LVT_ERROR, 0x1_1000), (Register.TIMER_DIVIDE, 4)],
)
def test_bits_that_cannot_be_written(register: Register, value: int) -> None:
    machine = machine_of(1)

    assert machine.write_register(0, register, value) == Ignored(Reason.NOT_WRITABLE)
    assert said(machine, register, None, Reason.NOT_WRITABLE)


def test_low_nibble_of_the_spurious_vector_on_the_p6() -> None:
    machine = machine_of(1, profile=INTEL_P6)

    assert machine.write_register(0, Register.SVR, 0x1F0) == Ignored(Reason.NOT_WRITABLE)


def test_entry_of_which_nothing_can_be_written() -> None:
    machine = machine_of(1)
    machine.write_redirection_entry(3, 0x41)
    machine.take_events()

    assert machine.write_redirection_entry(3, 0x1041) == Ignored(Reason.NOT_WRITABLE)
    assert machine.events == [EntryWriteIgnored(3, Reason.NOT_WRITABLE)]
    assert machine.write_redirection_entry(3, 0x41) is None


@pytest.mark.parametrize(
    ("register", "value"),
    [(Register.DFR, 0xF000_0000), (Register.SVR, ENABLED), (Register.TPR, 0), (Register.LDR, 0x0100_0000)],
)
def test_what_a_register_holds_already_is_not_ignored(register: Register, value: int) -> None:
    machine = machine_of(1)

    assert machine.write_register(0, register, value) is None
    assert machine.take_events() == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@given(
    offset=st.sampled_from(sorted({*map(int, REGISTERS), 0x40, 0x3F0, 0x400})),
    value=st.one_of(st.integers(0, 0xFFFF_FFFF), st.integers(0, 0x1FF)),
    timer=st.sampled_from([0, DEADLINE_MODE, RESERVED_MODE]),
    x2apic=st.booleans(),
    svr=st.sampled_from([0xFF, ENABLED]),
)
def test_write_takes_effect_or_says_why_not(
    profile: Profile, offset: int, value: int, timer: int, x2apic: bool, svr: int
) -> None:
    machine = machine_of(1, ApicMode.X2APIC if x2apic and profile.x2apic else ApicMode.XAPIC, profile)
    machine.write_register(0, Register.LVT_TIMER, timer | 0x40)
    machine.write_register(0, Register.SVR, svr)
    doing = (Register.EOI, Register.ESR, Register.ICR_LOW, Register.SELF_IPI)
    readable = offset not in doing
    before = machine.read_register(0, offset) if readable else None
    machine.take_events()

    answer = machine.write_register(0, offset, value)

    happened = machine.take_events()
    after = machine.read_register(0, offset) if readable else None
    reasons: list[Reason | Fault] = [event.reason for event in happened if isinstance(event, WriteIgnored)]
    reasons += [event.fault for event in happened if isinstance(event, RegisterFaulted)]
    match answer:
        case Ignored(reason):
            assert reasons == [reason]
            assert after == before
        case Fault():
            assert reasons == [answer]
        case None:
            assert reasons == []
            if readable and after == before and isinstance(after, int):
                assert value & ~after == 0  # it holds what was written


def test_in_x2apic_mode_too() -> None:
    machine = machine_of(1, ApicMode.X2APIC)
    machine.write_msr(0, x2apic_msr(Register.LVT_TIMER), DEADLINE_MODE | 0x40)

    assert machine.write_msr(0, x2apic_msr(INITIAL_COUNT), 7) == Ignored(Reason.TIMER_COUNTS_NOT)
