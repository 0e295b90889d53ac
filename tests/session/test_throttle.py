"""What runs says when it does not get the time that it wants. The numbers are given, no clock runs."""

import pytest

from app.session.throttle import Throttle


def paced(share: float, seconds: float = 2.0) -> Throttle:
    """After so many seconds in which a session got *share* of its pace of 1,000 cycles a second."""
    throttle = Throttle()
    for tick in range(int(seconds * 30) + 1):
        throttle.paced(tick / 30, 1000 / 30, share * 1000 / 30)
    return throttle


def test_session_that_keeps_its_pace_has_nothing_to_say() -> None:
    assert paced(1.0).state() is None
    assert paced(0.95).words == ""


def test_session_behind_its_pace_says_how_much_of_it_passes() -> None:
    state = paced(0.12).state()

    assert state == {
        "share": pytest.approx(0.12, abs=0.01),
        "words": "Throttled: more happens than can be computed at this pace; time passes at 12% of it.",
    }


def test_share_so_small_that_it_rounds_to_nothing_is_still_something() -> None:
    assert "less than 1%" in paced(0.0001).words
    assert paced(0.0).share == 0.0


def test_nothing_is_said_before_a_whole_window_has_passed() -> None:
    assert paced(0.1, seconds=0.9).state() is None


@pytest.mark.parametrize(("spent", "says"), [(0.9, ""), (0.08, "this one gets 8% of the time")])
def test_flat_out_is_measured_against_the_whole_process(spent: float, says: str) -> None:
    throttle = Throttle()
    for tick in range(61):
        throttle.flat_out(tick / 30, spent / 30)

    assert says in throttle.words
    assert bool(throttle.words) is bool(says)


def test_it_is_over_as_soon_as_there_is_time_enough() -> None:
    throttle = paced(0.1)
    for tick in range(61, 130):
        throttle.paced(tick / 30, 1000 / 30, 1000 / 30)

    assert throttle.state() is None


def test_what_stands_still_is_not_throttled() -> None:
    throttle = paced(0.1)
    throttle.stop()

    assert throttle.state() is None
