"""Another back end takes over in the middle of it all: nothing is lost, nothing comes twice, whatever is under way."""

from collections import Counter
from random import Random

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.command import Stimulus
from app.commands.guest import CallGuest
from app.commands.lines import LowerPin
from app.commands.machine import SetBackend, SetInterruptFlag
from app.engine.event_log import WholeLog
from app.engine.events import BackendSwitched, CallFinished, CallStarted, Event
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.hw.events import Accepted, Acknowledged, EventTaken, InterruptEnded
from app.x86.icr import DeliveryMode
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import REMOTE_IRR
from app.x86.units import Vector
from tests.engine.runs import LIMIT, drive_pin, finish, handled, happened, names_under, reschedule, signal

CPUS, MOMENTS, PIN = 4, 1_000, 18
FUNCTIONS = ("smp_call_function", "smp_call_function_single", "smp_send_reschedule", "flush_tlb_others")
SENDS = ("send_ipi_self", "send_ipi_allbutself", "send_ipi_mask")
OTHER_KINDS = [
    ("native-xapic", "native-x2apic"),
    ("kvm-pv", "hyperv"),
    ("native-xapic", "xen-evtchn"),
    ("xen-evtchn", "native-x2apic"),
]
to_another_kind = pytest.mark.parametrize(("before", "after"), OTHER_KINDS)


def some_work(random: Random) -> Stimulus:
    cpu, vector = random.randrange(CPUS), random.choice([0x41, 0x42, 0x51, 0xE1])
    match random.randrange(4):
        case 0:
            return signal(cpu, DeliveryMode.FIXED, vector)
        case 1:
            return drive_pin(PIN, random.randrange(2))
        case 2:
            return CallGuest(cpu, random.choice(SENDS), vector=vector)
        case _:
            return CallGuest(cpu, random.choice(FUNCTIONS), target=random.randrange(CPUS))


def balance(log: list[tuple[int, Event]]) -> tuple[Counter[tuple[int, Vector]], Counter[tuple[int, Vector]]]:
    """What was accepted and what was taken, by CPU and vector."""
    accepted = Counter((event.cpu, event.vector) for event in happened(log, Accepted))
    taken = Counter((event.cpu, event.vector) for event in happened(log, Acknowledged))
    return accepted, taken + Counter((event.cpu, event.vector) for event in happened(log, EventTaken))


@pytest.mark.slow
@pytest.mark.parametrize("generation", GENERATIONS)
def test_thousand_switches_under_load_lose_and_double_nothing(generation: str) -> None:
    random, names = Random(4), names_under(generation)
    simulation = Simulation(CPUS, generation=generation, log=WholeLog)
    log: list[tuple[int, Event]] = []
    for _ in range(MOMENTS):
        for _ in range(3):
            simulation.apply(some_work(random))
        simulation.run(operations=random.randint(1, 60))
        simulation.apply(SetBackend(random.choice(names)))
        simulation.check()
        log += simulation.take_log()
    log += finish(simulation, LowerPin(PIN))

    accepted, taken = balance(log)
    assert accepted == taken
    assert len(happened(log, CallStarted)) == len(happened(log, CallFinished)) > MOMENTS
    assert len(happened(log, BackendSwitched)) > 10
    assert simulation.switching_to is None
    assert not simulation.machine.io_apic.entries[PIN] & REMOTE_IRR
    for processor in simulation.processors:
        apic = processor.cpu.apic
        assert (processor.frames, list(processor.calls), list(apic.irr), list(apic.isr)) == ([], [], [], [])


# Another kind of interrupt controller


@to_another_kind
def test_switch_to_another_kind_waits_until_nothing_is_under_way(before: str, after: str) -> None:
    simulation = Simulation(2, before, generation="linux-6")
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=1)

    simulation.apply(SetBackend(after))

    assert (simulation.backend, simulation.switching_to) == (before, after)
    assert happened(simulation.take_log(), BackendSwitched) == []
    for _ in range(LIMIT):
        if simulation.switching_to is None:
            break
        simulation.run(operations=1)
    log = simulation.take_log()
    assert simulation.backend == after
    assert [event for _, event in log][-1] == BackendSwitched(after)
    assert len(happened(log, CallFinished)) == 1
    assert (simulation.in_flight, [p.frames for p in simulation.processors]) == ({}, [[], []])


