"""Cases 1-9, where implementations differ: LDR, illegal vectors, ESR, TMR, priority, the spurious vector."""

import pytest

from app.hw.cpu import Arrival
from app.hw.events import Fault
from app.x86.icr import DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register
from app.x86.state_registers import (
    ESR_ILLEGAL_REGISTER_ADDRESS,
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_SEND_ILLEGAL_VECTOR,
)
from tests.conformance.software import (
    X2APIC,
    booted,
    end_of_interrupt,
    error_status,
    read,
    redirect,
    run_everywhere,
    run_handlers,
    send,
    set_line,
    toggle_line,
    vectors,
    write,
)

TO_SELF = Shorthand.SELF
MSI_TO_CPU_0 = 0xFEE0_0000
NO_REGISTER = 0x040
LOGICAL_IDS = {
    0: 0x0000_0001,
    15: 0x0000_8000,
    16: 0x0001_0001,
    37: 0x0002_0020,
    255: 0x000F_8000,
    256: 0x0010_0001,
}
ILLEGAL_VECTORS = pytest.mark.parametrize("vector", [0, 5, 15])


def test_case_01_ldr_derivation() -> None:
    machine = booted(len(LOGICAL_IDS), X2APIC, apic_ids=list(LOGICAL_IDS))

    ldrs = [read(machine, cpu, Register.LDR) for cpu in range(len(LOGICAL_IDS))]

    assert ldrs == list(LOGICAL_IDS.values())


@pytest.mark.parametrize("target", range(len(LOGICAL_IDS)))
def test_case_01_ldr_names_its_apic_alone(target: int) -> None:
    machine = booted(len(LOGICAL_IDS), X2APIC, apic_ids=list(LOGICAL_IDS))
    logical_id = list(LOGICAL_IDS.values())[target]

    send(machine, 0, Icr(0x40, destination_mode=DestinationMode.LOGICAL, destination=logical_id))

    assert run_everywhere(machine) == [[0x40] if cpu == target else [] for cpu in range(len(LOGICAL_IDS))]


@ILLEGAL_VECTORS
def test_case_02_illegal_vector_is_noticed_by_the_sender_and_not_sent(vector: int) -> None:
    machine = booted(2)

    send(machine, 0, Icr(vector, destination=1))

    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR
    assert error_status(machine, 1) == 0
    assert vectors(machine, 1, Register.IRR0) == []


@ILLEGAL_VECTORS
def test_case_02_illegal_vector_of_a_device_is_noticed_by_the_receiver_and_never_pends(vector: int) -> None:
    machine = booted()

    machine.send_msi(MSI_TO_CPU_0, vector)
    machine.settle()

    assert read(machine, 0, Register.PPR) == 0
    assert vectors(machine, 0, Register.IRR0) == []
    assert machine.cpus[0].next_arrival() is None
    assert error_status(machine, 0) == ESR_RECEIVE_ILLEGAL_VECTOR


@ILLEGAL_VECTORS
def test_case_02_illegal_vector_to_oneself_is_both(vector: int) -> None:
    machine = booted()

    send(machine, 0, Icr(vector, shorthand=TO_SELF))

    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR
    assert run_handlers(machine, 0) == []


def test_case_03_esr_shows_at_each_write_what_came_since_the_last() -> None:
    machine = booted()
    read(machine, 0, NO_REGISTER)
    send(machine, 0, Icr(5, destination=0))

    assert read(machine, 0, Register.ESR) == 0
    write(machine, 0, Register.ESR, 0)
    both = ESR_ILLEGAL_REGISTER_ADDRESS | ESR_SEND_ILLEGAL_VECTOR
    assert read(machine, 0, Register.ESR) == both
    assert read(machine, 0, Register.ESR) == both
    write(machine, 0, Register.ESR, 0)
    assert read(machine, 0, Register.ESR) == 0


def test_case_04_esr_write_of_anything_but_zero_faults_in_x2apic_mode() -> None:
    machine = booted(mode=X2APIC)
    send(machine, 0, Icr(5, destination=0))

    assert machine.write_msr(0, x2apic_msr(Register.ESR), 1) is Fault.NOT_ZERO
    assert read(machine, 0, Register.ESR) == 0
    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR


