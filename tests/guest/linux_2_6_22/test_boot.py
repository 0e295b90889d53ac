"""How a CPU sets its APIC up, as the registers are afterwards."""

from collections import Counter

import pytest

from app.guest.apic_ops import Context, KernelState
from app.guest.linux_2_6_22.apic_driver import safe_smp_processor_id
from app.guest.linux_2_6_22.boot import do_boot_cpu, io_apic_entries, setup_local_apic, start_secondary
from app.guest.linux_2_6_22.irq_vectors import ERROR_APIC_VECTOR, FIRST_DEVICE_VECTOR, LOCAL_TIMER_VECTOR
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.steps import Delay, Dereference, EnableInterrupts, Load, Store
from app.hw.machine import Machine
from app.x86.registers import Register
from tests.guest.by_hand import context_of, steps_of, stores_of


def booted(cpus: int) -> Machine:
    machine = Machine(cpus)
    for cpu in machine.cpus:
        code = start_secondary(Context(cpu, KernelState(cpus, LINUX_2_6_22), NATIVE_OPERATIONS))
        read: int | None = None
        try:
            while True:
                step = code.send(read)  # type: ignore[arg-type]  # None starts it
                read = 0
                if isinstance(step, Store):
                    machine.write_register(cpu.number, step.register, step.value)
                elif isinstance(step, Load):
                    found = machine.read_register(cpu.number, step.register)
                    assert isinstance(found, int)
                    read = found
        except StopIteration:
            pass
    return machine


@pytest.mark.parametrize("cpu", range(8))
def test_each_of_eight_cpus_has_its_own_bit_in_the_flat_model(cpu: int) -> None:
    machine = booted(8)

    assert machine.read_register(cpu, Register.LDR) == 1 << 24 + cpu
    assert machine.read_register(cpu, Register.DFR) == 0xFFFF_FFFF


def test_apic_is_enabled_with_the_spurious_vector_and_lets_everything_in() -> None:
    machine = booted(2)

    assert machine.read_register(1, Register.SVR) == 0x1FF
    assert machine.read_register(1, Register.TPR) == 0


def test_errors_have_their_vector_and_esr_is_clear() -> None:
    machine = booted(2)

    assert machine.read_register(1, Register.LVT_ERROR) == 0xFE
    assert machine.read_register(1, Register.ESR) == 0


def test_nmi_pin_is_open_on_the_bootstrap_processor_alone() -> None:
    machine = booted(3)

    assert [machine.read_register(cpu, Register.LVT_LINT1) for cpu in range(3)] == [0x400, 0x1_0400, 0x1_0400]
    assert [machine.read_register(cpu, Register.LVT_LINT0) for cpu in range(3)] == [0x1_0700] * 3


def test_interrupts_go_on_last() -> None:
    steps = steps_of(start_secondary(context_of(cpu=1)))

    assert steps.count(EnableInterrupts()) == 1
    assert steps[-1] == EnableInterrupts()


def test_new_cpu_reads_its_id_through_the_table_and_its_logical_id_past_it() -> None:
    steps = [step for step in steps_of(start_secondary(context_of(cpu=1))) if isinstance(step, Load | Dereference)]

    assert {type(step) for step in steps[:-1]} == {Load}
    assert steps[0] == Load(Register.ID)
    assert steps[-1] == Dereference(Register.LDR, "logical_smp_processor_id")


def test_errors_are_cleared_and_read_before_and_after_their_vector_is_set() -> None:
    steps = steps_of(start_secondary(context_of(cpu=1)))
    place = steps.index(Store(Register.LVT_ERROR, ERROR_APIC_VECTOR))

    clear_and_read = [Store(Register.ESR, 0), Load(Register.ESR)]
    assert (steps[place - 2 : place], steps[place + 1 : place + 3]) == (clear_and_read, clear_and_read)


