"""Which interrupt of one machine stands beside which of the other: names before numbers, the n-th beside the n-th."""

import pytest

from app.hw.messages import Origin
from app.pair.accounts import Interrupt
from app.pair.alignment import Names
from app.x86.icr import DeliveryMode
from tests.pair.interrupts import aligned, interrupt


def partner_of(one: Interrupt, others: list[Interrupt], names_a: Names, names_b: Names) -> Interrupt | None:
    """What *one* of A stands beside."""
    return aligned([one], others, names_a, names_b).interrupts[0].b


def test_name_counts_before_the_number() -> None:
    names_a, names_b = {0xFC: "reschedule"}, {0xFD: "reschedule", 0xFC: "call function"}
    same_number, same_name = interrupt(0xFC), interrupt(0xFD)

    assert partner_of(interrupt(0xFC), [same_number, same_name], names_a, names_b) is same_name


def test_among_the_same_names_the_same_targets_count() -> None:
    elsewhere, there = interrupt(targets=(2,)), interrupt(targets=(3, 1))

    assert partner_of(interrupt(targets=(1, 3)), [elsewhere, there], {}, {}) is there


def test_number_counts_where_no_name_is_the_same() -> None:
    other, same_number = interrupt(0x52), interrupt(0x51)

    assert partner_of(interrupt(0x51), [other, same_number], {0x51: "timer"}, {0x51: "clock"}) is same_number


def test_same_targets_count_before_a_number_alone() -> None:
    elsewhere, there = interrupt(0x51, (2,)), interrupt(0x52, (1,))

    assert partner_of(interrupt(0x51, (1,)), [elsewhere, there], {0x51: "timer"}, {0x51: "clock"}) is there


def test_same_targets_count_before_a_name_alone() -> None:
    same_name, there = interrupt(0x51, (2,)), interrupt(0x52, (1,))

    assert partner_of(interrupt(0x51, (1,)), [same_name, there], {}, {}) is there


def test_name_alone_counts_where_no_targets_are_the_same() -> None:
    other, same_name = interrupt(0x52, (2,)), interrupt(0x51, (3,))

    assert partner_of(interrupt(0x51, (1,)), [other, same_name], {}, {}) is same_name


def test_what_is_left_of_a_sender_stands_beside_what_is_left_of_it() -> None:
    both = aligned([interrupt(0x51, (1,))], [interrupt(0x52, (2,))])

    (row,) = both.interrupts
    assert row.differences == ("B: vector 0x52 instead of 0x51", "B: reaches CPU 2 instead of CPU 1")


@pytest.mark.parametrize(
    "other",
    [
        interrupt(source=1),
        interrupt(mode=DeliveryMode.NMI),
        interrupt(origin=Origin.MSI),
        interrupt(origin=Origin.IO_APIC),
    ],
    ids=["another CPU", "an NMI", "an MSI", "a pin of that number"],
)
def test_another_sender_or_kind_is_another_interrupt(other: Interrupt) -> None:
    rows = aligned([interrupt()], [other]).interrupts

    assert [(row.a is None, row.b is None) for row in rows] == [(False, True), (True, False)]
    assert [row.differences for row in rows] == [("only in A",), ("only in B",)]


@pytest.mark.parametrize(
    "other",
    [
        interrupt(mode=DeliveryMode.LOWEST_PRIORITY),
        interrupt(origin=Origin.EVENT_CHANNEL),
        interrupt(origin=Origin.HYPERVISOR),
    ],
    ids=["lowest priority", "an event", "sent by the hypervisor"],
)
def test_same_cpu_sends_the_same_by_other_means(other: Interrupt) -> None:
    (row,) = aligned([interrupt()], [other]).interrupts

    assert (row.b, row.differences) == (other, ())


def test_pins_are_senders_of_their_own() -> None:
    pins = [interrupt(origin=Origin.IO_APIC, source=pin) for pin in (17, 18)]

    assert partner_of(interrupt(origin=Origin.IO_APIC, source=18), pins, {}, {}) is pins[1]


def test_nth_stands_beside_the_nth_and_what_is_over_comes_last() -> None:
    a, b = [interrupt() for _ in range(2)], [interrupt() for _ in range(3)]

    rows = aligned(a, b).interrupts

    assert [(row.a, row.b) for row in rows] == [(a[0], b[0]), (a[1], b[1]), (None, b[2])]
    assert [row.either for row in rows] == [a[0], a[1], b[2]]
