"""x2APIC MSRs and physical destinations: Linux 6.12, ``arch/x86/kernel/apic/x2apic_phys.c``.

The driver of every kernel in x2APIC mode on a machine that does not remap interrupts, which is nearly every guest:
without that, devices can address all CPUs physically only (``try_to_enable_x2apic``: ``x2apic_phys = 1``). The
shorthands and the self IPI are here for ``x2apic_cluster.py``, too.
"""

from app.guest.apic_ops import Context
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_6.apic_driver import native_x2apic_icr_write, prepare_icr
from app.guest.steps import Fence, Steps
from app.x86.icr import DestinationMode, Shorthand
from app.x86.registers import Register


def x2apic_send_ipi_dest(context: Context, destination: int, vector: int, mode: DestinationMode) -> Steps[None]:
    """``__x2apic_send_IPI_dest``: one WRMSR."""
    yield from native_x2apic_icr_write(context, prepare_icr(Shorthand.NONE, vector, mode), destination)


def x2apic_send_ipi(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU, by its APIC ID."""
    yield Fence()
    yield from x2apic_send_ipi_dest(context, cpu, vector, DestinationMode.PHYSICAL)


def x2apic_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one send each, behind one fence."""
    yield Fence()
    flags = yield from local_irq_save()
    for cpu in cpus_of(cpumask):
        yield from x2apic_send_ipi_dest(context, cpu, vector, DestinationMode.PHYSICAL)
    yield from local_irq_restore(flags)


def x2apic_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs without the one that asks."""
    yield from x2apic_send_ipi_mask(context, cpumask & ~(1 << context.number), vector)


def __x2apic_send_ipi_shorthand(context: Context, shortcut: Shorthand, vector: int) -> Steps[None]:
    yield Fence()
    yield from native_x2apic_icr_write(context, prepare_icr(shortcut, vector, DestinationMode.PHYSICAL), 0)


def x2apic_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, by shorthand."""
    yield from __x2apic_send_ipi_shorthand(context, Shorthand.ALL_EXCLUDING_SELF, vector)


def x2apic_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU, by shorthand."""
    yield from __x2apic_send_ipi_shorthand(context, Shorthand.ALL_INCLUDING_SELF, vector)


def x2apic_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """The SELF IPI register."""
    yield from context.operations.apic_write(Register.SELF_IPI, vector)