@pytest.mark.parametrize(("found", "number"), [(2 << 24, 2), (0xFF << 24, 0)])
def test_crash_code_finds_its_cpu_by_a_dereference(found: int, number: int) -> None:
    code = safe_smp_processor_id(context_of())

    assert next(code) == Dereference(Register.ID, "hard_smp_processor_id")
    with pytest.raises(StopIteration) as stop:
        code.send(found)
    assert stop.value.value == number


def test_cpu_that_is_online_cannot_boot_itself() -> None:
    assert steps_of(do_boot_cpu(context_of(cpu=1), 1)) == []


def test_another_cpu_is_booted_by_init_deassert_and_two_startup_ipis() -> None:
    steps = steps_of(do_boot_cpu(context_of(), 2))

    sent = [step.value for step in steps if isinstance(step, Store) and step.register == Register.ICR_LOW]
    targets = {step.value >> 24 for step in steps if isinstance(step, Store) and step.register == Register.ICR_HIGH}
    assert [value & 0xC7FF for value in sent] == [0xC500, 0x8500, 0x0609, 0x0609]
    assert targets == {2}
    assert [step.microseconds for step in steps if isinstance(step, Delay)] == [10_000, 300, 200, 300, 200]


def test_what_a_crashed_kernel_left_in_service_is_ended_bit_by_bit() -> None:
    steps = steps_of(setup_local_apic(context_of(cpu=1)), *[0] * 4, 1 << 31 | 1 << 3)

    first = steps.index(Load(Register.ISR7))
    assert steps[first : first + 4] == [Load(Register.ISR7), *[Store(Register.EOI, 0)] * 2, Load(Register.ISR6)]


def test_more_than_eight_cpus_have_no_error_vector_and_their_apic_id_for_a_logical_one() -> None:
    stores = stores_of(setup_local_apic(context_of(cpu=9, cpus=12)))

    assert stores[:4] == [(Register.ESR, 0)] * 4
    assert (Register.LDR, 9 << 24) in stores
    assert Register.LVT_ERROR not in dict(stores)


def test_line_from_the_8259_stays_open_on_the_bootstrap_processor_if_firmware_had_it_open() -> None:
    open_, shut = (dict(stores_of(setup_local_apic(context_of(cpu)))) for cpu in (0, 1))  # each load finds 0

    assert (open_[Register.LVT_LINT0], shut[Register.LVT_LINT0]) == (0x700, 0x1_0700)


# The I/O APIC


def test_every_pin_in_use_has_a_device_vector_of_its_own() -> None:
    vectors = [entry & 0xFF for entry in io_apic_entries(KernelState(4, LINUX_2_6_22)).values()]

    assert len(set(vectors)) == len(vectors)
    assert min(vectors) == FIRST_DEVICE_VECTOR
    assert max(vectors) < LOCAL_TIMER_VECTOR


def test_vectors_spread_over_the_classes() -> None:
    classes = Counter((entry & 0xFF) >> 4 for entry in io_apic_entries(KernelState(4, LINUX_2_6_22)).values())

    assert max(classes.values()) == 2


def test_isa_pins_are_edge_and_pci_pins_level_and_active_low() -> None:
    entries = io_apic_entries(KernelState(4, LINUX_2_6_22))

    assert {pin for pin, entry in entries.items() if entry & 0xA000 == 0xA000} == set(range(16, 24))
    assert {pin for pin, entry in entries.items() if entry & 0xA000 == 0} == {*range(1, 16)}


def test_devices_go_to_the_lowest_priority_of_all_cpus_in_flat_mode() -> None:
    entry = io_apic_entries(KernelState(4, LINUX_2_6_22))[16]

    assert (entry >> 56, entry >> 11 & 1, entry >> 8 & 7) == (0b1111, 1, 1)


def test_devices_go_to_the_bootstrap_processor_beyond_eight_cpus() -> None:
    entry = io_apic_entries(KernelState(9, LINUX_2_6_22))[16]

    assert (entry >> 56, entry >> 11 & 1, entry >> 8 & 7) == (0, 0, 0)
