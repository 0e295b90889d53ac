"""The local timer as a clock event device: Linux 6.12, ``arch/x86/kernel/apic/apic.c``."""

from app.guest.apic_ops import Context
from app.guest.asks import READ_TSC
from app.guest.linux_6.irq_vectors import LOCAL_TIMER_VECTOR
from app.guest.steps import Fence, Steps, WriteMsr
from app.x86.lvt import TSC_DEADLINE_MODE
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register

#: ``APIC_TDR_DIV_16``, and the bits of the divide register that it is put into.
_DIVIDE_BY_16, _DIVIDE_BITS = 0x3, 0xB
#: ``TSC_DIVISOR``: TSC cycles to one of the device's clocks.
_TSC_DIVISOR = 8


def lapic_timer_set_oneshot(context: Context) -> Steps[None]:
    """``__setup_APIC_LVTT``: by TSC deadline where the processor has it, else by count."""
    operations = context.operations
    if context.tsc_deadline:
        yield from operations.apic_write(Register.LVT_TIMER, LOCAL_TIMER_VECTOR | TSC_DEADLINE_MODE)
        yield Fence()  # a WRMSR of the deadline must not overtake the store
        return
    yield from operations.apic_write(Register.LVT_TIMER, LOCAL_TIMER_VECTOR)
    divide = yield from operations.apic_read(Register.TIMER_DIVIDE)
    yield from operations.apic_write(Register.TIMER_DIVIDE, divide & ~_DIVIDE_BITS | _DIVIDE_BY_16)


def set_next_event(context: Context, delta: int) -> Steps[None]:
    """``lapic_next_deadline`` or ``lapic_next_event``: the timer is to fire after *delta* of its clocks."""
    if context.tsc_deadline:
        yield Fence()
        yield WriteMsr(Msr.IA32_TSC_DEADLINE, (yield READ_TSC) + delta * _TSC_DIVISOR)
    else:
        yield from context.operations.apic_write(Register.TIMER_INITIAL_COUNT, delta)
