"""What can be seen of a CPU in the middle of something."""

import pytest

from app.commands.guest import CallGuest
from app.commands.lines import SendMsi
from app.commands.machine import SetInterruptFlag
from app.engine.events import Event, HandlerEntered
from app.engine.simulation import Simulation
from app.hw.events import NmiTaken, SmiTaken
from app.x86.icr import DeliveryMode
from tests.engine.runs import finish, ipi, run_to, signal, under_every_backend


def functions(simulation: Simulation, cpu: int) -> list[str]:
    return [name for name, _ in simulation.processors[cpu].call_stack()]


def test_idle_cpu_has_no_frames() -> None:
    simulation = Simulation(2)

    finish(simulation, ipi(0, 1))

    assert [processor.frames for processor in simulation.processors] == [[], []]


def test_call_stack_goes_from_the_kernels_function_to_the_access() -> None:
    simulation = Simulation(2)
    simulation.apply(CallGuest(0, "smp_send_reschedule", target=1))

    simulation.run(operations=3)

    assert simulation.processors[0].call_stack() == [
        ("smp_send_reschedule", False),
        ("native_smp_send_reschedule", False),
        ("send_ipi_mask", False),
        ("send_ipi_mask_bitmask", False),
        ("__send_ipi_dest_field", False),
        ("apic_write_around", False),
        ("native_apic_write", False),
    ]


def test_call_stack_shows_what_the_back_end_replaced() -> None:
    simulation = Simulation(2, "vmi")
    simulation.apply(CallGuest(0, "send_ipi_self"))

    simulation.run(operations=1)

    assert simulation.processors[0].call_stack()[-1] == ("vmi_apic_read", True)


def test_waiting_cpu_says_for_which_word() -> None:
    simulation = Simulation(2)

    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))

    waiting = simulation.processors[0].spinning
    assert waiting is not None
    assert (waiting.word.name, waiting.value) == ("flush_cpumask", 0)
    assert simulation.processors[1].spinning is None


@under_every_backend
def test_halted_guest_is_woken_in_the_hypervisor_and_leaves_it_before_its_handler(backend: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(SendMsi(0xFEE0_1000, 0xEF))
    run_to(simulation, HandlerEntered, 1)
    processor = simulation.processors[1]

    at_arrival = processor.in_host
    simulation.run(operations=1)

    assert at_arrival == (backend != "native-xapic")
    assert not processor.in_host


@under_every_backend
def test_handlers_are_told_apart_from_what_they_interrupted(backend: str) -> None:
    simulation = Simulation(2, backend)
    finish(simulation, SetInterruptFlag(1, False), CallGuest(0, "flush_tlb_others"))
    simulation.apply(ipi(1, 0, 0x41))

    run_to(simulation, HandlerEntered, 0)

    processor = simulation.processors[0]
    assert [(frame.name, frame.vector) for frame in processor.handlers()] == [("do_irq", 0x41)]
    assert [frame.name for frame in processor.frames] == ["flush_tlb_others", "do_irq"]
    assert functions(simulation, 0)[0] == "flush_tlb_others"


@under_every_backend
@pytest.mark.parametrize(
    ("mode", "taken", "name"),
    [(DeliveryMode.NMI, NmiTaken, "do_nmi"), (DeliveryMode.SMI, SmiTaken, "smi_handler")],
    ids=["NMI", "SMI"],
)
def test_handler_without_a_vector_has_a_name(backend: str, mode: DeliveryMode, taken: type[Event], name: str) -> None:
    simulation = Simulation(2, backend)
    simulation.apply(signal(1, mode))

    run_to(simulation, taken, 1)

    assert [(frame.name, frame.vector) for frame in simulation.processors[1].handlers()] == [(name, None)]


def test_hypervisor_that_overrides_nothing_puts_nothing_on_the_guests_stack() -> None:
    simulation = Simulation(2, "trap-emulate")
    simulation.apply(CallGuest(0, "smp_send_reschedule", target=1))
    seen = set()

    while simulation.run(operations=1):
        seen |= {entry for processor in simulation.processors for entry in processor.call_stack()}

    assert ("native_apic_write", False) in seen
    assert not any(replaced for _, replaced in seen)
    assert not {"deliver", "_access"} & {function for function, _ in seen}
