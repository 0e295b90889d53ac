"""The local timer. Times are TSC cycles; an undivided count lasts CYCLES_PER_TIMER_CLOCK of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.timer import CYCLES_PER_TIMER_CLOCK, Timer
from app.x86.lvt import TimerMode
from app.x86.units import Cycles

DIVIDE_BY_1 = 0b1011
COUNT = CYCLES_PER_TIMER_CLOCK
START = Cycles(0)


def counts(number: int) -> Cycles:
    """So many undivided counts after the start."""
    return Cycles(number * COUNT)


def timer(mode: TimerMode = TimerMode.ONE_SHOT, count: int = 100) -> Timer:
    """A timer that began to count down from *count*, undivided, at time 0."""
    started = Timer()
    started.write_divide_configuration(DIVIDE_BY_1, START)
    started.write_mode(mode)
    started.write_initial_count(count, START)
    return started


@given(st.integers(1, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF))
def test_counts_down_once_in_a_clock_and_stops_at_zero(count: int, clocks: int) -> None:
    assert timer(count=count).current_count(counts(clocks)) == max(0, count - clocks)


def test_a_count_that_has_begun_is_still_there() -> None:
    assert [timer().current_count(Cycles(now)) for now in (0, 1, COUNT - 1, COUNT)] == [100, 100, 100, 99]


@pytest.mark.parametrize(
    ("configuration", "divisor"),
    [
        (0b0000, 2),
        (0b0001, 4),
        (0b0010, 8),
        (0b0011, 16),
        (0b1000, 32),
        (0b1001, 64),
        (0b1010, 128),
        (0b1011, 1),
    ],
)
def test_expires_after_as_many_clocks_as_count_times_divisor(configuration: int, divisor: int) -> None:
    divided = Timer()
    divided.write_divide_configuration(configuration, START)

    divided.write_initial_count(7, Cycles(1000))

    assert divided.deadline == 1000 + 7 * divisor * COUNT


def test_one_shot_stops_when_it_has_expired() -> None:
    one_shot = timer(TimerMode.ONE_SHOT)

    one_shot.expire()

    assert one_shot.deadline is None
    assert one_shot.current_count(counts(100)) == 0


def test_periodic_begins_anew_from_its_deadline() -> None:
    periodic = timer(TimerMode.PERIODIC)

    periodic.expire()

    assert periodic.deadline == 200 * COUNT
    assert periodic.current_count(counts(130)) == 70


def test_initial_count_of_zero_stops_it() -> None:
    stopped = timer()

    stopped.write_initial_count(0, Cycles(50))

    assert (stopped.deadline, stopped.current_count(Cycles(50))) == (None, 0)


def test_a_new_initial_count_starts_over() -> None:
    restarted = timer()

    restarted.write_initial_count(30, counts(60))

    assert restarted.deadline == 90 * COUNT


def test_a_new_divisor_changes_the_pace_of_what_is_left() -> None:
    slowed = timer()

    slowed.write_divide_configuration(0b0001, counts(40))

    assert slowed.current_count(counts(40)) == 60
    assert slowed.deadline == 40 * COUNT + 60 * 4 * COUNT


def test_a_new_divisor_starts_no_timer_that_stands_still() -> None:
    still = Timer()

    still.write_divide_configuration(0b0001, Cycles(40))

    assert still.deadline is None


@pytest.mark.parametrize(
    ("before", "after"),
    [(TimerMode.ONE_SHOT, TimerMode.PERIODIC), (TimerMode.PERIODIC, TimerMode.ONE_SHOT)],
)
def test_change_between_one_shot_and_periodic_keeps_the_position(before: TimerMode, after: TimerMode) -> None:
    changed = timer(before)

    changed.write_mode(after)

    assert changed.current_count(counts(40)) == 60
    changed.expire()
    assert changed.deadline == (200 * COUNT if after is TimerMode.PERIODIC else None)


def test_expired_one_shot_stays_at_zero_when_it_becomes_periodic() -> None:
    expired = timer()
    expired.expire()

    expired.write_mode(TimerMode.PERIODIC)

    assert expired.deadline is None
    assert expired.initial_count == 100


@pytest.mark.parametrize("before", [TimerMode.ONE_SHOT, TimerMode.PERIODIC])
def test_tsc_deadline_mode_disarms_and_takes_no_initial_count(before: TimerMode) -> None:
    disarmed = timer(before)

    disarmed.write_mode(TimerMode.TSC_DEADLINE)
    disarmed.write_initial_count(100, START)

    assert (disarmed.deadline, disarmed.initial_count, disarmed.current_count(START)) == (None, 0, 0)


@pytest.mark.parametrize("before", [TimerMode.ONE_SHOT, TimerMode.PERIODIC, TimerMode.TSC_DEADLINE])
def test_reserved_mode_stands_still_and_starts_nothing(before: TimerMode) -> None:
    reserved = timer(before)

    reserved.write_mode(TimerMode.RESERVED)
    reserved.write_initial_count(100, START)
    reserved.write_tsc_deadline(100)

    assert (reserved.deadline, reserved.initial_count, reserved.tsc_deadline) == (None, 0, 0)


@pytest.mark.parametrize("mode", [TimerMode.ONE_SHOT, TimerMode.PERIODIC])
def test_count_of_a_timer_that_left_deadline_mode_begins_with_its_next_initial_count(mode: TimerMode) -> None:
    armed = timer(TimerMode.TSC_DEADLINE)
    armed.write_tsc_deadline(5000)

    armed.write_mode(mode)
    assert (armed.deadline, armed.current_count(START)) == (None, 0)
    armed.write_initial_count(100, START)

    assert armed.deadline == 100 * COUNT


def test_late_look_at_an_expired_count_reads_zero() -> None:
    assert timer().current_count(counts(1000)) == 0


def test_the_same_divisor_again_keeps_the_part_of_a_count_that_has_passed() -> None:
    same = timer()

    same.write_divide_configuration(DIVIDE_BY_1, Cycles(COUNT // 2))

    assert same.deadline == 100 * COUNT


def test_reset_stops_it_and_forgets_everything() -> None:
    used = timer(TimerMode.PERIODIC)

    used.reset()

    for each in (used, Timer()):
        assert (each.initial_count, each.divide_configuration, each.deadline) == (0, 0, None)
        assert each.mode is TimerMode.ONE_SHOT


def test_the_same_mode_again_changes_nothing() -> None:
    same = timer(TimerMode.PERIODIC)

    same.write_mode(TimerMode.PERIODIC)

    assert same.deadline == 100 * COUNT
