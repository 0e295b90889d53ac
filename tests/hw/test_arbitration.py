"""Who gets a lowest-priority message."""

from collections import Counter

import pytest

from app.hw.events import MessageSent, NoTarget, Reason, Refused
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, KVM, QEMU
from app.x86.icr import DeliveryMode, DestinationMode, Icr
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.hw.machines import ENABLED, fixed, machine_of, requested, send, send_msi

TO_ANY_OF_FOUR = 0xFEE0_F00C  # logical, redirection hint
FOCUS_CHECKING_OFF = 1 << 9
DISABLED = 0xFF
LOWEST = DeliveryMode.LOWEST_PRIORITY


def winner(machine: Machine, vector: int) -> int:
    """The one CPU that gets a lowest-priority *vector* for CPUs 0 to 3."""
    send_msi(machine, TO_ANY_OF_FOUR, vector)
    (cpu,) = requested(machine, vector)
    return cpu


def with_task_priorities(machine: Machine, *priorities: int) -> Machine:
    for cpu, priority in enumerate(priorities):
        machine.write_register(cpu, Register.TPR, priority)
    return machine


def serving(machine: Machine, cpu: int, vector: int) -> None:
    machine.cpus[cpu].apic.accept(fixed(vector))
    machine.cpus[cpu].apic.acknowledge()


# The manual, and what Pentium 4 and Xeon do


def test_equals_take_turns() -> None:
    machine = machine_of(4)

    winners = [winner(machine, vector) for vector in range(0x40, 0x48)]

    assert Counter(winners[:4]) == Counter(winners[4:]) == Counter(range(4))


def test_ipi_takes_turns_too() -> None:
    machine = machine_of(4)
    lowest = [
        Icr(vector, DeliveryMode.LOWEST_PRIORITY, DestinationMode.LOGICAL, destination=0x0F)
        for vector in range(0x40, 0x44)
    ]

    for icr in lowest:
        send(machine, 0, icr)

    assert sorted(requested(machine, icr.vector)[0] for icr in lowest) == [0, 1, 2, 3]


def test_lowest_task_priority_class_wins() -> None:
    machine = with_task_priorities(machine_of(4), 0x30, 0x20, 0x1F, 0x40)

    assert [winner(machine, vector) for vector in (0x50, 0x51, 0x52)] == [2, 2, 2]


def test_sub_class_of_the_task_priority_does_not_count() -> None:
    machine = with_task_priorities(machine_of(4), 0x1F, 0x10, 0x18, 0x11)

    assert {winner(machine, vector) for vector in (0x50, 0x51, 0x52, 0x53)} == {0, 1, 2, 3}


def test_whoever_waited_longest_for_one_wins_among_equals() -> None:
    machine = machine_of(4)
    first = [winner(machine, vector) for vector in (0x40, 0x41)]
    with_task_priorities(machine, *(0x10 if cpu in first else 0x20 for cpu in range(4)))

    assert [winner(machine, vector) for vector in (0x50, 0x51)] == first


def test_looking_at_the_targets_chooses_nobody() -> None:
    machine = machine_of(4)
    machine.send_msi(TO_ANY_OF_FOUR, 0x40)
    (message,) = machine.outbox

    seen = [machine.targets(message) for _ in range(3)]
    machine.settle()

    assert seen == [requested(machine, 0x40)] * 3


def test_software_disabled_apic_is_passed_by() -> None:
    machine = machine_of(4)
    for cpu in (0, 1, 3):
        machine.write_register(cpu, Register.SVR, DISABLED)

    assert [winner(machine, vector) for vector in (0x50, 0x51, 0x52)] == [2, 2, 2]


def test_with_everyone_disabled_one_refuses() -> None:
    machine = machine_of(4)
    for cpu in range(4):
        machine.write_register(cpu, Register.SVR, DISABLED)

    send_msi(machine, TO_ANY_OF_FOUR, 0x50)

    assert requested(machine, 0x50) == []
    assert [type(event) for event in machine.events] == [MessageSent, Refused]


# KVM and QEMU


