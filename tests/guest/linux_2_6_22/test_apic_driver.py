"""The kernel's send paths, access by access."""

import pytest

from app.guest.linux_2_6_22.kernel import NATIVE_OPERATIONS
from app.guest.steps import Delay, DisableInterrupts, EnableInterrupts, Load, Store
from app.x86.icr import DELIVERY_STATUS
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of, stores_of

LOAD_ICR = Load(Register.ICR_LOW)
LOGICAL = 1 << 11


def test_unicast_send_is_one_load_and_two_stores() -> None:
    steps = steps_of(NATIVE_OPERATIONS.send_ipi_mask(context_of(), 0b0100, 0xFC))

    assert steps == [
        DisableInterrupts(),
        LOAD_ICR,
        Store(Register.ICR_HIGH, 0x0400_0000),
        Store(Register.ICR_LOW, LOGICAL | 0xFC),
    ]


def test_send_to_several_is_still_one_logical_send() -> None:
    steps = steps_of(NATIVE_OPERATIONS.send_ipi_mask(context_of(), 0b1110, 0xFD))

    assert steps[1:] == [LOAD_ICR, Store(Register.ICR_HIGH, 0x0E00_0000), Store(Register.ICR_LOW, LOGICAL | 0xFD)]


@pytest.mark.parametrize("cpus", [4, 9], ids=["flat", "physical"])
def test_interrupts_are_off_around_a_send_that_has_two_halves_and_go_on_again_if_they_were(cpus: int) -> None:
    context = context_of(cpus=cpus)
    context.cpu.interrupt_flag = True

    by_mask = steps_of(NATIVE_OPERATIONS.send_ipi_mask(context, 0b0110, 0xFC))
    by_shorthand = steps_of(NATIVE_OPERATIONS.send_ipi_self(context, 0xFC))

    assert [type(step) for step in (by_mask[0], by_mask[-1])] == [DisableInterrupts, EnableInterrupts]
    assert [type(step) for step in by_mask].count(DisableInterrupts) == 1
    assert [type(step) for step in by_shorthand] == [Load, Store]


@pytest.mark.parametrize(("cpus", "mode"), [(4, LOGICAL), (9, 0)])
def test_nmi_has_no_vector_and_goes_by_mask_to_all_others_too(cpus: int, mode: int) -> None:
    stores = stores_of(NATIVE_OPERATIONS.send_ipi_allbutself(context_of(cpus=cpus), 2))

    assert {value for register, value in stores if register == Register.ICR_LOW} == {mode | 4 << 8}
    assert sum(register == Register.ICR_HIGH for register, _ in stores) == (1 if mode else cpus - 1)


def test_nmi_waits_for_the_send_before_no_longer_than_a_tenth_of_a_second() -> None:
    steps = steps_of(NATIVE_OPERATIONS.send_ipi_mask(context_of(), 0b10, 2), *[DELIVERY_STATUS] * 2_000)

    waited = sum(step.microseconds for step in steps if isinstance(step, Delay))
    assert (waited, steps.count(LOAD_ICR)) == (100_100, 1_001)
    assert isinstance(steps[-1], Store)


def test_there_is_nobody_else_to_send_to_on_a_single_cpu() -> None:
    assert steps_of(NATIVE_OPERATIONS.send_ipi_allbutself(context_of(cpus=1), 0xFB)) == []


def test_send_to_all_others_is_one_load_and_one_store() -> None:
    steps = steps_of(NATIVE_OPERATIONS.send_ipi_allbutself(context_of(), 0xFB))

    assert steps == [LOAD_ICR, Store(Register.ICR_LOW, 3 << 18 | LOGICAL | 0xFB)]


def test_send_to_self_is_one_load_and_one_store() -> None:
    steps = steps_of(NATIVE_OPERATIONS.send_ipi_self(context_of(), 0x41))

    assert steps == [LOAD_ICR, Store(Register.ICR_LOW, 1 << 18 | LOGICAL | 0x41)]


def test_eoi_is_one_store_of_zero() -> None:
    assert steps_of(NATIVE_OPERATIONS.eoi(context_of())) == [Store(Register.EOI, 0)]


def test_send_polls_until_the_last_ipi_was_accepted() -> None:
    busy = DELIVERY_STATUS | 0xFC

    steps = steps_of(NATIVE_OPERATIONS.send_ipi_self(context_of(), 0x41), busy, busy, 0xFC)

    assert steps[:3] == [LOAD_ICR] * 3
    assert isinstance(steps[3], Store)
    assert len(steps) == 4


def test_more_than_eight_cpus_get_one_physical_send_each() -> None:
    stores = stores_of(NATIVE_OPERATIONS.send_ipi_mask(context_of(cpus=9), 0b1_0000_0110, 0xFC))

    assert stores == [
        (Register.ICR_HIGH, 0x0100_0000),
        (Register.ICR_LOW, 0xFC),
        (Register.ICR_HIGH, 0x0200_0000),
        (Register.ICR_LOW, 0xFC),
        (Register.ICR_HIGH, 0x0800_0000),
        (Register.ICR_LOW, 0xFC),
    ]


def test_more_than_eight_cpus_reach_all_others_one_by_one() -> None:
    stores = stores_of(NATIVE_OPERATIONS.send_ipi_allbutself(context_of(cpu=3, cpus=9), 0xFB))

    destinations = [value >> 24 for register, value in stores if register == Register.ICR_HIGH]

    assert destinations == [0, 1, 2, 4, 5, 6, 7, 8]


def test_more_than_eight_cpus_still_reach_themselves_by_shorthand() -> None:
    stores = stores_of(NATIVE_OPERATIONS.send_ipi_self(context_of(cpus=9), 0x41))

    assert stores == [(Register.ICR_LOW, 1 << 18 | 0x41)]  # APIC_DEST_LOGICAL is 0 there
