"""The 8259 behind LINT0."""

import pytest

from app.hw.events import ExternalAcknowledged, LegacyLineChanged, LintChanged
from app.hw.legacy_pic import DEVICE_LINES, FIRST_VECTOR, LegacyPic
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from tests.hw.helpers import machine_of


def with_lines(*lines: int) -> LegacyPic:
    pic = LegacyPic()
    for line in lines:
        pic.raise_line(line)
    return pic


def test_output_is_up_while_a_line_asks() -> None:
    pic = LegacyPic()
    assert not pic.intr

    pic.raise_line(4)
    assert pic.intr

    pic.lower_line(4)
    assert not pic.intr


@pytest.mark.parametrize("line", DEVICE_LINES)
def test_vector_is_that_of_the_line(line: int) -> None:
    pic = with_lines(line)

    assert pic.acknowledge() == 0x20 + line
    assert not pic.intr


def test_lines_of_the_second_8259_come_at_line_2_of_the_first() -> None:
    pic = with_lines(*reversed(DEVICE_LINES))

    vectors = [pic.acknowledge() for _ in DEVICE_LINES]

    assert [vector - FIRST_VECTOR for vector in vectors] == [0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7]


def test_line_that_asks_twice_is_one_interrupt() -> None:
    pic = with_lines(5, 5)

    pic.acknowledge()

    assert not pic.intr


def test_line_that_was_lowered_before_the_acknowledge_gives_the_spurious_vector() -> None:
    pic = with_lines(4)
    pic.lower_line(4)

    assert pic.acknowledge() == FIRST_VECTOR + 7


def test_lowering_a_line_that_is_down_changes_nothing() -> None:
    pic = with_lines(4)

    pic.lower_line(5)

    assert pic.acknowledge() == FIRST_VECTOR + 4


@pytest.mark.parametrize("line", [-1, 2, 16])
def test_line_that_no_device_has_is_refused(line: int) -> None:
    with pytest.raises(ValueError, match=f"not {line}"):
        LegacyPic().raise_line(line)


# In a machine


def virtual_wire() -> Machine:
    """LINT0 of CPU 0 takes ExtINT, and its interrupts are on."""
    machine = machine_of(2)
    machine.write_register(0, Register.LVT_LINT0, DeliveryMode.EXTINT << 8)
    machine.cpus[0].interrupt_flag = True
    return machine


def test_its_output_is_lint0_of_cpu_0() -> None:
    machine = virtual_wire()
    machine.drive_legacy_line(1, 1)
    machine.drive_legacy_line(8, 1)
    assert [cpu.apic.lint_lines for cpu in machine.cpus] == [[1, 0], [0, 0]]

    vectors = [machine.cpus[0].take_interrupt() for _ in range(2)]

    assert vectors == [FIRST_VECTOR + 1, FIRST_VECTOR + 8]
    assert machine.cpus[0].apic.lint_lines == [0, 0]
    assert not machine.cpus[0].interrupt_deliverable()


def test_lowered_line_lowers_the_output() -> None:
    machine = virtual_wire()

    machine.drive_legacy_line(1, 1)
    machine.drive_legacy_line(1, 0)

    assert machine.cpus[0].apic.lint_lines == [0, 0]
    assert not machine.cpus[0].interrupt_deliverable()


def test_line_that_is_raised_while_it_is_up_asks_no_second_time() -> None:
    pic = with_lines(1)
    pic.acknowledge()

    pic.raise_line(1)
    assert not pic.intr

    pic.lower_line(1)
    pic.raise_line(1)
    assert pic.intr


def test_wire_to_lint0_is_up_while_the_8259_or_the_hand_is() -> None:
    machine = virtual_wire()
    lines = machine.cpus[0].apic.lint_lines
    machine.drive_lint(0, 0, 1)
    machine.drive_legacy_line(3, 1)

    machine.drive_legacy_line(3, 0)
    assert lines == [1, 0]

    machine.drive_lint(0, 0, 0)
    assert lines == [0, 0]


def test_line_and_vector_are_said_before_what_follows_from_them() -> None:
    machine = virtual_wire()
    machine.cpus[0].interrupt_flag = True
    machine.take_events()

    machine.drive_legacy_line(1, 1)
    machine.cpus[0].take_interrupt()

    assert machine.events == [
        LegacyLineChanged(1, 1),
        LintChanged(0, 0, 1),
        ExternalAcknowledged(0, FIRST_VECTOR + 1),
        LintChanged(0, 0, 0),
    ]
