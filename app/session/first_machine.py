"""The machine that a first visitor finds: it has done something already, one of its CPUs serves an interrupt while
another waits for that, and it goes on by itself."""

from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin
from app.commands.machine import Demonstrate
from app.engine.simulation import Simulation
from app.hw.cpu import Cpu
from app.hw.gates import PRIORITY
from app.hw.waiting import gates_at
from app.session.simulated import SimulatedDrive

_CPUS = 4
#: Where one interrupt waits while another is served.
_CPU = 2
#: Pins of the kernel's own set-up: an edge-triggered one, and a level-triggered one. The CPUs take turns at them.
_KEYBOARD, _DEVICE = 1, 18
#: What is over: an IPI to one, two devices, an IPI to all the others.
_BEFORE = (
    (CallGuest(0, "smp_send_reschedule", target=1),),
    (RaisePin(_KEYBOARD), LowerPin(_KEYBOARD)),
    (RaisePin(_DEVICE), LowerPin(_DEVICE)),
    (CallGuest(3, "flush_tlb_others"),),
)
#: What goes on: a device that CPU 2 serves, and an IPI of a lower class.
_NOW = (RaisePin(_DEVICE), LowerPin(_DEVICE), CallGuest(0, "send_ipi_mask", mask=1 << _CPU, vector=0x51))
#: More ticks than it takes.
_MOST_TICKS = 1_000


def first_machine() -> SimulatedDrive:
    """Four CPUs at that moment."""
    drive = SimulatedDrive(Simulation(_CPUS))
    for commands in _BEFORE:
        for command in commands:
            drive.apply(command)
        drive.run(until_idle=True)
    for command in _NOW:
        drive.apply(command)
    for _ in range(_MOST_TICKS):
        if _serves_while_another_waits(drive.machine.cpus[_CPU]):
            break
        drive.run(operations=1)
    drive.apply(Demonstrate(True))
    return drive


def _serves_while_another_waits(cpu: Cpu) -> bool:
    requested = cpu.apic.irr.highest()
    return requested is not None and any(gate.kind is PRIORITY and gate.why for gate in gates_at(cpu, requested))
