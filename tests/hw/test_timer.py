"""The local timer. Times are TSC cycles; an undivided count lasts CYCLES_PER_TIMER_CLOCK of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hw.machine import Machine
from app.hw.timer import CYCLES_PER_TIMER_CLOCK, Timer
from app.x86.lvt import MASKED, TimerMode
from app.x86.registers import Register
from tests.hw.helpers import machine_of

DIVIDE_BY_1 = 0b1011
COUNT = CYCLES_PER_TIMER_CLOCK


def timer(mode: TimerMode = TimerMode.ONE_SHOT, count: int = 100) -> Timer:
    """A timer that began to count down from *count*, undivided, at time 0."""
    started = Timer()
    started.write_divide_configuration(DIVIDE_BY_1, 0)
    started.write_mode(mode)
    started.write_initial_count(count, 0)
    return started


@given(st.integers(1, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF))
def test_counts_down_once_in_a_clock_and_stops_at_zero(count: int, clocks: int) -> None:
    assert timer(count=count).current_count(clocks * COUNT) == max(0, count - clocks)


def test_a_count_that_has_begun_is_still_there() -> None:
    assert [timer().current_count(now) for now in (0, 1, COUNT - 1, COUNT)] == [100, 100, 100, 99]


@pytest.mark.parametrize(("configuration", "divisor"), [(0b0000, 2), (0b1000, 32), (0b1010, 128), (0b1011, 1)])
def test_expires_after_as_many_clocks_as_count_times_divisor(configuration: int, divisor: int) -> None:
    divided = Timer()
    divided.write_divide_configuration(configuration, 0)

    divided.write_initial_count(7, 1000)

    assert divided.deadline == 1000 + 7 * divisor * COUNT


def test_one_shot_stops_when_it_has_expired() -> None:
    one_shot = timer(TimerMode.ONE_SHOT)

    one_shot.expire(100 * COUNT)

    assert one_shot.deadline is None
    assert one_shot.current_count(100 * COUNT) == 0


def test_periodic_begins_anew_from_its_deadline() -> None:
    periodic = timer(TimerMode.PERIODIC)

    periodic.expire(100 * COUNT)

    assert periodic.deadline == 200 * COUNT
    assert periodic.current_count(130 * COUNT) == 70


def test_periodic_keeps_its_beat_when_its_expiry_is_seen_late() -> None:
    periodic = timer(TimerMode.PERIODIC)

    periodic.expire(103 * COUNT)

    assert periodic.deadline == 200 * COUNT


def test_initial_count_of_zero_stops_it() -> None:
    stopped = timer()

    stopped.write_initial_count(0, 50)

    assert (stopped.deadline, stopped.current_count(50)) == (None, 0)


def test_a_new_initial_count_starts_over() -> None:
    restarted = timer()

    restarted.write_initial_count(30, 60 * COUNT)

    assert restarted.deadline == 90 * COUNT


def test_a_new_divisor_changes_the_pace_of_what_is_left() -> None:
    slowed = timer()

    slowed.write_divide_configuration(0b0001, 40 * COUNT)

    assert slowed.current_count(40 * COUNT) == 60
    assert slowed.deadline == 40 * COUNT + 60 * 4 * COUNT


def test_a_new_divisor_starts_no_timer_that_stands_still() -> None:
    still = Timer()

    still.write_divide_configuration(0b0001, 40)

    assert still.deadline is None


@pytest.mark.parametrize(
    ("before", "after"),
    [(TimerMode.ONE_SHOT, TimerMode.PERIODIC), (TimerMode.PERIODIC, TimerMode.ONE_SHOT)],
)
def test_change_between_one_shot_and_periodic_keeps_the_position(before: TimerMode, after: TimerMode) -> None:
    changed = timer(before)

    changed.write_mode(after)

    assert changed.current_count(40 * COUNT) == 60
    changed.expire(100 * COUNT)
    assert changed.deadline == (200 * COUNT if after is TimerMode.PERIODIC else None)


def test_expired_one_shot_stays_at_zero_when_it_becomes_periodic() -> None:
    expired = timer()
    expired.expire(100 * COUNT)

    expired.write_mode(TimerMode.PERIODIC)

    assert expired.deadline is None
    assert expired.initial_count == 100


@pytest.mark.parametrize("before", [TimerMode.ONE_SHOT, TimerMode.PERIODIC])
def test_tsc_deadline_mode_disarms_and_takes_no_initial_count(before: TimerMode) -> None:
    disarmed = timer(before)

    disarmed.write_mode(TimerMode.TSC_DEADLINE)
    disarmed.write_initial_count(100, 0)

    assert (disarmed.deadline, disarmed.initial_count, disarmed.current_count(0)) == (None, 0, 0)


def test_the_same_mode_again_changes_nothing() -> None:
    same = timer(TimerMode.PERIODIC)

    same.write_mode(TimerMode.PERIODIC)

    assert same.deadline == 100 * COUNT


# In a machine


def machine_with_timer(entry: int) -> Machine:
    machine = machine_of(2)
    machine.write_register(1, Register.LVT_TIMER, entry)
    machine.write_register(1, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 100)
    return machine


def test_expiry_requests_the_vector_of_its_own_cpu() -> None:
    machine = machine_with_timer(0xEF)
    machine.clock.now = 100 * COUNT

    assert [cpu.number for cpu in machine.expire_timers()] == [1]
    assert [list(cpu.apic.irr) for cpu in machine.cpus] == [[], [0xEF]]


def test_nothing_expires_before_its_time() -> None:
    machine = machine_with_timer(0xEF)
    machine.clock.now = 100 * COUNT - 1

    assert machine.expire_timers() == []
    assert machine.read_register(1, Register.TIMER_CURRENT_COUNT) == 1


def test_masked_timer_counts_and_requests_nothing() -> None:
    machine = machine_with_timer(0xEF | MASKED | TimerMode.PERIODIC << 17)
    machine.clock.now = 100 * COUNT

    machine.expire_timers()

    assert len(machine.cpus[1].apic.irr) == 0
    assert machine.next_timer_deadline() == 200 * COUNT


def test_next_deadline_is_the_earliest_of_all_cpus() -> None:
    machine = machine_with_timer(0xEF)
    assert machine.next_timer_deadline() == 100 * COUNT

    machine.write_register(0, Register.TIMER_DIVIDE, DIVIDE_BY_1)
    machine.write_register(0, Register.TIMER_INITIAL_COUNT, 99)

    assert machine.next_timer_deadline() == 99 * COUNT


def test_no_deadline_while_no_timer_runs() -> None:
    assert machine_of(2).next_timer_deadline() is None


def test_initial_count_and_divide_read_back() -> None:
    machine = machine_with_timer(0xEF)

    assert machine.read_register(1, Register.TIMER_INITIAL_COUNT) == 100
    assert machine.read_register(1, Register.TIMER_DIVIDE) == DIVIDE_BY_1
