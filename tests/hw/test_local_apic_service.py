"""How one APIC gives an interrupt to its CPU, and how it ends."""

import pytest

from app.hw.events import (
    Acknowledged,
    EoiBroadcastSuppressed,
    EoiWithoutInterrupt,
    InterruptEnded,
    SpuriousDelivered,
)
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.messages import EoiBroadcast
from app.hw.profile import INTEL_SDM, INTEL_XEON, Profile
from app.x86.icr import TriggerMode
from app.x86.registers import SVR_SUPPRESS_EOI_BROADCAST, Register
from app.x86.units import Vector
from tests.hw.machines import ENABLED, fixed, machine_of, of_type

LEVEL = TriggerMode.LEVEL
DISABLED = 0xFF


def apic_of(machine: Machine) -> LocalApic:
    return machine.cpus[0].apic


def test_acknowledge_moves_the_vector_from_request_to_service() -> None:
    machine = machine_of(1)
    apic_of(machine).accept(fixed(0x40))

    assert apic_of(machine).acknowledge() == 0x40
    assert (list(apic_of(machine).irr), list(apic_of(machine).isr)) == ([], [0x40])
    assert of_type(machine.events, Acknowledged) == [Acknowledged(0, Vector(0x40))]


def test_spurious_vector_when_task_priority_rose_meanwhile() -> None:
    machine = machine_of(1)
    apic = apic_of(machine)
    apic.accept(fixed(0x40))
    machine.write_register(0, Register.SVR, 0x13C)
    machine.write_register(0, Register.TPR, 0x40)

    assert apic.acknowledge() == 0x3C
    assert (list(apic.irr), list(apic.isr)) == ([0x40], [])
    assert of_type(machine.events, SpuriousDelivered) == [SpuriousDelivered(0, Vector(0x3C))]
    machine.write_register(0, Register.TPR, 0x30)
    assert apic.acknowledge() == 0x40


def test_programmed_spurious_vector_is_an_interrupt_like_any_other() -> None:
    apic = apic_of(machine_of(1))
    apic.accept(fixed(0xFF))

    assert apic.acknowledge() == 0xFF
    assert list(apic.isr) == [0xFF]
    apic.end_interrupt()
    assert list(apic.isr) == []


def test_eoi_ends_the_highest_vector_in_service() -> None:
    machine = machine_of(1)
    apic = apic_of(machine)
    for vector in (0x31, 0x52):
        apic.accept(fixed(vector))
        apic.acknowledge()

    apic.end_interrupt()

    assert list(apic.isr) == [0x31]
    assert of_type(machine.events, InterruptEnded) == [InterruptEnded(0, Vector(0x52))]


def test_eoi_with_nothing_in_service_changes_nothing() -> None:
    machine = machine_of(1)
    apic_of(machine).accept(fixed(0x40, LEVEL))

    assert apic_of(machine).end_interrupt() is None
    assert list(apic_of(machine).irr) == [0x40]
    assert of_type(machine.events, EoiWithoutInterrupt) == [EoiWithoutInterrupt(0)]


def test_eoi_is_broadcast_for_a_level_interrupt() -> None:
    apic = machine_of(4).cpus[3].apic
    apic.accept(fixed(0x40, LEVEL))
    apic.acknowledge()

    assert apic.end_interrupt() == EoiBroadcast(1, 3, Vector(0x40))


def test_eoi_is_not_broadcast_for_an_edge_interrupt() -> None:
    apic = apic_of(machine_of(1))
    apic.accept(fixed(0x40))
    apic.acknowledge()

    assert apic.end_interrupt() is None


@pytest.mark.parametrize(("profile", "suppressed"), [(INTEL_XEON, True), (INTEL_SDM, False)])
def test_eoi_broadcast_is_suppressed_where_the_version_can_do_that(profile: Profile, suppressed: bool) -> None:
    machine = machine_of(1, profile=profile)
    machine.write_register(0, Register.SVR, ENABLED | SVR_SUPPRESS_EOI_BROADCAST)
    apic_of(machine).accept(fixed(0x40, LEVEL))
    apic_of(machine).acknowledge()

    assert (apic_of(machine).end_interrupt() is None) == suppressed
    assert of_type(machine.events, EoiBroadcastSuppressed) == [EoiBroadcastSuppressed(0, Vector(0x40))] * suppressed
    assert list(apic_of(machine).isr) == []


def test_eoi_ends_an_interrupt_after_software_disable() -> None:
    machine = machine_of(1)
    apic_of(machine).accept(fixed(0x40))
    apic_of(machine).acknowledge()
    machine.write_register(0, Register.SVR, DISABLED)

    machine.write_register(0, Register.EOI, 0)

    assert len(apic_of(machine).isr) == 0
