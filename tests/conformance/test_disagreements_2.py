"""Cases 10-18, where implementations differ: software disable, INIT and SIPI, shorthands, destinations."""

import pytest

from app.hw.cpu import RunState
from app.hw.events import Reason, SendRefused
from app.hw.machine import Machine
from app.hw.profile import INTEL_SDM, KVM, QEMU, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.units import Vector
from tests.conformance.software import (
    MASKED,
    SOFTWARE_ENABLE,
    X2APIC,
    booted,
    mode_of,
    post,
    read,
    redirect,
    run_everywhere,
    run_handlers,
    run_nmis,
    send,
    set_line,
    vectors,
    write,
    write_apic_base,
)

LOGICAL = DestinationMode.LOGICAL
CLUSTER_MODEL = 0x0FFF_FFFF
INIT_CPU_1 = Icr(0, DeliveryMode.INIT, destination=1)


def state_of_cpu_1(machine: Machine) -> RunState:
    return machine.cpus[1].run_state


def startup(page: int) -> Icr:
    return Icr(page, DeliveryMode.STARTUP, destination=1)


# Software disable


def with_one_requested_and_one_in_service(profile: Profile) -> Machine:
    """0x61 in service, 0x81 requested, then software-disabled; LVT LINT0 was open before."""
    machine = booted(2, profile=profile)
    write(machine, 0, Register.LVT_LINT0, 0x33)
    send(machine, 0, Icr(0x61, shorthand=Shorthand.SELF))
    assert machine.cpus[0].take_interrupt() == 0x61
    send(machine, 0, Icr(0x81, shorthand=Shorthand.SELF))
    write(machine, 0, Register.SVR, 0xFF)
    return machine


def test_case_10_software_disable_keeps_irr_and_isr_and_refuses_what_is_new() -> None:
    machine = with_one_requested_and_one_in_service(INTEL_SDM)

    send(machine, 1, Icr(0x91, destination=0))

    assert vectors(machine, 0, Register.IRR0) == [0x81]
    assert vectors(machine, 0, Register.ISR0) == [0x61]


@pytest.mark.parametrize(("profile", "while_disabled"), [(INTEL_SDM, [0x81]), (QEMU, [])], ids=["drains", "blocked"])
def test_case_10_software_disable_lets_what_is_requested_drain_or_blocks_it(
    profile: Profile, while_disabled: list[int]
) -> None:
    machine = with_one_requested_and_one_in_service(profile)

    taken = run_handlers(machine, 0)
    assert taken == while_disabled
    write(machine, 0, Register.SVR, SOFTWARE_ENABLE)

    assert taken + run_handlers(machine, 0) == [0x81]


def test_case_10_software_disable_lets_nmis_in() -> None:
    machine = with_one_requested_and_one_in_service(INTEL_SDM)

    send(machine, 1, Icr(0, DeliveryMode.NMI, destination=0))

    assert run_nmis(machine, 0) == 1


def test_case_10_software_disable_masks_the_lvt_until_software_unmasks_it_after_enabling() -> None:
    machine = with_one_requested_and_one_in_service(INTEL_SDM)
    assert read(machine, 0, Register.LVT_LINT0) == MASKED | 0x33

    write(machine, 0, Register.LVT_LINT0, 0x34)
    assert read(machine, 0, Register.LVT_LINT0) == MASKED | 0x34
    write(machine, 0, Register.SVR, SOFTWARE_ENABLE)
    assert read(machine, 0, Register.LVT_LINT0) == MASKED | 0x34
    write(machine, 0, Register.LVT_LINT0, 0x34)

    assert read(machine, 0, Register.LVT_LINT0) == 0x34


# INIT and start-up


def x2apic_registers(machine: Machine, cpu: int) -> dict[str, int]:
    """Everything that can be read in x2APIC mode."""
    readable = [register for register in Register if REGISTERS[register].x2apic.readable]
    return {register.name: read(machine, cpu, register) for register in readable if register is not Register.LVT_CMCI}


def untouched_x2apic(apic_ids: tuple[int, ...]) -> Machine:
    machine = Machine(len(apic_ids), apic_ids=apic_ids)
    for cpu in range(len(apic_ids)):
        write_apic_base(machine, cpu, X2APIC)
    return machine


def test_case_11_init_in_x2apic_mode_resets_all_but_mode_id_and_derived_ldr() -> None:
    machine = booted(2, X2APIC, apic_ids=(0, 37))
    for register in (Register.LVT_TIMER, Register.LVT_THERMAL, Register.LVT_PERFORMANCE, Register.LVT_ERROR):
        write(machine, 1, register, 0x35)
    write(machine, 1, Register.TIMER_DIVIDE, 0xB)
    write(machine, 1, Register.TIMER_INITIAL_COUNT, 1000)
    redirect(machine, 2, 0x77, level=True, destination=37)
    set_line(machine, 2, 1)
    assert machine.cpus[1].take_interrupt() == 0x77
    send(machine, 1, Icr(5, destination=0))
    write(machine, 1, Register.ESR, 0)
    send(machine, 0, Icr(0x91, destination=37))
    write(machine, 1, Register.TPR, 0x20)

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=37))

    assert mode_of(machine, 1) is X2APIC
    assert read(machine, 1, Register.ID) == 37
    assert read(machine, 1, Register.LDR) == 0x0002_0020
    assert x2apic_registers(machine, 1) == x2apic_registers(untouched_x2apic((0, 37)), 1)


