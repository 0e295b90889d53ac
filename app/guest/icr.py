"""Any interrupt command at all, as a person composed it, through whatever the kernel has for ICR."""

from app.guest.apic_ops import Context, absent
from app.guest.asks import ICR_AGAIN, ICR_LOOP
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.steps import Steps
from app.x86.icr import DELIVERY_STATUS, Icr, Shorthand
from app.x86.registers import Register

#: What a kernel computes with: ``u32``. The upper bits of a destination too wide for the page are lost.
_U32 = 0xFFFF_FFFF


def apic_icr_write(context: Context, icr: Icr) -> Steps[None]:
    """The destination first, unless a shorthand makes it moot, and nothing in between. Today's kernel has one operation
    for both halves.

    Only the xAPIC page has a delivery status to wait for. Which driver a kernel has was decided when it booted: it goes
    on alike when its APIC has been switched to another mode since (``x2apic_wait_icr_idle`` has nothing to read,
    ``native_apic_wait_icr_idle`` reads what the page gives).
    """
    operations = context.operations
    if not context.reads_by_msr:
        yield ICR_LOOP
        while (yield from operations.apic_read(Register.ICR_LOW)) & DELIVERY_STATUS:
            yield ICR_AGAIN
    if operations.icr_write is not absent:
        yield from operations.icr_write(context, icr.low(), icr.destination)
        return
    if icr.shorthand is not Shorthand.NONE:
        yield from operations.apic_write(Register.ICR_LOW, icr.low())
        return
    flags = yield from local_irq_save()
    yield from operations.apic_write(Register.ICR_HIGH, icr.destination << 24 & _U32)
    yield from operations.apic_write(Register.ICR_LOW, icr.low())
    yield from local_irq_restore(flags)
