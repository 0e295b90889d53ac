"""The wires around the 8259, in a machine."""

from app.hw.events import ExternalAcknowledged, LegacyLineChanged, LintChanged
from app.hw.legacy_pic import FIRST_VECTOR
from app.hw.machine import Machine
from app.x86.icr import DeliveryMode
from app.x86.registers import Register
from app.x86.units import Vector
from tests.hw.machines import machine_of


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
        ExternalAcknowledged(0, Vector(FIRST_VECTOR + 1)),
        LintChanged(0, 0, 0),
    ]