def test_case_04_esr_write_of_anything_latches_in_xapic_mode() -> None:
    machine = booted()
    send(machine, 0, Icr(5, destination=0))

    write(machine, 0, Register.ESR, 0xFFFF_FFFF)

    assert read(machine, 0, Register.ESR) == ESR_SEND_ILLEGAL_VECTOR


def test_case_05_lvt_error_with_an_illegal_vector_of_its_own_does_not_loop() -> None:
    machine = booted()
    write(machine, 0, Register.LVT_ERROR, 5)

    send(machine, 0, Icr(4, destination=0))

    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR | ESR_RECEIVE_ILLEGAL_VECTOR
    assert vectors(machine, 0, Register.IRR0) == []


def test_case_06_tmr_survives_eoi_and_changes_with_the_next_edge() -> None:
    machine = booted()
    redirect(machine, 3, 0x45, level=True)
    set_line(machine, 3, 1)
    assert machine.cpus[0].take_interrupt() == 0x45
    set_line(machine, 3, 0)

    end_of_interrupt(machine, 0)
    assert vectors(machine, 0, Register.TMR0) == [0x45]

    redirect(machine, 3, 0x45, level=False)
    toggle_line(machine, 3)
    assert vectors(machine, 0, Register.TMR0) == []


def test_case_07_equal_class_waits_for_eoi_and_a_higher_class_does_not() -> None:
    machine = booted()
    cpu = machine.cpus[0]
    send(machine, 0, Icr(0x51, shorthand=TO_SELF))
    assert cpu.take_interrupt() == 0x51

    send(machine, 0, Icr(0x5F, shorthand=TO_SELF))
    assert cpu.next_arrival() is None
    send(machine, 0, Icr(0x61, shorthand=TO_SELF))
    assert cpu.next_arrival() is Arrival.INTERRUPT
    assert cpu.take_interrupt() == 0x61
    end_of_interrupt(machine, 0)
    assert cpu.next_arrival() is None

    end_of_interrupt(machine, 0)
    assert run_handlers(machine, 0) == [0x5F]


@pytest.mark.parametrize(
    ("tpr", "in_service", "ppr"),
    [
        (0x5F, None, 0x5F),
        (0x50, 0x5F, 0x50),
        (0x5F, 0x51, 0x5F),
        (0x4F, 0x51, 0x50),
        (0x62, 0x51, 0x62),
        (0x00, None, 0x00),
    ],
)
def test_case_07_ppr_is_tpr_or_the_class_in_service(tpr: int, in_service: int | None, ppr: int) -> None:
    machine = booted()
    if in_service is not None:
        send(machine, 0, Icr(in_service, shorthand=TO_SELF))
        assert machine.cpus[0].take_interrupt() == in_service

    write(machine, 0, Register.TPR, tpr)

    assert read(machine, 0, Register.PPR) == ppr


def test_case_08_eoi_ends_the_spurious_vector_when_it_came_as_an_ordinary_one() -> None:
    machine = booted()
    send(machine, 0, Icr(0xFF, shorthand=TO_SELF))
    assert machine.cpus[0].take_interrupt() == 0xFF
    assert vectors(machine, 0, Register.ISR0) == [0xFF]

    end_of_interrupt(machine, 0)

    assert vectors(machine, 0, Register.ISR0) == []


def test_case_09_spurious_vector_when_tpr_rises_between_intr_and_inta() -> None:
    machine = booted()
    cpu = machine.cpus[0]
    send(machine, 0, Icr(0x40, shorthand=TO_SELF))
    assert cpu.next_arrival() is Arrival.INTERRUPT

    write(machine, 0, Register.TPR, 0x50)

    assert cpu.take_interrupt() == 0xFF
    assert vectors(machine, 0, Register.ISR0) == []
    assert vectors(machine, 0, Register.IRR0) == [0x40]
    write(machine, 0, Register.TPR, 0)
    assert run_handlers(machine, 0) == [0x40]
