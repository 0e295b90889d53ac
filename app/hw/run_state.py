"""What a CPU is doing, and what can come in between two of its instructions."""

from enum import Enum


class RunState(Enum):
    """What the CPU does when no interrupt wants it."""

    RUNNING = "running"
    HALTED = "halted"
    WAIT_FOR_SIPI = "wait_for_sipi"


class Arrival(Enum):
    """What a CPU takes at an instruction boundary, the most urgent first."""

    SMI = "SMI"
    INIT = "INIT"
    STARTUP = "start-up IPI"
    NMI = "NMI"
    INTERRUPT = "interrupt"
