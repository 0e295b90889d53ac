"""What happened, with its time, until somebody takes it."""

from app.hw.clock import Clock
from app.hw.events import Merged, NmiTaken
from app.sim.counters import Counters
from app.sim.event_log import EventLog
from app.x86.icr import DeliveryMode


def test_events_come_out_in_their_order_with_the_time_at_which_they_happened() -> None:
    clock = Clock()
    log = EventLog(clock)
    log.record(NmiTaken(0))
    clock.now = 70
    log.record(NmiTaken(1))

    assert log.take() == [(0, NmiTaken(0)), (70, NmiTaken(1))]
    assert log.take() == []


def test_each_event_is_counted_once_however_often_somebody_looks() -> None:
    log, counters = EventLog(Clock()), Counters()
    log.record(NmiTaken(0))
    log.count(counters)
    log.count(counters)
    log.record(Merged(0, 0x51, DeliveryMode.FIXED, 1))
    log.count(counters)
    log.take()
    log.record(NmiTaken(0))
    log.count(counters)

    assert (counters.interrupts_taken, counters.merged) == (2, 1)
