"""Any command through whatever the kernel has for ICR."""

import pytest

from app.guest.apic_ops import Context
from app.guest.icr import apic_icr_write
from app.guest.steps import DisableInterrupts, EnableInterrupts, Load, Store, WriteMsr
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, Icr, Shorthand
from app.x86.registers import Register
from tests.guest.helpers import context_of, steps_of, stores_of, x2apic, xapic

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
