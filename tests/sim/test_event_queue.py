from hypothesis import given
from hypothesis import strategies as st

from app.sim.event_queue import EventQueue, Priority

ENTRIES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Priority)))


def filled(entries: list[tuple[int, Priority]]) -> EventQueue[int]:
    """A queue of the entries, each with its place in the list as what becomes due."""
    queue: EventQueue[int] = EventQueue()
    for index, (time, priority) in enumerate(entries):
        queue.push(time, priority, index)
    return queue


@given(ENTRIES)
def test_goes_by_time_then_priority_then_order_of_arrival(entries: list[tuple[int, Priority]]) -> None:
    queue = filled(entries)

    popped = [queue.pop(None) for _ in entries]

    expected = sorted((time, priority, index) for index, (time, priority) in enumerate(entries))
    assert popped == [(time, index) for time, _, index in expected]


@given(ENTRIES, st.integers(-1, 6))
def test_pops_nothing_that_is_due_later(entries: list[tuple[int, Priority]], until: int) -> None:
    queue = filled(entries)
    popped = []
    while (entry := queue.pop(until)) is not None:
        popped.append(entry[0])

    assert popped == sorted(time for time, _ in entries if time <= until)


@given(ENTRIES, st.integers(-1, 6))
def test_knows_what_comes_next(entries: list[tuple[int, Priority]], time: int) -> None:
    queue = filled(entries)

    assert queue.next_time() == min((due for due, _ in entries), default=None)
    assert queue.has_before(time) == any(due <= time for due, _ in entries)
    assert queue.only_timers() == all(priority is Priority.TIMER for _, priority in entries)


def test_messages_arrive_before_timers_and_timers_before_cpus() -> None:
    assert Priority.MESSAGE < Priority.TIMER < Priority.PROCESSOR
