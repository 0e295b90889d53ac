"""Today's way from "send this vector" to a register: Linux 6.x, ``arch/x86/kernel/apic/{ipi,apic_flat_64,
x2apic_cluster,init}.c``. Names are the kernel's, in lower case.

Two drivers (``struct apic``): physical destinations over the xAPIC page, and logical clusters over x2APIC MSRs.
"""

from app.guest.apic_ops import Context
from app.guest.cpumask import cpus_of
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.steps import DisableInterrupts, EnableInterrupts, Fence, Load, ReadMsr, Steps, Store, WriteMsr
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register

_ICR_LOW = int(Register.ICR_LOW)
_ICR_HIGH = int(Register.ICR_HIGH)
_EOI = int(Register.EOI)
_PHYSICAL, _LOGICAL = DestinationMode.PHYSICAL, DestinationMode.LOGICAL
_CLUSTER_SIZE = 16


def __prepare_icr(shortcut: Shorthand, vector: int, mode: DestinationMode) -> int:
    delivery_mode = DeliveryMode.NMI if vector == NMI_VECTOR else DeliveryMode.FIXED
    return Icr(vector, delivery_mode, mode, shortcut, level=0).low()


def local_irq_save(context: Context) -> Steps[int]:
    """Turns interrupts off; gives whether they were on."""
    enabled = context.cpu.interrupt_flag
    yield DisableInterrupts()
    return enabled


def local_irq_restore(enabled: int) -> Steps[None]:
    """Turns them on again, if they were."""
    if enabled:
        yield EnableInterrupts()


# The xAPIC page, physical destinations


def native_apic_mem_read(register: int) -> Steps[int]:
    """A load from the APIC page."""
    return (yield Load(register))


def native_apic_mem_write(register: int, value: int) -> Steps[None]:
    """A store to the APIC page."""
    yield Store(register, value)


def native_apic_mem_eoi(context: Context) -> Steps[None]:
    """A store to EOI."""
    yield from native_apic_mem_write(_EOI, 0)


def native_apic_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """Destination first, then the half that sends."""
    flags = yield from local_irq_save(context)
    yield from context.operations.apic_write(_ICR_HIGH, destination << 24)
    yield from context.operations.apic_write(_ICR_LOW, low)
    yield from local_irq_restore(flags)


def __xapic_wait_icr_idle() -> Steps[None]:
    while (yield from native_apic_mem_read(_ICR_LOW)) & DELIVERY_STATUS:
        pass


def __default_send_ipi_shortcut(shortcut: Shorthand, vector: int) -> Steps[None]:
    yield from __xapic_wait_icr_idle()
    yield from native_apic_mem_write(_ICR_LOW, __prepare_icr(shortcut, vector, _PHYSICAL))


def __default_send_ipi_dest_field(destination: int, vector: int) -> Steps[None]:
    yield from __xapic_wait_icr_idle()
    yield from native_apic_mem_write(_ICR_HIGH, destination << 24)
    yield from native_apic_mem_write(_ICR_LOW, __prepare_icr(Shorthand.NONE, vector, _PHYSICAL))


def default_send_ipi_single_phys(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU."""
    flags = yield from local_irq_save(context)
    yield from __default_send_ipi_dest_field(cpu, vector)
    yield from local_irq_restore(flags)


def default_send_ipi_mask_sequence_phys(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one send each."""
    flags = yield from local_irq_save(context)
    for cpu in cpus_of(cpumask):
        yield from __default_send_ipi_dest_field(cpu, vector)
    yield from local_irq_restore(flags)


def default_send_ipi_mask_allbutself_phys(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs without the one that asks."""
    yield from default_send_ipi_mask_sequence_phys(context, cpumask & ~(1 << context.number), vector)


def default_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, by shorthand."""
    yield from __default_send_ipi_shortcut(Shorthand.ALL_EXCLUDING_SELF, vector)


def default_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU, by shorthand."""
    yield from __default_send_ipi_shortcut(Shorthand.ALL_INCLUDING_SELF, vector)


def default_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks, by shorthand."""
    yield from __default_send_ipi_shortcut(Shorthand.SELF, vector)


# x2APIC MSRs, logical clusters


def native_apic_msr_read(register: int) -> Steps[int]:
    """RDMSR of the register."""
    return (yield ReadMsr(x2apic_msr(register)))


def native_apic_msr_write(register: int, value: int) -> Steps[None]:
    """WRMSR of the register. DFR and the high half of ICR do not exist: the kernel leaves them alone."""
    if register not in (Register.DFR, Register.LDR, _ICR_HIGH):
        yield WriteMsr(x2apic_msr(register), value)


def native_apic_msr_eoi(context: Context) -> Steps[None]:
    """WRMSR of 0 to EOI."""
    yield WriteMsr(x2apic_msr(_EOI), 0)


def native_x2apic_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """One WRMSR of 64 bits."""
    yield WriteMsr(x2apic_msr(_ICR_LOW), destination << 32 | low)


def logical_apicid(cpu: int) -> int:
    """``x86_cpu_to_logical_apicid``: the cluster in the upper half, one bit in the lower."""
    return cpu // _CLUSTER_SIZE << 16 | 1 << cpu % _CLUSTER_SIZE


def x2apic_send_ipi(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU."""
    yield Fence()
    low = __prepare_icr(Shorthand.NONE, vector, _LOGICAL)
    yield from context.operations.icr_write(context, low, logical_apicid(cpu))


def x2apic_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one send for each cluster of 16."""
    yield Fence()
    flags = yield from local_irq_save(context)
    clusters: dict[int, int] = {}
    for cpu in cpus_of(cpumask):
        clusters[cpu // _CLUSTER_SIZE] = clusters.get(cpu // _CLUSTER_SIZE, 0) | logical_apicid(cpu)
    low = __prepare_icr(Shorthand.NONE, vector, _LOGICAL)
    for destination in clusters.values():
        yield from context.operations.icr_write(context, low, destination)
    yield from local_irq_restore(flags)


def x2apic_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs without the one that asks."""
    yield from x2apic_send_ipi_mask(context, cpumask & ~(1 << context.number), vector)


def __x2apic_send_ipi_shorthand(context: Context, shortcut: Shorthand, vector: int) -> Steps[None]:
    yield Fence()
    yield from context.operations.icr_write(context, __prepare_icr(shortcut, vector, _PHYSICAL), 0)


def x2apic_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, by shorthand."""
    yield from __x2apic_send_ipi_shorthand(context, Shorthand.ALL_EXCLUDING_SELF, vector)


def x2apic_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU, by shorthand."""
    yield from __x2apic_send_ipi_shorthand(context, Shorthand.ALL_INCLUDING_SELF, vector)


def x2apic_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """The SELF IPI register."""
    yield from context.operations.apic_write(Register.SELF_IPI, vector)
