"""Interrupts off around a few steps, and on again if they were: ``include/linux/irqflags.h``, the same then and now."""

from app.guest.asks import READ_FLAGS
from app.guest.steps import DisableInterrupts, EnableInterrupts, Steps


def local_irq_save() -> Steps[int]:
    """Turns interrupts off; gives whether they were on."""
    enabled = yield READ_FLAGS
    yield DisableInterrupts()
    return enabled


def local_irq_restore(enabled: int) -> Steps[None]:
    """Turns them on again, if they were."""
    if enabled:
        yield EnableInterrupts()
