"""What by-passes IRR and waits at a CPU: what it is called, and what waits at one."""

from app.engine.processor import Processor
from app.score.course import NONE
from app.x86.icr import DeliveryMode

NMI, SMI, INIT, STARTUP, EXTINT = "NMI", "SMI", "INIT", "start-up IPI", "ExtINT"
#: By the delivery mode of the message that brings it.
SIGNALS = {
    DeliveryMode.NMI: NMI,
    DeliveryMode.SMI: SMI,
    DeliveryMode.INIT: INIT,
    DeliveryMode.STARTUP: STARTUP,
    DeliveryMode.EXTINT: EXTINT,
}


def signals_of(processor: Processor) -> list[tuple[str, int]]:
    """What is latched at a CPU: the name of each signal, with its value."""
    cpu = processor.cpu
    return [
        *[(NMI, NONE)] * cpu.nmi_pending,
        *[(SMI, NONE)] * cpu.smi_pending,
        *[(INIT, NONE)] * cpu.init_pending,
        *([(STARTUP, int(cpu.sipi_pending))] if cpu.sipi_pending is not None else []),
        *[(EXTINT, NONE)] * cpu.external_pending,
    ]
