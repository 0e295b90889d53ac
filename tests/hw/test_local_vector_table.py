"""Local sources: thermal sensor, performance counters, corrected machine checks, timer, errors."""

import pytest

from app.hw.events import Accepted, LocalSourceDropped, Merged, Reason, Retried
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.lvt import DELIVERY_STATUS, MASKED, RESET
from app.x86.model_specific_registers import ApicMode
from app.x86.registers import Register
from app.x86.state_registers import ESR_ILLEGAL_REGISTER_ADDRESS, ESR_RECEIVE_ILLEGAL_VECTOR
from app.x86.units import Vector
from tests.hw.machines import ENABLED, fixed, machine_of, of_type, serve, switch_mode

THERMAL, PERFORMANCE, CMCI = Register.LVT_THERMAL, Register.LVT_PERFORMANCE, Register.LVT_CMCI
SOURCES = (THERMAL, PERFORMANCE, CMCI)
sources = pytest.mark.parametrize("register", SOURCES)


def machine_with(register: Register, entry: int) -> Machine:
    """CPU 1's *entry* is written; LVT CMCI is there."""
    machine = machine_of(2, profile=INTEL_XEON)
    machine.write_register(1, register, entry)
    machine.take_events()
    return machine


def dropped(machine: Machine) -> list[LocalSourceDropped]:
    return of_type(machine.events, LocalSourceDropped)


@sources
def test_unmasked_source_requests_its_vector_as_an_edge(register: Register) -> None:
    machine = machine_with(register, 0x77)

    machine.fire_local(1, register)

    assert [list(cpu.apic.irr) for cpu in machine.cpus] == [[], [0x77]]
    assert of_type(machine.events, Accepted) == [Accepted(1, Vector(0x77), DeliveryMode.FIXED, TriggerMode.EDGE, None)]


@sources
def test_masked_source_is_dropped(register: Register) -> None:
    machine = machine_with(register, 0x77 | MASKED)

    machine.fire_local(1, register)

    assert list(machine.cpus[1].apic.irr) == []
    assert dropped(machine) == [LocalSourceDropped(1, register, Reason.LVT_MASKED)]


@sources
def test_source_of_a_software_disabled_apic_is_masked(register: Register) -> None:
    machine = machine_with(register, 0x77)
    machine.write_register(1, Register.SVR, 0xFF)

    machine.fire_local(1, register)

    assert dropped(machine) == [LocalSourceDropped(1, register, Reason.LVT_MASKED)]


@sources
def test_source_of_a_disabled_apic_is_dropped(register: Register) -> None:
    machine = machine_with(register, 0x77)
    switch_mode(machine, 1, ApicMode.DISABLED)

    machine.fire_local(1, register)

    assert list(machine.cpus[1].apic.irr) == []
    assert dropped(machine) == [LocalSourceDropped(1, register, Reason.APIC_DISABLED)]


@sources
def test_source_can_be_an_nmi(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.NMI << 8 | 0x05)

    machine.fire_local(1, register)

    assert machine.cpus[1].nmi_deliverable()
    assert list(machine.cpus[1].apic.irr) == []
    assert machine.cpus[1].apic.esr_pending == 0
    assert of_type(machine.events, Accepted) == [Accepted(1, Vector(0x05), DeliveryMode.NMI, TriggerMode.EDGE, None)]


@sources
def test_source_can_be_an_smi(register: Register) -> None:
    machine = machine_with(register, DeliveryMode.SMI << 8)

    machine.fire_local(1, register)
    machine.fire_local(1, register)

    assert machine.cpus[1].smi_pending
    merges = of_type(machine.events, Merged)
    assert merges == ([] if register is PERFORMANCE else [Merged(1, Vector(0), DeliveryMode.SMI, None)])


@sources
@pytest.mark.parametrize(
    "mode",
    [
        DeliveryMode.LOWEST_PRIORITY,
        DeliveryMode.RESERVED_3,
        DeliveryMode.INIT,
        DeliveryMode.STARTUP,
        DeliveryMode.EXTINT,
    ],
)
def test_source_delivers_nothing_else(mode: DeliveryMode, register: Register) -> None:
    machine = machine_with(register, mode << 8 | 0x77)

    machine.fire_local(1, register)
    machine.take_resets()

    assert dropped(machine) == [LocalSourceDropped(1, register, Reason.RESERVED_DELIVERY_MODE)]
    assert (list(machine.cpus[1].apic.irr), machine.cpus[1].starts, machine.cpus[1].signalled) == ([], 0, False)


@sources
def test_performance_counters_mask_themselves_and_the_others_do_not(register: Register) -> None:
    machine = machine_with(register, 0x77)

    machine.fire_local(1, register)

    masks_itself = register is PERFORMANCE
    assert machine.read_register(1, register) == (0x77 | MASKED if masks_itself else 0x77)
    machine.fire_local(1, register)
    assert len(dropped(machine)) == masks_itself


@sources
def test_illegal_vector_is_noticed_when_the_source_fires(register: Register) -> None:
    machine = machine_with(register, 0x0F)
    assert machine.cpus[1].apic.esr_pending == 0

    machine.fire_local(1, register)

    assert machine.cpus[1].apic.esr_pending == ESR_RECEIVE_ILLEGAL_VECTOR
    assert list(machine.cpus[1].apic.irr) == []


@sources
def test_lowest_legal_vector_is_requested(register: Register) -> None:
    machine = machine_with(register, 0x10)

    machine.fire_local(1, register)

    assert (list(machine.cpus[1].apic.irr), machine.cpus[1].apic.esr_pending) == ([0x10], 0)


