"""IA32_APIC_BASE: the mode machine and what survives a change of mode."""

import pytest

from app.hw.events import ApicModeChanged, Fault, Ignored, MsrFaulted, Reason, WriteIgnored
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, KVM
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.model_specific_registers import (
    APIC_ENABLE,
    BOOTSTRAP_PROCESSOR,
    RESET_BASE,
    X2APIC_ENABLE,
    ApicMode,
    Msr,
)
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from tests.hw.machines import BITS_OF_MODE, ENABLED, fixed, machine_of, of_type, send, switch_mode

BASE = Msr.IA32_APIC_BASE
DISABLED, XAPIC, X2APIC = ApicMode.DISABLED, ApicMode.XAPIC, ApicMode.X2APIC
INVALID = X2APIC_ENABLE
WAY_TO = {XAPIC: (), X2APIC: (X2APIC,), DISABLED: (DISABLED,)}


def in_mode(mode: ApicMode) -> Machine:
    machine = machine_of(2)
    switch_mode(machine, 1, *WAY_TO[mode])
    machine.take_events()
    return machine


def state(machine: Machine, cpu: int) -> dict[Register, object]:
    """What software reads of every register that it can read in either mode."""
    return {
        definition.register: machine.read_register(cpu, offset)
        for offset, definition in REGISTERS.items()
        if definition.xapic.readable and definition.x2apic.readable and offset != Register.LVT_CMCI
    }


@pytest.mark.parametrize(("cpu", "value"), [(0, 0xFEE0_0900), (1, 0xFEE0_0800)])
def test_after_power_up_the_apic_is_on_at_the_usual_page_and_cpu_0_is_the_bootstrap_processor(
    cpu: int, value: int
) -> None:
    assert Machine(2).read_msr(cpu, BASE) == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DISABLED, DISABLED),
        (DISABLED, XAPIC),
        (XAPIC, DISABLED),
        (XAPIC, XAPIC),
        (XAPIC, X2APIC),
        (X2APIC, DISABLED),
        (X2APIC, X2APIC),
    ],
)
def test_legal_transition_changes_the_mode(before: ApicMode, after: ApicMode) -> None:
    machine = in_mode(before)

    assert machine.write_msr(1, BASE, RESET_BASE | BITS_OF_MODE[after]) is None

    assert machine.cpus[1].apic.mode is after
    assert machine.read_msr(1, BASE) == RESET_BASE | BITS_OF_MODE[after]
    changes = [] if before is after else [ApicModeChanged(1, after.value)]
    assert of_type(machine.events, ApicModeChanged) == changes


@pytest.mark.parametrize(
    ("before", "bits", "fault"),
    [
        (DISABLED, BITS_OF_MODE[X2APIC], Fault.ILLEGAL_TRANSITION),
        (X2APIC, BITS_OF_MODE[XAPIC], Fault.ILLEGAL_TRANSITION),
        (DISABLED, INVALID, Fault.INVALID_MODE),
        (XAPIC, INVALID, Fault.INVALID_MODE),
        (X2APIC, INVALID, Fault.INVALID_MODE),
    ],
)
def test_illegal_transition_faults_and_changes_nothing(before: ApicMode, bits: int, fault: Fault) -> None:
    machine = in_mode(before)

    assert machine.write_msr(1, BASE, 0xFED4_0000 | bits) is fault

    assert machine.read_msr(1, BASE) == RESET_BASE | BITS_OF_MODE[before]
    assert machine.events == [MsrFaulted(1, BASE, fault)]


def test_x2apic_mode_faults_on_a_cpu_that_has_none() -> None:
    machine = machine_of(1, profile=INTEL_P6)

    assert machine.write_msr(0, BASE, RESET_BASE | BITS_OF_MODE[X2APIC]) is Fault.INVALID_MODE
    assert machine.cpus[0].apic.mode is XAPIC


@pytest.mark.parametrize("bit", [*range(8), 9, *range(40, 64)])
def test_reserved_bit_faults(bit: int) -> None:
    machine = machine_of(1)

    assert machine.write_msr(0, BASE, RESET_BASE | APIC_ENABLE | 1 << bit) is Fault.RESERVED_BITS
    assert machine.read_msr(0, BASE) == RESET_BASE | APIC_ENABLE | BOOTSTRAP_PROCESSOR


