"""A9-A11: kvm-unit-tests, x86/apic.c: the shadow of STI, and how many NMIs are left of several."""

import pytest

from app.hw.cpu import Arrival, Cpu
from app.x86.icr import DeliveryMode, Icr
from tests.conformance.software import booted, post, run_handlers, run_nmis, send

NMI_TO_CPU_0 = Icr(0, DeliveryMode.NMI, destination=0)
FLUSH = 0x44
#: The loop of sti_nmi: LOAD is the access that faults, right behind STI.
LOOP = ("CLI", "NOP", "STI", "LOAD", "NOP")
BEHIND_STI = LOOP.index("STI") + 1
ROUNDS = 300


def execute(cpu: Cpu, instruction: str) -> None:
    match instruction:
        case "CLI":
            cpu.disable_interrupts()
        case "STI":
            cpu.enable_interrupts()
        case _:
            cpu.instruction_ended()


def return_addresses(arrival: int) -> list[int]:
    """Where NMI handlers return to when an NMI arrives before instruction number *arrival* of the second pass."""
    machine = booted(2)
    cpu = machine.cpus[0]
    addresses = []
    for count in range(3 * len(LOOP)):
        address = count % len(LOOP)
        if count == len(LOOP) + arrival:
            send(machine, 1, NMI_TO_CPU_0)
        if cpu.next_arrival() is Arrival.NMI:
            cpu.take_nmi()
            addresses.append(address)
            cpu.return_from_nmi()
        execute(cpu, LOOP[address])
    return addresses


@pytest.mark.parametrize("arrival", range(len(LOOP)))
def test_a09_sti_nmi_never_returns_right_behind_sti(arrival: int) -> None:
    assert return_addresses(arrival) == [arrival + 1 if arrival == BEHIND_STI else arrival]


def test_a10_multiple_nmi_runs_the_handler_exactly_twice() -> None:
    machine = booted(2)
    for _ in range(ROUNDS):
        post(machine, 0, NMI_TO_CPU_0)
        post(machine, 1, NMI_TO_CPU_0)
        send(machine, 1, Icr(FLUSH, destination=0))

        assert run_nmis(machine, 0) == 2
        assert run_handlers(machine, 0) == [FLUSH]


def test_a10_multiple_nmi_runs_the_handler_twice_when_one_arrives_during_the_other() -> None:
    machine = booted(2)
    cpu = machine.cpus[0]
    send(machine, 0, NMI_TO_CPU_0)
    cpu.take_nmi()

    send(machine, 1, NMI_TO_CPU_0)

    cpu.return_from_nmi()
    assert 1 + run_nmis(machine, 0) == 2


def test_a11_pending_nmi_keeps_one_of_ten() -> None:
    machine = booted(2)
    cpu = machine.cpus[0]
    for _ in range(ROUNDS):
        send(machine, 1, NMI_TO_CPU_0)
        cpu.take_nmi()
        for _ in range(10):
            send(machine, 0, NMI_TO_CPU_0)
        assert cpu.next_arrival() is None

        cpu.return_from_nmi()
        assert 1 + run_nmis(machine, 0) == 2
