"""Machines and messages for the tests of this room."""

from collections.abc import Sequence
from typing import TypeVar

from app.hw.events import Event
from app.hw.local_apic import ApicMode
from app.hw.machine import Machine
from app.hw.messages import InterruptMessage, Origin
from app.x86.icr import DeliveryMode, DestinationMode, Icr, Shorthand, TriggerMode
from app.x86.registers import SVR_ENABLE, Register

EventType = TypeVar("EventType")


def machine_of(cpu_count: int, mode: ApicMode = ApicMode.XAPIC) -> Machine:
    """A machine whose APICs are software-enabled; in xAPIC mode each has the flat logical ID that Linux gives it."""
    machine = Machine(cpu_count, mode)
    for cpu in range(cpu_count):
        machine.write_register(cpu, Register.SVR, SVR_ENABLE | 0xFF)
        if mode is ApicMode.XAPIC:
            machine.write_register(cpu, Register.LDR, 1 << 24 + cpu % 8)
    return machine


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


def requested(machine: Machine, vector: int) -> list[int]:
    """The CPUs whose IRR holds *vector*."""
    return [cpu.number for cpu in machine.cpus if vector in cpu.apic.irr]


def of_type(events: Sequence[Event], kind: type[EventType]) -> list[EventType]:
    return [event for event in events if isinstance(event, kind)]


def fixed(vector: int, trigger: TriggerMode = TriggerMode.EDGE, number: int = 1) -> InterruptMessage:
    """A fixed interrupt as it arrives at an APIC: acceptance does not look at the destination any more."""
    return message(vector, DeliveryMode.FIXED, trigger, number)


def message(
    vector: int, mode: DeliveryMode, trigger: TriggerMode = TriggerMode.EDGE, number: int = 1
) -> InterruptMessage:
    return InterruptMessage(
        number, Origin.MSI, None, vector, mode, DestinationMode.PHYSICAL, Shorthand.NONE, 0, trigger
    )
