"""Interrupts of the 8259, through LINT0 or without any APIC: the vector is the 8259's, and the APIC has no part."""

from app.commands.lines import LowerLegacyLine, RaiseLegacyLine, RaiseLint
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister, Wrmsr
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.guest.device_interrupts import do_irq
from app.hw.cpu import RunState
from app.hw.events import Acknowledged, ExternalAcknowledged, InterruptEnded
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import RESET_BASE, Msr
from app.x86.registers import Register
from app.x86.units import Vector
from tests.engine.runs import finish, handled, happened, order, run_to, signal, under_every_backend

EXTINT = 0x700


def with_8259(backend: str) -> Simulation:
    """The bootstrap processor takes the 8259's interrupts through LINT0."""
    simulation = Simulation(2, backend)
    finish(simulation, WriteRegister(0, Register.LVT_LINT0, EXTINT))
    return simulation


@under_every_backend
def test_line_of_the_8259_is_taken_with_its_vector_and_needs_no_eoi(backend: str) -> None:
    simulation = with_8259(backend)

    log = finish(simulation, RaiseLegacyLine(1))

    assert happened(log, ExternalAcknowledged) == [ExternalAcknowledged(0, Vector(0x21))]
    assert happened(log, HandlerEntered) == [HandlerEntered(0, 0x21, do_irq.__name__)]
    assert order(log, 0) == ["+21", "-21"]
    assert (happened(log, Acknowledged), happened(log, InterruptEnded)) == ([], [])
    assert list(simulation.machine.cpus[0].apic.isr) == []


@under_every_backend
def test_it_is_counted_as_an_interrupt_taken_and_touches_no_register(backend: str) -> None:
    simulation = with_8259(backend)

    finish(simulation, RaiseLegacyLine(1))

    counters = simulation.counters
    assert (counters.interrupts_taken, counters.eois, counters.accesses) == (1, 0, 0)


@under_every_backend
def test_cpu_halts_again_and_takes_the_next(backend: str) -> None:
    simulation = with_8259(backend)
    finish(simulation, RaiseLegacyLine(1))

    assert simulation.machine.cpus[0].run_state is RunState.HALTED
    assert handled(finish(simulation, RaiseLegacyLine(4))) == [(0, 0x24)]


@under_every_backend
def test_most_urgent_line_comes_first_and_none_is_lost(backend: str) -> None:
    simulation = with_8259(backend)

    log = finish(
        simulation,
        SetInterruptFlag(0, False),
        *(RaiseLegacyLine(line) for line in (3, 8, 1)),
        SetInterruptFlag(0, True),
    )

    assert handled(log) == [(0, 0x21), (0, 0x28), (0, 0x23)]


@under_every_backend
def test_line_that_is_lowered_in_time_interrupts_nobody(backend: str) -> None:
    simulation = with_8259(backend)

    held = finish(simulation, SetInterruptFlag(0, False), RaiseLegacyLine(1))
    log = finish(simulation, LowerLegacyLine(1), SetInterruptFlag(0, True))

    assert handled(held) + handled(log) == []


@under_every_backend
def test_line_that_is_lowered_at_the_last_moment_gives_the_8259s_spurious_vector(backend: str) -> None:
    """An ExtINT message is latched, and when the CPU asks, no line is raised."""
    simulation = Simulation(2, backend)

    log = finish(simulation, signal(1, DeliveryMode.EXTINT))

    assert order(log, 1) == ["+27", "-27"]


@under_every_backend
def test_it_goes_before_any_vector_of_the_apic(backend: str) -> None:
    simulation = with_8259(backend)

    log = finish(
        simulation,
        SetInterruptFlag(0, False),
        RaiseLegacyLine(1),
        signal(0, DeliveryMode.FIXED, 0xEF),
        WriteRegister(0, Register.TPR, 0xFF),
    )
    opened = finish(simulation, SetInterruptFlag(0, True))
    lowered = finish(simulation, WriteRegister(0, Register.TPR, 0))

    assert handled(log) == []
    assert (handled(opened), handled(lowered)) == ([(0, 0x21)], [(0, 0xEF)])


@under_every_backend
def test_masked_lint0_lets_nothing_through_until_it_is_unmasked(backend: str) -> None:
    simulation = Simulation(2, backend)

    masked = finish(simulation, RaiseLegacyLine(1))
    unmasked = finish(simulation, WriteRegister(0, Register.LVT_LINT0, EXTINT))

    assert (handled(masked), handled(unmasked)) == ([], [(0, 0x21)])


@under_every_backend
def test_cpu_whose_apic_is_off_takes_the_8259s_interrupts_directly(backend: str) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, Wrmsr(0, Msr.IA32_APIC_BASE, RESET_BASE), RaiseLegacyLine(1))

    assert order(log, 0) == ["+21", "-21"]


@under_every_backend
def test_device_of_the_same_vector_at_the_apic_is_ended_there(backend: str) -> None:
    simulation = with_8259(backend)
    simulation.apply(signal(0, DeliveryMode.FIXED, 0x21))
    run_to(simulation, HandlerEntered, 0)

    log = finish(simulation)

    assert happened(log, InterruptEnded) == [InterruptEnded(0, Vector(0x21))]


def test_extint_that_is_held_up_does_not_pile_up_handlers() -> None:
    simulation = with_8259("native-xapic")

    simulation.apply(RaiseLint(0, 0))
    simulation.run(operations=2_000)

    assert simulation.counters.interrupts_taken > 100
    assert len(simulation.processors[0].frames) <= 1
