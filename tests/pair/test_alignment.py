"""What is said of two interrupts that belong together."""

import pytest

from app.engine.work import Work
from app.pair.accounts import Interrupt, Stretch
from app.pair.alignment import align, crossing_words, differences
from tests.pair.interrupts import COMMANDS, aligned, interrupt


def said_of(a: Work, b: Work) -> tuple[str, ...]:
    return differences(interrupt(sending=a), interrupt(sending=b))


def test_equals_differ_in_nothing() -> None:
    def one() -> Interrupt:
        return interrupt(handled=((1, 900),), sending=Work(3, 2, 1, 500), receiving=Work(1, 1, 0, 700))

    assert differences(one(), one()) == ()


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (Work(exits=3), Work(), "B: no exit instead of 3 exits"),
        (Work(), Work(exits=1), "B: 1 exit instead of no exit"),
        (Work(exits=2), Work(exits=2, hypercalls=2), "B: 2 hypercalls instead of 2 exits"),
        (
            Work(exits=1, hypercalls=1),
            Work(exits=5, hypercalls=2),
            "B: 3 exits and 2 hypercalls instead of 1 hypercall",
        ),
    ],
)
def test_exits_and_hypercalls_are_told_apart(a: Work, b: Work, sentence: str) -> None:
    assert said_of(a, b) == (sentence,)


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (3, 1, "B: 1 access instead of 3"),
        (0, 2, "B: 2 accesses instead of none"),
        (2, 0, "B: no access instead of 2"),
    ],
)
def test_accesses_are_counted(a: int, b: int, sentence: str) -> None:
    assert said_of(Work(accesses=a), Work(accesses=b)) == (sentence,)


def test_both_sides_of_an_interrupt_count() -> None:
    a = interrupt(sending=Work(accesses=1), receiving=Work(exits=1))
    b = interrupt(receiving=Work(accesses=2, exits=3))

    assert differences(a, b) == ("B: 3 exits instead of 1 exit", "B: 2 accesses instead of 1")


def test_messages_are_counted() -> None:
    a, b = interrupt(), interrupt()
    b.messages = 3

    assert differences(a, b) == ("B: 3 messages instead of 1",)
    assert differences(b, a) == ("B: 1 message instead of 3",)


def test_other_vector_is_named() -> None:
    assert differences(interrupt(0xFC), interrupt(0xFD)) == ("B: vector 0xfd instead of 0xfc",)


def test_stimuli_whose_interrupts_differ_are_not_the_same() -> None:
    assert aligned([interrupt(0xFC)], [interrupt(0xFC)]).same
    assert not aligned([interrupt(0xFC)], [interrupt(0xFD)]).same


def test_other_targets_are_named_whatever_their_order() -> None:
    assert differences(interrupt(targets=(1, 2)), interrupt(targets=(2, 1))) == ()
    assert differences(interrupt(targets=(2, 1)), interrupt(targets=(3,))) == ("B: reaches CPU 3 instead of CPUs 1, 2",)
    assert differences(interrupt(targets=(1,)), interrupt(targets=())) == ("B: reaches no CPU instead of CPU 1",)


def test_other_cpus_that_handle_it_are_named() -> None:
    a, b = interrupt(handled=((1, 5),)), interrupt(handled=((2, 5), (3, 6)))

    assert differences(a, b) == ("B: handled by CPUs 2, 3 instead of CPU 1",)


def test_handler_order_is_said_from_the_first_that_differs() -> None:
    a = interrupt(handled=((1, 5), (2, 6), (3, 7)))
    b = interrupt(handled=((1, 5), (3, 6), (2, 7)))

    assert differences(a, b) == ("handler order differs: in B, CPU 3 before CPU 2",)


def test_cpus_where_it_merged_and_where_it_was_dropped_are_named() -> None:
    a, b = interrupt(targets=(1, 2)), interrupt(targets=(1, 2))
    a.merged, b.refused = [2, 1], [1]

    assert differences(a, b) == (
        "merged with one that was pending: in A CPUs 1, 2, in B no CPU",
        "dropped: in A no CPU, in B CPU 1",
    )


