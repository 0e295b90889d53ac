"""How the A/B page tells the steps of one side from those of the other."""

from app.guest.steps import Load, Step
from app.pair.accounts import Performed, Stretch
from app.web.pages.ab.drawing import step_lines
from app.x86.registers import Register

LOAD, OTHER = Load(Register.ID), Load(Register.TPR)


def side(*steps: tuple[int, Step], began: int = 0) -> Stretch:
    """*steps* are CPUs with what they do, one cycle after the other."""
    performed = [Performed(began + number, cpu, step, 1, receiving=False) for number, (cpu, step) in enumerate(steps)]
    return Stretch(1, began, steps=performed)


def test_step_has_an_equal_on_the_other_side_once_alone() -> None:
    lines = step_lines(side((0, LOAD), (0, LOAD), (0, LOAD)), side((0, LOAD), (0, LOAD)))

    assert [line.differs for line in lines] == [False, False, True]


def test_step_of_another_cpu_is_no_equal() -> None:
    lines = step_lines(side((0, LOAD), (1, OTHER)), side((1, OTHER), (1, LOAD)))

    assert [line.differs for line in lines] == [True, False]


def test_order_and_time_of_steps_make_no_difference() -> None:
    lines = step_lines(side((0, LOAD), (0, OTHER), began=500), side((0, OTHER), (0, LOAD), began=900))

    assert [(line.time, line.differs) for line in lines] == [(0, False), (1, False)]
