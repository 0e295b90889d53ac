"""The local timer of 2.6.22: set up once, armed by one write."""

from app.guest.linux_2_6_22.clock import lapic_next_event, lapic_timer_setup
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of, stores_of


def test_timer_is_armed_by_one_write_of_its_count() -> None:
    assert [tuple(step) for step in steps_of(lapic_next_event(context_of(), 500))] == [
        (Register.TIMER_INITIAL_COUNT, 500)
    ]


def test_set_up_gives_it_its_vector_and_divides_by_16() -> None:
    assert stores_of(lapic_timer_setup(context_of()), 0, 0xB) == [
        (Register.LVT_TIMER, 0xEF),
        (Register.TIMER_DIVIDE, 0x3),
    ]
