"""What every kernel does with a device's interrupt, an NMI and an SMI."""

import pytest

from app.guest.apic_ops import Context, Generation
from app.guest.device_interrupts import do_irq, do_nmi, smi_handler
from app.guest.generations import GENERATIONS
from app.guest.steps import Load, Step, Store, Work
from app.hw.event_channels import EventChannels
from app.hw.events import Event
from app.hw.services import Services
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of

EOI = Store(Register.EOI, 0)


def handle(context: Context, vector: int) -> list[Step]:
    return steps_of(do_irq(context, vector))


def kinds(steps: list[Step]) -> list[str]:
    """EOI, or the kind of step."""
    return ["EOI" if step == EOI else type(step).__name__ for step in steps]


@pytest.mark.parametrize("kernel", GENERATIONS.values(), ids=GENERATIONS.keys())
def test_every_kernel_leads_a_device_vector_here(kernel: Generation) -> None:
    assert kernel.handler_of(0x51) is do_irq


def test_edge_device_is_ended_before_it_is_served() -> None:
    assert kinds(handle(context_of(), 0x51)) == ["EOI", "EnableInterrupts", "Work", "DisableInterrupts"]


def test_level_device_is_ended_after_it_was_served() -> None:
    context = context_of()
    context.cpu.apic.tmr.set(0x51)

    steps = handle(context, 0x51)

    assert kinds(steps) == ["EnableInterrupts", "Work", "DisableInterrupts", "Load", "EOI"]
    assert steps[3] == Load(Register.TMR0 + 2 * 0x10)  # was it an edge to the APIC?


@pytest.mark.parametrize("vector", [0x20, 0x2F])
@pytest.mark.parametrize("level_before", [False, True])
def test_interrupt_of_the_8259_is_not_ended_at_the_apic(vector: int, level_before: bool) -> None:
    context = context_of()
    context.cpu.apic.tmr.assign(vector, level_before)  # what the APIC itself accepted there last

    assert kinds(handle(context, vector)) == ["Work"]  # nor does anything come in meanwhile


@pytest.mark.parametrize("vector", [0x20, 0x2F])
def test_vector_of_the_8259_that_the_apic_delivered_is_ended_there(vector: int) -> None:
    context = context_of()
    context.cpu.apic.isr.set(vector)

    assert kinds(handle(context, vector)) == ["EOI", "EnableInterrupts", "Work", "DisableInterrupts"]


def test_nmi_needs_no_eoi() -> None:
    assert kinds(steps_of(do_nmi(context_of()))) == ["Work"]


def test_smi_is_the_firmwares_and_needs_no_eoi() -> None:
    (step,) = steps_of(smi_handler(context_of()))

    assert isinstance(step, Work)
    assert step.price == "handler_smi"


@pytest.mark.parametrize("port", [0x20, 0x51])
def test_level_event_is_ended_after_it_was_served(port: int) -> None:
    context = context_of()
    context.cpu.event_channels = channels = EventChannels(0, Services(list[Event]().append))
    channels.level.set(port)

    assert kinds(handle(context, port)) == ["EnableInterrupts", "Work", "DisableInterrupts", "EOI"]
