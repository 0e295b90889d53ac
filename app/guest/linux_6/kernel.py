"""Linux 6.12 as one thing: its native tables of operations, and what people can have it do.

6.12 is the first kernel that has physical destinations on the xAPIC page whatever the number of CPUs. Where an older
6.x differs, the function says so.
"""

from dataclasses import replace
from functools import partial

from app.guest import functions
from app.guest.apic_ops import ApicOperations, Generation, absent
from app.guest.functions import KernelFunction, by_name
from app.guest.linux_6 import apic_driver, boot, clock, interrupts, places, smp, x2apic_cluster, x2apic_phys
from app.guest.linux_6.irq_vectors import (
    CALL_FUNCTION_SINGLE_VECTOR,
    CALL_FUNCTION_VECTOR,
    RESCHEDULE_VECTOR,
    VECTOR_NAMES,
)
from app.guest.places import Place
from app.x86.icr import DeliveryMode

#: ``apic_physflat``: the xAPIC page and physical destinations.
XAPIC_OPERATIONS = ApicOperations(
    apic_read=apic_driver.native_apic_mem_read,
    apic_write=apic_driver.native_apic_mem_write,
    icr_write=apic_driver.native_apic_icr_write,
    eoi=apic_driver.native_apic_mem_eoi,
    send_ipi=apic_driver.default_send_ipi_single_phys,
    send_ipi_mask=apic_driver.default_send_ipi_mask_sequence_phys,
    send_ipi_mask_allbutself=apic_driver.default_send_ipi_mask_allbutself_phys,
    send_ipi_allbutself=apic_driver.default_send_ipi_allbutself,
    send_ipi_all=apic_driver.default_send_ipi_all,
    send_ipi_self=apic_driver.default_send_ipi_self,
    smp_send_reschedule=smp.native_smp_send_reschedule,
    smp_call_function_mask=smp.native_send_call_func_ipi,
    flush_tlb_others=smp.native_flush_tlb_multi,
    startup_ipi_hook=absent,  # was VMI's, and left the kernel behind it
)
#: ``apic_x2apic_phys``: MSRs and physical destinations.
X2APIC_PHYS_OPERATIONS = replace(
    XAPIC_OPERATIONS,
    apic_read=apic_driver.native_apic_msr_read,
    apic_write=apic_driver.native_apic_msr_write,
    icr_write=apic_driver.native_x2apic_icr_write,
    eoi=apic_driver.native_apic_msr_eoi,
    send_ipi=x2apic_phys.x2apic_send_ipi,
    send_ipi_mask=x2apic_phys.x2apic_send_ipi_mask,
    send_ipi_mask_allbutself=x2apic_phys.x2apic_send_ipi_mask_allbutself,
    send_ipi_allbutself=x2apic_phys.x2apic_send_ipi_allbutself,
    send_ipi_all=x2apic_phys.x2apic_send_ipi_all,
    send_ipi_self=x2apic_phys.x2apic_send_ipi_self,
)
#: ``apic_x2apic_cluster``: MSRs and logical clusters.
X2APIC_CLUSTER_OPERATIONS = replace(
    X2APIC_PHYS_OPERATIONS,
    send_ipi=x2apic_cluster.x2apic_send_ipi,
    send_ipi_mask=x2apic_cluster.x2apic_send_ipi_mask,
    send_ipi_mask_allbutself=x2apic_cluster.x2apic_send_ipi_mask_allbutself,
)
#: What people can have it do, and how it does it.
FUNCTIONS = by_name(
    KernelFunction(
        functions.SMP_CALL_FUNCTION,
        smp.smp_call_function,
        Place("kernel/smp.c", "smp_call_function_many_cond", 785),
        interrupts_by=CALL_FUNCTION_VECTOR,
        measured=partial(smp.smp_call_function_many_cond, wait=True),
        other_names=("smp_call_function_many", "smp_call_function_single"),
    ),
    KernelFunction(
        functions.SMP_CALL_FUNCTION_SINGLE, smp.smp_call_function_single, interrupts_by=CALL_FUNCTION_SINGLE_VECTOR
    ),
    KernelFunction(
        functions.SMP_SEND_RESCHEDULE,
        smp.smp_send_reschedule,
        interrupts_by=RESCHEDULE_VECTOR,
        measured=functions.reschedule_each,
        other_names=("arch_smp_send_reschedule",),
    ),
    KernelFunction(
        functions.FLUSH_TLB_OTHERS,
        smp.flush_tlb_multi,
        interrupts_by=CALL_FUNCTION_VECTOR,
        measured=smp.flush_tlb_multi,
        other_names=("flush_tlb_multi",),
    ),
    KernelFunction(functions.SEND_IPI, functions.send_ipi),
    KernelFunction(functions.SEND_IPI_SELF, functions.send_ipi_self),
    KernelFunction(functions.SEND_IPI_ALLBUTSELF, smp.apic_send_ipi_allbutself),
    KernelFunction(
        functions.SEND_IPI_MASK,
        functions.send_ipi_mask,
        measured=functions.reschedule_by_mask,
        other_names=("send_IPI_mask",),
    ),
    KernelFunction(
        functions.DO_BOOT_CPU,
        boot.do_boot_cpu,
        Place("arch/x86/kernel/smpboot.c", "do_boot_cpu, wakeup_secondary_cpu_via_init, send_init_sequence", 870),
        interrupts_by=DeliveryMode.INIT,
    ),
)

LINUX_6 = Generation(
    name="linux-6",
    title="Linux 6.12, x86-64: struct apic, physical destinations, or x2APIC clusters where interrupts are remapped",
    xapic=XAPIC_OPERATIONS,
    x2apic=X2APIC_CLUSTER_OPERATIONS,
    x2apic_phys=X2APIC_PHYS_OPERATIONS,
    handler_of=interrupts.handler_of,
    start_secondary=boot.start_secondary,
    set_next_event=clock.set_next_event,
    io_apic_entries=boot.io_apic_entries,
    functions=FUNCTIONS,
    reschedule_vector=RESCHEDULE_VECTOR,
    vector_names=VECTOR_NAMES,
    ipi_vectors=frozenset({RESCHEDULE_VECTOR, CALL_FUNCTION_VECTOR, CALL_FUNCTION_SINGLE_VECTOR}),
    bits=64,
    text=places.TEXT,
    places=places.PLACES,
)