def test_vector_hash_picks_by_vector_among_the_bits_of_the_destination() -> None:
    machine = with_task_priorities(machine_of(4, profile=KVM), 0x10, 0x20, 0x30, 0x40)
    assert [winner(machine, vector) for vector in (0x50, 0x51, 0x52, 0x53, 0x54)] == [0, 1, 2, 3, 0]

    machine.write_register(1, Register.SVR, DISABLED)

    assert [winner(machine, vector) for vector in (0x60, 0x62, 0x63)] == [0, 2, 3]
    send_msi(machine, TO_ANY_OF_FOUR, 0x61)
    assert requested(machine, 0x61) == []
    assert isinstance(machine.events[-1], NoTarget)
    assert machine.events[-1].reason is Reason.NOBODY_CHOSEN


def logical(machine: Machine, *ldrs: int, dfr: int = 0xFFFF_FFFF) -> Machine:
    """CPU by CPU its logical ID; one without (0) is software-disabled."""
    for cpu, ldr in enumerate(ldrs):
        machine.write_register(cpu, Register.DFR, dfr)
        machine.write_register(cpu, Register.LDR, ldr << 24)
        machine.write_register(cpu, Register.SVR, ENABLED if ldr else DISABLED)
    return machine


def hashed(machine: Machine, destination: int, vector: int) -> list[int]:
    """Who gets a lowest-priority IPI to the logical *destination*."""
    send(machine, 0, Icr(vector, LOWEST, DestinationMode.LOGICAL, destination=destination))
    return requested(machine, vector)


def test_vector_hash_counts_bits_that_nobody_has() -> None:
    machine = logical(machine_of(4, profile=KVM), 0x01, 0, 0, 0x08)

    assert hashed(machine, 0xCB, 0xFC) == [3]  # the third of bits 0, 1, 3, 6 and 7
    assert hashed(machine, 0xCB, 0xFA) == [0]
    assert hashed(machine, 0xCB, 0xFB) == []
    assert hashed(machine, 0x00, 0x50) == []


def test_vector_hash_drops_what_the_only_enabled_apic_is_not_chosen_for() -> None:
    machine = logical(machine_of(5, profile=KVM), 0, 0, 0, 0, 0x10)

    assert hashed(machine, 0xB2, 0xF4) == []
    assert hashed(machine, 0xB2, 0xF5) == [4]


def test_vector_hash_looks_into_the_cluster_of_the_destination() -> None:
    machine = logical(machine_of(4, profile=KVM), 0x11, 0x12, 0x21, 0x28, dfr=0x0FFF_FFFF)

    assert [hashed(machine, 0x2F, vector) for vector in (0x50, 0x51, 0x52, 0x53)] == [[2], [], [], [3]]
    assert hashed(machine, 0x31, 0x54) == []


@pytest.mark.parametrize(
    ("ldrs", "dfr"),
    [((0x01, 0x02, 0x02), 0xFFFF_FFFF), ((0x01, 0x02, 0x06), 0xFFFF_FFFF)],
    ids=["one bit of two APICs", "two bits of one APIC"],
)
def test_vector_hash_counts_apics_where_the_map_of_logical_ids_is_ambiguous(ldrs: tuple[int, ...], dfr: int) -> None:
    machine = logical(machine_of(3, profile=KVM), *ldrs, dfr=dfr)

    assert [hashed(machine, 0xF3, vector) for vector in (0x51, 0x52, 0x53)] == [[0], [1], [2]]


def test_vector_hash_counts_apics_where_two_models_are_mixed_or_two_have_one_id() -> None:
    mixed = logical(machine_of(2, profile=KVM), 0x01, 0x12)
    mixed.write_register(1, Register.DFR, 0x0FFF_FFFF)
    twins = logical(machine_of(3, profile=KVM, apic_ids=[0, 7, 7]), 0x01, 0x02, 0x04)

    assert [hashed(mixed, 0x13, vector) for vector in (0x50, 0x51)] == [[0], [1]]
    assert [hashed(twins, 0xF7, vector) for vector in (0x51, 0x52, 0x53)] == [[0], [1], [2]]


