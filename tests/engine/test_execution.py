"""CPUs at work: who interrupts whom, what waits, and what a reset throws away."""

from dataclasses import replace

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import ConfigurePin, LowerPin, RaisePin, SendMsi
from app.commands.machine import SetInterruptFlag
from app.engine.events import CallFinished, CallStarted, HandlerEntered, HandlerReturned
from app.engine.probe import Probe
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.steps import MemoryWrite, SpinUntil, Step, TryLock
from app.hw.events import NmiTaken
from app.x86.icr import DeliveryMode, Icr, Shorthand
from tests.engine.runs import (
    finish,
    finished_calls,
    handled,
    happened,
    ipi,
    order,
    reschedule,
    run_to,
    under_every_backend,
)

#: Pins of level devices on CPU 1, by vector.
PINS = {0x51: 5, 0x52: 6, 0x41: 7, 0x61: 8}


def level_devices(backend: str) -> Simulation:
    simulation = Simulation(2, backend)
    for vector, pin in PINS.items():
        simulation.apply(ConfigurePin(pin, 1 << 56 | 0x8000 | vector))
    return simulation


def pulse(simulation: Simulation, vector: int) -> None:
    simulation.apply(RaisePin(PINS[vector]))
    simulation.apply(LowerPin(PINS[vector]))


# Nesting


@under_every_backend
def test_higher_class_interrupts_a_device_handler(backend: str) -> None:
    simulation = level_devices(backend)
    pulse(simulation, 0x51)
    run_to(simulation, HandlerEntered, 1)
    pulse(simulation, 0x61)

    log = finish(simulation)

    assert order(log, 1) == ["+61", "-61", "-51"]


@under_every_backend
@pytest.mark.parametrize("later", [0x52, 0x41])
def test_equal_and_lower_classes_wait_until_the_eoi_of_a_device_handler(backend: str, later: int) -> None:
    simulation = level_devices(backend)
    pulse(simulation, 0x51)
    run_to(simulation, HandlerEntered, 1)
    pulse(simulation, later)

    log = finish(simulation)

    # The EOI is the handler's last act with interrupts on, so the next one may come in before its IRET.
    assert order(log, 1) in ([f"+{later:x}", f"-{later:x}", "-51"], ["-51", f"+{later:x}", f"-{later:x}"])
    eoi = [event for _, event in log].index(happened(log, HandlerEntered)[0])
    assert any(type(event).__name__ == "InterruptEnded" for _, event in log[:eoi])


@under_every_backend
def test_handlers_that_keep_interrupts_off_are_not_interrupted(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(SendMsi(0xFEE0_1000, 0x00EF))
    run_to(simulation, HandlerEntered, 1)
    simulation.apply(SendMsi(0xFEE0_1000, 0x00FC))

    log = finish(simulation)

    assert order(log, 1) == ["-ef", "+fc", "-fc"]


@under_every_backend
def test_nmi_interrupts_even_a_handler_with_interrupts_off(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(SendMsi(0xFEE0_1000, 0x00EF))
    run_to(simulation, HandlerEntered, 1)
    simulation.apply(SendMsi(0xFEE0_1000, DeliveryMode.NMI << 8))

    log = finish(simulation)

    assert order(log, 1) == ["-nmi", "-ef"]
    assert simulation.machine.cpus[1].nmi_count == 1
    assert simulation.machine.cpus[1].interrupt_flag


@under_every_backend
def test_nmi_goes_before_an_interrupt(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False))
    finish(simulation, SendMsi(0xFEE0_1000, 0x41))
    simulation.apply(SendMsi(0xFEE0_1000, DeliveryMode.NMI << 8))
    simulation.run(until=simulation.time + simulation.sheet.cycles["message_flight"] - 1)
    simulation.apply(SetInterruptFlag(1, True))
    simulation.apply(SetInterruptFlag(1, False))
    simulation.run(operations=1)
    simulation.apply(SetInterruptFlag(1, True))

    assert order(finish(simulation), 1) == ["-nmi", "+41", "-41"]


# Interrupts off


@under_every_backend
def test_held_cpu_takes_nothing_until_it_is_let_go_and_then_the_highest_first(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False))

    held = [entry for vector in (0x41, 0xFC, 0x61) for entry in finish(simulation, ipi(0, 1, vector))]
    let_go = finish(simulation, SetInterruptFlag(1, True))

    assert handled(held) == []
    assert handled(let_go) == [(1, 0xFC), (1, 0x61), (1, 0x41)]


