"""How the kernel sets the APICs up and starts another CPU: Linux 2.6.22, ``arch/i386/kernel/apic.c``, ``io_apic.c`` and
``smpboot.c``, access by access.

Up to eight CPUs are ``mach-default``'s, more are ``mach-bigsmp``'s. The clock event device, which a new CPU registers
last of all, is ``clock.py``'s: it is armed when somebody asks.
"""

from app.guest.apic_ops import Context, KernelState
from app.guest.interrupt_wiring import ISA_PINS, PCI_PINS, TIMER_PIN, VECTOR_STEP, signalling
from app.guest.linux_2_6_22.apic_driver import (
    apic_write_around,
    logical_smp_processor_id,
    safe_apic_wait_icr_idle,
)
from app.guest.linux_2_6_22.irq_vectors import (
    ERROR_APIC_VECTOR,
    FIRST_DEVICE_VECTOR,
    LOCAL_TIMER_VECTOR,
    SPURIOUS_APIC_VECTOR,
)
from app.guest.steps import Delay, EnableInterrupts, Steps
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.lvt import MASKED
from app.x86.registers import SVR_ENABLE, Register

_FLAT = 0xFFFF_FFFF
_EXTINT = 7 << 8
_NMI = 4 << 8
_VECTOR_BITS, _FOCUS_DISABLED = 0xFF, 1 << 9
_LOGICAL_ID_BITS = 0xFF << 24
#: Where the trampoline of the real-mode start-up code lies.
_START_EIP = 0x9000


def io_apic_entries(kernel: KernelState) -> dict[int, int]:
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


def lapic_get_maxlvt(context: Context) -> Steps[None]:
    """Reads the version: more than three entries, as every integrated APIC since the Pentium Pro."""
    yield from context.operations.apic_read(Register.VERSION)


def lapic_is_integrated(context: Context) -> Steps[None]:
    """Reads the version: yes."""
    yield from context.operations.apic_read(Register.VERSION)


def init_apic_ldr(context: Context) -> Steps[None]:
    """Flat model. ``mach-default``: one bit a CPU. ``mach-bigsmp``: the APIC ID, which nobody sends to as a logical
    one."""
    yield from apic_write_around(context, Register.DFR, _FLAT)
    logical_id = context.number if context.kernel.bigsmp else 1 << context.number
    value = (yield from context.operations.apic_read(Register.LDR)) & ~_LOGICAL_ID_BITS
    yield from apic_write_around(context, Register.LDR, value | logical_id << 24)


def setup_local_apic(context: Context) -> Steps[None]:
    """TPR 0, software enable, spurious vector 0xff; LINT0 from the 8259 and LINT1 as NMI on the bootstrap processor;
    the error vector, but not in ``mach-bigsmp`` (``esr_disable``); the timer masked."""
    operations = context.operations
    esr_disable = context.kernel.bigsmp
    if esr_disable:
        for _ in range(4):
            yield from operations.apic_write(Register.ESR, 0)
    yield from lapic_is_integrated(context)
    if not context.kernel.bigsmp:
        yield from operations.apic_read(Register.ID)  # apic_id_registered
    yield from init_apic_ldr(context)
    priority = yield from operations.apic_read(Register.TPR)
    yield from apic_write_around(context, Register.TPR, priority & ~0xFF)
    yield from _end_what_is_in_service(context)
    svr = (yield from operations.apic_read(Register.SVR)) & ~_VECTOR_BITS | SVR_ENABLE
    yield from apic_write_around(context, Register.SVR, svr & ~_FOCUS_DISABLED | SPURIOUS_APIC_VECTOR)
    wired = not (yield from operations.apic_read(Register.LVT_LINT0)) & MASKED
    on_bootstrap = context.bootstrap
    yield from apic_write_around(context, Register.LVT_LINT0, _EXTINT | (0 if on_bootstrap and wired else MASKED))
    yield from apic_write_around(context, Register.LVT_LINT1, _NMI | (0 if on_bootstrap else MASKED))
    if not esr_disable:
        yield from lapic_get_maxlvt(context)
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)
        yield from apic_write_around(context, Register.LVT_ERROR, ERROR_APIC_VECTOR)
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)
    timer = yield from operations.apic_read(Register.LVT_TIMER)
    yield from apic_write_around(context, Register.LVT_TIMER, timer | MASKED | LOCAL_TIMER_VECTOR)


def _end_what_is_in_service(context: Context) -> Steps[None]:
    """An EOI for each bit of ISR, from the highest word down: what a crashed kernel left behind."""
    for word in reversed(range(8)):
        value = yield from context.operations.apic_read(Register.ISR0 + 0x10 * word)
        for _ in range(value.bit_count()):
            yield from context.operations.eoi(context)


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


def native_nop(context: Context, cpu: int) -> Steps[None]:
    """``startup_ipi_hook`` of a kernel that nobody has put a hypervisor under: nothing."""
    return
    yield  # a generator all the same


def do_boot_cpu(context: Context, cpu: int) -> Steps[None]:
    """Starts another CPU. The CPU itself is online, and refused (``cpu_up``: -EINVAL)."""
    if cpu != context.number:
        yield from wakeup_secondary_cpu(context, cpu)


def wakeup_secondary_cpu(context: Context, cpu: int) -> Steps[None]:
    """INIT, ten milliseconds, INIT de-assert, then two start-up IPIs with half a millisecond behind each. ESR is
    cleared before and read after (``WAKE_SECONDARY_VIA_INIT``)."""
    operations = context.operations
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)
    yield from _send_to(context, cpu, Icr(0, DeliveryMode.INIT, trigger_mode=TriggerMode.LEVEL))
    yield from safe_apic_wait_icr_idle(context)
    yield Delay(10_000)
    yield from _send_to(context, cpu, Icr(0, DeliveryMode.INIT, level=0, trigger_mode=TriggerMode.LEVEL))
    yield from safe_apic_wait_icr_idle(context)
    yield from operations.startup_ipi_hook(context, cpu)
    yield from lapic_get_maxlvt(context)
    for _ in range(2):
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)
        yield from _send_to(context, cpu, Icr(_START_EIP >> 12, DeliveryMode.STARTUP, level=0))
        yield Delay(300)
        yield from safe_apic_wait_icr_idle(context)
        yield Delay(200)
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)


def _send_to(context: Context, cpu: int, icr: Icr) -> Steps[None]:
    yield from apic_write_around(context, Register.ICR_HIGH, cpu << 24)
    yield from apic_write_around(context, Register.ICR_LOW, icr.low())