@pytest.mark.parametrize("bit", range(12, 40))
def test_every_address_bit_can_be_written(bit: int) -> None:
    machine = machine_of(2)

    assert machine.write_msr(1, BASE, 1 << bit | APIC_ENABLE) is None
    assert machine.read_msr(1, BASE) == 1 << bit | APIC_ENABLE


@pytest.mark.parametrize(("cpu", "written"), [(0, 0), (1, BOOTSTRAP_PROCESSOR)])
def test_bootstrap_bit_ignores_what_is_written(cpu: int, written: int) -> None:
    machine = machine_of(2)
    before = machine.read_msr(cpu, BASE)

    answer = machine.write_msr(cpu, BASE, RESET_BASE | APIC_ENABLE | written)

    changes = RESET_BASE | APIC_ENABLE | written != before
    assert answer == (Ignored(Reason.NOT_WRITABLE) if changes else None)
    assert machine.events == [WriteIgnored(cpu, None, BASE, Reason.NOT_WRITABLE)] * changes
    assert machine.read_msr(cpu, BASE) == before


# What survives


def used(machine: Machine) -> None:
    """CPU 1's APIC has something in every register."""
    for register in INTEL_SDM.lvt_registers:
        machine.write_register(1, register, 0x1_00FE)
    machine.write_register(1, Register.TIMER_DIVIDE, 0xB)
    machine.write_register(1, Register.TIMER_INITIAL_COUNT, 1000)
    machine.write_register(1, Register.TPR, 0x20)
    machine.write_register(1, Register.DFR, 0)
    apic = machine.cpus[1].apic
    for vector in (0x91, 0x51):
        apic.accept(fixed(vector, TriggerMode.LEVEL))
    apic.acknowledge()
    send(machine, 1, Icr(0x45, destination=0x77))
    send(machine, 1, Icr(0x05, destination=0x77))
    machine.write_register(1, Register.ESR, 0)


def test_switched_off_and_on_the_apic_is_as_after_power_up_but_for_task_priority() -> None:
    machine = machine_of(2)
    used(machine)

    switch_mode(machine, 1, DISABLED, XAPIC)

    assert state(machine, 1) == state(Machine(2), 1) | {Register.TPR: 0x20, Register.PPR: 0x20}
    assert machine.timers_changed
    machine.check()


def test_from_xapic_to_x2apic_mode_everything_stays_but_ldr_id_and_the_high_half_of_icr() -> None:
    machine = machine_of(2)
    used(machine)
    before = state(machine, 1)

    switch_mode(machine, 1, X2APIC)

    # ICR is now one register of 64 bits: it reads as its low half did because the high half is 0.
    assert state(machine, 1) == before | {Register.ID: 1, Register.LDR: 2}


def test_way_back_to_xapic_mode_finds_no_logical_id() -> None:
    machine = machine_of(2)

    switch_mode(machine, 1, X2APIC, DISABLED, XAPIC)

    assert (machine.read_register(1, Register.ID), machine.read_register(1, Register.LDR)) == (0x0100_0000, 0)


def test_written_apic_id_gives_way_to_the_initial_one() -> None:
    machine = machine_of(2, profile=KVM)
    machine.write_register(1, Register.ID, 0x5500_0000)

    switch_mode(machine, 1, X2APIC)

    assert machine.read_register(1, Register.ID) == 1


@pytest.mark.parametrize("mode", ApicMode)
def test_init_keeps_mode_and_page(mode: ApicMode) -> None:
    machine = in_mode(mode)
    machine.write_msr(1, BASE, 0xFED4_0000 | BITS_OF_MODE[mode])

    machine.cpus[1].init_pending = machine.cpus[1].signalled = True
    machine.take_resets()

    assert machine.read_msr(1, BASE) == 0xFED4_0000 | BITS_OF_MODE[mode]


def test_message_finds_the_apic_in_its_new_mode() -> None:
    machine = machine_of(2, X2APIC)
    send(machine, 0, Icr(0x40, DeliveryMode.FIXED, destination=1))

    switch_mode(machine, 1, DISABLED)
    send(machine, 0, Icr(0x41, DeliveryMode.FIXED, destination=1))
    switch_mode(machine, 1, XAPIC)
    machine.write_register(1, Register.SVR, ENABLED)
    send(machine, 0, Icr(0x42, DeliveryMode.FIXED, destination=1))

    assert list(machine.cpus[1].apic.irr) == [0x42]
