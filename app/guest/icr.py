"""Any interrupt command at all, as a person composed it, through whatever the kernel has for ICR."""

from app.guest.apic_ops import Context, absent
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.steps import Steps
from app.hw.apic_base import ApicMode
from app.x86.icr import DELIVERY_STATUS, Icr, Shorthand
from app.x86.registers import Register


def apic_icr_write(context: Context, icr: Icr) -> Steps[None]:
    """The destination first, unless a shorthand makes it moot, and nothing in between. Today's kernel has one operation
    for both halves; only the xAPIC page has a delivery status to wait for."""
    operations = context.operations
    x2apic = context.cpu.apic.mode is ApicMode.X2APIC
    if not x2apic:
        while (yield from operations.apic_read(Register.ICR_LOW)) & DELIVERY_STATUS:
            pass
    if operations.icr_write is not absent:
        yield from operations.icr_write(context, icr.low(), icr.destination)
        return
    if icr.shorthand is not Shorthand.NONE:
        yield from operations.apic_write(Register.ICR_LOW, icr.low())
        return
    flags = yield from local_irq_save(context)
    yield from operations.apic_write(Register.ICR_HIGH, icr.destination << 24)
    yield from operations.apic_write(Register.ICR_LOW, icr.low())
    yield from local_irq_restore(flags)
