"""Cases 20-23, where implementations differ: shared vectors, remote IRR, level-triggered IPIs, lowest priority."""

from collections import Counter

import pytest

from app.hw.events import MessageSent
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast
from app.hw.profile import INTEL_P6, INTEL_SDM, KVM, QEMU, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr, TriggerMode
from app.x86.redirection import LEVEL, IoApicRegister
from app.x86.registers import Register
from tests.conformance.software import (
    booted,
    end_of_interrupt,
    entry,
    redirect,
    remote_irr,
    run_everywhere,
    run_handlers,
    send,
    set_line,
    vectors,
    write,
)

SHARED = 0x45


def test_case_20_eoi_of_a_shared_vector_reaches_both_pins_and_the_high_one_comes_again() -> None:
    machine = booted(2)
    redirect(machine, 3, SHARED, level=True)
    redirect(machine, 4, SHARED, level=True, destination=1)
    for pin in (3, 4):
        set_line(machine, pin, 1)
    assert [remote_irr(machine, pin) for pin in (3, 4)] == [True, True]
    assert [cpu.take_interrupt() for cpu in machine.cpus] == [SHARED, SHARED]

    set_line(machine, 3, 0)
    end_of_interrupt(machine, 0)

    assert [remote_irr(machine, pin) for pin in (3, 4)] == [False, True]
    assert vectors(machine, 0, Register.IRR0) == []
    assert vectors(machine, 1, Register.IRR0) == [SHARED]


def write_low(machine: Machine, pin: int, low: int) -> None:
    machine.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin, low)
    machine.settle()


def test_case_21_edge_switch_clears_remote_irr() -> None:
    machine = booted()
    redirect(machine, 3, SHARED, level=True)
    set_line(machine, 3, 1)
    assert machine.cpus[0].take_interrupt() == SHARED
    low = entry(machine, 3)
    assert remote_irr(machine, 3)

    write_low(machine, 3, low & ~LEVEL)
    assert not remote_irr(machine, 3)

    write_low(machine, 3, low)
    assert vectors(machine, 0, Register.IRR0) == [SHARED]  # the line is still up: it is sent again


def level_ipi(level: int) -> Icr:
    return Icr(0x44, destination=1, level=level, trigger_mode=TriggerMode.LEVEL)


@pytest.mark.parametrize(
    ("profile", "kept"), [(INTEL_SDM, False), (KVM, True), (QEMU, True)], ids=["normalised", "kvm", "qemu"]
)
def test_case_22_level_ipi_is_an_edge_or_keeps_its_level(profile: Profile, kept: bool) -> None:
    machine = booted(2, profile=profile)
    send(machine, 0, level_ipi(1))
    machine.take_events()

    tmr = vectors(machine, 1, Register.TMR0)
    assert run_handlers(machine, 1) == [0x44]

    sent = [event.message for event in machine.take_events() if isinstance(event, MessageSent)]
    assert tmr == ([0x44] if kept else [])
    assert [type(message) for message in sent] == ([EoiBroadcast] if kept else [])


@pytest.mark.parametrize(
    ("profile", "taken"), [(INTEL_SDM, [0x44]), (KVM, []), (QEMU, [0x44])], ids=["normalised", "kvm", "qemu"]
)
def test_case_22_level_ipi_with_level_0_is_an_ordinary_one_or_dropped(profile: Profile, taken: list[int]) -> None:
    machine = booted(2, profile=profile)

    send(machine, 0, level_ipi(0))

    assert run_handlers(machine, 1) == taken


# Lowest priority


def machine_of_four(profile: Profile) -> Machine:
    machine = booted(4, profile=profile)
    for cpu in range(4):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)
    return machine


def winners(machine: Machine, vectors_sent: list[int]) -> list[int]:
    """Who takes each of the lowest-priority IPIs to all four."""
    numbers = []
    for vector in vectors_sent:
        send(machine, 0, Icr(vector, DeliveryMode.LOWEST_PRIORITY, DestinationMode.LOGICAL, destination=0x0F))
        numbers += [cpu for cpu, taken in enumerate(run_everywhere(machine)) if taken]
    return numbers


@pytest.mark.parametrize(
    ("profile", "one_vector", "many_vectors"),
    [(INTEL_SDM, [10, 10, 10, 10], [10, 10, 10, 10]), (KVM, [40], [10, 10, 10, 10]), (QEMU, [40], [40])],
    ids=["task priority", "vector hash", "lowest ID"],
)
def test_case_23_lowest_priority_is_spread_as_the_profile_says(
    profile: Profile, one_vector: list[int], many_vectors: list[int]
) -> None:
    machine = machine_of_four(profile)

    assert list(Counter(winners(machine, [0x44] * 40)).values()) == one_vector
    assert list(Counter(winners(machine, list(range(0x40, 0x68)))).values()) == many_vectors


def test_case_23_lowest_priority_honours_tpr() -> None:
    machine = machine_of_four(INTEL_SDM)
    for cpu, tpr in enumerate((0x30, 0x10, 0x1F, 0x20)):
        write(machine, cpu, Register.TPR, tpr)

    assert Counter(winners(machine, [0x44] * 40)) == {1: 20, 2: 20}  # one class: the sub-class does not count


def test_case_23_lowest_priority_of_the_p6_goes_to_the_highest_id_among_equals() -> None:
    machine = machine_of_four(INTEL_P6)

    assert Counter(winners(machine, [0x44] * 40)) == {3: 40}
