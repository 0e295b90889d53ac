"""Why a CPU that polls or spins does not go on: on what, on whom, and what keeps that from coming."""

import pytest

from app.commands.guest import CallGuest, SendIpi
from app.commands.machine import SetInterruptFlag
from app.commands.registers import ReadRegister, WriteRegister, Wrmsr
from app.engine.simulation import Simulation
from app.engine.waits import Link, Wait, Waits, Window, closed_by, why_held, window_of
from app.hw.profile import PROFILES
from app.x86.icr import Icr
from app.x86.registers import Register

APIC_BASE = 0x1B


def waits_of(simulation: Simulation) -> list[Wait | None]:
    """What each CPU waits for now."""
    waits = Waits(simulation.machine, simulation.processors, simulation.in_flight.values(), idle=simulation.idle)
    return [waits.of(processor) for processor in simulation.processors]


@pytest.mark.parametrize(("generation", "word"), [("linux-2.6.22", "call_data.started"), ("linux-6", "csd lock[2]")])
def test_sender_waits_for_the_cpu_whose_interrupts_are_held_off(generation: str, word: str) -> None:
    simulation = Simulation(4, generation=generation)
    simulation.apply(SetInterruptFlag(2, False))
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(until_idle=True)

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.words == f"spins on {word} until CPU 2 answers"
    assert (wait.cpus, wait.for_ever) == ([2], True)
    [because] = wait.because
    assert because.startswith("CPU 2: 0xf")
    assert because.endswith("waits, interrupts are held off by hand, though IF is 1.")


def test_chain_leads_through_the_holder_of_a_lock_to_the_cause() -> None:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(2, False))
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(until_idle=True)
    simulation.apply(CallGuest(1, "smp_call_function"))
    simulation.run(until_idle=True)

    wait = waits_of(simulation)[1]

    assert wait == Wait(
        "spins on call_lock, which CPU 0 holds",
        [
            Link("CPU 0 spins on call_data.started until CPU 2 answers.", 0),
            Link("CPU 2: 0xfb waits, interrupts are held off by hand, though IF is 1.", 2, 0xFB),
        ],
        [0],
        for_ever=True,
    )


def test_two_that_wait_for_one_another_are_told_as_a_circle() -> None:
    simulation = Simulation(2)
    simulation.apply(SetInterruptFlag(1, False))
    for cpu in (0, 1):
        simulation.apply(CallGuest(cpu, "smp_call_function"))
        simulation.run(until_idle=True)
    simulation.machine.cpus[1].apic.irr.clear_all()  # as if the request had been lost

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.because == [
        "CPU 1 spins on call_lock, which CPU 0 holds.",
        "CPU 0 waits for this one in its turn: neither can go on.",
    ]


def test_request_that_was_dropped_is_told_with_the_reason() -> None:
    simulation = Simulation(4)
    simulation.apply(WriteRegister(2, Register.SVR, 0xFF))
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(until_idle=True)

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.because == ["CPU 2 has no request for 0xfb: its APIC is software-disabled (SVR bit 8 is 0)."]


def test_flush_waits_for_those_who_have_not_flushed() -> None:
    simulation = Simulation(4)
    simulation.apply(SetInterruptFlag(3, False))
    simulation.apply(CallGuest(0, "flush_tlb_others"))
    simulation.run(until_idle=True)

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.words == "spins on flush_cpumask until CPU 3 answers"


def test_answers_that_are_under_way_do_not_make_a_wait_for_ever() -> None:
    simulation = Simulation(4)
    simulation.apply(CallGuest(0, "smp_call_function"))
    while waits_of(simulation)[0] is None:
        assert simulation.run(operations=1)

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.words == "spins on call_data.started until CPU 1, 2, 3 answer"
    assert not wait.for_ever
    assert all(
        sentence.endswith(("is on its way.", "at the next instruction boundary.", "now.")) for sentence in wait.because
    )


