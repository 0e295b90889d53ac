"""What happened, with its time: all of it is counted, the newest of it is kept until somebody takes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.machine import Demonstrate
from app.commands.registers import WriteRegister
from app.engine.counters import Counters
from app.engine.event_log import EVENTS_KEPT, EventLog, WholeLog
from app.engine.simulation import Simulation
from app.hw.events import Merged, NmiTaken
from app.hw.services import Clock
from app.pair.watched import WatchedSimulation
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from app.x86.units import Vector


def test_events_come_out_in_their_order_with_the_time_at_which_they_happened() -> None:
    clock = Clock()
    log = EventLog(clock, Counters())
    log.record(NmiTaken(0))
    clock.now = 70
    log.record(NmiTaken(1))

    assert log.take() == [(0, NmiTaken(0)), (70, NmiTaken(1))]
    assert log.take() == []


def test_each_event_is_counted_once_however_often_somebody_looks() -> None:
    counters = Counters()
    log = EventLog(Clock(), counters)
    log.record(NmiTaken(0))
    log.count()
    log.count()
    log.record(Merged(0, Vector(0x51), DeliveryMode.FIXED, 1))
    log.count()
    log.take()
    log.record(NmiTaken(0))
    log.count()

    assert (counters.interrupts_taken, counters.merged) == (2, 1)


@given(st.lists(st.integers(0, 3 * EVENTS_KEPT), max_size=6))
def test_what_nobody_takes_is_counted_and_only_the_newest_of_it_kept(pieces: list[int]) -> None:
    counters = Counters()
    log = EventLog(Clock(), counters)
    happened = 0
    for number in pieces:
        for _ in range(number):
            log.record(NmiTaken(happened))
            happened += 1
        taken = [event for _, event in log.take()]

        assert taken == [NmiTaken(cpu) for cpu in range(happened - len(taken), happened)]
        assert min(number, EVENTS_KEPT) <= len(taken) < 2 * EVENTS_KEPT
        assert (log.happened, counters.interrupts_taken) == (happened, happened)


def test_a_whole_log_keeps_everything() -> None:
    log = WholeLog(Clock(), Counters())
    for cpu in range(3 * EVENTS_KEPT):
        log.record(NmiTaken(cpu))

    assert len(log.take()) == log.happened == 3 * EVENTS_KEPT


def test_what_is_forgotten_is_not_counted() -> None:
    counters = Counters()
    log = EventLog(Clock(), counters)
    log.record(NmiTaken(0))
    log.forget()
    log.record(NmiTaken(1))

    assert log.take() == [(0, NmiTaken(1))]
    assert (log.happened, counters.interrupts_taken) == (1, 1)


@pytest.mark.parametrize("kind", [Simulation, WatchedSimulation])
def test_a_simulation_whose_log_nobody_takes_keeps_the_newest_and_counts_the_same(kind: type[Simulation]) -> None:
    unread, read = kind(4), kind(4)
    whole = []
    for simulation in (unread, read):
        simulation.apply(WriteRegister(3, Register.LVT_TIMER, 0x2_00EF))  # periodic
        simulation.apply(WriteRegister(3, Register.TIMER_INITIAL_COUNT, 2000))
        simulation.apply(Demonstrate(True))
    while read.happened < 5 * EVENTS_KEPT:
        unread.run(operations=100)
        read.run(operations=100)
        whole += read.take_log()

    kept = unread.take_log()

    assert kept == whole[-len(kept) :]
    assert EVENTS_KEPT <= len(kept) < 2 * EVENTS_KEPT
    assert unread.happened == len(whole)
    assert unread.counters == read.counters
