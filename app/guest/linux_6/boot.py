"""How today's kernel sets the APICs up and starts another CPU: Linux 6.12, ``arch/x86/kernel/apic/{apic,io_apic}.c``
and ``smpboot.c``, access by access.

Not among the accesses: IA32_APIC_BASE (``x2apic_setup``), which is no register of the APIC; the performance counters'
entry of the vector table (``perf_events_lapic_init``), as in a guest without such counters; the timer, which a new CPU
sets up last of all and which is ``clock.py``'s. The recordings that come along are of Linux 6.1: a test says where the
two differ, and by which change.
"""

from app.guest.apic_ops import Context, KernelState
from app.guest.interrupt_wiring import ISA_PINS, PCI_PINS, TIMER_PIN, VECTOR_STEP, signalling
from app.guest.linux_6.apic_driver import apic_mem_wait_icr_idle_timeout
from app.guest.linux_6.irq_vectors import ERROR_APIC_VECTOR, FIRST_DEVICE_VECTOR, SPURIOUS_APIC_VECTOR
from app.guest.steps import Delay, EnableInterrupts, Steps
from app.x86.icr import DeliveryMode, Icr, TriggerMode
from app.x86.lvt import MASKED
from app.x86.registers import SVR_ENABLE, Register

_EXTINT = 7 << 8
_NMI = 4 << 8
_VECTOR_BITS = 0xFF
_START_EIP = 0x9000
#: Vectors below 0x20 are exceptions' and wait for ever.
_TASK_PRIORITY = 0x10
_WORDS = range(8)
#: How often the kernel looks for interrupts left behind before it gives up.
_MOST_ROUNDS = 512


def io_apic_entries(kernel: KernelState) -> dict[int, int]:
    """The redirection entry of each pin in use: fixed, physical, and spread over the CPUs one after the other."""
    entries = {}
    for count, pin in enumerate((TIMER_PIN, *ISA_PINS, *PCI_PINS)):
        target = count % min(kernel.cpu_count, 255)
        entries[pin] = FIRST_DEVICE_VECTOR + VECTOR_STEP * count | signalling(pin) | target << 56
    return entries


def lapic_get_maxlvt(context: Context) -> Steps[None]:
    """Reads the version: more than three entries, as every APIC of a 64-bit processor."""
    yield from context.operations.apic_read(Register.VERSION)


def setup_local_apic(context: Context) -> Steps[None]:
    """Off first, as a crashed kernel may have left it on; TPR 0x10; what is pending is ended; on again, with spurious
    vector 0xff; LINT1 as NMI on the bootstrap processor, LINT0 masked. No driver here has an ``init_apic_ldr`` that
    touches a register."""
    operations = context.operations
    svr = yield from operations.apic_read(Register.SVR)
    yield from operations.apic_write(Register.SVR, svr & ~SVR_ENABLE)
    priority = yield from operations.apic_read(Register.TPR)
    yield from operations.apic_write(Register.TPR, priority & ~0xFF | _TASK_PRIORITY)
    yield from apic_pending_intr_clear(context)
    svr = (yield from operations.apic_read(Register.SVR)) & ~_VECTOR_BITS
    yield from operations.apic_write(Register.SVR, svr | SVR_ENABLE | SPURIOUS_APIC_VECTOR)
    wired = not (yield from operations.apic_read(Register.LVT_LINT0)) & MASKED
    on_bootstrap = context.bootstrap
    yield from operations.apic_write(Register.LVT_LINT0, _EXTINT | (0 if on_bootstrap and wired else MASKED))
    yield from operations.apic_write(Register.LVT_LINT1, _NMI | (0 if on_bootstrap else MASKED))


def apic_pending_intr_clear(context: Context) -> Steps[None]:
    """Looks until nothing is left in IRR and ISR, with an EOI for each bit of ISR."""
    for _ in range(_MOST_ROUNDS):
        if not (yield from apic_check_and_ack(context)):
            return


def apic_check_and_ack(context: Context) -> Steps[bool]:
    """Reads IRR, then ISR, and ends what is in service. Whether something was found."""
    operations = context.operations
    pending = in_service = 0
    for word in _WORDS:
        pending += (yield from operations.apic_read(Register.IRR0 + 0x10 * word)).bit_count()
    for word in _WORDS:
        in_service += (yield from operations.apic_read(Register.ISR0 + 0x10 * word)).bit_count()
    for _ in range(in_service):
        yield from operations.eoi(context)
    return bool(pending or in_service)


def lapic_setup_esr(context: Context) -> Steps[None]:
    """Errors recorded before and after the vector is set are cleared, and both times read."""
    operations = context.operations
    yield from lapic_get_maxlvt(context)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)
    yield from operations.apic_write(Register.LVT_ERROR, ERROR_APIC_VECTOR)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)


def apic_ap_setup(context: Context) -> Steps[None]:
    """``setup_local_APIC`` and ``end_local_APIC_setup``."""
    yield from setup_local_apic(context)
    yield from lapic_setup_esr(context)


def start_secondary(context: Context) -> Steps[None]:
    """Where a CPU begins after INIT and a start-up IPI (the bootstrap processor: after INIT alone)."""
    yield from apic_ap_setup(context)
    yield EnableInterrupts()


def do_boot_cpu(context: Context, cpu: int) -> Steps[None]:
    """Starts another CPU. The CPU itself is online, and refused (``cpu_up``: -EINVAL). ESR is cleared with the
    warm-reset vector (``x86_platform.legacy.warm_reset``), which every PC has."""
    if cpu == context.number:
        return
    yield from context.operations.apic_write(Register.ESR, 0)
    yield from context.operations.apic_read(Register.ESR)
    yield from wakeup_secondary_cpu_via_init(context, cpu)


def wakeup_secondary_cpu_via_init(context: Context, cpu: int) -> Steps[None]:
    """INIT and its de-assert, then two start-up IPIs with 20 microseconds behind each. The version is read twice: once
    here, once in ``send_init_sequence`` (since 6.5)."""
    operations = context.operations
    yield from lapic_get_maxlvt(context)
    yield from send_init_sequence(context, cpu)
    for _ in range(2):
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)
        yield from operations.icr_write(context, Icr(_START_EIP >> 12, DeliveryMode.STARTUP, level=0).low(), cpu)
        yield Delay(10)
        yield from safe_apic_wait_icr_idle(context)
        yield Delay(10)
        yield from operations.apic_write(Register.ESR, 0)
        yield from operations.apic_read(Register.ESR)


def send_init_sequence(context: Context, cpu: int) -> Steps[None]:
    """INIT, no delay on today's processors, de-assert."""
    operations = context.operations
    yield from lapic_get_maxlvt(context)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_read(Register.ESR)
    for level in (1, 0):
        init = Icr(0, DeliveryMode.INIT, level=level, trigger_mode=TriggerMode.LEVEL)
        yield from operations.icr_write(context, init.low(), cpu)
        yield from safe_apic_wait_icr_idle(context)


def safe_apic_wait_icr_idle(context: Context) -> Steps[None]:
    """Only the driver of the xAPIC page has something to wait for."""
    if not context.reads_by_msr:
        yield from apic_mem_wait_icr_idle_timeout(context)
