"""How today's kernel sets the APICs up: Linux 6.x, ``arch/x86/kernel/apic/{apic,io_apic}.c``, ``smpboot.c``."""

from app.guest.apic_ops import Context, Kernel
from app.guest.interrupt_wiring import ISA_PINS, PCI_PINS, TIMER_PIN, VECTOR_STEP, signalling
from app.guest.linux_6.irq_vectors import ERROR_APIC_VECTOR, FIRST_DEVICE_VECTOR, SPURIOUS_APIC_VECTOR
from app.guest.steps import Delay, EnableInterrupts, Steps
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.lvt import MASKED
from app.x86.registers import SVR_ENABLE, Register

_EXTINT = 7 << 8
_NMI = 4 << 8
_START_EIP = 0x9000
#: Vectors below 0x20 are exceptions' and wait for ever.
_TASK_PRIORITY = 0x10


def io_apic_entries(kernel: Kernel) -> dict[int, int]:
    """The redirection entry of each pin in use: fixed, physical, and spread over the CPUs one after the other."""
    entries = {}
    for count, pin in enumerate((TIMER_PIN, *ISA_PINS, *PCI_PINS)):
        target = count % min(kernel.cpu_count, 255)
        entries[pin] = FIRST_DEVICE_VECTOR + VECTOR_STEP * count | signalling(pin) | target << 56
    return entries


def setup_local_apic(context: Context) -> Steps[None]:
    """TPR 0x10, software enable, spurious vector 0xff; LINT1 as NMI on the bootstrap processor, LINT0 masked."""
    operations = context.operations
    yield from operations.apic_write(Register.TPR, _TASK_PRIORITY)
    yield from operations.apic_write(Register.SVR, SVR_ENABLE | SPURIOUS_APIC_VECTOR)
    masked = 0 if context.cpu.bootstrap else MASKED
    yield from operations.apic_write(Register.LVT_LINT0, _EXTINT | MASKED)
    yield from operations.apic_write(Register.LVT_LINT1, _NMI | masked)


def lapic_setup_esr(context: Context) -> Steps[None]:
    """Errors recorded before and after the vector is set are cleared, and both times read."""
    operations = context.operations
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)
    yield from operations.apic_write(Register.LVT_ERROR, ERROR_APIC_VECTOR)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)


def start_secondary(context: Context) -> Steps[None]:
    """Where a CPU begins after INIT and a start-up IPI (the bootstrap processor: after INIT alone)."""
    yield from setup_local_apic(context)
    yield from lapic_setup_esr(context)  # ``end_local_APIC_setup``
    yield EnableInterrupts()


def do_boot_cpu(context: Context, cpu: int) -> Steps[None]:
    """``wakeup_secondary_cpu_via_init``: INIT, no delay on today's processors, de-assert, two start-up IPIs with 10
    microseconds behind each. The CPU itself is online, and refused (``cpu_up``: -EINVAL)."""
    if cpu == context.number:
        return
    icr_write = context.operations.icr_write
    yield from icr_write(context, Icr(0, DeliveryMode.INIT, trigger_mode=TriggerMode.LEVEL).low(), cpu)
    yield from icr_write(context, Icr(0, DeliveryMode.INIT, level=0, trigger_mode=TriggerMode.LEVEL).low(), cpu)
    for _ in range(2):
        yield from icr_write(context, Icr(_START_EIP >> 12, DeliveryMode.STARTUP).low(), cpu)
        yield Delay(10)