def test_case_12_sipi_to_a_running_cpu_is_ignored() -> None:
    machine = booted(2)

    send(machine, 0, startup(0x9A))

    assert machine.cpus[1].starts == 0
    assert machine.cpus[1].sipi_pending is None


def test_case_12_sipi_after_init_starts_the_cpu_once() -> None:
    machine = booted(2)
    send(machine, 0, INIT_CPU_1)
    assert state_of_cpu_1(machine) is RunState.WAIT_FOR_SIPI

    send(machine, 0, startup(0x9A))
    started = machine.cpus[1].starts
    send(machine, 0, startup(0x9B))

    assert state_of_cpu_1(machine) is RunState.RUNNING
    assert machine.cpus[1].starts == started


def test_case_12_init_drops_a_sipi_that_was_not_taken() -> None:
    machine = booted(2)
    send(machine, 0, INIT_CPU_1)
    for icr in (startup(0x9A), INIT_CPU_1):  # both arrive before the CPU looks
        post(machine, 0, icr)
    while machine.outbox:
        machine.deliver(machine.outbox.pop(0))

    machine.take_resets()

    assert state_of_cpu_1(machine) is RunState.WAIT_FOR_SIPI
    assert machine.cpus[1].sipi_pending is None


# Shorthands


def test_case_13_self_ipi_register_leaves_icr_alone() -> None:
    machine = booted(2, X2APIC)
    sent = Icr(0x44, destination=1)
    send(machine, 0, sent)

    write(machine, 0, Register.SELF_IPI, 0x55)
    machine.settle()

    assert read(machine, 0, Register.ICR_LOW) == sent.encode(x2apic=True)
    assert run_handlers(machine, 0) == [0x55]


def test_case_14_lowest_priority_to_all_excluding_self_goes_to_one_of_the_others() -> None:
    machine = booted(4)

    send(machine, 1, Icr(0x44, DeliveryMode.LOWEST_PRIORITY, shorthand=Shorthand.ALL_EXCLUDING_SELF))

    taken = run_everywhere(machine)
    assert taken[1] == []
    assert sorted(taken) == [[], [], [], [0x44]]


def test_case_14_nmi_to_all_including_self_is_not_sent_and_diagnosed() -> None:
    machine = booted(3)
    machine.take_events()

    send(machine, 0, Icr(0, DeliveryMode.NMI, shorthand=Shorthand.ALL_INCLUDING_SELF))

    assert SendRefused(0, Vector(0), DeliveryMode.NMI, Reason.INVALID_COMBINATION) in machine.take_events()
    assert [run_nmis(machine, cpu) for cpu in range(3)] == [0, 0, 0]


# Destinations


@pytest.mark.parametrize(("profile", "ldr_0_gets_it"), [(INTEL_SDM, True), (QEMU, False)], ids=["broadcast", "bitwise"])
def test_case_15_logical_ff_and_an_ldr_of_0(profile: Profile, ldr_0_gets_it: bool) -> None:
    machine = booted(2, profile=profile)
    write(machine, 0, Register.LDR, 0x0100_0000)

    send(machine, 0, Icr(0x44, destination_mode=LOGICAL, destination=0xFF))

    assert run_everywhere(machine) == [[0x44], [0x44] if ldr_0_gets_it else []]


@pytest.mark.parametrize(
    ("profile", "destination", "reached"),
    [
        (INTEL_SDM, 0xF1, [False, False, True]),
        (QEMU, 0xF1, [False, False, True]),
        (INTEL_SDM, 0xFF, [True, True, True]),
        (QEMU, 0xFF, [False, False, True]),
    ],
    ids=["ordinary", "ordinary in QEMU 7.2", "broadcast", "compared bitwise"],
)
def test_case_16_cluster_15(profile: Profile, destination: int, reached: list[bool]) -> None:
    machine = booted(3, profile=profile)
    for cpu, logical_id in enumerate((0x21, 0x32, 0xF1)):
        write(machine, cpu, Register.DFR, CLUSTER_MODEL)
        write(machine, cpu, Register.LDR, logical_id << 24)

    send(machine, 0, Icr(0x44, destination_mode=LOGICAL, destination=destination))

    assert run_everywhere(machine) == [[0x44] if reaches else [] for reaches in reached]


@pytest.mark.parametrize(("profile", "is_broadcast"), [(INTEL_SDM, False), (KVM, True)], ids=["an ID", "broadcast"])
def test_case_17_ff_of_a_device_at_an_apic_in_x2apic_mode(profile: Profile, is_broadcast: bool) -> None:
    machine = booted(2, X2APIC, profile)

    machine.send_msi(0xFEE0_0000 | 0xFF << 12, 0x44)
    machine.settle()

    assert run_everywhere(machine) == ([[0x44], [0x44]] if is_broadcast else [[], []])


@pytest.mark.parametrize("profile", [INTEL_SDM, KVM], ids=["an ID", "broadcast for devices"])
def test_case_17_ff_of_an_ipi_in_x2apic_mode_is_an_id(profile: Profile) -> None:
    machine = booted(2, X2APIC, profile, apic_ids=(0, 255))

    send(machine, 0, Icr(0x44, destination=0xFF))

    assert run_everywhere(machine) == [[], [0x44]]


def test_case_18_two_apics_with_one_id_both_receive() -> None:
    machine = booted(3, apic_ids=(0, 7, 7))

    send(machine, 0, Icr(0x44, destination=7))

    assert run_everywhere(machine) == [[], [0x44], [0x44]]
