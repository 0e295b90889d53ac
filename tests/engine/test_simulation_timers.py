"""Local timers in virtual time."""

import pytest

from app.commands.machine import Demonstrate
from app.commands.registers import WriteRegister
from app.engine.simulation import Simulation
from app.hw.events import Accepted, Acknowledged, Merged
from app.hw.timer import CYCLES_PER_TIMER_CLOCK
from app.x86.icr import DeliveryMode
from app.x86.lvt import TSC_DEADLINE_MODE
from app.x86.registers import Register
from tests.engine.runs import Log, finish, handled, ipi, reschedule

PERIODIC, DIVIDE_BY_1 = 1 << 17, 0b1011
COUNT = CYCLES_PER_TIMER_CLOCK


def with_timer(count: int, mode: int = 0, cpu: int = 1) -> Simulation:
    """The timer of *cpu* expires in *count* undivided counts."""
    simulation = Simulation(3)
    start_timer(simulation, count, mode, cpu)
    return simulation


def start_timer(simulation: Simulation, count: int, mode: int = 0, cpu: int = 1) -> None:
    simulation.apply(WriteRegister(cpu, Register.LVT_TIMER, 0xEF | mode))
    simulation.apply(WriteRegister(cpu, Register.TIMER_DIVIDE, DIVIDE_BY_1))
    simulation.apply(WriteRegister(cpu, Register.TIMER_INITIAL_COUNT, count))


def taken(log: Log) -> list[tuple[int, int]]:
    """When which CPU took an interrupt."""
    return [(time, event.cpu) for time, event in log if isinstance(event, Acknowledged)]


def requested(log: Log) -> list[int]:
    """When a timer requested its vector."""
    return [time for time, event in log if isinstance(event, Accepted | Merged) and event.vector == 0xEF]


def test_one_shot_interrupts_once_at_its_time() -> None:
    simulation = with_timer(1000)

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(1000 * COUNT, 1)]
    assert simulation.next_time() is None


def test_periodic_interrupts_at_every_multiple_of_its_period() -> None:
    simulation = with_timer(1000, PERIODIC)

    simulation.run(until=35_000)

    assert taken(simulation.take_log()) == [(period * 1000 * COUNT, 1) for period in (1, 2, 3)]


def test_machine_that_waits_for_a_timer_is_idle_and_knows_when() -> None:
    simulation = with_timer(1000)
    simulation.run(until=0)

    assert simulation.idle
    assert simulation.next_time() == 1000 * COUNT


def test_stopped_timer_interrupts_nobody() -> None:
    simulation = with_timer(1000)

    simulation.apply(WriteRegister(1, Register.TIMER_INITIAL_COUNT, 0))
    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == []


def test_timer_that_was_made_earlier_or_later_fires_at_its_last_deadline() -> None:
    simulation = with_timer(1000)
    for count in (500, 3000, 2000):
        simulation.apply(WriteRegister(1, Register.TIMER_INITIAL_COUNT, count))

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(2000 * COUNT, 1)]


def test_timers_of_several_cpus_fire_each_in_its_turn() -> None:
    simulation = with_timer(2000, cpu=1)
    start_timer(simulation, 1000, cpu=0)
    start_timer(simulation, 2000, cpu=2)

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(1000 * COUNT, 0), (2000 * COUNT, 1), (2000 * COUNT, 2)]


def test_init_stops_the_timer_of_its_cpu_and_of_no_other() -> None:
    simulation = with_timer(1000, cpu=1)
    start_timer(simulation, 2000, cpu=2)
    simulation.apply(ipi(0, 1, 0, DeliveryMode.INIT))

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(2000 * COUNT, 2)]


def test_slower_pace_puts_the_deadline_off() -> None:
    simulation = with_timer(1000)

    simulation.apply(WriteRegister(1, Register.TIMER_DIVIDE, 0b0000))
    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(2000 * COUNT, 1)]


def test_timer_keeps_its_time_and_order_beside_a_demonstration() -> None:
    """The timer leaves its CPU idle for less than the demonstration's gap, so each could step over the other."""
    simulation = with_timer(370, PERIODIC)
    simulation.apply(Demonstrate(True))

    simulation.run(until=40_000)
    log = simulation.take_log()

    assert [time for time, _ in log] == sorted(time for time, _ in log)
    assert requested(log) == [period * 370 * COUNT for period in range(1, 11)]
    assert {vector for _, vector in handled(log)} >= {0xEF, 0xFC, 0xFD}


def test_demonstration_goes_on_beside_a_slow_timer() -> None:
    simulation = with_timer(1000, PERIODIC)
    simulation.apply(Demonstrate(True))

    simulation.run(until=60_000)
    vectors = {vector for _, vector in handled(simulation.take_log())}

    assert vectors >= {0xEF, 0xFB, 0xFC, 0xFD}


def test_next_time_beside_a_demonstration_is_whichever_comes_first() -> None:
    simulation = with_timer(10)
    simulation.run(until=0)

    simulation.apply(Demonstrate(True))

    assert simulation.next_time() == 10 * COUNT
    finish(simulation, Demonstrate(False))


# As a guest arms them


@pytest.mark.parametrize(("backend", "clock"), [("native-x2apic", 8), ("kvm-pv", 8), ("hyperv", 1)])
def test_guest_that_arms_its_timer_late_is_interrupted_so_much_later(backend: str, clock: int) -> None:
    """*clock* is how many cycles the clock event device of that guest takes for one."""
    simulation = Simulation(2, backend, generation="linux-6")
    simulation.apply(WriteRegister(1, Register.LVT_TIMER, 0xEC | TSC_DEADLINE_MODE))
    simulation.run(until=300_000)
    processor, execution = simulation.processors[1], simulation.execution
    set_next_event = execution.backend.set_next_event

    execution.begin(processor, "set_next_event", lambda context: set_next_event(context, 10_000))
    simulation.apply(reschedule(1, 0))  # wakes the CPU
    simulation.run()

    assert [time for time, event in simulation.take_log() if isinstance(event, Accepted) and event.vector == 0xEC] == [
        pytest.approx(300_000 + clock * 10_000, abs=2_000)
    ]