@to_another_kind
def test_call_that_comes_meanwhile_goes_through_the_new_back_end(before: str, after: str) -> None:
    simulation = Simulation(2, before, generation="linux-6")
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=1)

    log = finish(simulation, SetBackend(after), reschedule(0, 1))

    assert [event.backend for event in happened(log, CallStarted)][-1] == after
    assert len(happened(log, CallFinished)) == 2


def test_switch_to_another_kind_is_immediate_when_nothing_is_under_way() -> None:
    simulation = Simulation(2, generation="linux-6")

    simulation.apply(SetBackend("native-x2apic"))

    assert happened(simulation.take_log(), BackendSwitched) == [BackendSwitched("native-x2apic")]
    assert {cpu.apic.mode for cpu in simulation.machine.cpus} == {ApicMode.X2APIC}


def test_switch_within_one_kind_does_not_wait() -> None:
    simulation = Simulation(2, generation="linux-6")
    simulation.apply(reschedule(0, 1))
    simulation.run(operations=1)

    simulation.apply(SetBackend("trap-emulate"))

    assert simulation.backend == "trap-emulate"
    finish(simulation)


# What is pending comes along


def with_pending(vector: int) -> Simulation:
    """CPU 1 has its interrupts off and *vector* waits for it."""
    simulation = Simulation(2, generation="linux-6")
    finish(simulation, SetInterruptFlag(1, False), signal(1, DeliveryMode.FIXED, vector))
    return simulation


@pytest.mark.parametrize("route", [("native-x2apic", "native-xapic"), ("kvm-pv", "hyperv")])
def test_pending_request_survives_the_way_to_x2apic_mode_and_back(route: tuple[str, ...]) -> None:
    simulation = with_pending(0x41)

    for name in route:
        finish(simulation, SetBackend(name))
        assert simulation.backend == name
        assert list(simulation.machine.cpus[1].apic.irr) == [0x41]

    assert handled(finish(simulation, SetInterruptFlag(1, True))) == [(1, 0x41)]


def test_pending_request_becomes_an_event_and_a_request_again() -> None:
    simulation = with_pending(0x41)
    cpu = simulation.machine.cpus[1]

    finish(simulation, SetBackend("xen-evtchn"))
    assert cpu.event_channels is not None
    assert (list(cpu.event_channels.pending), list(cpu.apic.irr)) == ([0x41], [])
    finish(simulation, SetBackend("native-xapic"))
    assert cpu.event_channels is None
    assert list(cpu.apic.irr) == [0x41]

    assert handled(finish(simulation, SetInterruptFlag(1, True))) == [(1, 0x41)]


def test_pending_request_is_handled_as_an_event() -> None:
    simulation = with_pending(0x41)
    finish(simulation, SetBackend("xen-evtchn"))

    assert handled(finish(simulation, SetInterruptFlag(1, True))) == [(1, 0x41)]


# The EOI word


@pytest.mark.parametrize("cleared", [False, True], ids=["not yet cleared", "cleared by the guest"])
@pytest.mark.parametrize(("before", "after"), [("kvm-pv", "native-x2apic"), ("hyperv", "native-xapic")])
def test_outstanding_eoi_word_is_settled_at_a_switch(before: str, after: str, cleared: bool) -> None:
    simulation = Simulation(2, before)
    simulation.apply(signal(1, DeliveryMode.FIXED, 0x41))
    processor, word = simulation.processors[1], simulation.execution.kernel.eoi_words[1]
    for _ in range(LIMIT):
        if processor.eoi_offered is not None and bool(word.value) is not cleared:
            break
        simulation.run(operations=1)
    assert processor.eoi_offered is word

    simulation.apply(SetBackend(after))

    assert simulation.backend == after
    assert processor.eoi_offered is None
    assert word.value == 0
    finish(simulation)
    log = finish(simulation, signal(1, DeliveryMode.FIXED, 0x51))
    assert happened(log, InterruptEnded) == [InterruptEnded(1, 0x51)]
    assert list(processor.cpu.apic.isr) == []


def test_every_back_end_has_been_asked() -> None:
    assert {name for generation in GENERATIONS for name in names_under(generation)} == set(BACKENDS)
