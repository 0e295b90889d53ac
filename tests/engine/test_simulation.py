"""Virtual time: its order, its repeatability, its timers, and when a simulation is idle."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import RaisePin, SendMsi
from app.commands.machine import Demonstrate, SetBackend, SetInterruptFlag
from app.commands.registers import ReadRegister, WriteRegister
from app.engine.events import BackendSwitched, RegisterSet
from app.engine.simulation import Simulation
from app.hw.events import Acknowledged
from app.x86.registers import Register
from tests.engine.runs import LIMIT, Log, finish, handled, happened, ipi, reschedule, under_every_backend

BUSY: list[Stimulus] = [
    CallGuest(0, "smp_call_function"),
    CallGuest(1, "flush_tlb_others"),
    reschedule(2, 3),
    ipi(3, 0, 0x41),
    SendMsi(0xFEE0_2000, 0x51),
]
PERIODIC, DIVIDE_BY_1 = 1 << 17, 0b1011


def busy(backend: str = "native-xapic", *more: Stimulus) -> Simulation:
    simulation = Simulation(4, backend)
    for command in [*BUSY, *more]:
        simulation.apply(command)
    return simulation


def with_timer(count: int, mode: int = 0) -> Simulation:
    """CPU 1's timer expires in *count* undivided counts."""
    simulation = Simulation(2)
    simulation.apply(WriteRegister(1, Register.LVT_TIMER, 0xEF | mode))
    simulation.apply(WriteRegister(1, Register.TIMER_DIVIDE, DIVIDE_BY_1))
    simulation.apply(WriteRegister(1, Register.TIMER_INITIAL_COUNT, count))
    simulation.run(until=simulation.time)
    simulation.take_log()
    return simulation


def taken(log: Log) -> list[int]:
    return [time for time, event in log if isinstance(event, Acknowledged)]


# Into whatever pieces a run is cut


@under_every_backend
@given(operations=st.integers(1, 150))
def test_many_operations_at_once_are_the_same_as_one_by_one(backend: str, operations: int) -> None:
    at_once, one_by_one = busy(backend), busy(backend)

    done = at_once.run(operations=operations)
    singly = sum(one_by_one.run(operations=1) for _ in range(operations))

    assert done == singly
    assert at_once.time == one_by_one.time
    assert repr(at_once.take_log()) == repr(one_by_one.take_log())


@pytest.mark.parametrize("demonstration", [False, True])
@given(moments=st.lists(st.integers(0, 12_000), max_size=20))
def test_running_in_pieces_is_the_same_as_running_in_one_go(demonstration: bool, moments: list[int]) -> None:
    in_one_go, in_pieces = busy(), busy()
    for simulation in (in_one_go, in_pieces):
        simulation.apply(Demonstrate(demonstration))

    in_one_go.run(until=12_000)
    for moment in sorted(moments):
        in_pieces.run(until=moment)
    in_pieces.run(until=12_000)

    assert repr(in_one_go.take_log()) == repr(in_pieces.take_log())


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 500)), max_size=60))
def test_time_never_goes_back_when_operations_end_before_the_time_is_up(pieces: list[tuple[int, int]]) -> None:
    simulation = busy()
    times = []
    for operations, cycles in pieces:
        simulation.run(until=simulation.time + cycles, operations=operations)
        times += [*(time for time, _ in simulation.take_log()), simulation.time]
    times += [time for time, _ in finish(simulation)]

    assert times == sorted(times)


def test_operations_end_before_the_time_is_up() -> None:
    simulation = busy()

    assert simulation.run(until=10_000, operations=1) == 1
    following = simulation.next_time()

    assert following is not None
    assert simulation.time <= following < 10_000


@pytest.mark.parametrize("backend", ["native-xapic", "vmi"])
def test_demonstration_is_the_same_wherever_operations_end_before_the_time_is_up(backend: str) -> None:
    logs = set()
    for operations in range(60):
        simulation = Simulation(4, backend)
        simulation.apply(Demonstrate(True))
        simulation.run(until=20_000, operations=operations)
        simulation.run(until=20_000)
        logs.add(repr(simulation.take_log()))

    assert len(logs) == 1


# Idle and next


def test_booted_machine_is_idle_and_nothing_comes_next() -> None:
    simulation = Simulation(2)

    assert (simulation.idle, simulation.next_time(), simulation.run()) == (True, None, 0)


