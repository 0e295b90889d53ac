"""Where sums and their parts lie."""

import pytest

from app.charts.shares import shares_chart
from app.measure.comparison import Shares
from tests.measure.values import NATIVE, TRAP, row


def test_parts_fill_their_bar_in_proportion() -> None:
    chart = shares_chart([TRAP])
    [laid] = chart.rows

    assert [part.name for part in laid.parts] == ["sends", "eois", "timer", "rest"]
    assert [part.percent for part in laid.parts] == pytest.approx([60, 30, 5, 5])
    assert sum(part.width for part in laid.parts) == pytest.approx(chart.parts_width)
    assert laid.parts[1].x == pytest.approx(chart.parts_x + 0.6 * chart.parts_width)


def test_sums_are_on_one_scale() -> None:
    native, trap = shares_chart([NATIVE, TRAP]).rows
    start = shares_chart([NATIVE, TRAP]).sums.start

    assert (native.sum_end - start) * 10 == pytest.approx(trap.sum_end - start)


def test_part_that_is_nothing_is_left_out_and_a_narrow_one_has_no_label() -> None:
    [laid] = shares_chart([row("vmi", Shares(sends=990, eois=10, timer=0, rest=0))]).rows

    assert [(part.name, part.label) for part in laid.parts] == [("sends", "99%"), ("eois", "")]


def test_back_end_that_spent_nothing_has_no_parts() -> None:
    [laid] = shares_chart([row("vmi", Shares(0, 0, 0, 0))]).rows

    assert laid.parts == ()
