"""Where the functions of this guest stand in Linux 6.12."""

from app.guest import device_interrupts
from app.guest.linux_6 import apic_driver, boot, clock, interrupts, smp, x2apic_cluster, x2apic_phys
from app.guest.places import Places, in_file

#: The text whose lines are numbered.
TEXT = "Linux 6.12.117"
_APIC = "arch/x86/kernel/apic/"
PLACES: Places = {
    **in_file(
        _APIC + "ipi.c",
        (apic_driver.default_send_ipi_single_phys, "default_send_IPI_single_phys", 188),
        (apic_driver.default_send_ipi_mask_sequence_phys, "default_send_IPI_mask_sequence_phys", 198),
        (apic_driver.default_send_ipi_allbutself, "default_send_IPI_allbutself", 235),
        (apic_driver.default_send_ipi_self, "default_send_IPI_self", 245),
        (smp.native_smp_send_reschedule, "native_smp_send_reschedule", 67),
    ),
    **in_file(
        _APIC + "x2apic_phys.c",
        (x2apic_phys.x2apic_send_ipi, "x2apic_send_IPI", 44),
        (x2apic_phys.x2apic_send_ipi_mask, "__x2apic_send_IPI_mask", 54),
        (x2apic_phys.x2apic_send_ipi_allbutself, "x2apic_send_IPI_allbutself", 95),
        (x2apic_phys.x2apic_send_ipi_self, "x2apic_send_IPI_self", 105),
    ),
    **in_file(
        _APIC + "x2apic_cluster.c",
        (x2apic_cluster.x2apic_send_ipi, "x2apic_send_IPI", 29),
        (x2apic_cluster.x2apic_send_ipi_mask, "__x2apic_send_IPI_mask", 39),
    ),
    **in_file("arch/x86/mm/tlb.c", (smp.native_flush_tlb_multi, "native_flush_tlb_multi", 950)),
    **in_file(
        "arch/x86/kernel/smp.c",
        (interrupts.sysvec_reschedule_ipi, "sysvec_reschedule_ipi", 248),
        (interrupts.sysvec_call_function, "sysvec_call_function", 257),
        (interrupts.sysvec_call_function_single, "sysvec_call_function_single", 266),
    ),
    **in_file(
        _APIC + "apic.c",
        (interrupts.sysvec_apic_timer_interrupt, "sysvec_apic_timer_interrupt", 1049),
        (interrupts.sysvec_spurious_apic_interrupt, "sysvec_spurious_apic_interrupt", 2148),
        (interrupts.spurious_interrupt, "handle_spurious_interrupt", 2099),
        (interrupts.sysvec_error_interrupt, "sysvec_error_interrupt", 2156),
        (clock.set_next_event, "lapic_next_deadline", 419),
    ),
    **in_file(_APIC + "io_apic.c", (device_interrupts.do_irq, "ioapic_ack_level; edge: vector.c, apic_ack_edge", 1657)),
    **in_file(
        "arch/x86/kernel/smpboot.c",
        (boot.start_secondary, "start_secondary, setup_local_APIC (apic.c:1497), lapic_setup_esr (apic.c:1382)", 231),
    ),
}
