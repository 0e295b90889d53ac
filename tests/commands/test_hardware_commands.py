"""Commands that go past the guest: each does its thing at once, and wakes whom it concerns."""

import pytest

from app.commands.lines import FireLocalSource, LowerLegacyLine, LowerLint, RaiseLegacyLine, RaiseLint
from app.commands.registers import Rdmsr, ReadRegister, WriteCr8, WriteRegister, Wrmsr
from app.engine.simulation import END_OF_TIME, Simulation
from app.hw.events import Acknowledged, Fault, LocalSourceDropped, Reason
from app.hw.profile import INTEL_XEON
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, Msr
from app.x86.registers import Register
from tests.engine.runs import Log, finish, finished_calls, handled, happened, order, reschedule, signal

BASE, DEADLINE = Msr.IA32_APIC_BASE, Msr.IA32_TSC_DEADLINE
X2APIC = RESET_BASE | APIC_ENABLE | X2APIC_ENABLE
TIMER_VECTOR, TSC_DEADLINE_MODE = 0xEF, 2 << 17

# Model-specific registers


def test_msr_reads_as_it_was_written() -> None:
    simulation = Simulation(2)

    assert simulation.apply(Wrmsr(1, BASE, X2APIC)) is None
    assert simulation.apply(Rdmsr(1, BASE)) == X2APIC
    assert simulation.apply(Rdmsr(1, 0x802)) == 1


def test_faulty_msr_access_answers_with_its_fault_and_changes_nothing() -> None:
    simulation = Simulation(2)

    assert simulation.apply(Rdmsr(1, 0x802)) is Fault.WRONG_MODE
    assert simulation.apply(Wrmsr(1, BASE, RESET_BASE | X2APIC_ENABLE)) is Fault.INVALID_MODE
    assert simulation.apply(Rdmsr(1, BASE)) == RESET_BASE | APIC_ENABLE


@pytest.mark.parametrize("msr", [BASE, DEADLINE, 0x802])
def test_reading_an_msr_keeps_an_idle_machine_idle(msr: int) -> None:
    simulation = Simulation(2)

    simulation.apply(Rdmsr(1, msr))

    assert simulation.idle


def test_self_ipi_by_msr_is_sent_and_taken() -> None:
    simulation = Simulation(2)

    log = finish(simulation, Wrmsr(1, BASE, X2APIC), Wrmsr(1, 0x83F, 0x51))

    assert handled(log) == [(1, 0x51)]
    assert simulation.counters.ipis_sent == 1


# CR8


def test_raised_cr8_holds_a_class_off_until_it_is_lowered() -> None:
    simulation = Simulation(2)

    held = finish(simulation, WriteCr8(1, 5), signal(1, DeliveryMode.FIXED, 0x51))
    lowered = finish(simulation, WriteCr8(1, 4))

    assert handled(held) == []
    assert handled(lowered) == [(1, 0x51)]


def test_cr8_has_four_bits() -> None:
    simulation = Simulation(2)

    assert simulation.apply(WriteCr8(1, 15)) is None
    assert simulation.apply(WriteCr8(1, 16)) is Fault.RESERVED_BITS
    assert simulation.apply(ReadRegister(1, Register.TPR)) == 0xF0


# Local sources


def test_each_rising_edge_of_lint1_is_an_nmi_of_its_cpu() -> None:
    simulation = Simulation(2)

    first = finish(simulation, RaiseLint(0, 1))
    without_an_edge = finish(simulation, RaiseLint(0, 1), LowerLint(0, 1))
    second = finish(simulation, RaiseLint(0, 1))

    assert [order(log, 0) for log in (first, without_an_edge, second)] == [["-nmi"], [], ["-nmi"]]


def test_lowered_level_of_lint0_requests_no_more() -> None:
    simulation = Simulation(2)
    level = WriteRegister(1, Register.LVT_LINT0, 0x8051)

    raised = finish(simulation, level, WriteCr8(1, 15), RaiseLint(1, 0))
    taken = finish(simulation, LowerLint(1, 0), WriteCr8(1, 0))

    assert (handled(raised), handled(taken)) == ([], [(1, 0x51)])  # once, although the handler has ended