def test_vector_hash_ignores_member_bits_that_are_all_zero_in_a_logical_id() -> None:
    machine = logical(machine_of(2, profile=KVM), 0x11, 0x20, dfr=0x0FFF_FFFF)

    assert hashed(machine, 0x13, 0x50) == [0]
    assert hashed(machine, 0x13, 0x51) == []


def test_vector_hash_of_a_machine_without_enabled_apics_chooses_nobody() -> None:
    machine = logical(machine_of(2, profile=KVM), 0, 0)

    assert hashed(machine, 0x03, 0x50) == []


def test_vector_hash_in_x2apic_mode_knows_software_disabled_apics_too() -> None:
    machine = machine_of(20, ApicMode.X2APIC, KVM)
    machine.write_register(17, Register.SVR, DISABLED)

    assert hashed(machine, 0x1_8003, 0x51) == [16]
    assert hashed(machine, 0x1_8003, 0x52) == []
    assert isinstance(machine.events[-1], Refused)
    assert hashed(machine, 0x1_8003, 0x53) == []
    assert isinstance(machine.events[-1], NoTarget)


def test_lowest_id_is_that_of_the_apic_and_not_of_the_cpu() -> None:
    machine = with_task_priorities(machine_of(4, profile=QEMU, apic_ids=[9, 7, 4, 8]), 0, 0, 0x40, 0)

    assert [winner(machine, vector) for vector in (0x50, 0x51)] == [2, 2]


def test_lowest_id_gets_it_even_while_it_is_software_disabled() -> None:
    machine = machine_of(4, profile=QEMU)
    machine.write_register(0, Register.SVR, DISABLED)

    assert winner(machine, 0x50) == 0
    assert machine.cpus[0].apic.deliverable() is None


# The P6 family


@pytest.mark.parametrize(
    ("task", "in_service", "waiting", "priority"),
    [
        (0x00, None, None, 0x00),
        (0x34, None, None, 0x34),
        (0x34, None, 0x31, 0x34),
        (0x34, None, 0x41, 0x40),
        (0x34, 0x31, 0x21, 0x30),
        (0x54, 0x61, 0x41, 0x40),
        (0x54, 0x61, None, 0x40),
        (0x54, 0x41, None, 0x54),
        (0x14, 0x61, 0x21, 0x20),
        (0xF5, 0x61, 0xEF, 0xF5),
    ],
)
def test_arbitration_priority_is_that_of_the_manual(
    task: int, in_service: int | None, waiting: int | None, priority: int
) -> None:
    machine = machine_of(1, profile=INTEL_P6)
    apic = machine.cpus[0].apic
    if in_service is not None:
        serving(machine, 0, in_service)
    if waiting is not None:
        apic.accept(fixed(waiting))
    machine.write_register(0, Register.TPR, task)

    assert apic.apr == priority
    assert machine.read_register(0, Register.APR) == priority


def test_lowest_arbitration_priority_wins() -> None:
    machine = with_task_priorities(machine_of(4, profile=INTEL_P6), 0x30, 0x10, 0x20, 0x20)
    machine.cpus[1].apic.accept(fixed(0x41))

    assert winner(machine, 0x50) == 3


def test_highest_apic_id_wins_among_equals() -> None:
    machine = machine_of(4, profile=INTEL_P6, apic_ids=[2, 5, 3, 4])

    assert winner(machine, 0x50) == 1


def test_focus_processor_that_serves_the_vector_wins() -> None:
    machine = machine_of(4, profile=INTEL_P6)
    serving(machine, 0, 0x50)
    with_task_priorities(machine, 0x60)

    assert winner(machine, 0x50) == 0


def test_focus_processor_that_has_the_vector_pending_is_tried_again() -> None:
    machine = machine_of(4, profile=INTEL_P6)
    machine.cpus[1].apic.accept(fixed(0x50))

    send_msi(machine, TO_ANY_OF_FOUR, 0x50)

    assert [message.remaining for message in machine.retrying] == [(1,)]


def test_who_does_not_check_for_focus_is_no_focus_processor() -> None:
    machine = machine_of(4, profile=INTEL_P6)
    machine.write_register(0, Register.SVR, ENABLED | FOCUS_CHECKING_OFF)
    serving(machine, 0, 0x50)

    assert winner(machine, 0x50) == 3
