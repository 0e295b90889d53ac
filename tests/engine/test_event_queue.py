from hypothesis import given
from hypothesis import strategies as st

from app.engine.event_queue import EventQueue, Priority

ENTRIES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([Priority.MESSAGE, Priority.PROCESSOR])))
ALARM = st.none() | st.integers(0, 5)


def filled(entries: list[tuple[int, Priority]], alarm: int | None) -> EventQueue[int]:
    """A queue of the entries, each with its place in the list as what becomes due."""
    queue: EventQueue[int] = EventQueue()
    queue.alarm = alarm
    for index, (time, priority) in enumerate(entries):
        queue.push(time, priority, index)
    return queue


def expected(entries: list[tuple[int, Priority]], alarm: int | None) -> list[tuple[int, int | None]]:
    """What comes out of such a queue, in its order."""
    in_order = sorted([(time, priority, index) for index, (time, priority) in enumerate(entries)])
    before = [(time, index) for time, priority, index in in_order if alarm is None or (time, priority) < (alarm, 1)]
    after = [(time, index) for time, priority, index in in_order if (time, index) not in before]
    return [*before, *([] if alarm is None else [(alarm, None)]), *after]


@given(ENTRIES, ALARM)
def test_goes_by_time_then_priority_then_order_of_arrival(
    entries: list[tuple[int, Priority]], alarm: int | None
) -> None:
    queue = filled(entries, alarm)

    popped = [queue.pop(None) for _ in range(len(entries) + (alarm is not None))]

    assert popped == expected(entries, alarm)
    assert queue.pop(None) is None


@given(ENTRIES, ALARM, st.integers(-1, 6))
def test_pops_nothing_that_is_due_later(entries: list[tuple[int, Priority]], alarm: int | None, until: int) -> None:
    queue = filled(entries, alarm)
    popped = []
    while (entry := queue.pop(until)) is not None:
        popped.append(entry)

    assert popped == [entry for entry in expected(entries, alarm) if entry[0] <= until]


@given(ENTRIES, ALARM, st.integers(0, 6), st.none() | st.integers(-1, 7))
def test_turns_are_taken_as_they_are_due_and_nothing_else_is(
    entries: list[tuple[int, Priority]], alarm: int | None, time: int, until: int | None
) -> None:
    queue = filled(entries, alarm)
    everything = expected([*entries, (time, Priority.PROCESSOR)], alarm)
    at, index = everything[0]
    is_turn = index is not None and (index == len(entries) or entries[index][1] is Priority.PROCESSOR)

    taken = queue.take_turns(time, len(entries), until)

    assert taken == ((at, index) if is_turn and (until is None or at <= until) else None)
    left = [queue.pop(None) for _ in range(len(everything) - (taken is not None))]
    assert left == everything[1 if taken else 0 :]


@given(ENTRIES, ALARM, st.integers(-1, 6))
def test_knows_what_comes_next(entries: list[tuple[int, Priority]], alarm: int | None, time: int) -> None:
    queue = filled(entries, alarm)
    all_of_them = expected(entries, alarm)

    assert queue.next_time() == (all_of_them[0][0] if all_of_them else None)
    assert queue.has_before(time) == any(due <= time for due, _ in all_of_them)
    assert queue.only_timers() == (not entries)
    without_alarm = [entry for entry in all_of_them if entry[1] is not None]
    assert [(due, index) for due, _, index in queue.entries()] == without_alarm


def test_the_alarm_comes_behind_messages_of_its_moment_and_before_cpus() -> None:
    assert Priority.MESSAGE < Priority.TIMER < Priority.PROCESSOR
