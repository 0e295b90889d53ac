"""How today's kernel sets its APICs up and starts another CPU."""

import pytest

from app.guest.apic_ops import KernelState
from app.guest.linux_6.boot import do_boot_cpu, io_apic_entries, lapic_setup_esr, setup_local_apic, start_secondary
from app.guest.linux_6.irq_vectors import ERROR_APIC_VECTOR, FIRST_DEVICE_VECTOR, LOCAL_TIMER_VECTOR
from app.guest.linux_6.kernel import LINUX_6
from app.guest.steps import Delay, EnableInterrupts, Load, ReadMsr, Store, WriteMsr
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register
from tests.guest.by_hand import steps_of, stores_of, x2apic, xapic

COMMANDS = [0xC500, 0x8500, 0x0609, 0x0609]


def test_another_cpu_is_booted_by_init_deassert_and_two_startup_ipis_on_the_page() -> None:
    stores = stores_of(do_boot_cpu(xapic(), 2))

    assert [value & 0xC7FF for register, value in stores if register == Register.ICR_LOW] == COMMANDS
    assert [value for register, value in stores if register == Register.ICR_HIGH] == [2 << 24] * 4


def test_another_cpu_is_booted_by_init_deassert_and_two_startup_ipis_by_msr() -> None:
    steps = steps_of(do_boot_cpu(x2apic(), 2))

    commands = [step.value for step in steps if isinstance(step, WriteMsr) and step.msr == x2apic_msr(Register.ICR_LOW)]
    assert commands == [2 << 32 | command for command in COMMANDS]
    assert [step for step in steps if isinstance(step, Delay)] == [Delay(10)] * 4


@pytest.mark.parametrize(("cpu", "lint1"), [(0, 0x400), (1, 0x1_0400)])
def test_apic_comes_up_with_tpr_above_the_exceptions_and_interrupts_on_last(cpu: int, lint1: int) -> None:
    stores = stores_of(start_secondary(xapic(cpu)))

    written = dict(stores)
    assert (written[Register.TPR], written[Register.SVR], written[Register.LVT_LINT1]) == (0x10, 0x1FF, lint1)
    assert isinstance(steps_of(start_secondary(xapic(cpu)))[-1], EnableInterrupts)
    by_msr = [step for step in steps_of(start_secondary(x2apic(cpu))) if not isinstance(step, ReadMsr)]
    assert by_msr == [*(WriteMsr(x2apic_msr(register), value) for register, value in stores), EnableInterrupts()]


def test_errors_are_cleared_and_read_before_and_after_their_vector_is_set() -> None:
    assert steps_of(lapic_setup_esr(xapic())) == [
        Load(Register.VERSION),
        Store(Register.ESR, 0),
        Load(Register.ESR),
        Store(Register.LVT_ERROR, ERROR_APIC_VECTOR),
        Store(Register.ESR, 0),
        Load(Register.ESR),
    ]


def test_apic_is_switched_off_before_it_is_set_up() -> None:
    assert stores_of(start_secondary(xapic(1)), 0x1FF)[0] == (Register.SVR, 0xFF)


def test_what_a_crashed_kernel_left_behind_is_ended_until_nothing_is_left() -> None:
    pending_and_in_service = [*[0, 0], *[1 << 4, *[0] * 7], *[1 << 3 | 1 << 2, *[0] * 7], *[0] * 16]

    steps = steps_of(setup_local_apic(xapic(1)), *pending_and_in_service)

    assert steps.count(Store(Register.EOI, 0)) == 2
    assert steps.count(Load(Register.IRR0)) == steps.count(Load(Register.ISR0)) == 2


@pytest.mark.parametrize("cpus", [1, 4, 40])
def test_devices_are_spread_over_the_cpus_one_after_the_other(cpus: int) -> None:
    entries = io_apic_entries(KernelState(cpus, LINUX_6))

    vectors = [entry & 0xFF for entry in entries.values()]
    assert [entry >> 56 for entry in entries.values()] == [count % cpus for count in range(len(entries))]
    assert {entry >> 8 & 0xF for entry in entries.values()} == {0}
    assert len(set(vectors)) == len(vectors)
    assert (min(vectors), max(vectors) < LOCAL_TIMER_VECTOR) == (FIRST_DEVICE_VECTOR, True)
    assert {pin for pin, entry in entries.items() if entry & 0xA000 == 0xA000} == set(range(16, 24))


def test_cpu_that_is_online_cannot_boot_itself() -> None:
    assert steps_of(do_boot_cpu(xapic(cpu=1), 1)) == []
