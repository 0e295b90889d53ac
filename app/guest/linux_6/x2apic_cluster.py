"""x2APIC MSRs and logical clusters: Linux 6.12, ``arch/x86/kernel/apic/x2apic_cluster.c``.

The driver of a kernel in x2APIC mode on a machine that remaps interrupts: bare metal.
"""

from app.guest.apic_ops import Context
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_6.x2apic_phys import x2apic_send_ipi_dest
from app.guest.steps import Fence, Steps
from app.x86.icr import DestinationMode

_CLUSTER_SIZE = 16


def logical_apicid(cpu: int) -> int:
    """``x86_cpu_to_logical_apicid``: the cluster in the upper half, one bit in the lower."""
    return cpu // _CLUSTER_SIZE << 16 | 1 << cpu % _CLUSTER_SIZE


def x2apic_send_ipi(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU, by its cluster and bit."""
    yield Fence()
    yield from x2apic_send_ipi_dest(context, logical_apicid(cpu), vector, DestinationMode.LOGICAL)


def x2apic_send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one send for each cluster of 16, behind one fence."""
    yield Fence()
    flags = yield from local_irq_save()
    clusters: dict[int, int] = {}
    for cpu in cpus_of(cpumask):
        clusters[cpu // _CLUSTER_SIZE] = clusters.get(cpu // _CLUSTER_SIZE, 0) | logical_apicid(cpu)
    for destination in clusters.values():
        yield from x2apic_send_ipi_dest(context, destination, vector, DestinationMode.LOGICAL)
    yield from local_irq_restore(flags)


def x2apic_send_ipi_mask_allbutself(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs without the one that asks."""
    yield from x2apic_send_ipi_mask(context, cpumask & ~(1 << context.number), vector)
