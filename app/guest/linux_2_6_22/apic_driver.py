"""The kernel's way from "send this vector" to a register: Linux 2.6.22, ``arch/i386/kernel/smp.c``,
``include/asm-i386/apic.h``, ``mach-default`` and ``mach-bigsmp``. Names are the kernel's, in lower case.

None of these functions knows which back end runs it: they end in the table's ``apic_read`` and ``apic_write``.
"""

from functools import lru_cache

from app.guest.apic_ops import Context
from app.guest.asks import ICR_AGAIN, ICR_LOOP
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_2_6_22.irq_vectors import NMI_VECTOR
from app.guest.steps import Delay, Dereference, Load, Steps, Store
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.registers import Register

_ICR_LOW = int(Register.ICR_LOW)
_ICR_HIGH = int(Register.ICR_HIGH)
_EOI = int(Register.EOI)
_store = lru_cache(4096)(Store)
_LOAD_ICR_LOW = Load(_ICR_LOW)
_SAFE_WAIT_LOOKS, _SAFE_WAIT_MICROSECONDS = 1001, 100


def native_apic_read(register: int) -> Steps[int]:
    """A load from the APIC page."""
    value = yield _LOAD_ICR_LOW if register == _ICR_LOW else Load(register)
    return value


def native_apic_write(register: int, value: int) -> Steps[None]:
    """A store to the APIC page."""
    yield _store(register, value)


def hard_smp_processor_id() -> Steps[int]:
    """The APIC ID, by a plain dereference of the page (``include/asm-i386/smp.h``): no entry of ``paravirt_ops``."""
    value = yield Dereference(Register.ID, "hard_smp_processor_id")
    return value >> 24


def logical_smp_processor_id() -> Steps[int]:
    """The logical APIC ID, by a plain dereference of the page (``include/asm-i386/smp.h``)."""
    value = yield Dereference(Register.LDR, "logical_smp_processor_id")
    return value >> 24


def safe_smp_processor_id(context: Context) -> Steps[int]:
    """The CPU's number, for code that cannot trust its stack (``arch/i386/kernel/smp.c``; called by ``crash.c``)."""
    apic_id = yield from hard_smp_processor_id()
    return apic_id if apic_id < context.kernel.cpu_count else 0


def apic_write_around(context: Context, register: int, value: int) -> Steps[None]:
    """A plain write, as with CONFIG_X86_GOOD_APIC: the exchange (``apic_write_atomic``) and the read before
    (``apic_read_around``) that an old Pentium needed are only built for that Pentium."""
    yield from context.operations.apic_write(register, value)


def apic_wait_icr_idle(context: Context) -> Steps[None]:
    """Polls delivery status until the last IPI has been accepted (``arch/i386/kernel/apic.c``)."""
    yield ICR_LOOP
    while (yield from context.operations.apic_read(_ICR_LOW)) & DELIVERY_STATUS:
        yield ICR_AGAIN


def safe_apic_wait_icr_idle(context: Context) -> Steps[None]:
    """As apic_wait_icr_idle, but gives up after a tenth of a second: a look every 100 microseconds. For NMIs, which go
    to CPUs that may hang, and for the start of a CPU."""
    for _ in range(_SAFE_WAIT_LOOKS):
        if not (yield from context.operations.apic_read(_ICR_LOW)) & DELIVERY_STATUS:
            return
        yield Delay(_SAFE_WAIT_MICROSECONDS)


def apic_dest_logical(context: Context) -> DestinationMode:
    """``APIC_DEST_LOGICAL``, which ``mach-bigsmp`` defines as 0."""
    return DestinationMode.PHYSICAL if context.kernel.bigsmp else DestinationMode.LOGICAL


@lru_cache(maxsize=1024)
def __prepare_icr(shortcut: Shorthand, vector: int, mode: DestinationMode) -> int:
    """The kernel leaves the level bit 0: a fixed interrupt does not look at it. Vector 2 stands for an NMI, which has
    no vector."""
    if vector == NMI_VECTOR:
        return Icr(0, DeliveryMode.NMI, mode, shortcut, level=0).low()
    return Icr(vector, DeliveryMode.FIXED, mode, shortcut, level=0).low()


def __prepare_icr2(destination: int) -> int:
    return destination << 24


def __send_ipi_shortcut(context: Context, shortcut: Shorthand, vector: int) -> Steps[None]:
    """One write, so interrupts may stay on: no second half that another send could come between."""
    yield from apic_wait_icr_idle(context)
    # No need to touch the target chip field.
    cfg = __prepare_icr(shortcut, vector, apic_dest_logical(context))
    yield from apic_write_around(context, _ICR_LOW, cfg)


def __send_ipi_dest_field(context: Context, destination: int, vector: int) -> Steps[None]:
    yield from (safe_apic_wait_icr_idle if vector == NMI_VECTOR else apic_wait_icr_idle)(context)
    yield from apic_write_around(context, _ICR_HIGH, __prepare_icr2(destination))
    cfg = __prepare_icr(Shorthand.NONE, vector, apic_dest_logical(context))
    yield from apic_write_around(context, _ICR_LOW, cfg)


def send_ipi_mask_bitmask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """Flat logical mode: the CPU mask is the destination."""
    flags = yield from local_irq_save()
    yield from __send_ipi_dest_field(context, cpumask, vector)
    yield from local_irq_restore(flags)


def send_ipi_mask_sequence(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """Physical mode: one send a CPU, and interrupts off around them all."""
    flags = yield from local_irq_save()
    for cpu in cpus_of(cpumask & context.kernel.online_mask):
        yield from __send_ipi_dest_field(context, cpu, vector)
    yield from local_irq_restore(flags)


def send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs, in the way that this kernel was built for."""
    send = send_ipi_mask_sequence if context.kernel.bigsmp else send_ipi_mask_bitmask
    yield from send(context, cpumask, vector)


def send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, if there is one (``mach_ipi.h``). An NMI goes by mask, and so does everything in physical
    mode. ``no_broadcast`` is 0 here, as without CONFIG_HOTPLUG_CPU; with it, the shorthand is used for nothing."""
    kernel = context.kernel
    everyone_else = kernel.online_mask & ~(1 << context.number)
    if not everyone_else:
        return
    if kernel.bigsmp or vector == NMI_VECTOR:
        yield from context.operations.send_ipi_mask(context, everyone_else, vector)
    else:
        yield from __send_ipi_shortcut(context, Shorthand.ALL_EXCLUDING_SELF, vector)


def send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks."""
    yield from __send_ipi_shortcut(context, Shorthand.SELF, vector)


def ack_apic_irq(context: Context) -> Steps[None]:
    """Ends the interrupt: a write to EOI."""
    yield from apic_write_around(context, _EOI, 0)