def test_time_passes_on_an_idle_machine() -> None:
    simulation = Simulation(2)

    simulation.run(until=5000)

    assert simulation.time == 5000


def test_message_on_its_way_is_what_comes_next() -> None:
    simulation = Simulation(2)
    simulation.apply(SendMsi(0xFEE0_1000, 0x41))

    arrives = simulation.sheet.cycles["message_flight"]

    assert (simulation.idle, simulation.next_time()) == (False, arrives)
    assert [(flight.sent, flight.arrives) for flight in simulation.in_flight.values()] == [(0, arrives)]


def test_nothing_happens_before_its_time() -> None:
    simulation = Simulation(2)
    simulation.apply(SendMsi(0xFEE0_1000, 0x41))
    arrives = simulation.sheet.cycles["message_flight"]

    assert simulation.run(until=arrives - 1) == 0
    assert simulation.run(until=arrives, operations=1) == 1
    assert 0x41 in simulation.machine.cpus[1].apic.irr


@under_every_backend
def test_caller_that_waits_for_a_held_cpu_leaves_the_machine_idle(backend: str) -> None:
    simulation = Simulation(2, backend)

    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))

    assert simulation.next_time() is None


@under_every_backend
@given(pause=st.integers(0, 12_000))
def test_interrupt_wakes_a_cpu_whatever_it_was_about_to_do(backend: str, pause: int) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(CallGuest(1, "send_ipi_self"))
    simulation.run(until=pause)

    log = finish(simulation, SendMsi(0xFEE0_1000, 0x41))

    assert (1, 0x41) in handled(log)


def test_error_that_a_read_from_outside_makes_is_handled() -> None:
    simulation = Simulation(2)

    log = finish(simulation, ReadRegister(1, Register.SELF_IPI))

    assert handled(log) == [(1, 0xFE)]
    assert simulation.machine.cpus[1].apic.esr == 1 << 7


def test_reading_a_register_keeps_an_idle_machine_idle() -> None:
    simulation = Simulation(2)

    assert simulation.apply(ReadRegister(1, Register.SVR)) == 0x1FF
    assert simulation.idle


def test_writing_a_register_from_outside_is_free_and_seen() -> None:
    simulation = Simulation(2)

    log = finish(simulation, WriteRegister(1, Register.TPR, 0xF0))

    assert happened(log, RegisterSet) == [RegisterSet(1, Register.TPR, 0xF0)]
    assert simulation.counters.cycles == 0


def test_lowered_task_priority_lets_in_what_waited() -> None:
    simulation = Simulation(2)
    assert handled(finish(simulation, WriteRegister(1, Register.TPR, 0xF0), SendMsi(0xFEE0_1000, 0x41))) == []

    assert handled(finish(simulation, WriteRegister(1, Register.TPR, 0x30))) == [(1, 0x41)]


def test_switched_back_end_is_named() -> None:
    simulation = Simulation(2)

    log = finish(simulation, SetBackend("vmi"))

    assert happened(log, BackendSwitched) == [BackendSwitched("vmi")]


def test_log_is_taken_once_and_counted_once() -> None:
    simulation = busy()
    simulation.run(operations=LIMIT)
    counted = simulation.counters.accepted

    assert simulation.take_log()
    assert simulation.take_log() == []
    assert simulation.counters.accepted == counted


def test_pin_from_outside_reaches_its_cpu() -> None:
    simulation = Simulation(2)
    simulation.machine.write_io_apic(0x11 + 6, 1 << 24)
    simulation.machine.write_io_apic(0x10 + 6, 0x51)

    assert handled(finish(simulation, RaisePin(3))) == [(1, 0x51)]


# Invariants


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda simulation: simulation.machine.send_msi(0xFEE0_1000, 0x41), "posted and not sent"),
        (lambda simulation: simulation.in_flight.clear(), "lost or delivered twice"),
    ],
)
def test_check_finds_messages_that_went_astray(spoil: Callable[[Simulation], None], complaint: str) -> None:
    simulation = Simulation(2)
    simulation.apply(SendMsi(0xFEE0_1000, 0x41))
    spoil(simulation)

    with pytest.raises(AssertionError, match=complaint):
        simulation.check()