@pytest.mark.parametrize("entry", [0x0F, 0x10, 0xFE])
def test_unmasked_error_entry_raises_its_vector_when_that_is_legal(entry: int) -> None:
    machine = machine_of(1)
    machine.write_register(0, Register.LVT_ERROR, entry)

    machine.cpus[0].apic.accept(fixed(0x03))

    assert list(machine.cpus[0].apic.irr) == ([entry] if entry >= 16 else [])


# Which entries there are


def test_cmci_is_there_only_where_the_version_has_seven_entries() -> None:
    machine = machine_of(1, profile=INTEL_SDM)

    assert machine.read_register(0, Register.VERSION) == 0x0005_0014
    assert machine.read_register(0, CMCI) == 0
    machine.write_register(0, CMCI, 0x77)
    assert machine.cpus[0].apic.esr_pending == ESR_ILLEGAL_REGISTER_ADDRESS
    with pytest.raises(KeyError):
        machine.fire_local(0, CMCI)


def test_cmci_is_like_the_other_entries_where_it_is() -> None:
    machine = Machine(1, profile=INTEL_XEON)
    assert machine.read_register(0, CMCI) == RESET

    machine.write_register(0, CMCI, 0x77)
    assert machine.read_register(0, CMCI) == 0x77 | MASKED  # software-disabled

    machine.write_register(0, Register.SVR, ENABLED)
    machine.write_register(0, CMCI, 0xFFFF_FFFF)
    assert machine.read_register(0, CMCI) == 0x1_07FF


# Sources that find no room (P6 family)


def full(vector: int, *registers: Register) -> Machine:
    """A P6 whose CPU 0 has *vector* requested already; *registers* will request it too."""
    machine = machine_of(1, profile=INTEL_P6)
    machine.cpus[0].apic.accept(fixed(vector))
    for register in registers:
        machine.write_register(0, register, vector)
    machine.take_events()
    return machine


def test_source_without_room_waits_and_shows_it_in_its_delivery_status() -> None:
    machine = full(0x40, PERFORMANCE)

    machine.fire_local(0, PERFORMANCE)

    assert machine.read_register(0, PERFORMANCE) == 0x40 | MASKED | DELIVERY_STATUS
    assert machine.read_register(0, Register.LVT_ERROR) == RESET
    assert of_type(machine.events, Retried) == [Retried(0, Vector(0x40), DeliveryMode.FIXED, None)]


def test_source_that_waits_is_accepted_as_soon_as_there_is_room() -> None:
    machine = full(0x40, Register.LVT_ERROR)
    machine.cpus[0].apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    assert serve(machine, 0) == 0x40

    assert list(machine.cpus[0].apic.irr) == [0x40]
    assert machine.read_register(0, Register.LVT_ERROR) == 0x40
    assert of_type(machine.events, Accepted) == [Accepted(0, Vector(0x40), DeliveryMode.FIXED, TriggerMode.EDGE, None)]


def test_sources_that_wait_for_one_vector_are_accepted_one_after_the_other() -> None:
    machine = full(0x40, Register.LVT_ERROR, Register.LVT_TIMER)
    machine.write_register(0, Register.TIMER_INITIAL_COUNT, 1)
    machine.clock.now = 100
    machine.expire_timers()
    machine.cpus[0].apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    waiting = []
    while machine.cpus[0].apic.deliverable():
        waiting.append(sorted(machine.cpus[0].apic.retried_sources))
        serve(machine, 0)

    assert waiting == [[Register.LVT_TIMER, Register.LVT_ERROR], [Register.LVT_ERROR], []]


def test_source_goes_on_waiting_while_another_vector_is_taken() -> None:
    machine = full(0x40, Register.LVT_ERROR)
    machine.cpus[0].apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)
    machine.cpus[0].apic.accept(fixed(0x50))

    assert serve(machine, 0) == 0x50

    assert machine.cpus[0].apic.retried_sources == {Register.LVT_ERROR}


def test_counters_that_wait_are_accepted_although_they_have_masked_themselves() -> None:
    machine = full(0x40, PERFORMANCE)
    machine.fire_local(0, PERFORMANCE)

    serve(machine, 0)

    assert list(machine.cpus[0].apic.irr) == [0x40]
    assert machine.read_register(0, PERFORMANCE) == 0x40 | MASKED


@pytest.mark.parametrize(("register", "value"), [(Register.SVR, 0xFF), (Register.LVT_ERROR, 0x40 | MASKED)])
def test_source_that_waits_gives_up_when_it_is_masked(register: Register, value: int) -> None:
    machine = full(0x40, Register.LVT_ERROR)
    machine.cpus[0].apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    machine.write_register(0, register, value)
    assert machine.read_register(0, Register.LVT_ERROR) == 0x40 | MASKED
    serve(machine, 0)

    assert list(machine.cpus[0].apic.irr) == []


def test_source_that_waits_is_accepted_when_its_entry_gets_a_vector_with_room() -> None:
    machine = full(0x40, Register.LVT_ERROR)
    machine.cpus[0].apic.notice_error(ESR_ILLEGAL_REGISTER_ADDRESS)

    machine.write_register(0, Register.LVT_ERROR, 0x41)
    served = [serve(machine, 0) for _ in range(2)]

    assert served == [0x41, 0x40]
    assert machine.read_register(0, Register.LVT_ERROR) == 0x41


@pytest.mark.parametrize("register", INTEL_P6.lvt_registers)
def test_entry_that_waits_for_nothing_has_delivery_status_0(register: Register) -> None:
    machine = machine_of(1, profile=INTEL_P6)

    machine.write_register(0, register, 0x40 | DELIVERY_STATUS)

    assert machine.read_register(0, register) == 0x40