@pytest.mark.parametrize("backend", ["native-xapic", "trap-emulate"])
@pytest.mark.parametrize(
    ("base", "where"),
    [
        (0xFEE0_0000, "its APIC is disabled in IA32_APIC_BASE, so nothing answers on its page"),
        (0xFEE1_0800, "its APIC page was moved to 0xfee10000"),
        (0xFEE0_0C00, "its APIC is in x2APIC mode, which has no page"),
    ],
    ids=["disabled", "moved", "x2APIC"],
)
@pytest.mark.parametrize("generation", ["linux-2.6.22", "linux-6"])
def test_poll_of_a_page_that_is_gone_is_for_ever(backend: str, base: int, where: str, generation: str) -> None:
    simulation = Simulation(4, backend, generation=generation)
    simulation.apply(Wrmsr(1, APIC_BASE, base))
    simulation.apply(CallGuest(1, "smp_send_reschedule", target=2))
    simulation.run(operations=400)

    assert waits_of(simulation)[1] == Wait(
        "polls delivery status (ICR bit 12) for ever: it reads all ones, so the bit is never 0",
        [Link(f"CPU 1: {where}.", 1)],
        [],
        for_ever=True,
    )


def test_composed_command_polls_a_page_that_was_moved_for_ever() -> None:
    simulation = Simulation(4)
    simulation.apply(Wrmsr(1, APIC_BASE, 0xFEE1_0800))
    simulation.apply(SendIpi(1, Icr(0x61, destination=2)))
    simulation.run(operations=400)

    wait = waits_of(simulation)[1]

    assert wait is not None
    assert wait.because == ["CPU 1: its APIC page was moved to 0xfee10000."]


def test_poll_for_room_at_the_target_names_the_target() -> None:
    simulation = Simulation(2, profile=PROFILES["intel-p6"])
    simulation.apply(SetInterruptFlag(1, False))
    for _ in range(3):
        simulation.apply(SendIpi(0, Icr(0x61, destination=1)))
    simulation.run(operations=300)

    wait = waits_of(simulation)[0]

    assert wait is not None
    assert wait.words == "polls delivery status (ICR bit 12) until its last IPI has arrived"
    assert wait.cpus == [1]
    assert "CPU 1 has no room for 0x61" in wait.because[0]


def test_nobody_waits_in_a_machine_that_idles() -> None:
    assert waits_of(Simulation(4)) == [None] * 4


def test_window_tells_the_person_from_the_gate_and_from_the_code() -> None:
    simulation = Simulation(2)
    processor = simulation.processors[1]
    assert (window_of(processor), closed_by(processor)) == (Window.OPEN, "")

    simulation.apply(SendIpi(0, Icr(0xFC, destination=1)))
    while not processor.handlers() or not processor.handlers()[-1].name:
        assert simulation.run(operations=1)
    assert (window_of(processor), closed_by(processor)) == (
        Window.GATE,
        "the gate of 0xfc closed them until its STI or IRET",
    )
    processor.cpu.apic.irr.set(0xFD)
    assert why_held(processor, 0xFD).startswith("class f is not above PPR")

    simulation.apply(SetInterruptFlag(1, False))
    assert window_of(processor) is Window.HELD
    assert closed_by(processor) == "held off by hand"

    other = simulation.processors[0]
    simulation.run(until_idle=True)
    other.cpu.disable_interrupts()
    assert (window_of(other), closed_by(other)) == (Window.CODE, "the code that runs turned them off")


def test_looking_changes_nothing() -> None:
    simulation = Simulation(4)
    simulation.apply(Wrmsr(1, APIC_BASE, 0xFEE1_0800))
    simulation.apply(CallGuest(1, "smp_send_reschedule", target=2))
    simulation.run(operations=50)
    simulation.take_log()

    before = simulation.apply(ReadRegister(1, Register.ESR))
    simulation.take_log()
    waits_of(simulation)

    assert simulation.take_log() == []
    assert simulation.apply(ReadRegister(1, Register.ESR)) == before
