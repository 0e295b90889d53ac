"""What INIT and a start-up IPI do to a CPU that takes them. Source: SDM vol. 3, "MP Initialization Protocol"."""

from app.hw.cpu import Cpu
from app.hw.events import InitPerformed, Started
from app.hw.run_state import Arrival, RunState


def take_resets(cpu: Cpu) -> None:
    """Takes a latched INIT, and the start-up IPI behind it, unless system-management mode holds them off."""
    while (arrival := cpu.next_arrival()) in (Arrival.INIT, Arrival.STARTUP):
        if arrival is Arrival.INIT:
            _perform_init(cpu)
        else:
            _start(cpu)


def _perform_init(cpu: Cpu) -> None:
    """APIC and CPU as after reset; the bootstrap processor begins at its reset vector, the others wait."""
    cpu.apic.reset_by_init()
    cpu.interrupt_flag = False
    cpu.interrupt_shadow = False
    cpu.nmi_pending = 0
    cpu.nmi_running = False
    cpu.smi_pending = False
    cpu.init_pending = False
    cpu.external_pending = False
    cpu.run_state = RunState.RUNNING if cpu.bootstrap else RunState.WAIT_FOR_SIPI
    cpu.starts += 1
    cpu.look_at_signals()
    cpu.record(InitPerformed(cpu.number, not cpu.bootstrap))


def _start(cpu: Cpu) -> None:
    assert cpu.sipi_pending is not None
    vector, cpu.sipi_pending = cpu.sipi_pending, None
    cpu.run_state = RunState.RUNNING
    cpu.starts += 1
    cpu.look_at_signals()
    cpu.record(Started(cpu.number, vector << 12))
