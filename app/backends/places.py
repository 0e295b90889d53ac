"""Where the functions that back ends put into a guest's table stand in Linux: 6.12.117, VMI's in 2.6.22."""

from app.backends import hyperv, kvm_pv, vmi, xen_evtchn
from app.guest.places import Places, in_file

PLACES: Places = {
    **in_file(
        "arch/x86/kernel/kvm.c",
        (kvm_pv.kvm_send_ipi_mask, "kvm_send_ipi_mask, __send_ipi_mask", 529),
        (kvm_pv.kvm_send_ipi_mask_allbutself, "kvm_send_ipi_mask_allbutself", 590),
        (kvm_pv.kvm_guest_apic_eoi_write, "kvm_guest_apic_eoi_write", 363),
    ),
    **in_file(
        "arch/x86/hyperv/hv_apic.c",
        (hyperv.hv_apic_read, "hv_apic_read", 56),
        (hyperv.hv_apic_write, "hv_apic_write", 75),
        (hyperv.hv_apic_icr_write, "hv_apic_icr_write", 45),
        (hyperv.hv_apic_eoi_write, "hv_apic_eoi_write", 89),
        (hyperv.hv_send_ipi, "hv_send_ipi, __send_ipi_one", 254),
        (hyperv.hv_send_ipi_mask, "hv_send_ipi_mask, __send_ipi_mask", 260),
        (hyperv.hv_send_ipi_mask_allbutself, "hv_send_ipi_mask_allbutself", 266),
        (hyperv.hv_send_ipi_allbutself, "hv_send_ipi_allbutself", 272),
        (hyperv.hv_send_ipi_all, "hv_send_ipi_all", 277),
        (hyperv.hv_send_ipi_self, "hv_send_ipi_self", 283),
    ),
    **in_file("drivers/clocksource/hyperv_timer.c", (hyperv.hv_ce_set_next_event, "hv_ce_set_next_event", 78)),
    **in_file(
        "arch/x86/xen/smp.c",
        (xen_evtchn.xen_send_ipi_mask, "xen_send_IPI_mask, __xen_send_IPI_mask", 206),
        (xen_evtchn.xen_send_ipi_mask_allbutself, "xen_send_IPI_mask_allbutself", 231),
        (xen_evtchn.xen_send_ipi_allbutself, "xen_send_IPI_allbutself", 249),
        (xen_evtchn.xen_send_ipi_all, "xen_send_IPI_all", 215),
        (xen_evtchn.xen_send_ipi_self, "xen_send_IPI_self", 223),
        (xen_evtchn.xen_smp_send_reschedule, "xen_smp_send_reschedule", 139),
    ),
    **in_file(
        "arch/x86/xen/apic.c",
        (xen_evtchn.xen_apic_read, "xen_apic_read", 39),
        (xen_evtchn.xen_apic_write, "xen_apic_write", 65),
        (xen_evtchn.xen_eoi, "xen_apic_eoi", 76),
    ),
    **in_file(
        "arch/i386/kernel/vmi.c",
        (vmi.vmi_apic_read, "activate_vmi: para_fill(apic_read, APICRead)"),
        (vmi.vmi_apic_write, "activate_vmi: para_fill(apic_write, APICWrite)"),
        (vmi.vmi_startup_ipi_hook, "vmi_startup_ipi_hook, SetInitialAPState"),
    ),
}
