"""How one APIC accepts, orders and ends interrupts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.events import (
    Accepted,
    Merged,
    Outcome,
    Reason,
    Refused,
    Retried,
)
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, QEMU, Profile
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import ENABLED, fixed, machine_of, of_type, switch_mode

LEGAL = st.integers(16, 255)
EDGE, LEVEL = TriggerMode.EDGE, TriggerMode.LEVEL
DISABLED = 0xFF


def apic_of(machine: Machine) -> LocalApic:
    return machine.cpus[0].apic


def apic_serving(*vectors: int) -> LocalApic:
    apic = apic_of(machine_of(1))
    for vector in vectors:
        apic.accept(fixed(vector))
        apic.acknowledge()
    return apic


# Acceptance


def test_first_request_is_accepted() -> None:
    machine = machine_of(1)

    assert apic_of(machine).accept(fixed(0x40, number=7)) is Outcome.ACCEPTED
    assert list(apic_of(machine).irr) == [0x40]
    assert of_type(machine.events, Accepted) == [Accepted(0, Vector(0x40), DeliveryMode.FIXED, EDGE, 7)]


def test_request_merges_with_one_that_waits() -> None:
    machine = machine_of(1)
    apic = apic_of(machine)
    apic.accept(fixed(0x40))

    assert apic.accept(fixed(0x40, number=8)) is Outcome.MERGED
    assert list(apic.irr) == list(apic.coalesced) == [0x40]
    assert of_type(machine.events, Merged) == [Merged(0, Vector(0x40), DeliveryMode.FIXED, 8)]


def test_request_waits_behind_its_own_running_handler() -> None:
    apic = apic_serving(0x40)

    assert apic.accept(fixed(0x40)) is Outcome.ACCEPTED
    assert apic.deliverable() is None
    apic.end_interrupt()
    assert apic.deliverable() == 0x40


def test_third_request_merges_while_one_runs_and_one_waits() -> None:
    apic = apic_serving(0x40)
    apic.accept(fixed(0x40))

    assert apic.accept(fixed(0x40)) is Outcome.MERGED
    assert (list(apic.irr), list(apic.isr)) == ([0x40], [0x40])


@pytest.mark.parametrize("serving", [(), (0x40,)])
def test_p6_refuses_for_a_while_what_it_has_no_room_for(serving: tuple[int, ...]) -> None:
    machine = machine_of(1, profile=INTEL_P6)
    apic = apic_of(machine)
    for vector in serving:
        apic.accept(fixed(vector))
        apic.acknowledge()
    apic.accept(fixed(0x40))

    assert apic.accept(fixed(0x40, LEVEL, number=8)) is Outcome.RETRIED
    assert (list(apic.irr), list(apic.tmr), list(apic.coalesced)) == ([0x40], [], [])
    assert of_type(machine.events, Retried) == [Retried(0, Vector(0x40), DeliveryMode.FIXED, 8)]


def test_merge_is_forgotten_when_the_cpu_takes_the_interrupt() -> None:
    apic = apic_of(machine_of(1))
    apic.accept(fixed(0x40))
    apic.accept(fixed(0x40))

    apic.acknowledge()

    assert len(apic.coalesced) == 0


@pytest.mark.parametrize("vector", range(16))
def test_illegal_vector_is_refused_and_noticed(vector: int) -> None:
    machine = machine_of(1)

    assert apic_of(machine).accept(fixed(vector, number=4)) is Outcome.REFUSED
    assert len(apic_of(machine).irr) == 0
    assert apic_of(machine).esr_pending == 1 << 6
    assert of_type(machine.events, Refused) == [
        Refused(0, Vector(vector), DeliveryMode.FIXED, Reason.ILLEGAL_VECTOR, 4)
    ]


def test_software_disabled_apic_refuses() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.SVR, DISABLED)

    assert apic_of(machine).accept(fixed(0x40, number=4)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [
        Refused(0, Vector(0x40), DeliveryMode.FIXED, Reason.SOFTWARE_DISABLED, 4)
    ]


def test_software_disabled_apic_notices_no_illegal_vector() -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.SVR, DISABLED)

    apic_of(machine).accept(fixed(0x05))

    assert apic_of(machine).esr_pending == 0


def test_disabled_apic_refuses() -> None:
    machine = machine_of(1)
    switch_mode(machine, 0, ApicMode.DISABLED)

    assert apic_of(machine).accept(fixed(0x40, number=4)) is Outcome.REFUSED
    assert of_type(machine.events, Refused) == [Refused(0, Vector(0x40), DeliveryMode.FIXED, Reason.APIC_DISABLED, 4)]


def test_trigger_mode_is_that_of_the_last_request_and_outlives_the_eoi() -> None:
    apic = apic_of(machine_of(1))
    apic.accept(fixed(0x40, EDGE))
    apic.accept(fixed(0x40, LEVEL))
    apic.acknowledge()
    apic.end_interrupt()

    assert 0x40 in apic.tmr
    apic.accept(fixed(0x40, EDGE))
    assert 0x40 not in apic.tmr


# Priority


@given(st.sets(LEGAL, min_size=1))
def test_highest_vector_is_delivered_first(vectors: set[int]) -> None:
    apic = apic_of(machine_of(1))
    for vector in vectors:
        apic.accept(fixed(vector))

    assert apic.acknowledge() == max(vectors)


@given(LEGAL, LEGAL)
def test_only_a_higher_class_interrupts_a_running_handler(running: int, requested: int) -> None:
    apic = apic_serving(running)
    apic.accept(fixed(requested))

    assert (apic.deliverable() is not None) == (requested >> 4 > running >> 4)


@given(LEGAL, st.integers(0, 255))
def test_only_a_higher_class_than_task_priority_is_delivered(vector: int, tpr: int) -> None:
    apic = apic_of(machine_of(1))
    apic.tpr = tpr
    apic.accept(fixed(vector))

    assert (apic.deliverable() is not None) == (vector >> 4 > tpr >> 4)


def test_lower_class_waits_until_eoi() -> None:
    apic = apic_serving(0x61)
    apic.accept(fixed(0x51))

    assert apic.deliverable() is None
    apic.end_interrupt()
    assert apic.deliverable() == 0x51


@pytest.mark.parametrize(
    ("tpr", "running", "ppr"),
    [
        (0x00, [], 0x00),
        (0x2F, [], 0x2F),
        (0x00, [0x61], 0x60),
        (0x5F, [0x61], 0x60),
        (0x65, [0x61], 0x65),
        (0x60, [0x6F], 0x60),
        (0x73, [0x61], 0x73),
        (0x20, [0x31, 0x52], 0x50),
    ],
)
def test_processor_priority(tpr: int, running: list[int], ppr: int) -> None:
    apic = apic_serving(*running)

    apic.tpr = tpr

    assert apic.ppr == ppr


@pytest.mark.parametrize(("profile", "deliverable"), [(INTEL_SDM, 0x40), (QEMU, None)])
def test_what_waits_at_software_disable_is_kept_and_delivered_as_the_profile_says(
    profile: Profile, deliverable: int | None
) -> None:
    machine = machine_of(1, profile=profile)
    apic_of(machine).accept(fixed(0x40))

    machine.write_register(0, Register.SVR, DISABLED)
    assert list(apic_of(machine).irr) == [0x40]
    assert apic_of(machine).deliverable() == deliverable

    machine.write_register(0, Register.SVR, ENABLED)
    assert apic_of(machine).deliverable() == 0x40
