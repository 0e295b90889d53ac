"""I13-I17: kvm-unit-tests, x86/ioapic.c: TMR, destinations with four CPUs, entries changed while in service."""

from app.hw.machine import Machine
from app.x86.icr import DestinationMode
from app.x86.redirection import IoApicRegister
from app.x86.registers import Register
from tests.conformance.software import (
    booted,
    end_of_interrupt,
    redirect,
    remote_irr,
    run_everywhere,
    run_handlers,
    set_line,
    toggle_line,
    vectors,
    write,
)

PIN, OTHER_PIN = 0x0E, 0x0D
VECTOR = 0x76
EDGE, LEVEL = False, True


def machine_of_four() -> Machine:
    machine = booted(4)
    for cpu in range(4):
        write(machine, cpu, Register.LDR, 1 << 24 + cpu)
    return machine


def trigger_modes(machine: Machine, level: bool) -> tuple[bool, bool]:
    """TMR's bit before the pin's interrupt, and what its handler sees."""
    redirect(machine, PIN, VECTOR, level=level)
    before = VECTOR in vectors(machine, 0, Register.TMR0)
    seen = []

    def handler() -> None:
        seen.append(VECTOR in vectors(machine, 0, Register.TMR0))
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, 0)

    if level:
        set_line(machine, PIN, 1)
    else:
        toggle_line(machine, PIN)
    assert run_handlers(machine, 0, {VECTOR: handler}) == [VECTOR]
    return before, seen[0]


def test_i13_edge_and_level_tmr_says_the_mode_and_keeps_it_over_eoi() -> None:
    machine = booted()

    assert trigger_modes(machine, EDGE) == (False, False)
    assert trigger_modes(machine, LEVEL) == (False, True)
    assert trigger_modes(machine, LEVEL) == (True, True)
    assert trigger_modes(machine, EDGE) == (True, False)


def test_i14_physical_destination_mode_reaches_the_other_cpu() -> None:
    machine = machine_of_four()
    redirect(machine, PIN, VECTOR, level=True, destination=1)

    def handler() -> None:
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, 1)

    set_line(machine, PIN, 1)

    assert run_handlers(machine, 1, {VECTOR: handler}) == [VECTOR]
    assert run_everywhere(machine) == [[]] * 4


def test_i15_logical_destination_mode_runs_one_handler_on_each_of_three_cpus() -> None:
    machine = machine_of_four()
    redirect(machine, PIN, VECTOR, level=True, destination=0x0D, destination_mode=DestinationMode.LOGICAL)
    runs = []

    def handler(cpu: int) -> None:
        runs.append(cpu)
        set_line(machine, PIN, 0)
        end_of_interrupt(machine, cpu)

    set_line(machine, PIN, 1)
    run_handlers(machine, 0, {VECTOR: lambda: handler(0)})
    run_handlers(machine, 1, {VECTOR: lambda: handler(1)})
    run_handlers(machine, 2, {VECTOR: lambda: handler(2)})
    run_handlers(machine, 3, {VECTOR: lambda: handler(3)})

    assert runs == [0, 2, 3]


def test_i16_edge_and_level_tmr_smp_is_that_of_the_target_alone() -> None:
    # There, CPU 1 makes the device raise the line. A line does not show who moved it: what is left is the others' TMR.
    machine = machine_of_four()

    assert trigger_modes(machine, EDGE) == (False, False)
    assert trigger_modes(machine, LEVEL) == (False, True)
    assert trigger_modes(machine, LEVEL) == (True, True)
    assert [vectors(machine, cpu, Register.TMR0) for cpu in range(4)] == [[VECTOR], [], [], []]
    assert trigger_modes(machine, EDGE) == (True, False)


def retarget(machine: Machine, pin: int, destination: int) -> None:
    machine.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin + 1, destination << 24)
    machine.settle()


def test_i17_self_reconfigure_eoi_finds_pins_whose_destination_has_changed() -> None:
    machine = machine_of_four()
    redirect(machine, OTHER_PIN, 0x64, level=True)
    redirect(machine, PIN, 0x84, level=True)
    log: list[str] = []

    def handle_64() -> None:
        set_line(machine, PIN, 1)
        assert remote_irr(machine, OTHER_PIN)
        assert remote_irr(machine, PIN)
        for pin in (OTHER_PIN, PIN):
            set_line(machine, pin, 0)
            retarget(machine, pin, 1)
        end_of_interrupt(machine, 0)
        log.append("64h returns")

    def handle_84() -> None:
        log.append("84h runs")
        end_of_interrupt(machine, 0)

    set_line(machine, OTHER_PIN, 1)
    assert run_handlers(machine, 0, {0x64: handle_64, 0x84: handle_84}) == [0x64, 0x84]

    assert log == ["64h returns", "84h runs"]
    assert not remote_irr(machine, OTHER_PIN)
    assert not remote_irr(machine, PIN)
    assert run_everywhere(machine) == [[]] * 4
