"""Today's Linux as one thing: its native tables of operations, and what people can have it do."""

from dataclasses import replace

from app.guest.apic_ops import TABLE_FUNCTIONS, ApicOperations, Generation, GuestFunction
from app.guest.linux_6 import apic_driver, boot, clock, interrupts, smp
from app.guest.linux_6.irq_vectors import RESCHEDULE_VECTOR, VECTOR_NAMES

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
)
#: ``apic_x2apic_cluster``: MSRs and logical clusters.
X2APIC_OPERATIONS = replace(
    XAPIC_OPERATIONS,
    apic_read=apic_driver.native_apic_msr_read,
    apic_write=apic_driver.native_apic_msr_write,
    icr_write=apic_driver.native_x2apic_icr_write,
    eoi=apic_driver.native_apic_msr_eoi,
    send_ipi=apic_driver.x2apic_send_ipi,
    send_ipi_mask=apic_driver.x2apic_send_ipi_mask,
    send_ipi_mask_allbutself=apic_driver.x2apic_send_ipi_mask_allbutself,
    send_ipi_allbutself=apic_driver.x2apic_send_ipi_allbutself,
    send_ipi_all=apic_driver.x2apic_send_ipi_all,
    send_ipi_self=apic_driver.x2apic_send_ipi_self,
)


FUNCTIONS: dict[str, GuestFunction] = {
    "smp_call_function": lambda context, call: smp.smp_call_function(context, call.wait),
    "smp_call_function_single": lambda context, call: smp.smp_call_function_single(context, call.target, call.wait),
    "smp_send_reschedule": lambda context, call: smp.smp_send_reschedule(context, call.target),
    "flush_tlb_others": lambda context, call: smp.flush_tlb_multi(context, call.mask),
    **TABLE_FUNCTIONS,
    "do_boot_cpu": lambda context, call: boot.do_boot_cpu(context, call.target),
}

LINUX_6 = Generation(
    name="linux-6",
    title="Linux 6.x, x86-64: struct apic, physical or x2APIC cluster mode",
    xapic=XAPIC_OPERATIONS,
    x2apic=X2APIC_OPERATIONS,
    handler_of=interrupts.handler_of,
    start_secondary=boot.start_secondary,
    set_next_event=clock.set_next_event,
    io_apic_entries=boot.io_apic_entries,
    functions=FUNCTIONS,
    reschedule_vector=RESCHEDULE_VECTOR,
    vector_names=VECTOR_NAMES,
)