@under_every_backend
def test_held_cpu_still_does_what_it_is_asked(backend: str) -> None:
    simulation = Simulation(2, backend)

    log = finish(simulation, SetInterruptFlag(1, False), reschedule(1, 0))

    assert (1, "smp_send_reschedule") in finished_calls(log)
    assert simulation.machine.cpus[1].held_off


@under_every_backend
@pytest.mark.parametrize("running", [0x41, 0xEF])
def test_cpu_that_is_held_in_a_handler_stays_shut_when_the_handler_opens_it_or_returns(
    backend: str, running: int
) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(SendMsi(0xFEE0_1000, running))
    run_to(simulation, HandlerEntered, 1)

    held = finish(simulation, SetInterruptFlag(1, False), SendMsi(0xFEE0_1000, 0xFC))
    let_go = finish(simulation, SetInterruptFlag(1, True))

    assert order(held, 1) == [f"-{running:x}"]
    assert order(let_go, 1) == ["+fc", "-fc"]


@under_every_backend
def test_cpu_that_is_let_go_during_an_nmi_is_open_after_it(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False))
    simulation.apply(SendMsi(0xFEE0_1000, DeliveryMode.NMI << 8))
    run_to(simulation, NmiTaken, 1)

    finish(simulation, SetInterruptFlag(1, True))

    assert simulation.machine.cpus[1].interrupt_flag


@under_every_backend
def test_flush_waits_for_a_held_cpu_and_ends_when_it_is_let_go(backend: str) -> None:
    simulation = Simulation(3, backend)
    waits = finish(simulation, SetInterruptFlag(2, False), CallGuest(0, "flush_tlb_others"))

    ends = finish(simulation, SetInterruptFlag(2, True))

    assert (0, "flush_tlb_others") not in finished_calls(waits)
    assert handled(waits) == [(1, 0xFD)]
    assert (0, "flush_tlb_others") in finished_calls(ends)


@under_every_backend
def test_waiting_caller_serves_its_own_interrupts(backend: str) -> None:
    simulation = Simulation(3, backend)
    finish(simulation, SetInterruptFlag(2, False), CallGuest(0, "smp_call_function"))

    log = finish(simulation, ipi(1, 0, 0x41))

    assert handled(log) == [(0, 0x41)]
    assert simulation.processors[0].spinning is not None


def test_handler_on_a_waiting_cpu_takes_its_full_time() -> None:
    """A stray call-function interrupt makes the caller write the very word that it waits for."""
    simulation = Simulation(3)
    finish(simulation, SetInterruptFlag(2, False), CallGuest(0, "smp_call_function"))

    log = finish(simulation, SendMsi(0xFEE0_0000, 0x00FB))

    entered = next(time for time, event in log if isinstance(event, HandlerEntered))
    returned = next(time for time, event in log if isinstance(event, HandlerReturned))
    costs = simulation.sheet.cycles
    words = 2 * costs["memory_write"]
    assert returned - entered == costs["interrupt_entry"] + costs["mmio_write"] + words + costs["handler_call_function"]


# Calls


@under_every_backend
def test_two_callers_of_smp_call_function_take_turns(backend: str) -> None:
    simulation = Simulation(3, backend)

    log = finish(simulation, CallGuest(0, "smp_call_function"), CallGuest(1, "smp_call_function"))

    assert sorted(handled(log)) == [(0, 0xFB), (1, 0xFB), (2, 0xFB), (2, 0xFB)]
    assert {(0, "smp_call_function"), (1, "smp_call_function")} <= set(finished_calls(log))
    assert simulation.execution.kernel.call_lock.value == 0


