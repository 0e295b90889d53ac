"""Machines and messages for the tests of this room."""

from collections.abc import Sequence
from typing import TypeVar

from app.hw.events import Event
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.hw.profile import INTEL_SDM, Profile
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE, ApicMode, Msr
from app.x86.registers import SVR_ENABLE, Register
from app.x86.units import Vector

EventType = TypeVar("EventType")

#: A message's address: CPU 1. Its data: level-triggered, asserted.
TO_CPU_1 = 0xFEE0_1000
LEVEL_MSI = 1 << 15 | 1 << 14

ENABLED = SVR_ENABLE | 0xFF
BITS_OF_MODE = {ApicMode.DISABLED: 0, ApicMode.XAPIC: APIC_ENABLE, ApicMode.X2APIC: APIC_ENABLE | X2APIC_ENABLE}


def machine_of(
    cpu_count: int, mode: ApicMode = ApicMode.XAPIC, profile: Profile = INTEL_SDM, apic_ids: Sequence[int] = ()
) -> Machine:
    """A machine whose APICs are software-enabled; in xAPIC mode each has the flat logical ID that Linux gives it."""
    machine = Machine(cpu_count, mode, profile=profile, apic_ids=apic_ids)
    for cpu in range(cpu_count):
        machine.write_register(cpu, Register.SVR, ENABLED)
        if mode is ApicMode.XAPIC:
            machine.write_register(cpu, Register.LDR, 1 << 24 + cpu % 8)
    return machine


def switch_mode(machine: Machine, cpu: int, *modes: ApicMode) -> None:
    """CPU *cpu* writes IA32_APIC_BASE for one of *modes* after the other; each must be a legal step."""
    for mode in modes:
        assert machine.write_msr(cpu, Msr.IA32_APIC_BASE, RESET_BASE | BITS_OF_MODE[mode]) is None


def send(machine: Machine, cpu: int, icr: Icr) -> None:
    """CPU *cpu* sends *icr*, which arrives at once."""
    post(machine, cpu, icr)
    machine.settle()


def post(machine: Machine, cpu: int, icr: Icr) -> None:
    """CPU *cpu* writes *icr* to its ICR; the message waits in the outbox."""
    if machine.cpus[cpu].apic.x2apic:
        machine.write_register(cpu, Register.ICR_LOW, icr.encode(x2apic=True))
        return
    machine.write_register(cpu, Register.ICR_HIGH, icr.encode() >> 32)
    machine.write_register(cpu, Register.ICR_LOW, icr.low())


def send_msi(machine: Machine, address: int, data: int) -> None:
    """A device's message, which arrives at once."""
    machine.send_msi(address, data)
    machine.settle()


def serve(machine: Machine, cpu: int) -> int:
    """CPU *cpu* takes its interrupt and ends it; an EOI broadcast arrives at once."""
    vector = machine.cpus[cpu].take_interrupt()
    machine.write_register(cpu, Register.EOI, 0)
    machine.settle()
    return vector


def requested(machine: Machine, vector: int) -> list[int]:
    """The CPUs whose IRR holds *vector*."""
    return [cpu.number for cpu in machine.cpus if vector in cpu.apic.irr]


def of_type(events: Sequence[Event], kind: type[EventType]) -> list[EventType]:
    return [event for event in events if isinstance(event, kind)]


def fixed(vector: int, trigger: TriggerMode = TriggerMode.EDGE, number: int = 1) -> InterruptMessage:
    """A fixed interrupt as it arrives at an APIC: acceptance does not look at the destination any more."""
    return message(vector, DeliveryMode.FIXED, trigger, number)


def message(
    vector: int,
    mode: DeliveryMode,
    trigger: TriggerMode = TriggerMode.EDGE,
    number: int = 1,
    origin: Origin = Origin.MSI,
) -> InterruptMessage:
    return InterruptMessage(
        number, origin, None, Vector(vector), mode, DestinationMode.PHYSICAL, Shorthand.NONE, 0, trigger
    )


def waiting(cpus: int = 2) -> Machine:
    """A machine whose CPU 1 waits for a start-up IPI."""
    machine = machine_of(cpus)
    send(machine, 0, Icr(0, DeliveryMode.INIT, destination=1))
    machine.take_events()
    return machine


def channelled(cpu_count: int = 2) -> Machine:
    """A machine whose guest has event channels, with interrupts on."""
    machine = machine_of(cpu_count)
    machine.transplant(ApicMode.XAPIC, event_channels=True)
    for cpu in machine.cpus:
        cpu.interrupt_flag = True
    machine.take_events()
    return machine


def pending(machine: Machine, cpu: int) -> list[int]:
    """The ports that are pending at *cpu*."""
    channels = machine.cpus[cpu].event_channels
    assert channels is not None
    return list(channels.pending)
