"""How the kernel sets the APICs up: Linux 2.6.22, ``arch/i386/kernel/apic.c`` and ``io_apic.c``."""

from app.guest.apic_ops import Context, Kernel
from app.guest.interrupt_wiring import ISA_PINS, PCI_PINS, TIMER_PIN, VECTOR_STEP, signalling
from app.guest.linux_2_6_22.apic_driver import apic_wait_icr_idle, logical_smp_processor_id
from app.guest.linux_2_6_22.irq_vectors import ERROR_APIC_VECTOR, FIRST_DEVICE_VECTOR, SPURIOUS_APIC_VECTOR
from app.guest.steps import Delay, EnableInterrupts, Steps
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.lvt import MASKED
from app.x86.registers import SVR_ENABLE, Register

_FLAT = 0xFFFF_FFFF
_EXTINT = 7 << 8
_NMI = 4 << 8
#: Where the trampoline of the real-mode start-up code lies.
_START_EIP = 0x9000


def io_apic_entries(kernel: Kernel) -> dict[int, int]:
    """The redirection entry of each pin in use: ``setup_IO_APIC_irqs`` and ``assign_irq_vector`` of ``io_apic.c``.

    A vector for each interrupt, eight apart, so that they spread over the priority classes. Flat logical mode: the
    lowest-priority CPU of all. Physical mode: the bootstrap processor.
    """
    if kernel.bigsmp:
        target, mode = 0, DeliveryMode.FIXED
    else:
        target, mode = kernel.online_mask << 56 | 1 << 11, DeliveryMode.LOWEST_PRIORITY
    entries = {TIMER_PIN: FIRST_DEVICE_VECTOR | mode << 8 | target}
    for count, pin in enumerate((*ISA_PINS, *PCI_PINS), start=1):
        vector = FIRST_DEVICE_VECTOR + VECTOR_STEP * count
        entries[pin] = vector | mode << 8 | signalling(pin) | target
    return entries


def init_apic_ldr(context: Context) -> Steps[None]:
    """Flat model, one bit a CPU. Beyond eight CPUs the kernel addresses APIC IDs and the bits do not matter."""
    operations = context.operations
    yield from operations.apic_write(Register.DFR, _FLAT)
    yield from operations.apic_write(Register.LDR, 1 << (24 + context.number % 8))


def setup_local_apic(context: Context) -> Steps[None]:
    """TPR 0, software enable, spurious vector 0xff; LINT0 from the 8259 and LINT1 as NMI on the bootstrap processor."""
    operations = context.operations
    yield from init_apic_ldr(context)
    yield from operations.apic_write(Register.TPR, 0)
    yield from operations.apic_write(Register.SVR, SVR_ENABLE | SPURIOUS_APIC_VECTOR)
    masked = 0 if context.cpu.bootstrap else MASKED
    yield from operations.apic_write(Register.LVT_LINT0, _EXTINT | MASKED)
    yield from operations.apic_write(Register.LVT_LINT1, _NMI | masked)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)
    yield from operations.apic_write(Register.LVT_ERROR, ERROR_APIC_VECTOR)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)


def smp_callin(context: Context) -> Steps[None]:
    """The new CPU reads its ID, sets its APIC up, and notes the logical ID that it has now. The last of these is a
    plain dereference (``map_cpu_to_logical_apicid``)."""
    yield from context.operations.apic_read(Register.ID)
    yield from setup_local_apic(context)
    yield from logical_smp_processor_id()


def start_secondary(context: Context) -> Steps[None]:
    """Where a CPU begins after INIT and a start-up IPI (the bootstrap processor: after INIT alone)."""
    yield from smp_callin(context)
    yield EnableInterrupts()


def do_boot_cpu(context: Context, cpu: int) -> Steps[None]:
    """``wakeup_secondary_cpu`` of ``smpboot.c``: INIT, ten milliseconds, INIT de-assert, then two start-up IPIs with
    200 microseconds behind each. ESR is cleared before and read after. The CPU itself is online, and refused
    (``cpu_up``: -EINVAL)."""
    if cpu == context.number:
        return
    operations = context.operations
    yield from _send_to(context, cpu, Icr(0, DeliveryMode.INIT, trigger_mode=TriggerMode.LEVEL))
    yield Delay(10_000)
    yield from _send_to(context, cpu, Icr(0, DeliveryMode.INIT, level=0, trigger_mode=TriggerMode.LEVEL))
    for _ in range(2):
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)
        yield from _send_to(context, cpu, Icr(_START_EIP >> 12, DeliveryMode.STARTUP))
        yield Delay(200)
        yield from operations.apic_read(Register.ESR)


def _send_to(context: Context, cpu: int, icr: Icr) -> Steps[None]:
    operations = context.operations
    yield from operations.apic_write(Register.ICR_HIGH, cpu << 24)
    yield from operations.apic_write(Register.ICR_LOW, icr.low())
    yield from apic_wait_icr_idle(context)