@under_every_backend
@pytest.mark.parametrize("wait", [True, False])
def test_lock_has_one_holder_at_a_time_whoever_tries_at_one_moment(backend: str, wait: bool) -> None:
    simulation = Simulation(4, backend)
    lock = simulation.execution.kernel.call_lock
    taken: list[int] = []
    tried: set[int] = set()

    class Onlooker(Probe):
        def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
            if step == TryLock(lock):
                tried.add(simulation.time)
                if frame.value:
                    taken.append(processor.cpu.number)
            if step == MemoryWrite(lock, 0):
                assert taken[-1] == processor.cpu.number  # nobody took it meanwhile

    simulation.execution.add_probe(Onlooker())
    finish(simulation, *(CallGuest(cpu, "smp_call_function", wait=wait) for cpu in range(4)))

    assert sorted(taken) == [0, 1, 2, 3]
    assert len(tried) < 4 + 3  # the first four tried at one moment


def test_caller_that_has_not_waited_uses_its_request_again_when_the_last_has_run() -> None:
    simulation = Simulation(2, generation="linux-6")
    simulation.apply(SetInterruptFlag(1, False))
    call = CallGuest(0, "smp_call_function_single", target=1, wait=False)

    simulation.apply(call)
    simulation.apply(call)
    simulation.run(until_idle=True)

    lock = simulation.execution.kernel.cfd_data[0].request_to(1).lock
    assert simulation.processors[0].spinning == SpinUntil(lock, 0, 0b10, 0xFC)
    log = finish(simulation, SetInterruptFlag(1, True))
    assert handled(log) == [(1, 0xFB), (1, 0xFB)]
    assert lock.value == 0


@under_every_backend
def test_call_on_a_busy_cpu_waits_its_turn(backend: str) -> None:
    simulation = Simulation(3, backend)
    calls = [CallGuest(0, "smp_call_function"), reschedule(0, 2), CallGuest(0, "flush_tlb_others")]

    log = finish(simulation, *calls)

    own = [event for _, event in log if isinstance(event, CallStarted | CallFinished) and event.cpu == 0]
    assert own == [
        event for call in calls for event in (CallStarted(0, call.function, backend), CallFinished(0, call.function))
    ]


# Many CPUs


def test_more_than_eight_cpus_are_reached_one_by_one() -> None:
    simulation = Simulation(10)

    log = finish(simulation, CallGuest(4, "smp_call_function"))

    assert simulation.counters.ipis_sent == 9
    assert sorted(handled(log)) == [(cpu, 0xFB) for cpu in range(10) if cpu != 4]


def test_eight_cpus_are_reached_with_one_message() -> None:
    simulation = Simulation(8)

    finish(simulation, CallGuest(4, "smp_call_function"))

    assert simulation.counters.ipis_sent == 1


@under_every_backend
def test_spurious_interrupt_needs_no_eoi(backend: str) -> None:
    simulation = Simulation(2, backend)
    log = finish(simulation, ipi(0, 1, 0xFF))

    assert handled(log) == [(1, 0xFF)]
    assert simulation.counters.eois == 1  # sent as an IPI it is in service, unlike one that is truly spurious
    assert len(simulation.machine.cpus[1].apic.isr) == 0


def test_broadcast_of_all_shorthands_is_served_by_everyone() -> None:
    simulation = Simulation(4)
    icr = Icr(0x41, shorthand=Shorthand.ALL_INCLUDING_SELF)

    log = finish(simulation, replace(ipi(2, 0), icr=icr))

    assert sorted(handled(log)) == [(cpu, 0x41) for cpu in range(4)]


@under_every_backend
def test_two_level_lines_that_stay_up_do_not_pile_handlers_up(backend: str) -> None:
    simulation = Simulation(1, backend)
    for pin in (16, 17):
        simulation.apply(RaisePin(pin))

    deepest = 0
    for _ in range(2000):
        simulation.run(operations=1)
        deepest = max(deepest, len(simulation.processors[0].frames))

    assert deepest <= 2
