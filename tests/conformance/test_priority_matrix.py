"""V1: after kvm-unit-tests, x86/vmx_tests.c, vmx_basic_vid_test, on bare hardware: every vector against every TPR.

A vector is delivered when its class is higher than TPR's, whichever way TPR and vector came to meet.
"""

import pytest

from app.hw.cpu import Arrival
from app.x86.icr import Icr, Shorthand
from app.x86.model_specific_registers import ApicMode, x2apic_msr
from app.x86.registers import Register
from tests.conformance.software import X2APIC, XAPIC, booted, end_of_interrupt, run_handlers, send, write

pytestmark = pytest.mark.slow

VECTORS = range(0x20, 0x100)
SELF_IPI_MSR = x2apic_msr(Register.SELF_IPI)


@pytest.mark.parametrize("priority_class", range(2, 16))
def test_v01_tpr_write_decides_about_every_vector(priority_class: int) -> None:
    for vector in range(priority_class << 4, (priority_class << 4) + 16):
        machine = booted()
        cpu = machine.cpus[0]
        write(machine, 0, Register.TPR, 0xFF)
        send(machine, 0, Icr(vector, shorthand=Shorthand.SELF))

        delivered = []
        for tpr in range(0x100):
            write(machine, 0, Register.TPR, tpr)
            if cpu.next_arrival() is Arrival.INTERRUPT:
                delivered.append(tpr)

        assert delivered == list(range(priority_class << 4))


@pytest.mark.parametrize("mode", [XAPIC, X2APIC], ids=lambda mode: str(mode.value))
def test_v01_cr8_write_delivers_every_vector_of_a_higher_class(mode: ApicMode) -> None:
    machine = booted(mode=mode)
    for vector in VECTORS:
        for cr8 in range(15, -1, -1):
            machine.write_cr8(0, cr8)
            send(machine, 0, Icr(vector, shorthand=Shorthand.SELF))
            assert run_handlers(machine, 0) == ([vector] if vector >> 4 > cr8 else [])


def test_v01_self_ipi_msr_delivers_every_vector_of_a_higher_class() -> None:
    machine = booted(mode=X2APIC)
    cpu = machine.cpus[0]
    for vector in VECTORS:
        for tpr in range(0xFF, -1, -15):  # every class, and every sub-class
            write(machine, 0, Register.TPR, tpr)
            assert machine.write_msr(0, SELF_IPI_MSR, vector) is None
            machine.settle()
            assert (cpu.next_arrival() is Arrival.INTERRUPT) is (vector >> 4 > tpr >> 4)
            if cpu.next_arrival():
                assert cpu.take_interrupt() == vector
                end_of_interrupt(machine, 0)
