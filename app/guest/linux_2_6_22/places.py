"""Where the functions of this guest stand in Linux 2.6.22."""

from app.guest import device_interrupts
from app.guest.linux_2_6_22 import apic_driver, boot, clock, interrupts, smp
from app.guest.places import Places, in_file

#: The text that was read: as of June 2007. Lines are those of the versions named here, which lie between 2.6.22-rc1 and
#: 2.6.23-rc1; of the other files no text that is 2.6.22's beyond doubt was at hand with its lines.
TEXT = "Linux 2.6.22; lines: smp.c at commit 5c34202b8bf9, mach_ipi.h at ea9b395fe20a"
_SMP = "arch/i386/kernel/smp.c"
PLACES: Places = {
    **in_file(
        _SMP,
        (apic_driver.send_ipi_mask, "send_IPI_mask_bitmask, __send_IPI_dest_field (:170)", 202),
        (apic_driver.send_ipi_self, "send_IPI_self, __send_IPI_shortcut (:134)", 161),
        (smp.native_smp_send_reschedule, "native_smp_send_reschedule", 470),
        (smp.native_flush_tlb_others, "native_flush_tlb_others", 346),
        (interrupts.smp_reschedule_interrupt, "smp_reschedule_interrupt", 692),
        (interrupts.smp_call_function_interrupt, "smp_call_function_interrupt", 697),
        (interrupts.smp_invalidate_interrupt, "smp_invalidate_interrupt", 312),
    ),
    **in_file(
        "include/asm-i386/mach-default/mach_ipi.h",
        (apic_driver.send_ipi_allbutself, "send_IPI_allbutself, __local_send_IPI_allbutself (:14)", 33),
    ),
    **in_file(
        "arch/i386/kernel/apic.c",
        (interrupts.smp_apic_timer_interrupt, "smp_apic_timer_interrupt"),
        (interrupts.smp_spurious_interrupt, "smp_spurious_interrupt"),
        (interrupts.smp_error_interrupt, "smp_error_interrupt"),
        (clock.lapic_next_event, "lapic_next_event"),
    ),
    **in_file("arch/i386/kernel/io_apic.c", (device_interrupts.do_irq, "ack_ioapic_irq, ack_ioapic_quirk_irq")),
    **in_file(
        "arch/i386/kernel/smpboot.c",
        (boot.start_secondary, "start_secondary, smp_callin, setup_local_APIC (apic.c)"),
    ),
}
