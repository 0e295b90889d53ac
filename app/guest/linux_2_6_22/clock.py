"""The local timer as a clock event device: Linux 2.6.22, ``arch/i386/kernel/apic.c``."""

from app.guest.apic_ops import Context
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_2_6_22.apic_driver import apic_write_around
from app.guest.linux_2_6_22.irq_vectors import LOCAL_TIMER_VECTOR
from app.guest.steps import Steps
from app.x86.registers import Register

#: ``APIC_TDR_DIV_16``, and the bits of the divide register that it is put into.
_DIVIDE_BY_16, _DIVIDE_BITS = 0x3, 0xB


def lapic_timer_setup(context: Context) -> Steps[None]:
    """``__setup_APIC_LVTT`` for one shot, with interrupts off: is the APIC integrated, vector and divisor; the count is
    ``lapic_next_event``'s."""
    flags = yield from local_irq_save()
    yield from context.operations.apic_read(Register.VERSION)
    yield from apic_write_around(context, Register.LVT_TIMER, LOCAL_TIMER_VECTOR)
    divide = yield from context.operations.apic_read(Register.TIMER_DIVIDE)
    yield from apic_write_around(context, Register.TIMER_DIVIDE, divide & ~_DIVIDE_BITS | _DIVIDE_BY_16)
    yield from local_irq_restore(flags)


def lapic_next_event(context: Context, delta: int) -> Steps[None]:
    """The timer is to fire after *delta* of its clocks."""
    yield from apic_write_around(context, Register.TIMER_INITIAL_COUNT, delta)
