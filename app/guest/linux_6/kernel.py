"""Linux 6.12 as one thing: its native tables of operations, and what people can have it do.

6.12 is the first kernel that has physical destinations on the xAPIC page whatever the number of CPUs. Where an older
6.x differs, the function says so.
"""

from dataclasses import replace

from app.guest.apic_ops import TABLE_FUNCTIONS, ApicOperations, Generation, GuestFunction, absent
from app.guest.linux_6 import apic_driver, boot, clock, interrupts, smp, x2apic_cluster, x2apic_phys
from app.guest.linux_6.irq_vectors import (
    CALL_FUNCTION_SINGLE_VECTOR,
    CALL_FUNCTION_VECTOR,
    RESCHEDULE_VECTOR,
    VECTOR_NAMES,
)

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


FUNCTIONS: dict[str, GuestFunction] = {
    "smp_call_function": lambda context, call: smp.smp_call_function(context, call.wait),
    "smp_call_function_single": lambda context, call: smp.smp_call_function_single(context, call.target, call.wait),
    "smp_send_reschedule": lambda context, call: smp.smp_send_reschedule(context, call.target),
    "flush_tlb_others": lambda context, call: smp.flush_tlb_multi(context, call.mask),
    **TABLE_FUNCTIONS,
    "send_ipi_allbutself": lambda context, call: smp.apic_send_ipi_allbutself(context, call.vector),
    "do_boot_cpu": lambda context, call: boot.do_boot_cpu(context, call.target),
}

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
)
