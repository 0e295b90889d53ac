"""Linux 2.6.22 as one thing: its native table of operations, and what people can have it do."""

from functools import partial

from app.guest import functions
from app.guest.apic_ops import ApicOperations, Generation, absent
from app.guest.functions import KernelFunction, by_name
from app.guest.linux_2_6_22 import apic_driver, boot, clock, interrupts, places, smp
from app.guest.linux_2_6_22.irq_vectors import (
    CALL_FUNCTION_VECTOR,
    INVALIDATE_TLB_VECTOR,
    RESCHEDULE_VECTOR,
    VECTOR_NAMES,
)
from app.guest.places import Place
from app.x86.icr import DeliveryMode

#: The table as the kernel is linked, before any hypervisor has touched it.
NATIVE_OPERATIONS = ApicOperations(
    apic_read=apic_driver.native_apic_read,
    apic_write=apic_driver.native_apic_write,
    icr_write=absent,  # came with 2.6.28
    eoi=apic_driver.ack_apic_irq,
    send_ipi=absent,
    send_ipi_mask=apic_driver.send_ipi_mask,
    send_ipi_mask_allbutself=absent,
    send_ipi_allbutself=apic_driver.send_ipi_allbutself,
    send_ipi_all=absent,
    send_ipi_self=apic_driver.send_ipi_self,
    smp_send_reschedule=smp.native_smp_send_reschedule,
    smp_call_function_mask=smp.native_smp_call_function_mask,
    flush_tlb_others=smp.native_flush_tlb_others,
    startup_ipi_hook=boot.native_nop,
)
#: What people can have it do, and how it does it.
FUNCTIONS = by_name(
    KernelFunction(
        functions.SMP_CALL_FUNCTION,
        smp.smp_call_function,
        Place("arch/i386/kernel/smp.c", "smp_call_function, native_smp_call_function_mask (:549)", 617),
        interrupts_by=CALL_FUNCTION_VECTOR,
        measured=partial(smp.smp_call_function_mask, wait=True),
        other_names=("smp_call_function_mask", "smp_call_function_single"),
    ),
    KernelFunction(
        functions.SMP_CALL_FUNCTION_SINGLE, smp.smp_call_function_single, interrupts_by=CALL_FUNCTION_VECTOR
    ),
    KernelFunction(
        functions.SMP_SEND_RESCHEDULE,
        smp.smp_send_reschedule,
        interrupts_by=RESCHEDULE_VECTOR,
        measured=functions.reschedule_each,
    ),
    KernelFunction(
        functions.FLUSH_TLB_OTHERS,
        smp.flush_tlb_others,
        interrupts_by=INVALIDATE_TLB_VECTOR,
        measured=smp.flush_tlb_others,
    ),
    KernelFunction(functions.SEND_IPI, functions.send_ipi),
    KernelFunction(functions.SEND_IPI_SELF, functions.send_ipi_self),
    KernelFunction(functions.SEND_IPI_ALLBUTSELF, functions.send_ipi_allbutself),
    KernelFunction(
        functions.SEND_IPI_MASK,
        functions.send_ipi_mask,
        measured=functions.reschedule_by_mask,
        other_names=("send_IPI_mask",),
    ),
    KernelFunction(
        functions.DO_BOOT_CPU,
        boot.do_boot_cpu,
        Place("arch/i386/kernel/smpboot.c", "do_boot_cpu, wakeup_secondary_cpu"),
        interrupts_by=DeliveryMode.INIT,
    ),
)

LINUX_2_6_22 = Generation(
    name="linux-2.6.22",
    title="Linux 2.6.22, i386, flat logical mode: the kernel of March 2007",
    xapic=NATIVE_OPERATIONS,
    x2apic=None,
    x2apic_phys=None,
    handler_of=interrupts.handler_of,
    start_secondary=boot.start_secondary,
    set_next_event=clock.lapic_next_event,
    io_apic_entries=boot.io_apic_entries,
    functions=FUNCTIONS,
    reschedule_vector=RESCHEDULE_VECTOR,
    vector_names=VECTOR_NAMES,
    ipi_vectors=frozenset({RESCHEDULE_VECTOR, CALL_FUNCTION_VECTOR, INVALIDATE_TLB_VECTOR}),
    bits=32,
    text=places.TEXT,
    places=places.PLACES,
)
