from app.hw.cpu import Cpu, RunState
from app.hw.local_apic import ApicMode
from app.hw.waiting import why_waiting
from tests.hw.helpers import fixed, machine_of


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
    assert why_waiting(cpu_with_requested(0x51, 0x61), 0x51) == "0x61 goes first"


def test_disabled_apic_is_named() -> None:
    cpu = cpu_with_requested(0x51)

    cpu.apic.svr = 0xFF
    assert why_waiting(cpu, 0x51) == "the APIC is software-disabled (SVR bit 8 is 0)"
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