def test_order_in_which_cpus_merged_or_dropped_it_does_not_matter() -> None:
    a, b = interrupt(targets=(1, 2)), interrupt(targets=(1, 2))
    a.merged, b.merged, a.refused, b.refused = [2, 1], [1, 2], [2, 1], [1, 2]

    assert differences(a, b) == ()


def test_interrupt_of_one_side_alone_is_said_to_be() -> None:
    assert differences(interrupt(), None) == ("only in A",)
    assert differences(None, interrupt()) == ("only in B",)


def test_cycles_and_latency_need_no_words_and_cycles_are_not_the_same() -> None:
    a = interrupt(handled=((1, 500),), sending=Work(cycles=100))
    b = interrupt(handled=((1, 900),), sending=Work(cycles=300))
    assert a.latency != b.latency

    both = aligned([a], [b])

    assert (both.interrupts[0].differences, both.differences) == ((), ())
    assert not both.same
    assert aligned([a], [interrupt(handled=((1, 500),), sending=Work(cycles=100))]).same


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Work(), "no exit"),
        (Work(exits=1), "1 exit"),
        (Work(exits=1, hypercalls=1), "1 hypercall"),
        (Work(exits=4, hypercalls=1), "3 exits and 1 hypercall"),
    ],
)
def test_crossings_in_words(tally: Work, words: str) -> None:
    assert crossing_words(tally) == words


# The order over all


def test_handlers_of_different_interrupts_in_another_order_are_said_so_once() -> None:
    both = aligned(
        [interrupt(0x51, (1,), handled=((1, 10),)), interrupt(0x52, (2,), handled=((2, 20),))],
        [interrupt(0x51, (1,), handled=((1, 40),)), interrupt(0x52, (2,), handled=((2, 30),))],
    )

    assert both.differences == ("B: handlers of different interrupts begin in another order",)
    assert [row.differences for row in both.interrupts] == [(), ()]
    assert not both.same


def test_order_over_all_is_that_of_interrupts_and_not_of_cpus_alone() -> None:
    both = aligned(
        [interrupt(0x51, handled=((1, 10),)), interrupt(0x52, handled=((1, 20),))],
        [interrupt(0x51, handled=((1, 40),)), interrupt(0x52, handled=((1, 30),))],
    )

    assert both.differences == ("B: handlers of different interrupts begin in another order",)


def test_same_order_over_all_at_other_times_needs_no_words() -> None:
    both = aligned(
        [interrupt(0x51, (1,), handled=((1, 10),)), interrupt(0x52, (2,), handled=((2, 20),))],
        [interrupt(0x52, (2,), handled=((2, 400),)), interrupt(0x51, (1,), handled=((1, 300),))],
    )

    assert both.differences == ()
    assert both.same


def test_order_over_all_is_not_said_beside_what_differs_in_an_interrupt() -> None:
    both = aligned(
        [interrupt(0x51, handled=((1, 10),)), interrupt(0x52, handled=((1, 20),))],
        [interrupt(0x51, handled=((1, 40),), sending=Work(exits=1)), interrupt(0x52, handled=((1, 30),))],
    )

    assert both.differences == ()
    assert both.interrupts[0].differences == ("B: 1 exit instead of no exit",)


def test_rests_and_totals_stand_side_by_side() -> None:
    left = Stretch(3, 0, [interrupt(sending=Work(cycles=5))], Work(cycles=10))
    right = Stretch(3, 0, [interrupt(receiving=Work(cycles=7))], Work(cycles=20))

    both = align(COMMANDS, left, right, {}, {})

    assert (both.number, both.commands) == (3, COMMANDS)
    assert both.rest == (Work(cycles=10), Work(cycles=20))
    assert both.total == (Work(cycles=15), Work(cycles=27))