def test_local_source_delivers_what_its_entry_says() -> None:
    simulation = Simulation(2)

    fixed = finish(simulation, WriteRegister(1, Register.LVT_THERMAL, 0x51), FireLocalSource(1, Register.LVT_THERMAL))
    nmi = finish(simulation, WriteRegister(1, Register.LVT_THERMAL, 0x400), FireLocalSource(1, Register.LVT_THERMAL))

    assert order(fixed, 1) == ["+51", "-51"]
    assert order(nmi, 1) == ["-nmi"]


def test_masked_local_source_is_dropped() -> None:
    simulation = Simulation(2)

    log = finish(simulation, FireLocalSource(1, Register.LVT_PERFORMANCE))

    assert happened(log, LocalSourceDropped) == [LocalSourceDropped(1, Register.LVT_PERFORMANCE, Reason.LVT_MASKED)]
    assert handled(log) == []


def test_profile_decides_which_sources_there_are() -> None:
    simulation = Simulation(2, profile=INTEL_XEON)
    cmci = Register.LVT_CMCI

    assert handled(finish(simulation, WriteRegister(1, cmci, 0x61), FireLocalSource(1, cmci))) == [(1, 0x61)]


def test_line_of_the_8259_is_lint0_of_the_bootstrap_processor() -> None:
    simulation = Simulation(2)
    pins = simulation.machine.cpus[0].apic.lint_lines

    finish(simulation, RaiseLegacyLine(1))
    raised = list(pins)
    finish(simulation, LowerLegacyLine(1))

    assert (raised, pins) == ([1, 0], [0, 0])
    assert simulation.machine.cpus[1].apic.lint_lines == [0, 0]


# TSC deadline


def waiting_for_a_deadline(deadline: int, *, now: int = 0) -> Simulation:
    simulation = Simulation(2)
    simulation.run(until=now)
    simulation.apply(WriteRegister(1, Register.LVT_TIMER, TIMER_VECTOR | TSC_DEADLINE_MODE))
    simulation.apply(Wrmsr(1, DEADLINE, deadline))
    return simulation


def taken(log: Log) -> list[tuple[int, int]]:
    return [(time, event.cpu) for time, event in log if isinstance(event, Acknowledged)]


def test_deadline_fires_once_at_its_time() -> None:
    simulation = waiting_for_a_deadline(7_000)
    armed = simulation.apply(Rdmsr(1, DEADLINE))

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(7_000, 1)]
    assert (armed, simulation.apply(Rdmsr(1, DEADLINE))) == (7_000, 0)


def test_deadline_in_the_past_fires_at_once_and_time_does_not_go_back() -> None:
    simulation = waiting_for_a_deadline(10, now=5_000)

    log = finish(simulation)

    simulation.run(until=6_000)
    assert taken(log) == [(5_000, 1)]
    assert all(time >= 5_000 for time, _ in log)
    assert simulation.time >= 5_000


def test_every_deadline_in_the_past_is_an_interrupt() -> None:
    simulation = waiting_for_a_deadline(10, now=5_000)
    finish(simulation)

    assert handled(finish(simulation, Wrmsr(1, DEADLINE, 10))) == [(1, TIMER_VECTOR)]


@pytest.mark.parametrize("deadline", [END_OF_TIME + 1, 2**64 - 1])
def test_deadline_beyond_the_end_of_time_never_comes(deadline: int) -> None:
    simulation = waiting_for_a_deadline(deadline)

    assert simulation.next_time() == 0  # the CPU looks whether it has something to do
    log = finish(simulation)

    assert simulation.next_time() is None
    assert taken(log) == []
    assert simulation.time == 0


def test_deadline_at_the_end_of_time_comes() -> None:
    simulation = waiting_for_a_deadline(END_OF_TIME)
    simulation.run(until=0)

    assert simulation.next_time() == END_OF_TIME


def test_deadline_that_never_comes_keeps_no_other_timer_from_coming() -> None:
    simulation = waiting_for_a_deadline(2**64 - 1)
    simulation.apply(WriteRegister(0, Register.LVT_TIMER, TIMER_VECTOR | TSC_DEADLINE_MODE))
    simulation.apply(Wrmsr(0, DEADLINE, 3_000))

    simulation.run(until=50_000)

    assert taken(simulation.take_log()) == [(3_000, 0)]


def test_machine_that_waits_for_a_deadline_still_works() -> None:
    simulation = waiting_for_a_deadline(2**64 - 1)

    assert finished_calls(finish(simulation, reschedule(0, 1))) == [(0, "smp_send_reschedule")]
