"""An answer comes in two parts: its numbers first, its curves when they have been drawn."""

import pytest

from app.measure.answer import answer, curves_of

BACKENDS = ("native-xapic", "vmi")


def nobody_hears(stage: str, done: int, total: int) -> None:
    """Progress, in which no test here is interested."""


def test_numbers_of_a_function_are_there_while_its_curves_are_awaited() -> None:
    found = answer(nobody_hears, "smp_call_function:2", "smp_call_function", BACKENDS, "sapphire-rapids", "")

    assert [row.backend for row in found.comparison.rows] == list(BACKENDS)
    assert [one.backend for one in found.waterfalls] == list(BACKENDS)
    assert (found.awaited, found.curves) == (True, ())


def test_scenario_awaits_no_curves() -> None:
    found = answer(nobody_hears, "reschedule", None, BACKENDS, "sapphire-rapids", "")

    assert not found.awaited


@pytest.mark.slow
def test_curves_are_those_of_each_guest_that_the_sheet_can_price() -> None:
    told: list[tuple[int, int]] = []
    guests = [("native-xapic", "linux-2.6.22"), ("vmi", "linux-6")]  # the second never was

    curves = curves_of(lambda _, done, total: told.append((done, total)), "smp_call_function", "2007", guests)

    assert [curve.backend for curve in curves] == ["native-xapic"]
    assert len(curves[0].points) == 255
    assert told == [(0, 2), (1, 2)]
