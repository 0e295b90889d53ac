"""Reads and writes as software makes them through the MSRs of x2APIC mode, and where they raise #GP."""

import pytest

from app.hw.events import Fault, RegisterFaulted
from app.x86.icr import DELIVERY_STATUS, Icr, Shorthand
from app.x86.lvt import RESET
from app.x86.model_specific_registers import ApicMode
from app.x86.register_map import REGISTERS, RegisterDefinition
from app.x86.registers import Register
from tests.hw.machines import machine_of, of_type, post, requested, send

UNLISTED = [0x000, 0x040, 0x2F0, 0x321, 0x400]


@pytest.mark.parametrize("definition", REGISTERS.values(), ids=[d.register.name for d in REGISTERS.values()])
def test_x2apic_read_faults_exactly_where_the_manual_says(definition: RegisterDefinition) -> None:
    register = definition.register
    unreadable = {
        **dict.fromkeys((Register.EOI, Register.SELF_IPI), Fault.WRITE_ONLY),
        **dict.fromkeys(
            (Register.APR, Register.RRD, Register.DFR, Register.ICR_HIGH, Register.LVT_CMCI), Fault.NOT_A_REGISTER
        ),
    }

    answer = machine_of(1, ApicMode.X2APIC).read_register(0, register)

    assert (answer if isinstance(answer, Fault) else None) == unreadable.get(register)


X2APIC_READ_ONLY = [r for r, d in REGISTERS.items() if d.x2apic.readable and not d.x2apic.writable]


@pytest.mark.parametrize("register", X2APIC_READ_ONLY)
def test_x2apic_write_to_a_register_for_reading_faults(register: int) -> None:
    machine = machine_of(1, ApicMode.X2APIC)

    assert machine.write_register(0, register, 0) is Fault.READ_ONLY
    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(0, register, Fault.READ_ONLY, general_protection=True)
    ]


@pytest.mark.parametrize("offset", [*UNLISTED, Register.APR, Register.RRD, Register.DFR, Register.ICR_HIGH])
def test_x2apic_access_to_no_register_faults_and_leaves_esr_alone(offset: int) -> None:
    machine = machine_of(1, ApicMode.X2APIC)

    assert machine.read_register(0, offset) is Fault.NOT_A_REGISTER
    assert machine.write_register(0, offset, 0) is Fault.NOT_A_REGISTER
    assert machine.cpus[0].apic.esr_pending == 0


def test_x2apic_read_of_a_register_for_writing_alone_faults() -> None:
    machine = machine_of(1, ApicMode.X2APIC)

    assert machine.read_register(0, Register.SELF_IPI) is Fault.WRITE_ONLY
    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(0, Register.SELF_IPI, Fault.WRITE_ONLY, general_protection=True)
    ]


def test_x2apic_write_of_the_read_only_delivery_status_is_ignored() -> None:
    machine = machine_of(2, ApicMode.X2APIC)

    assert machine.write_register(0, Register.ICR_LOW, 1 << 32 | DELIVERY_STATUS | 0x40) is None

    assert machine.read_register(0, Register.ICR_LOW) == 1 << 32 | 0x40


def test_x2apic_fault_changes_nothing() -> None:
    machine = machine_of(1, ApicMode.X2APIC)

    machine.write_register(0, Register.TPR, 0x120)
    machine.write_register(0, Register.LVT_ERROR, 0x2_00FE)

    assert (machine.read_register(0, Register.TPR), machine.read_register(0, Register.LVT_ERROR)) == (0, RESET)


def test_x2apic_id_is_a_whole_word() -> None:
    assert machine_of(40, ApicMode.X2APIC).read_register(37, Register.ID) == 37


def test_x2apic_icr_is_one_64_bit_register_without_delivery_status() -> None:
    machine = machine_of(2, ApicMode.X2APIC)
    icr = Icr(0x40, destination=1)

    post(machine, 0, icr)

    assert machine.read_register(0, Register.ICR_LOW) == icr.encode(x2apic=True)
    machine.settle()
    assert requested(machine, 0x40) == [1]


def test_self_ipi_reaches_its_sender_and_leaves_icr_alone() -> None:
    machine = machine_of(2, ApicMode.X2APIC)
    send(machine, 0, Icr(0x40, shorthand=Shorthand.ALL_EXCLUDING_SELF))
    before = machine.read_register(0, Register.ICR_LOW)

    machine.write_register(0, Register.SELF_IPI, 0x55)
    machine.settle()

    assert requested(machine, 0x55) == [0]
    assert machine.read_register(0, Register.ICR_LOW) == before


def test_every_fault_is_recorded_once() -> None:
    machine = machine_of(1, ApicMode.X2APIC)

    machine.write_register(0, Register.EOI, 1)

    assert of_type(machine.events, RegisterFaulted) == [
        RegisterFaulted(0, Register.EOI, Fault.NOT_ZERO, general_protection=True)
    ]
