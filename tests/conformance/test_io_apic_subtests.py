"""I1-I12: kvm-unit-tests, x86/ioapic.c: registers, edges and levels, coalescing, masks. The pin is 0x0E, as there."""

from app.hw.cpu import Arrival
from app.hw.machine import Machine
from app.x86.redirection import IoApicRegister
from tests.conformance.software import (
    booted,
    end_of_interrupt,
    redirect,
    run_handlers,
    set_line,
    set_mask,
    toggle_line,
)

PIN, OTHER_PIN = 0x0E, 0x0D
VECTOR = 0x76


def with_pin(vector: int = VECTOR, *, level: bool, masked: bool = False) -> Machine:
    machine = booted()
    redirect(machine, PIN, vector, level=level, masked=masked)
    return machine


# Registers


def test_i01_reg_version_does_not_change() -> None:
    machine = booted()
    before = machine.read_io_apic(IoApicRegister.VERSION)

    for value in (0, 0xFFFF_FFFF, before ^ 0xFFFF_FFFF):
        machine.write_io_apic(IoApicRegister.VERSION, value)
        assert machine.read_io_apic(IoApicRegister.VERSION) == before


def test_i02_reg_id_takes_bits_27_to_24_alone() -> None:
    machine = booted()
    before = machine.read_io_apic(IoApicRegister.ID)

    machine.write_io_apic(IoApicRegister.ID, before ^ 0xFFFF_FFFF)

    assert machine.read_io_apic(IoApicRegister.ID) ^ before == 0x0F00_0000


def test_i03_arbitration_id_follows_the_id_and_cannot_be_written() -> None:
    machine = booted()
    machine.write_io_apic(IoApicRegister.ID, 0x0D00_0000)
    assert machine.read_io_apic(IoApicRegister.ARBITRATION) == 0x0D00_0000

    machine.write_io_apic(IoApicRegister.ARBITRATION, 0x0200_0000)

    assert machine.read_io_apic(IoApicRegister.ARBITRATION) == 0x0D00_0000
    assert machine.read_io_apic(IoApicRegister.ID) == 0x0D00_0000


# Edge and level


def test_i04_edge_intr_one_toggle_is_one_interrupt() -> None:
    machine = with_pin(level=False)

    toggle_line(machine, PIN)

    assert run_handlers(machine, 0) == [VECTOR]


def test_i05_level_intr_that_the_handler_lowers_is_one_interrupt() -> None:
    machine = with_pin(level=True)

    def handler() -> None:
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, 0)

    set_line(machine, PIN, 1)

    assert run_handlers(machine, 0, {VECTOR: handler}) == [VECTOR]


def test_i06_simultaneous_edges_run_highest_first_at_one_address() -> None:
    machine = booted()
    cpu = machine.cpus[0]
    redirect(machine, PIN, 0x78)
    redirect(machine, OTHER_PIN, 0x66)
    cpu.disable_interrupts()
    toggle_line(machine, OTHER_PIN)
    toggle_line(machine, PIN)

    taken = []
    cpu.enable_interrupts()
    for address in range(4):  # instructions behind STI
        while cpu.next_arrival() is Arrival.INTERRUPT:
            taken.append((cpu.take_interrupt(), address))
            end_of_interrupt(machine, 0)
        cpu.instruction_ended()

    assert taken == [(0x78, 1), (0x66, 1)]


def test_i07_level_coalesce_drop_and_raise_before_eoi_is_one_interrupt() -> None:
    machine = with_pin(level=True)

    def handler() -> None:
        for level in (0, 1, 0):
            set_line(machine, PIN, level)
        end_of_interrupt(machine, 0)

    set_line(machine, PIN, 1)

    assert run_handlers(machine, 0, {VECTOR: handler}) == [VECTOR]


def test_i08_level_sequential_two_raises_are_two_interrupts() -> None:
    machine = with_pin(level=True)

    def handler() -> None:
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, 0)

    taken = []
    for _ in range(2):
        set_line(machine, PIN, 1)
        taken += run_handlers(machine, 0, {VECTOR: handler})

    assert taken == [VECTOR, VECTOR]


def test_i09_level_retrigger_line_left_high_comes_again_after_eoi() -> None:
    machine = with_pin(level=True)
    runs = 0

    def handler() -> None:
        nonlocal runs
        runs += 1
        if runs == 2:
            set_line(machine, PIN, 0)
        end_of_interrupt(machine, 0)

    set_line(machine, PIN, 1)

    assert run_handlers(machine, 0, {VECTOR: handler}) == [VECTOR, VECTOR]


# Mask


def test_i10_edge_mask_loses_the_edge() -> None:
    machine = with_pin(level=False, masked=True)

    toggle_line(machine, PIN)
    assert run_handlers(machine, 0) == []

    set_mask(machine, PIN, False)
    assert run_handlers(machine, 0) == []
    toggle_line(machine, PIN)
    assert run_handlers(machine, 0) == [VECTOR]


def test_i11_level_mask_keeps_the_line_until_unmasked() -> None:
    machine = with_pin(level=True, masked=True)

    def handler() -> None:
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, 0)

    set_line(machine, PIN, 1)
    assert run_handlers(machine, 0) == []

    set_mask(machine, PIN, False)
    assert run_handlers(machine, 0, {VECTOR: handler}) == [VECTOR]


def test_i12_level_retrigger_mask_comes_again_when_unmasked() -> None:
    machine = with_pin(level=True)

    def handler() -> None:
        set_mask(machine, PIN, True)
        end_of_interrupt(machine, 0)

    set_line(machine, PIN, 1)
    taken = run_handlers(machine, 0, {VECTOR: handler})
    assert taken == [VECTOR]
    set_mask(machine, PIN, False)
    taken += run_handlers(machine, 0, {VECTOR: handler})

    assert taken == [VECTOR, VECTOR]
