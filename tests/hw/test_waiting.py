"""The words for whoever asks why a vector waits."""

import pytest

from app.hw.cpu import Cpu, RunState
from app.hw.profile import PROFILES, QEMU, Profile
from app.hw.waiting import why_waiting
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.hw.machines import fixed, machine_of, message


def cpu_with_requested(*vectors: int) -> Cpu:
    cpu = machine_of(2).cpus[1]
    for vector in vectors:
        cpu.receive(fixed(vector))
    return cpu


def test_handler_in_service_is_named() -> None:
    cpu = cpu_with_requested(0x61)
    cpu.apic.acknowledge()
    cpu.receive(fixed(0x51))

    assert why_waiting(cpu, 0x51) == "class 5 is not above PPR 0x60, because 0x61 is in service"


def test_task_priority_is_named() -> None:
    cpu = cpu_with_requested(0x51)
    cpu.apic.tpr = 0x50

    assert why_waiting(cpu, 0x51) == "class 5 is not above PPR 0x50, because TPR is 0x50"


def test_vector_that_goes_first_is_named() -> None:
    cpu = cpu_with_requested(0x51, 0x61)
    cpu.interrupt_flag = True

    assert why_waiting(cpu, 0x51) == "0x61 goes first"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_software_disable_is_named_only_where_it_holds_interrupts_up(profile: Profile) -> None:
    machine = machine_of(1, profile=profile)
    cpu = machine.cpus[0]
    cpu.receive(fixed(0x51))
    machine.set_interrupt_flag(0, True)

    machine.write_register(0, Register.SVR, 0xFF)

    held_up = profile is QEMU
    assert cpu.interrupt_deliverable() != held_up
    assert why_waiting(cpu, 0x51) == (
        "the APIC is software-disabled (SVR bit 8 is 0)" if held_up else "it is taken at the next instruction boundary"
    )


def test_disabled_apic_is_named() -> None:
    cpu = cpu_with_requested(0x51)

    cpu.apic.mode = ApicMode.DISABLED

    assert why_waiting(cpu, 0x51) == "the APIC is disabled in IA32_APIC_BASE"


def test_missing_start_up_ipi_goes_before_everything() -> None:
    cpu = cpu_with_requested(0x40)
    cpu.apic.tpr = 0xF0
    cpu.run_state = RunState.WAIT_FOR_SIPI

    assert why_waiting(cpu, 0x40) == "the CPU waits for a start-up IPI"


def test_apic_is_asked_before_the_interrupt_flag_and_that_before_the_boundary() -> None:
    cpu = cpu_with_requested(0x40)

    cpu.apic.tpr = 0xF0
    assert why_waiting(cpu, 0x40) == "class 4 is not above PPR 0xf0, because TPR is 0xf0"
    cpu.apic.tpr = 0
    assert why_waiting(cpu, 0x40) == "interrupts are off (IF = 0)"
    cpu.interrupt_flag = True
    assert why_waiting(cpu, 0x40) == "it is taken at the next instruction boundary"


# What the CPU takes at its next boundary


def open_cpu() -> Cpu:
    cpu = cpu_with_requested(0x40)
    cpu.interrupt_flag = True
    return cpu


@pytest.mark.parametrize(
    ("mode", "goes_first"),
    [
        (DeliveryMode.SMI, "SMI goes first"),
        (DeliveryMode.INIT, "INIT goes first"),
        (DeliveryMode.NMI, "NMI goes first"),
        (DeliveryMode.EXTINT, "an ExtINT of the 8259 goes first"),
        (DeliveryMode.FIXED, "it is taken at the next instruction boundary"),
    ],
)
def test_signal_that_goes_first_is_named(mode: DeliveryMode, goes_first: str) -> None:
    cpu = open_cpu()

    cpu.receive(message(0x40, mode))

    assert why_waiting(cpu, 0x40) == goes_first


def test_nmi_that_waits_behind_a_handler_does_not_go_first() -> None:
    cpu = open_cpu()
    for _ in range(2):
        cpu.receive(message(0, DeliveryMode.NMI))
    cpu.take_nmi()

    assert why_waiting(cpu, 0x40) == "it is taken at the next instruction boundary"


def test_shadow_of_sti_is_named() -> None:
    cpu = cpu_with_requested(0x40)
    cpu.enable_interrupts()

    assert why_waiting(cpu, 0x40) == "STI lets interrupts in after the next instruction"
    cpu.instruction_ended()
    assert why_waiting(cpu, 0x40) == "it is taken at the next instruction boundary"


def test_system_management_mode_is_named_while_it_holds_interrupts_off() -> None:
    cpu = open_cpu()
    cpu.receive(message(0, DeliveryMode.SMI))
    cpu.take_smi()

    assert why_waiting(cpu, 0x40) == "interrupts are off (IF = 0) in system-management mode"
    cpu.interrupt_flag = True
    assert why_waiting(cpu, 0x40) == "it is taken at the next instruction boundary"


# Event channels


def cpu_with_pending(*ports: int) -> Cpu:
    machine = machine_of(2)
    machine.transplant(ApicMode.XAPIC, event_channels=True)
    cpu = machine.cpus[1]
    cpu.interrupt_flag = True
    for port in ports:
        cpu.receive(fixed(port))
    return cpu


def test_lower_port_goes_first() -> None:
    assert why_waiting(cpu_with_pending(0x41, 0x51), 0x51) == "port 0x41 goes first"


def test_port_that_is_masked_waits_for_that_alone() -> None:
    cpu = cpu_with_pending(0x41, 0x51)
    assert cpu.event_channels is not None
    cpu.event_channels.masked.set(0x41)

    assert why_waiting(cpu, 0x41) == "its mask bit is set"
    assert why_waiting(cpu, 0x51) == "the upcall comes at the next instruction boundary"


def test_port_of_a_guest_with_interrupts_off_waits_for_its_upcall_mask() -> None:
    cpu = cpu_with_pending(0x41)
    cpu.interrupt_flag = False

    assert why_waiting(cpu, 0x41) == "interrupts are off (evtchn_upcall_mask = 1)"


def test_whoever_holds_interrupts_off_by_hand_is_named_whatever_if_says() -> None:
    cpu = cpu_with_requested(0x51)
    cpu.interrupt_flag = cpu.held_off = True

    assert why_waiting(cpu, 0x51) == "interrupts are held off by hand, though IF is 1"
