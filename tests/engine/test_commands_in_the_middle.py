"""Whatever a person does and takes back while CPUs are in the middle of something, nothing comes of it."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import ConfigurePin, LowerLint, LowerPin, RaiseLint, RaisePin, SendMsi
from app.commands.machine import Demonstrate, SetBackend, SetCostSheet, SetInterruptFlag
from app.commands.registers import WriteCr8, WriteRegister
from app.engine.events import BackendSwitched, Event, RegisterSet
from app.engine.simulation import Simulation
from app.hw.events import InterruptsHeldOff, LintChanged, LocalSourceDropped, PinChanged
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.engine.runs import PAIRS, Log, finish, handled, names_under, signal, under_every_pair
from tests.hw.visible_state import visible_state

CPUS = 3
#: A pin that the kernels leave masked.
UNUSED_PIN = 0
BUSY: tuple[Stimulus, ...] = (
    CallGuest(0, "smp_call_function"),
    CallGuest(1, "flush_tlb_others"),
    CallGuest(2, "smp_send_reschedule", target=0),
    CallGuest(1, "send_ipi_self"),
    RaisePin(4),
    LowerPin(4),
    SendMsi(0xFEE0_1000, DeliveryMode.NMI << 8),
    SendMsi(0xFEE0_2000, DeliveryMode.SMI << 8),
    SendMsi(0xFEE0_1000, 0x51),
)


class Pair(NamedTuple):
    """A command and its opposite, and the events that say so."""

    do: Stimulus
    undo: Stimulus
    said: tuple[type[Event], ...]
    #: Nothing else happens, and everything at the same time; else only what comes of it all is the same.
    exactly: bool = True


def pairs(simulation: Simulation, cpu: int) -> list[Pair]:
    """What can be done to *cpu*, and taken back at once."""
    sheet, entry = simulation.sheet.name, simulation.machine.io_apic.entries[UNUSED_PIN]
    every = [
        Pair(SetInterruptFlag(cpu, False), SetInterruptFlag(cpu, True), (InterruptsHeldOff,)),
        Pair(Demonstrate(True), Demonstrate(False), ()),
        Pair(SetCostSheet(f"{sheet}?halt=77"), SetCostSheet(sheet), ()),
        Pair(RaisePin(UNUSED_PIN), LowerPin(UNUSED_PIN), (PinChanged,)),
        Pair(ConfigurePin(UNUSED_PIN, 0x1_0041), ConfigurePin(UNUSED_PIN, entry), ()),
        Pair(
            SetBackend(simulation.backend),
            SetBackend(simulation.backend),
            (BackendSwitched,),
            exactly=all(processor.eoi_offered is None for processor in simulation.processors),
        ),
    ]
    mode = simulation.execution.backend.apic_mode, simulation.execution.backend.event_channels
    every += [  # which withdraws an offer of the EOI word, as any exit does
        Pair(SetBackend(name), SetBackend(simulation.backend), (BackendSwitched,), exactly=False)
        for name in names_under(simulation.generation)
        if (BACKENDS[name].apic_mode, BACKENDS[name].event_channels) == mode
    ]
    apic = simulation.machine.cpus[cpu].apic
    if simulation.machine.cpus[cpu].event_channels is None:
        tpr = Register.TPR
        every += [
            Pair(WriteRegister(cpu, tpr, 0xF0), WriteRegister(cpu, tpr, apic.tpr), (RegisterSet,)),
            Pair(WriteCr8(cpu, 0xF), WriteCr8(cpu, apic.tpr >> 4), ()),
        ]
    if cpu:  # LINT0 of CPU 0 is the 8259's
        every.append(Pair(RaiseLint(cpu, 0), LowerLint(cpu, 0), (LintChanged, LocalSourceDropped)))
    return every


def started(generation: str, backend: str, stimuli: list[Stimulus], operations: int) -> Simulation:
    """In the middle of *stimuli*."""
    simulation = Simulation(CPUS, backend, generation=generation)
    for stimulus in stimuli:
        simulation.apply(stimulus)
    simulation.run(operations=operations)
    return simulation


def without(log: Log, said: tuple[type[Event], ...]) -> Log:
    return [(time, event) for time, event in log if not isinstance(event, said)]


def ended(simulation: Simulation, said: tuple[type[Event], ...]) -> tuple[Log, object, object]:
    """What happened, how it looks in the end, and who has answered an interrupt that came after all."""
    log = without(finish(simulation), said)
    flags = [(cpu.interrupt_flag, cpu.held_off, cpu.run_state) for cpu in simulation.machine.cpus]
    last = [finish(simulation, signal(cpu, DeliveryMode.FIXED, 0x61)) for cpu in range(CPUS)]
    return log, (flags, visible_state(simulation.machine)), [handled(log) for log in last]


@given(st.data(), st.sampled_from(PAIRS), st.lists(st.sampled_from(BUSY), min_size=1, max_size=4), st.integers(0, 120))
def test_command_and_its_opposite_leave_no_trace(
    data: st.DataObject, pair_of_names: tuple[str, str], stimuli: list[Stimulus], operations: int
) -> None:
    generation, backend = pair_of_names
    undisturbed = started(generation, backend, stimuli, operations)
    disturbed = started(generation, backend, stimuli, operations)
    pair = data.draw(st.sampled_from(pairs(disturbed, data.draw(st.integers(0, CPUS - 1)))))

    disturbed.apply(pair.do)
    disturbed.apply(pair.undo)

    expected, found = ended(undisturbed, pair.said), ended(disturbed, pair.said)
    assert found[0] == expected[0] or not pair.exactly
    assert found[1:] == expected[1:]
    assert expected[2] == [[(cpu, 0x61)] for cpu in range(CPUS)]


def stopped_in_a_delivery(generation: str, backend: str) -> Simulation:
    """CPU 1 is being interrupted, and its handler has no name yet; without a hypervisor there is no such moment."""
    simulation = started(generation, backend, [signal(1, DeliveryMode.FIXED, 0x41)], 0)
    for _ in range(30):
        simulation.run(operations=1)
        if any(not frame.name for frame in simulation.processors[1].frames):
            break
    return simulation


def hold_and_let_go(simulation: Simulation) -> None:
    simulation.apply(SetInterruptFlag(1, False))
    simulation.apply(SetInterruptFlag(1, True))


def hold_until_nothing_happens(simulation: Simulation) -> None:
    simulation.apply(SetInterruptFlag(1, False))
    simulation.run(until_idle=True)
    simulation.apply(SetInterruptFlag(1, True))


@under_every_pair
@pytest.mark.parametrize("held", [hold_and_let_go, hold_until_nothing_happens])
def test_cpu_that_is_held_off_while_an_interrupt_is_delivered_is_not_deaf_afterwards(
    generation: str, backend: str, held: Callable[[Simulation], None]
) -> None:
    simulation = stopped_in_a_delivery(generation, backend)

    held(simulation)

    assert (1, 0x51) in handled(finish(simulation, signal(1, DeliveryMode.FIXED, 0x51)))
    assert simulation.machine.cpus[1].interrupt_flag
