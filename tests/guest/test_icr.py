"""Any command through whatever the kernel has for ICR."""

import pytest

from app.backends.catalogue import BACKENDS
from app.guest.apic_ops import Context
from app.guest.generations import GENERATIONS
from app.guest.icr import apic_icr_write
from app.guest.steps import DisableInterrupts, EnableInterrupts, Load, Store, WriteMsr
from app.hw.local_apic_registers import write_apic_base
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, Icr, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from tests.guest.by_hand import ContextOnCpu, context_of, steps_of, stores_of, x2apic, xapic

STARTUP = Icr(0x9A, DeliveryMode.STARTUP, destination=3)
LOAD_ICR = Load(Register.ICR_LOW)


@pytest.mark.parametrize("context", [context_of(), xapic()], ids=["2.6.22", "6"])
def test_command_is_written_destination_first_on_the_page(context: Context) -> None:
    stores = stores_of(apic_icr_write(context, STARTUP))

    assert stores == [(Register.ICR_HIGH, 0x0300_0000), (Register.ICR_LOW, STARTUP.low())]


@pytest.mark.parametrize("context", [context_of(), xapic()], ids=["2.6.22", "6"])
def test_last_command_is_waited_for_on_the_page(context: Context) -> None:
    steps = steps_of(apic_icr_write(context, STARTUP), DELIVERY_STATUS, DELIVERY_STATUS)

    assert steps[:3] == [LOAD_ICR] * 3
    assert steps.count(LOAD_ICR) == 3


def test_command_is_one_msr_of_64_bits_without_waiting() -> None:
    assert steps_of(apic_icr_write(x2apic(), STARTUP)) == [WriteMsr(0x830, 3 << 32 | STARTUP.low())]


def test_nothing_comes_between_the_two_halves_in_the_old_kernel() -> None:
    context = context_of()
    context.cpu.interrupt_flag = True

    steps = [type(step) for step in steps_of(apic_icr_write(context, STARTUP))]

    assert steps == [Load, DisableInterrupts, Store, Store, EnableInterrupts]


def test_shorthand_leaves_the_destination_alone_in_the_old_kernel() -> None:
    icr = Icr(0, DeliveryMode.NMI, shorthand=Shorthand.ALL_EXCLUDING_SELF)

    assert steps_of(apic_icr_write(context_of(), icr)) == [LOAD_ICR, Store(Register.ICR_LOW, icr.low())]


# An APIC that was switched to another mode behind the guest's back


def test_x2apic_guest_writes_its_msr_also_when_its_apic_is_in_xapic_mode() -> None:
    context = x2apic()
    for base in (0xFEE0_0000, 0xFEE0_0800):  # through disabled: there is no other way back
        assert write_apic_base(context.cpu.apic, base) is None
    assert context.cpu.apic.mode is ApicMode.XAPIC

    assert steps_of(apic_icr_write(context, STARTUP)) == [WriteMsr(0x830, 3 << 32 | STARTUP.low())]


@pytest.mark.parametrize("context", [context_of(), xapic()], ids=["2.6.22", "6"])
def test_guest_of_the_page_polls_it_also_when_its_apic_is_in_x2apic_mode(context: ContextOnCpu) -> None:
    assert write_apic_base(context.cpu.apic, 0xFEE0_0C00) is None
    assert context.cpu.apic.mode is ApicMode.X2APIC

    assert steps_of(apic_icr_write(context, STARTUP), DELIVERY_STATUS)[:2] == [LOAD_ICR] * 2


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        (name, generation)
        for name, one in BACKENDS.items()
        for generation, kernel in GENERATIONS.items()
        if one.reason_against(kernel) is None and not one.event_channels
    ],
)
def test_what_polls_is_what_has_its_apic_in_xapic_mode(name: str, generation: str) -> None:
    backend = BACKENDS[name].bind(GENERATIONS[generation])
    context = context_of(operations=backend.operations, generation=backend.generation)

    steps = steps_of(apic_icr_write(context, STARTUP), DELIVERY_STATUS)

    assert (len(steps) == 1) is backend.x2apic  # by MSR the write is all; elsewhere ICR is read before


# Destinations wider than the page's


@pytest.mark.parametrize("context", [context_of(), xapic()], ids=["2.6.22", "6"])
def test_page_s_driver_keeps_the_lowest_8_bits_of_a_destination(context: Context) -> None:
    stores = stores_of(apic_icr_write(context, Icr(0x51, destination=0x0001_0003)))

    assert stores[0] == (Register.ICR_HIGH, 0x0300_0000)
