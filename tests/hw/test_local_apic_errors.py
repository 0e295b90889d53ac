"""ESR, the LVT error entry, resets, and the words for whoever asks why a vector waits."""

import pytest

from app.hw.events import ErrorNoticed, SendRefused
from app.hw.local_apic import (
    ESR_ILLEGAL_REGISTER_ADDRESS,
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_SEND_ILLEGAL_VECTOR,
    LVT_REGISTERS,
    ApicMode,
    LocalApic,
)
from app.hw.machine import Machine
from app.x86.icr import Icr
from app.x86.lvt import MASKED, RESET
from app.x86.registers import Register
from tests.hw.helpers import fixed, machine_of, of_type, send


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
    _, apic = apic_with_error_vector(0x0F)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert len(apic.irr) == 0
    assert apic.esr_pending == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR


def test_masked_error_entry_with_an_illegal_vector_adds_no_error() -> None:
    _, apic = apic_with_error_vector(MASKED)

    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    assert apic.esr_pending == ESR_SEND_ILLEGAL_VECTOR


# Local sources


@pytest.mark.parametrize("register", LVT_REGISTERS)
def test_unmasked_local_source_requests_its_vector(register: Register) -> None:
    machine = machine_of(1)
    machine.write_register(0, register, 0x77)

    assert machine.cpus[0].apic.raise_local(register)
    assert list(machine.cpus[0].apic.irr) == [0x77]


def test_masked_local_source_is_silent() -> None:
    apic = machine_of(1).cpus[0].apic

    assert not apic.raise_local(Register.LVT_THERMAL)
    assert len(apic.irr) == 0


def test_local_source_of_a_disabled_apic_is_silent() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_THERMAL, 0x77)
    machine.cpus[0].apic.mode = ApicMode.DISABLED

    assert not machine.cpus[0].apic.raise_local(Register.LVT_THERMAL)


def test_local_source_with_an_illegal_vector_is_noticed_when_it_fires() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_TIMER, 0x05)
    apic = machine.cpus[0].apic

    assert apic.esr_pending == 0
    assert not apic.raise_local(Register.LVT_TIMER)
    assert apic.esr_pending == ESR_RECEIVE_ILLEGAL_VECTOR


# Resets


def test_init_resets_every_register_but_id_and_mode() -> None:
    machine = machine_of(2)
    apic = machine.cpus[1].apic
    for register in (*LVT_REGISTERS, Register.TPR, Register.DFR, Register.ICR_HIGH, Register.TIMER_INITIAL_COUNT):
        machine.write_register(1, register, 0x5555_5555)
    for vector in (0x60, 0x60, 0x70):
        apic.accept(fixed(vector))
    apic.acknowledge()
    apic.notice_error(ESR_SEND_ILLEGAL_VECTOR)

    apic.reset_by_init()

    fresh = Machine(2).cpus[1].apic
    assert [machine.read_register(1, register) for register in Register if register is not Register.SELF_IPI] == [
        Machine(2).read_register(1, register) for register in Register if register is not Register.SELF_IPI
    ]
    assert (apic.esr_pending, apic.coalesced) == (fresh.esr_pending, fresh.coalesced)
    assert (apic.apic_id, apic.mode) == (1, ApicMode.XAPIC)


def test_init_keeps_x2apic_mode() -> None:
    apic = machine_of(1, ApicMode.X2APIC).cpus[0].apic

    apic.reset_by_init()

    assert apic.x2apic


def test_change_of_mode_resets_the_registers() -> None:
    apic = machine_of(1).cpus[0].apic
    apic.accept(fixed(0x40))

    apic.set_mode(ApicMode.X2APIC)

    assert (apic.x2apic, apic.software_enabled, len(apic.irr)) == (True, False, 0)


def test_refused_send_names_its_vector_and_leaves_the_sender_idle() -> None:
    machine = machine_of(1)
    machine.take_events()

    send(machine, 0, Icr(0x0F))

    assert [event.vector for event in of_type(machine.events, SendRefused)] == [0x0F]
    assert machine.cpus[0].apic.sends_in_flight == 0
