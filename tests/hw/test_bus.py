"""Whom a message is for."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import NoTarget, Reason, SendRefused
from app.hw.local_apic import ApicMode
from app.hw.machine import Machine
from app.x86.icr import VALID_DELIVERY_MODES, DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.registers import Register
from tests.hw.helpers import machine_of, of_type, requested, send

LOGICAL = DestinationMode.LOGICAL
LOWEST = DeliveryMode.LOWEST_PRIORITY


def reached(machine: Machine, icr: Icr, sender: int = 0) -> list[int]:
    send(machine, sender, icr)
    return requested(machine, icr.vector)


def set_logical(machine: Machine, cpu: int, logical_id: int, model: int = 0xF) -> None:
    machine.write_register(cpu, Register.DFR, model << 28)
    machine.write_register(cpu, Register.LDR, logical_id << 24)


# Shorthands


@pytest.mark.parametrize(
    ("shorthand", "expected"),
    [
        (Shorthand.SELF, [1]),
        (Shorthand.ALL_INCLUDING_SELF, [0, 1, 2, 3]),
        (Shorthand.ALL_EXCLUDING_SELF, [0, 2, 3]),
    ],
)
@pytest.mark.parametrize("mode", [ApicMode.XAPIC, ApicMode.X2APIC])
@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_shorthand_ignores_the_destination(
    mode: ApicMode, destination_mode: DestinationMode, shorthand: Shorthand, expected: list[int]
) -> None:
    icr = Icr(0x40, destination_mode=destination_mode, shorthand=shorthand, destination=3)

    assert reached(machine_of(4, mode), icr, sender=1) == expected


@pytest.mark.parametrize("shorthand", [Shorthand.ALL_INCLUDING_SELF, Shorthand.ALL_EXCLUDING_SELF])
def test_broadcast_passes_by_a_disabled_apic(shorthand: Shorthand) -> None:
    machine = machine_of(3)
    machine.cpus[2].apic.set_mode(ApicMode.DISABLED)

    assert 2 not in reached(machine, Icr(0x40, shorthand=shorthand))


# Physical mode


@given(st.integers(0, 254))
def test_physical_destination_is_the_one_apic_with_that_id(destination: int) -> None:
    expected = [destination] if destination < 5 else []

    assert reached(machine_of(5), Icr(0x40, destination=destination)) == expected


@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_ff_is_the_xapic_broadcast_whatever_the_logical_ids(destination_mode: DestinationMode) -> None:
    machine = machine_of(3)
    set_logical(machine, 1, 0x00)
    set_logical(machine, 2, 0x11, model=0x0)

    icr = Icr(0x40, destination_mode=destination_mode, destination=0xFF)

    assert reached(machine, icr) == [0, 1, 2]


@pytest.mark.parametrize("destination_mode", DestinationMode)
def test_all_ones_is_the_x2apic_broadcast(destination_mode: DestinationMode) -> None:
    machine = machine_of(20, ApicMode.X2APIC)

    icr = Icr(0x40, destination_mode=destination_mode, destination=0xFFFF_FFFF)

    assert reached(machine, icr) == list(range(20))


def test_ff_is_an_ordinary_id_in_x2apic_mode() -> None:
    assert reached(machine_of(4, ApicMode.X2APIC), Icr(0x40, destination=0xFF)) == []


def test_x2apic_destination_is_compared_in_the_mode_of_the_target() -> None:
    machine = machine_of(3, ApicMode.X2APIC)
    machine.cpus[1].apic.set_mode(ApicMode.XAPIC)
    machine.write_register(1, Register.SVR, 0x1FF)

    assert reached(machine, Icr(0x40, destination=1)) == [1]
    assert reached(machine, Icr(0x41, destination=0x101)) == []
    assert reached(machine, Icr(0x42, destination=0xFFFF_FFFF)) == [0, 1, 2]
    assert reached(machine, Icr(0x43, destination=0xFF)) == []


def test_disabled_apic_has_no_address() -> None:
    machine = machine_of(3)
    machine.cpus[1].apic.set_mode(ApicMode.DISABLED)

    assert reached(machine, Icr(0x40, destination=1)) == []
    assert reached(machine, Icr(0x41, destination=0xFF)) == [0, 2]


def test_destination_that_nobody_has_is_recorded() -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0x40, destination=7))

    assert of_type(machine.events, NoTarget) == [NoTarget(1, 0x40)]


# Logical mode


@given(st.integers(0, 254), st.lists(st.integers(0, 255), min_size=3, max_size=3))
def test_flat_model_reaches_who_shares_a_bit(destination: int, logical_ids: list[int]) -> None:
    machine = machine_of(3)
    for cpu, logical_id in enumerate(logical_ids):
        set_logical(machine, cpu, logical_id)

    expected = [cpu for cpu, logical_id in enumerate(logical_ids) if destination & logical_id]

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=destination)) == expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [(0x11, [0]), (0x12, [1]), (0x13, [0, 1]), (0x21, [2]), (0x2E, []), (0x33, []), (0xF1, []), (0x10, [])],
)
def test_cluster_model_wants_the_cluster_and_a_bit(destination: int, expected: list[int]) -> None:
    machine = machine_of(3)
    for cpu, logical_id in enumerate([0x11, 0x12, 0x21]):
        set_logical(machine, cpu, logical_id, model=0x0)

    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=destination)) == expected


@pytest.mark.parametrize(("apic_id", "ldr"), [(0, 0x1), (15, 0x8000), (16, 0x1_0001), (37, 0x2_0020), (254, 0xF_4000)])
def test_x2apic_logical_id_derives_from_the_apic_id(apic_id: int, ldr: int) -> None:
    machine = machine_of(255, ApicMode.X2APIC)

    assert machine.read_register(apic_id, Register.LDR) == ldr
    assert reached(machine, Icr(0x40, destination_mode=LOGICAL, destination=ldr)) == [apic_id]


def test_x2apic_logical_destination_reaches_several_of_one_cluster() -> None:
    icr = Icr(0x40, destination_mode=LOGICAL, destination=0x1_0005)

    assert reached(machine_of(40, ApicMode.X2APIC), icr) == [16, 18]


# Lowest priority


def logical_lowest(vector: int) -> Icr:
    return Icr(vector, LOWEST, LOGICAL, destination=0x0F)


def test_lowest_priority_takes_turns_among_equals() -> None:
    machine = machine_of(4)

    winners = Counter(cpu for vector in range(0x40, 0x48) for cpu in reached(machine, logical_lowest(vector)))

    assert winners == dict.fromkeys(range(4), 2)


def test_lowest_priority_goes_to_the_lowest_task_priority_class() -> None:
    machine = machine_of(4)
    for cpu, tpr in enumerate([0x30, 0x20, 0x1F, 0x40]):
        machine.write_register(cpu, Register.TPR, tpr)

    assert [reached(machine, logical_lowest(vector)) for vector in (0x50, 0x51, 0x52)] == [[2]] * 3


def test_lowest_priority_passes_by_who_is_software_disabled() -> None:
    machine = machine_of(4)
    for cpu in (0, 1, 3):
        machine.write_register(cpu, Register.SVR, 0xFF)

    assert [reached(machine, logical_lowest(vector)) for vector in (0x50, 0x51, 0x52)] == [[2]] * 3


def test_lowest_priority_with_everyone_disabled_is_refused_by_one() -> None:
    machine = Machine(2)
    for cpu in range(2):
        set_logical(machine, cpu, 1)

    assert reached(machine, logical_lowest(0x50)) == []
    assert [type(event).__name__ for event in machine.events] == ["MessageSent", "Refused"]


# What is sent at all


@pytest.mark.parametrize("mode", DeliveryMode)
@pytest.mark.parametrize("shorthand", Shorthand)
def test_invalid_pairs_of_shorthand_and_mode_send_nothing(shorthand: Shorthand, mode: DeliveryMode) -> None:
    machine = machine_of(2)
    valid = mode in VALID_DELIVERY_MODES[shorthand]
    reserved = mode in (DeliveryMode.RESERVED_3, DeliveryMode.EXTINT)
    reason = Reason.RESERVED_DELIVERY_MODE if reserved else Reason.INVALID_COMBINATION

    machine.write_register(0, Register.ICR_LOW, Icr(0x40, mode, shorthand=shorthand).low())

    assert len(machine.outbox) == valid
    assert of_type(machine.events, SendRefused) == ([] if valid else [SendRefused(0, 0x40, mode, reason)])


@pytest.mark.parametrize("vector", [0, 15, 16])
@pytest.mark.parametrize("mode", sorted(VALID_DELIVERY_MODES[Shorthand.NONE]))
def test_illegal_vector_matters_for_fixed_and_lowest_priority_alone(mode: DeliveryMode, vector: int) -> None:
    machine = machine_of(2)
    illegal = vector < 16 and mode in (DeliveryMode.FIXED, LOWEST)

    machine.write_register(0, Register.ICR_LOW, Icr(vector, mode).low())

    assert len(machine.outbox) == (not illegal)
    assert machine.cpus[0].apic.esr_pending == (1 << 5 if illegal else 0)


def test_init_level_deassert_sends_nothing() -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1, level=0, trigger_mode=TriggerMode.LEVEL))

    assert of_type(machine.events, SendRefused) == [SendRefused(0, 0, DeliveryMode.INIT, Reason.INIT_DEASSERT)]


def test_level_and_trigger_of_other_ipis_do_not_count() -> None:
    machine = machine_of(2)

    send(machine, 0, Icr(0x40, destination=1, level=0, trigger_mode=TriggerMode.LEVEL))

    assert requested(machine, 0x40) == [1]
    assert 0x40 not in machine.cpus[1].apic.tmr


# Whom a destination names is remembered, and must not be remembered for too long


def test_a_written_ldr_changes_who_receives() -> None:
    machine = machine_of(2)
    send(machine, 0, Icr(0x40, destination_mode=LOGICAL, destination=0x02))

    set_logical(machine, 1, 0x80)

    assert reached(machine, Icr(0x41, destination_mode=LOGICAL, destination=0x02)) == []
    assert reached(machine, Icr(0x42, destination_mode=LOGICAL, destination=0x80)) == [1]


def test_a_written_dfr_changes_who_receives() -> None:
    machine = machine_of(2)
    set_logical(machine, 1, 0x12)
    send(machine, 0, Icr(0x40, destination_mode=LOGICAL, destination=0x02))

    machine.write_register(1, Register.DFR, 0)

    assert reached(machine, Icr(0x41, destination_mode=LOGICAL, destination=0x02)) == []


def test_an_init_changes_who_receives() -> None:
    machine = machine_of(3)
    send(machine, 0, Icr(0x40, destination_mode=LOGICAL, destination=0x06))

    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))
    machine.write_register(1, Register.SVR, 0x1FF)  # enabled again, but INIT has cleared its LDR

    assert reached(machine, Icr(0x41, destination_mode=LOGICAL, destination=0x06)) == [2]
