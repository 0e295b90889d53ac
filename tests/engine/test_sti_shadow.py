"""Between an STI and the end of the instruction behind it nothing comes in, whatever asks."""

import pytest

from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetInterruptFlag
from app.engine.events import CallFinished, HandlerEntered
from app.engine.simulation import Simulation
from app.guest.steps import EnableInterrupts, Step, Work
from app.hw.events import Acknowledged
from app.x86.icr import DeliveryMode
from tests.engine.runs import LIMIT, finish, happened, order, run_to, signal, steps_of, under_every_backend

pytestmark = pytest.mark.slow  # many together

MSI_TO_CPU_0 = 0xFEE0_0000
#: A device's handler turns interrupts on while it works.
DEVICE, HIGHER = 0x51, 0x61
SIGNALS = [
    signal(1, DeliveryMode.FIXED, HIGHER),
    signal(1, DeliveryMode.NMI),
    signal(1, DeliveryMode.SMI),
    signal(1, DeliveryMode.EXTINT),
]
every_signal = pytest.mark.parametrize("stimulus", SIGNALS, ids=["interrupt", "NMI", "SMI", "ExtINT"])


def in_a_device_handler(backend: str) -> Simulation:
    simulation = Simulation(2, backend)
    simulation.apply(signal(1, DeliveryMode.FIXED, DEVICE))
    run_to(simulation, HandlerEntered, 1)
    return simulation


def behind_each_sti(steps: list[tuple[int, Step]]) -> list[Step]:
    """The steps that follow an EnableInterrupts."""
    return [steps[place + 1][1] for place, (_, step) in enumerate(steps) if isinstance(step, EnableInterrupts)]


def moment_of_sti(backend: str) -> int:
    simulation = in_a_device_handler(backend)
    return next(time for time, step in steps_of(simulation, 1, 100_000) if isinstance(step, EnableInterrupts))


@under_every_backend
@every_signal
def test_what_arrives_behind_an_sti_waits_for_one_more_step(backend: str, stimulus: Stimulus) -> None:
    flight = Simulation(1).sheet.cycles["message_flight"]
    sti = moment_of_sti(backend)
    for arrives in (sti, sti + 1):
        simulation = in_a_device_handler(backend)
        simulation.run(until=arrives - flight)
        simulation.apply(stimulus)

        steps = steps_of(simulation, 1, 100_000)

        following = behind_each_sti(steps)
        assert following
        assert all(isinstance(step, Work) for step in following)
        assert order(simulation.take_log(), 1)[-1] == f"-{DEVICE:x}"


@under_every_backend
def test_what_waited_for_the_sti_waits_for_one_more_step(backend: str) -> None:
    simulation = in_a_device_handler(backend)
    simulation.apply(signal(1, DeliveryMode.FIXED, HIGHER))

    steps = steps_of(simulation, 1, 100_000)

    assert all(isinstance(step, Work) for step in behind_each_sti(steps))
    assert order(simulation.take_log(), 1) == [f"+{HIGHER:x}", f"-{HIGHER:x}", f"-{DEVICE:x}"]


@under_every_backend
def test_idle_cpu_whose_window_a_person_opens_has_no_shadow(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False), signal(1, DeliveryMode.FIXED, HIGHER))

    simulation.apply(SetInterruptFlag(1, True))

    assert not simulation.machine.cpus[1].interrupt_shadow
    assert order(finish(simulation), 1) == [f"+{HIGHER:x}", f"-{HIGHER:x}"]


@under_every_backend
def test_booted_machine_has_no_shadow(backend: str) -> None:
    assert not any(cpu.interrupt_shadow for cpu in Simulation(3, backend).machine.cpus)


@pytest.mark.parametrize("delay", range(0, 9_000, 100))
def test_interrupt_that_comes_behind_an_sti_is_taken_by_a_cpu_that_begins_to_wait(delay: int) -> None:
    """A TLB flush switches interrupts on again and then spins. CPU 1 is held off, so that it spins for ever. Under
    trap-emulate its own message arrives while the write exits: nothing else wakes the sender."""
    simulation = Simulation(3, "trap-emulate", generation="linux-2.6.22")
    simulation.run(until_idle=True)
    simulation.apply(CallGuest(0, "flush_tlb_others", mask=0b10))
    simulation.machine.set_interrupt_flag(1, False)
    simulation.run(until=simulation.time + delay)

    simulation.apply(SendMsi(MSI_TO_CPU_0, 0x41))
    simulation.run(operations=LIMIT)

    log = simulation.take_log()
    assert [event.vector for event in happened(log, Acknowledged) if event.cpu == 0] == [0x41]
    assert not simulation.machine.cpus[0].apic.irr.bits
    assert not [event for event in happened(log, CallFinished) if event.cpu == 0]
