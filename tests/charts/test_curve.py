"""Where the lines of cost against targets lie."""

import itertools

import pytest

from app.backends.catalogue import BACKENDS
from app.charts.curve import MARKED, Measure, curve_chart, steps_in_words
from app.measure.comparison import Curve, Point
from tests.measure.values import CHEAP, DEAR, STEPPED, curve


def test_every_number_of_targets_has_a_place_from_left_to_right() -> None:
    chart = curve_chart([CHEAP, DEAR])

    for line in chart.lines:
        xs = [place.x for place in line.places]
        assert len(xs) == 255
        assert xs == sorted(xs)
        assert (xs[0], xs[-1]) == (chart.targets.start, chart.targets.end)


def test_dearer_is_higher() -> None:
    cheap, dear = curve_chart([CHEAP, DEAR]).lines

    assert all(d.y < c.y for c, d in zip(cheap.places, dear.places, strict=True))


def test_far_apart_costs_are_drawn_on_a_logarithmic_scale_unless_asked_otherwise() -> None:
    assert curve_chart([CHEAP, DEAR]).cost.kind == "log"
    assert curve_chart([CHEAP, DEAR], kind="linear").cost.kind == "linear"
    assert curve_chart([STEPPED]).cost.kind == "linear"


@pytest.mark.parametrize(("measure", "last"), [("sender", 256_000), ("all", 512_000)])
def test_line_is_of_the_sender_or_of_everybody(measure: Measure, last: int) -> None:
    [line] = curve_chart([DEAR], measure).lines

    assert line.last == last


def test_shape_stands_on_the_line() -> None:
    [line] = curve_chart([DEAR]).lines

    assert len(line.marks) == len(MARKED)
    assert set(line.marks) <= set(line.places)


def test_step_is_marked_where_it_happens() -> None:
    [line] = curve_chart([STEPPED]).lines
    [step] = line.steps

    assert (step.targets, (step.x, step.y)) == (129, line.places[128])


def test_names_at_the_end_never_overlap() -> None:
    curves = [curve(name, 100 + number, 1) for number, name in enumerate(BACKENDS)]
    heights = sorted(line.label_y for line in curve_chart(curves).lines)

    assert all(below - above >= 15.9 for above, below in itertools.pairwise(heights))


def test_one_step_is_said_with_its_reason() -> None:
    assert steps_in_words(STEPPED) == "at 129 targets: a second hypercall: 128 APIC IDs a window"
    assert steps_in_words(CHEAP) == ""


def test_many_steps_are_said_by_the_first_and_the_last() -> None:
    clusters = tuple((count, f"cluster {count // 16 + 1} of 16") for count in range(17, 256, 16))

    said = steps_in_words(curve("native-x2apic", 1, 1, clusters))

    assert said == "at 17, 33, 49, …, 241 targets: cluster 2 of 16, and so on"


def test_steps_of_different_kinds_are_said_one_after_the_other() -> None:
    steps = ((2, "1 hypercall"), (129, "2 hypercalls"), (255, "by shorthand"))

    said = steps_in_words(curve("kvm-pv", 1, 1, steps))

    assert said == "at 2 targets: 1 hypercall; at 129 targets: 2 hypercalls; at 255 targets: by shorthand"


def test_name_leads_to_the_line_and_not_to_a_last_point_with_a_way_of_its_own() -> None:
    plain = curve("trap-emulate", 1000, 1000)
    falling = Curve("trap-emulate", (*plain.points[:-1], Point(255, 50, 100, 0, 0)), ())

    [line] = curve_chart([falling]).lines

    assert line.label_y == line.places[-2].y
