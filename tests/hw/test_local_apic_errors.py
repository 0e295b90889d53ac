"""ESR, the LVT error entry, and resets."""

import pytest

from app.hw.events import ErrorNoticed
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, Profile
from app.x86.icr import Icr, TriggerMode
from app.x86.lvt import MASKED, RESET
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.state_registers import (
    ESR_ILLEGAL_REGISTER_ADDRESS,
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_SEND_ACCEPT,
    ESR_SEND_ILLEGAL_VECTOR,
)
from tests.hw.machines import fixed, machine_of, of_type, send


def apic_with_error_vector(entry: int) -> tuple[Machine, LocalApic]:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_ERROR, entry)
    machine.take_events()
    return machine, machine.cpus[0].apic


# Errors


def test_error_is_seen_after_the_next_write_to_esr_and_gone_after_the_second() -> None:
    machine, apic = apic_with_error_vector(RESET)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert machine.read_register(0, Register.ESR) == 0
    machine.write_register(0, Register.ESR, 0)
    assert machine.read_register(0, Register.ESR) == ESR_SEND_ILLEGAL_VECTOR
    machine.write_register(0, Register.ESR, 0)
    assert machine.read_register(0, Register.ESR) == 0


def test_reading_esr_clears_nothing() -> None:
    machine, apic = apic_with_error_vector(RESET)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    machine.write_register(0, Register.ESR, 0)

    reads = [machine.read_register(0, Register.ESR) for _ in range(2)]

    assert reads == [ESR_SEND_ILLEGAL_VECTOR] * 2


def test_any_value_written_to_esr_in_xapic_mode_latches_and_is_not_kept() -> None:
    machine, apic = apic_with_error_vector(RESET)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    machine.write_register(0, Register.ESR, 0xFFFF_FFFF)

    assert machine.read_register(0, Register.ESR) == ESR_SEND_ILLEGAL_VECTOR


def test_errors_add_up_until_the_write() -> None:
    machine, apic = apic_with_error_vector(RESET)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    machine.write_register(0, Register.ESR, 0)

    assert apic.esr == ESR_SEND_ILLEGAL_VECTOR | ESR_ILLEGAL_REGISTER_ADDRESS


def test_new_error_raises_the_error_interrupt() -> None:
    _, apic = apic_with_error_vector(0xFE)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert list(apic.irr) == [0xFE]


def test_error_that_is_already_noticed_raises_nothing() -> None:
    machine, apic = apic_with_error_vector(0xFE)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    apic.acknowledge()

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert len(apic.irr) == 0
    assert of_type(machine.events, ErrorNoticed) == [ErrorNoticed(0, ESR_SEND_ILLEGAL_VECTOR)]


def test_another_error_raises_the_error_interrupt_again() -> None:
    _, apic = apic_with_error_vector(0xFE)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    apic.acknowledge()

    apic.notice_error(ESR_RECEIVE_ILLEGAL_VECTOR)

    assert list(apic.irr) == [0xFE]


def test_error_after_the_latch_raises_the_error_interrupt_again() -> None:
    machine, apic = apic_with_error_vector(0xFE)
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    apic.acknowledge()
    machine.write_register(0, Register.ESR, 0)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert list(apic.irr) == [0xFE]


def test_masked_error_entry_raises_nothing() -> None:
    _, apic = apic_with_error_vector(0xFE | MASKED)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert len(apic.irr) == 0
    assert apic.esr_pending == ESR_SEND_ILLEGAL_VECTOR


def test_error_entry_with_an_illegal_vector_is_noticed_once_and_does_not_recur() -> None:
    machine, apic = apic_with_error_vector(0x0F)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)
    apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    assert len(apic.irr) == 0
    assert [event.bit for event in of_type(machine.events, ErrorNoticed)] == [
        ESR_SEND_ILLEGAL_VECTOR,
        ESR_RECEIVE_ILLEGAL_VECTOR,
        ESR_ILLEGAL_REGISTER_ADDRESS,
    ]


def test_masked_error_entry_with_an_illegal_vector_adds_no_error() -> None:
    _, apic = apic_with_error_vector(MASKED)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert apic.esr_pending == ESR_SEND_ILLEGAL_VECTOR


# Errors of the serial bus


@pytest.mark.parametrize(("profile", "bit"), [(INTEL_SDM, 0), (INTEL_P6, ESR_SEND_ACCEPT)])
def test_message_that_nobody_accepts_is_an_error_of_its_sender_on_the_serial_bus(profile: Profile, bit: int) -> None:
    machine = machine_of(2, profile=profile)

    send(machine, 1, Icr(0x40, destination=7))

    assert [cpu.apic.esr_pending for cpu in machine.cpus] == [0, bit]


def test_refused_message_is_an_error_of_its_sender_on_the_serial_bus() -> None:
    machine = machine_of(2, profile=INTEL_P6)
    machine.write_register(0, Register.SVR, 0xFF)

    send(machine, 1, Icr(0x40, destination=0))

    assert machine.cpus[1].apic.esr_pending == ESR_SEND_ACCEPT


def test_message_that_one_of_several_accepts_is_no_error() -> None:
    machine = machine_of(3, profile=INTEL_P6)
    machine.write_register(0, Register.SVR, 0xFF)

    send(machine, 1, Icr(0x40, destination=0xFF))

    assert machine.cpus[1].apic.esr_pending == 0


# Resets


def test_init_resets_every_register_but_id_and_mode() -> None:
    machine = machine_of(2)
    apic = machine.cpus[1].apic
    for register in (
        *INTEL_SDM.lvt_registers,
        Register.TPR,
        Register.DFR,
        Register.ICR_HIGH,
        Register.TIMER_INITIAL_COUNT,
    ):
        machine.write_register(1, register, 0x5555_5555)
    for vector in (0x60, 0x60, 0x70):
        apic.accept(fixed(vector, TriggerMode.LEVEL))
    apic.acknowledge()
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    apic.reset_by_init()

    fresh = Machine(2).cpus[1].apic
    assert (apic.esr_pending, apic.coalesced) == (fresh.esr_pending, fresh.coalesced)
    assert (apic.apic_id, apic.mode) == (1, ApicMode.XAPIC)
    assert [machine.read_register(1, register) for register in Register if register is not Register.SELF_IPI] == [
        Machine(2).read_register(1, register) for register in Register if register is not Register.SELF_IPI
    ]


def test_init_keeps_x2apic_mode_and_the_ids() -> None:
    machine = machine_of(1, ApicMode.X2APIC, apic_ids=[37])

    machine.cpus[0].apic.reset_by_init()

    assert machine.cpus[0].apic.x2apic
    assert [machine.read_register(0, register) for register in (Register.ID, Register.LDR, Register.SVR)] == [
        37,
        0x2_0020,
        0xFF,
    ]


def test_init_forgets_what_waits_for_room() -> None:
    machine = machine_of(1, profile=INTEL_P6)
    apic = machine.cpus[0].apic
    machine.write_register(0, Register.LVT_PERFORMANCE, 0x40)
    apic.accept(fixed(0x40))
    machine.fire_local(0, Register.LVT_PERFORMANCE)
    assert apic.retried_sources == {Register.LVT_PERFORMANCE}

    apic.reset_by_init()

    assert apic.retried_sources == set()


def test_refused_send_leaves_the_sender_idle() -> None:
    machine = machine_of(1)

    send(machine, 0, Icr(0x0F))

    assert machine.cpus[0].apic.sends_in_flight == 0
