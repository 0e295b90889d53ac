"""``do_boot_cpu`` of a CPU that runs: INIT and start-up IPI reset its APIC and begin it anew, in every kernel."""

from typing import TYPE_CHECKING

import pytest

from app.commands.guest import CallGuest
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteRegister
from app.engine.events import CallStarted
from app.engine.simulation import Simulation
from app.hw.cpu import RunState
from app.hw.events import InitPerformed, Reason, Refused, Started
from app.x86.registers import Register
from tests.engine.runs import PAIRS, finish, finished_calls, handled, happened, reschedule

if TYPE_CHECKING:
    from app.commands.command import Stimulus

BOOT = CallGuest(0, "do_boot_cpu", target=1)
with_an_apic = pytest.mark.parametrize(
    ("generation", "backend"), [pair for pair in PAIRS if pair[1] != "xen-evtchn"], ids=lambda word: word
)


def changed(generation: str, backend: str) -> Simulation:
    """CPU 1 waits for CPU 2, whose interrupts are off; its registers are not as the kernel left them."""
    simulation = Simulation(3, backend, generation=generation)
    commands: list[Stimulus] = [
        SetInterruptFlag(2, False),
        CallGuest(1, "flush_tlb_others", target=2),
        WriteRegister(1, Register.TPR, 0x50),
        WriteRegister(1, Register.LVT_TIMER, 0xEF),
    ]
    log = finish(simulation, *commands)
    assert len(happened(log, CallStarted)) == 1
    assert finished_calls(log) == []
    return simulation


@with_an_apic
def test_running_cpu_is_reset_and_started(generation: str, backend: str) -> None:
    log = finish(changed(generation, backend), BOOT)

    assert happened(log, InitPerformed) == [InitPerformed(1, True)]
    assert happened(log, Started) == [Started(1, 0x9000)]
    (refused,) = happened(
        log, Refused
    )  # the second start-up IPI: whether the CPU is done with its set-up by then differs
    assert refused.cpu == 1
    assert refused.reason in (Reason.HALTED_AND_NOT_WAITING, Reason.NOT_WAITING_FOR_SIPI)
    assert finished_calls(log) == [(0, "do_boot_cpu")]


@with_an_apic
def test_its_apic_is_set_up_as_at_the_beginning(generation: str, backend: str) -> None:
    simulation = changed(generation, backend)
    finish(simulation, BOOT)

    apic = simulation.machine.cpus[1].apic
    fresh = Simulation(3, backend, generation=generation).machine.cpus[1].apic
    assert (apic.mode, apic.tpr, apic.svr, apic.ldr) == (fresh.mode, fresh.tpr, fresh.svr, fresh.ldr)
    assert (apic.lvt, apic.esr, apic.irr.bits, apic.isr.bits) == (fresh.lvt, 0, 0, 0)


@with_an_apic
def test_what_it_was_doing_is_gone_and_it_takes_interrupts_again(generation: str, backend: str) -> None:
    simulation = changed(generation, backend)
    finish(simulation, BOOT)
    processor = simulation.processors[1]

    assert (processor.frames, processor.cpu.run_state) == ([], RunState.HALTED)
    vector = simulation.execution.kernel.generation.reschedule_vector
    assert handled(finish(simulation, reschedule(0, 1))) == [(1, vector)]


def test_guest_without_an_apic_resets_nobody() -> None:
    """A Xen guest starts a CPU by hypercall (``VCPUOP_up``), which is not modelled."""
    for generation in ("linux-2.6.22", "linux-6"):
        log = finish(Simulation(3, "xen-evtchn", generation=generation), BOOT)

        assert happened(log, InitPerformed) == []
        assert finished_calls(log) == [(0, "do_boot_cpu")]
