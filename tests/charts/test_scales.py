"""Scales and marks."""

import pytest

from app.backends.catalogue import BACKENDS
from app.charts.scales import PAPER, Scale, apart, cost_scale, sensible_kind


def test_every_back_end_has_a_mark_of_its_own_without_its_hue() -> None:
    marks = [back_end.mark for back_end in BACKENDS.values()]
    assert len({(mark.shape, mark.filled) for mark in marks}) == len(marks)
    assert {mark.hue for mark in marks} <= set(PAPER)


def test_linear_scale_lays_out_in_proportion() -> None:
    scale = Scale("linear", 0, 200, 10, 110)

    assert [scale.at(value) for value in (0, 50, 200)] == [10, 35, 110]


def test_logarithmic_scale_gives_every_decade_the_same_room() -> None:
    scale = Scale("log", 10, 10_000, 0, 300)

    assert [scale.at(value) for value in (10, 100, 1000, 10_000)] == pytest.approx([0, 100, 200, 300])
    assert scale.at(0) == 0
    assert scale.ticks() == [10, 100, 1000, 10_000]


def test_scale_that_runs_backwards_goes_up_the_page() -> None:
    assert Scale("linear", 0, 10, 100, 0).at(7.5) == 25


@pytest.mark.parametrize("highest", [1, 7, 43, 999, 1_000, 123_456])
def test_linear_costs_have_few_round_ticks_that_reach_over_the_highest(highest: int) -> None:
    scale = cost_scale("linear", [1, highest], 0, 100)
    ticks = scale.ticks()

    assert ticks[0] == 0
    assert highest <= ticks[-1] == scale.high
    assert 2 <= len(ticks) <= 8


@pytest.mark.parametrize(
    ("values", "ends"), [([37, 5_000], (20, 5_000)), ([99, 1_001], (50, 2_000)), ([1, 3], (1, 10))]
)
def test_logarithmic_costs_lie_between_round_ends(values: list[int], ends: tuple[int, int]) -> None:
    scale = cost_scale("log", values, 0, 100)

    assert (scale.low, scale.high) == ends
    assert scale.ticks()


@pytest.mark.parametrize("values", [[], [0], [0, 0]])
@pytest.mark.parametrize("kind", ["linear", "log"])
def test_nothing_to_draw_still_has_a_scale(values: list[int], kind: str) -> None:
    scale = cost_scale("log" if kind == "log" else "linear", values, 0, 100)

    assert 0 <= scale.at(0) <= 100
    assert scale.ticks()


def test_scale_is_logarithmic_only_where_a_straight_one_would_press_the_cheap_flat() -> None:
    assert sensible_kind([100, 2000]) == "linear"
    assert sensible_kind([100, 2001]) == "log"
    assert sensible_kind([0, 5]) == "linear"


def test_labels_keep_their_order_and_their_distance() -> None:
    assert apart([50, 10, 52], 10, 0, 100) == [50, 10, 60]


def test_labels_at_the_edge_are_pushed_back_inside() -> None:
    assert apart([99, 98, 100], 10, 0, 100) == [90, 80, 100]
