"""How far virtual time goes at given moments of wall time; the numbers are given, no clock runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.session.pacer import Pacer

FAR = 10**9
GAP = 0.9


def test_first_advance_only_starts_the_clock() -> None:
    assert Pacer(1000.0, GAP).advance(50.0, 0, next_time=100) == 0


def test_time_goes_on_at_the_speed() -> None:
    pacer = Pacer(1000.0, GAP)
    pacer.advance(50.0, 0, next_time=100)

    assert pacer.advance(50.125, 0, next_time=200) == 125


def test_parts_of_a_cycle_add_up() -> None:
    pacer = Pacer(100.0, GAP)
    now = pacer.advance(0.0, 0, next_time=50)
    for tick in range(1, 9):
        now = pacer.advance(tick / 256, now, next_time=50)

    assert now == 3, "8 ticks of 0.39 cycles"


def test_gap_is_cut_to_its_longest() -> None:
    pacer = Pacer(1000.0, GAP)

    reached = pacer.advance(0.0, 0, next_time=50_000)

    assert reached == 50_000 - 1000 * GAP
    assert pacer.seconds_until(50_000) == pytest.approx(GAP)


@pytest.mark.parametrize("gap", [0.02, GAP])
def test_gap_of_any_length_is_over_once_it_has_lasted_its_longest(gap: float) -> None:
    pacer = Pacer(1000.0, gap)
    reached = [pacer.advance(wall / 64, 0, next_time=50_000) for wall in range(2 + int(gap * 64))]

    assert reached[-1] >= 50_000, "what was done last happened at 0, and it stays there until the next"


def test_gap_shorter_than_the_longest_is_waited_for() -> None:
    assert Pacer(1000.0, GAP).advance(0.0, 0, next_time=899) == 0


def test_stall_of_the_process_is_not_made_up_for() -> None:
    pacer = Pacer(1000.0, GAP)
    pacer.advance(0.0, 0, next_time=300)

    assert pacer.advance(3600.0, 0, next_time=300) == 1000 * Pacer.LONGEST_TICK


def test_time_after_a_stop_begins_where_it_stood() -> None:
    pacer = Pacer(1000.0, GAP)
    pacer.advance(0.0, 0, next_time=300)
    pacer.advance(0.1, 0, next_time=300)
    pacer.stop()

    assert pacer.advance(9.0, 100, next_time=300) == 100
    assert pacer.advance(9.125, 100, next_time=300) == 225


def test_time_never_falls_behind_what_has_been_reached() -> None:
    pacer = Pacer(1000.0, GAP)
    pacer.advance(0.0, 0, next_time=100)

    assert pacer.advance(0.01, 5000, next_time=5100) == 5000


def test_speed_can_change_under_way() -> None:
    pacer = Pacer(1000.0, GAP)
    pacer.advance(0.0, 0, next_time=100)
    pacer.speed = 10_000.0

    assert pacer.advance(0.1, 0, next_time=3000) == 1000


def test_sleep_is_what_the_speed_makes_of_the_distance() -> None:
    pacer = Pacer(400.0, GAP)
    pacer.advance(0.0, 1000, next_time=1100)

    assert pacer.seconds_until(1100) == 0.25
    assert pacer.seconds_until(900) == 0.0


def test_flat_out_there_is_nothing_to_wait_for() -> None:
    assert Pacer(None, GAP).seconds_until(FAR) == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 100_000)), max_size=20), st.floats(1.0, 1e12))
def test_time_goes_neither_back_nor_further_than_the_pace_or_the_gap_allows(
    ticks: list[tuple[float, int]], speed: float
) -> None:
    pacer = Pacer(speed, GAP)
    wall, now = 0.0, 0
    for elapsed, distance in ticks:
        wall += elapsed
        next_time = now + distance

        reached = pacer.advance(wall, now, next_time)

        assert reached >= now
        assert reached <= max(now + 1 + speed * Pacer.LONGEST_TICK, next_time - speed * GAP)
        now = reached


def test_what_could_not_be_computed_in_time_is_not_made_up_for() -> None:
    pacer = Pacer(1000.0, GAP)
    minute = [pacer.advance(tick / 10, 0, next_time=300) for tick in range(600)]  # and the machine does not get on

    assert max(minute) == 300 + 1000 * Pacer.LONGEST_TICK
