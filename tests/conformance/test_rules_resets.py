"""RST rules: INIT, start-up, software disable."""

import pytest

from app.hw.cpu import RunState
from app.hw.events import Reason, SendRefused
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, KVM, Profile
from app.x86.icr import DeliveryMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import APIC_ENABLE, Msr
from app.x86.registers import Register
from app.x86.units import Vector
from tests.conformance.software import (
    MASKED,
    booted,
    end_of_interrupt,
    post,
    rdmsr,
    read,
    run_handlers,
    send,
    vectors,
    write,
)

INIT, STARTUP = DeliveryMode.INIT, DeliveryMode.STARTUP
DEASSERT = Icr(0, INIT, destination=1, level=0, trigger_mode=TriggerMode.LEVEL)
MOVED_BASE = 0xFED4_0000


def run_state(machine: Machine, cpu: int) -> RunState:
    return machine.cpus[cpu].run_state


def test_rst_2_software_disabled_apic_still_sends() -> None:
    machine = booted(2)
    write(machine, 0, Register.SVR, 0xFF)

    send(machine, 0, Icr(0x44, destination=1))

    assert run_handlers(machine, 1) == [0x44]


def test_rst_2_message_under_way_arrives_although_its_sender_is_disabled_meanwhile() -> None:
    machine = booted(2)
    post(machine, 0, Icr(0x44, destination=1))

    write(machine, 0, Register.SVR, 0xFF)

    assert run_handlers(machine, 1) == [0x44]


@pytest.mark.parametrize(("profile", "apic_id"), [(INTEL_SDM, 1), (KVM, 9)], ids=["from power-up", "written"])
def test_rst_3_init_resets_the_registers_and_keeps_id_and_page(profile: Profile, apic_id: int) -> None:
    machine = booted(2, profile=profile)
    assert machine.write_msr(1, Msr.IA32_APIC_BASE, MOVED_BASE | APIC_ENABLE) is None
    write(machine, 1, Register.ID, apic_id << 24)
    write(machine, 1, Register.LDR, 0x0200_0000)
    write(machine, 1, Register.DFR, 0x0FFF_FFFF)
    write(machine, 1, Register.LVT_LINT1, 0x400)
    write(machine, 1, Register.TPR, 0x30)

    send(machine, 0, Icr(0, INIT, destination=apic_id))

    assert rdmsr(machine, 1, Msr.IA32_APIC_BASE) == MOVED_BASE | APIC_ENABLE
    assert read(machine, 1, Register.ID) == apic_id << 24
    registers = (Register.SVR, Register.LDR, Register.DFR, Register.LVT_LINT1, Register.TPR)
    assert [read(machine, 1, register) for register in registers] == [0xFF, 0, 0xFFFF_FFFF, MASKED, 0]


def test_rst_4_init_makes_an_application_processor_wait_and_restarts_the_bootstrap_processor() -> None:
    machine = booted(2)

    send(machine, 0, Icr(0, INIT, destination=1))
    assert run_state(machine, 1) is RunState.WAIT_FOR_SIPI
    send(machine, 0, Icr(0, INIT, destination=0))

    assert run_state(machine, 0) is RunState.RUNNING
    assert machine.cpus[0].starts == 1


@pytest.mark.parametrize("profile", [INTEL_SDM, INTEL_P6], ids=["sdm", "p6"])
def test_rst_5_init_level_de_assert_resets_nobody(profile: Profile) -> None:
    machine = booted(2, profile=profile)

    send(machine, 0, DEASSERT)

    assert machine.events[-1] == SendRefused(0, Vector(0), INIT, Reason.INIT_DEASSERT)
    assert run_state(machine, 1) is RunState.RUNNING


def test_rst_6_start_up_is_lost_while_init_waits_for_the_end_of_system_management_mode() -> None:
    machine = booted(2)
    cpu = machine.cpus[1]
    send(machine, 0, Icr(0, DeliveryMode.SMI, destination=1))
    cpu.take_smi()
    for icr in (Icr(0, INIT, destination=1), Icr(0x9A, STARTUP, destination=1)):
        send(machine, 0, icr)
    assert run_state(machine, 1) is RunState.RUNNING

    cpu.resume()
    machine.take_resets()

    assert run_state(machine, 1) is RunState.WAIT_FOR_SIPI
    send(machine, 0, Icr(0x9A, STARTUP, destination=1))
    assert run_state(machine, 1) is RunState.RUNNING


@pytest.mark.parametrize("shorthand", [Shorthand.NONE, Shorthand.ALL_EXCLUDING_SELF])
def test_rst_8_the_usual_sequence_starts_a_cpu_once(shorthand: Shorthand) -> None:
    machine = booted(2)
    starts = []
    for mode in (INIT, STARTUP, STARTUP):
        send(machine, 0, Icr(0x9A if mode is STARTUP else 0, mode, shorthand=shorthand, destination=1))
        starts.append(machine.cpus[1].starts)

    assert starts == [1, 2, 2]  # INIT, then the first start-up alone
    assert run_state(machine, 1) is RunState.RUNNING
    assert machine.cpus[0].starts == 0


def test_rst_9_eoi_works_while_software_disabled() -> None:
    machine = booted()
    send(machine, 0, Icr(0x44, shorthand=Shorthand.SELF))
    assert machine.cpus[0].take_interrupt() == 0x44
    write(machine, 0, Register.SVR, 0xFF)

    end_of_interrupt(machine, 0)

    assert vectors(machine, 0, Register.ISR0) == []
