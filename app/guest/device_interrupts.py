"""What every kernel does with a device's interrupt, an NMI and, unseen by it, an SMI: ``arch/x86/kernel/irq.c``,
``kernel/irq/chip.c`` (``handle_edge_irq``, ``handle_fasteoi_irq``), ``nmi.c``. The same then and now.
"""

from app.guest import handler_work
from app.guest.apic_ops import Context
from app.guest.asks import IrqFlow, ReadIrqFlow
from app.guest.steps import DisableInterrupts, EnableInterrupts, Steps
from app.x86.registers import Register

#: Within one of the eight words of TMR.
_WORD = 31


def do_irq(context: Context, vector: int) -> Steps[None]:
    """A device's interrupt. Edge: EOI first. Level: EOI last, so its class stays closed while the device is served.
    Interrupts are on while the device is served, and off again before the EOI (``handle_IRQ_event``): a higher class
    comes in meanwhile, but handlers do not pile up behind each EOI. Before the EOI of an I/O APIC's level interrupt the
    kernel reads its word of TMR, to see whether the APIC took it for an edge (``ack_ioapic_quirk_irq``,
    ``ioapic_ack_level``); here it never does."""
    flow = yield ReadIrqFlow(vector)
    if flow == IrqFlow.LEGACY:
        # Interrupts stay off: only the masked line keeps an 8259's from coming in again at once.
        yield handler_work.DEVICE
        return
    if flow == IrqFlow.EDGE:
        yield from context.operations.eoi(context)
    yield EnableInterrupts()
    yield handler_work.DEVICE
    yield DisableInterrupts()
    if flow == IrqFlow.LEVEL:
        yield from context.operations.apic_read(Register.TMR0 + ((vector & ~_WORD) >> 1))
    if flow != IrqFlow.EDGE:
        yield from context.operations.eoi(context)


def smi_handler(context: Context) -> Steps[None]:
    """The firmware's, unseen by the kernel. An SMI needs no EOI."""
    yield handler_work.SMI


def do_nmi(context: Context) -> Steps[None]:
    """An NMI needs no EOI."""
    yield handler_work.NMI
