"""How one APIC accepts, orders and ends interrupts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.clock import Clock
from app.hw.events import (
    Accepted,
    Acknowledged,
    EoiWithoutInterrupt,
    Event,
    InterruptEnded,
    Merged,
    Reason,
    Refused,
    SpuriousDelivered,
)
from app.hw.local_apic import ApicMode, LocalApic
from app.hw.messages import EoiBroadcast, MessageNumbers
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.registers import SVR_ENABLE
from tests.hw.helpers import fixed

LEGAL = st.integers(16, 255)


class Apic(LocalApic):
    """An enabled APIC that keeps what it notices."""

    def __init__(self) -> None:
        self.noticed: list[Event] = []
        super().__init__(3, 3, Clock(), MessageNumbers(), self.noticed.append)
        self.svr = SVR_ENABLE | 0xFF

    def in_service(self, *vectors: int) -> "Apic":
        for vector in vectors:
            self.accept(fixed(vector))
            self.acknowledge()
        self.noticed.clear()
        return self


# Acceptance


def test_first_request_is_accepted() -> None:
    apic = Apic()

    assert apic.accept(fixed(0x40, number=7))
    assert list(apic.irr) == [0x40]
    assert apic.noticed == [Accepted(3, 0x40, DeliveryMode.FIXED, TriggerMode.EDGE, 7)]


def test_request_merges_with_one_that_waits() -> None:
    apic = Apic()
    apic.accept(fixed(0x40))

    assert apic.accept(fixed(0x40, number=8))
    assert list(apic.irr) == list(apic.coalesced) == [0x40]
    assert apic.noticed[-1] == Merged(3, 0x40, DeliveryMode.FIXED, 8)


def test_request_waits_behind_its_own_running_handler() -> None:
    apic = Apic().in_service(0x40)

    assert apic.accept(fixed(0x40))
    assert apic.deliverable() is None
    apic.end_interrupt()
    assert apic.deliverable() == 0x40


def test_third_request_merges_while_one_runs_and_one_waits() -> None:
    apic = Apic().in_service(0x40)
    apic.accept(fixed(0x40))

    apic.accept(fixed(0x40, number=9))

    assert apic.noticed[-1] == Merged(3, 0x40, DeliveryMode.FIXED, 9)
    assert (list(apic.irr), list(apic.isr)) == ([0x40], [0x40])


def test_merge_is_forgotten_when_the_cpu_takes_the_interrupt() -> None:
    apic = Apic()
    apic.accept(fixed(0x40))
    apic.accept(fixed(0x40))

    apic.acknowledge()

    assert len(apic.coalesced) == 0


@pytest.mark.parametrize("vector", [0, 15])
def test_illegal_vector_is_refused_and_noticed(vector: int) -> None:
    apic = Apic()

    assert not apic.accept(fixed(vector, number=4))
    assert len(apic.irr) == 0
    assert apic.esr_pending == 1 << 6
    assert apic.noticed[-1] == Refused(3, vector, DeliveryMode.FIXED, Reason.ILLEGAL_VECTOR, 4)


def test_software_disabled_apic_refuses() -> None:
    apic = Apic()
    apic.svr = 0xFF

    assert not apic.accept(fixed(0x40, number=4))
    assert apic.noticed == [Refused(3, 0x40, DeliveryMode.FIXED, Reason.SOFTWARE_DISABLED, 4)]


def test_disabled_apic_refuses() -> None:
    apic = Apic()
    apic.mode = ApicMode.DISABLED

    assert not apic.accept(fixed(0x40, number=4))
    assert apic.noticed == [Refused(3, 0x40, DeliveryMode.FIXED, Reason.APIC_DISABLED, 4)]


def test_trigger_mode_is_that_of_the_last_request_and_outlives_the_eoi() -> None:
    apic = Apic()
    apic.accept(fixed(0x40, TriggerMode.EDGE))
    apic.accept(fixed(0x40, TriggerMode.LEVEL))
    apic.acknowledge()
    apic.end_interrupt()

    assert 0x40 in apic.tmr
    apic.accept(fixed(0x40, TriggerMode.EDGE))
    assert 0x40 not in apic.tmr


# Priority


@given(st.sets(LEGAL, min_size=1))
def test_highest_vector_is_delivered_first(vectors: set[int]) -> None:
    apic = Apic()
    for vector in vectors:
        apic.accept(fixed(vector))

    assert apic.acknowledge() == max(vectors)


@given(LEGAL, LEGAL)
def test_only_a_higher_class_interrupts_a_running_handler(running: int, requested: int) -> None:
    apic = Apic().in_service(running)
    apic.accept(fixed(requested))

    assert (apic.deliverable() is not None) == (requested >> 4 > running >> 4)


@given(LEGAL, st.integers(0, 255))
def test_only_a_higher_class_than_task_priority_is_delivered(vector: int, tpr: int) -> None:
    apic = Apic()
    apic.tpr = tpr
    apic.accept(fixed(vector))

    assert (apic.deliverable() is not None) == (vector >> 4 > tpr >> 4)


def test_lower_class_waits_until_eoi() -> None:
    apic = Apic().in_service(0x61)
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
        (0x73, [0x61], 0x73),
        (0x20, [0x31, 0x52], 0x50),
    ],
)
def test_processor_priority(tpr: int, running: list[int], ppr: int) -> None:
    apic = Apic().in_service(*running)

    apic.tpr = tpr

    assert apic.ppr == ppr


def test_software_disable_keeps_requests_and_delivers_none() -> None:
    apic = Apic()
    apic.accept(fixed(0x40))

    apic.svr = 0xFF

    assert list(apic.irr) == [0x40]
    assert apic.deliverable() is None


# Acknowledge and EOI


def test_acknowledge_moves_the_vector_from_request_to_service() -> None:
    apic = Apic()
    apic.accept(fixed(0x40))

    assert apic.acknowledge() == 0x40
    assert (list(apic.irr), list(apic.isr)) == ([], [0x40])
    assert apic.noticed[-1] == Acknowledged(3, 0x40)


def test_spurious_vector_when_task_priority_rose_meanwhile() -> None:
    apic = Apic()
    apic.accept(fixed(0x40))
    apic.svr = SVR_ENABLE | 0x3F
    apic.tpr = 0x40

    assert apic.acknowledge() == 0x3F
    assert (list(apic.irr), list(apic.isr)) == ([0x40], [])
    assert apic.noticed[-1] == SpuriousDelivered(3, 0x3F)


def test_programmed_spurious_vector_is_an_interrupt_like_any_other() -> None:
    apic = Apic()
    apic.accept(fixed(0xFF))

    assert apic.acknowledge() == 0xFF
    assert list(apic.isr) == [0xFF]


def test_eoi_ends_the_highest_vector_in_service() -> None:
    apic = Apic().in_service(0x31, 0x52)

    apic.end_interrupt()

    assert list(apic.isr) == [0x31]
    assert apic.noticed == [InterruptEnded(3, 0x52)]


def test_eoi_with_nothing_in_service_changes_nothing() -> None:
    apic = Apic()
    apic.accept(fixed(0x40, TriggerMode.LEVEL))
    apic.noticed.clear()

    assert apic.end_interrupt() is None
    assert list(apic.irr) == [0x40]
    assert apic.noticed == [EoiWithoutInterrupt(3)]


def test_eoi_is_broadcast_for_a_level_interrupt() -> None:
    apic = Apic()
    apic.accept(fixed(0x40, TriggerMode.LEVEL))
    apic.acknowledge()

    assert apic.end_interrupt() == EoiBroadcast(1, 3, 0x40)


def test_eoi_is_not_broadcast_for_an_edge_interrupt() -> None:
    assert Apic().in_service(0x40).end_interrupt() is None


def test_eoi_ends_an_interrupt_after_software_disable() -> None:
    apic = Apic().in_service(0x40)
    apic.svr = 0xFF

    apic.end_interrupt()

    assert len(apic.isr) == 0
