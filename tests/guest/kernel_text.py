"""What each function does in the kernel's own text, transcribed by hand: accesses in order, and what is between them.

A line is a list of words, apart by "·". Registers have the kernel's names (``asm/apicdef.h``), values are hexadecimal:

    read ICR · write ICR 851    a load from the page, and a store      rdmsr, wrmsr    the same by MSR
    look LDR                    a dereference past ``apic_read``       cli, sti        local_irq_save, _restore
    APICRead ICR                a call of VMI                          fence           weak_wrmsr_fence, mfence
    wait 300                    udelay, in microseconds                word            one shared with the hypervisor
    mem, spin, work             one operation on a word or list that CPUs share; a wait for it; the handler's own

Linux 2.6.22 is the i386 kernel with CONFIG_X86_GOOD_APIC and without CONFIG_HOTPLUG_CPU; 6.12 the x86-64 one
(6.12.117). Each function stands below its file and line; which of 2.6.22's files had no numbered lines at hand, and
which text the lines of the others are of, says ``app/guest/linux_2_6_22/places.py``.
"""

from collections.abc import Mapping

# Linux 2.6.22: 4 CPUs, mach-default

#: arch/i386/kernel/smp.c:202 send_IPI_mask_bitmask: local_irq_save; :170 __send_IPI_dest_field: apic_wait_icr_idle,
#: ICR2, ICR with :114 __prepare_ICR(0, vector) = APIC_DEST_LOGICAL | APIC_DM_FIXED | vector; NMI_VECTOR: APIC_DM_NMI
#: and no vector.
FLAT_ONE = "cli · read ICR · write ICR2 2000000 · write ICR 851 · sti"
FLAT_THREE = "cli · read ICR · write ICR2 e000000 · write ICR 851 · sti"
FLAT_NMI = "cli · read ICR · write ICR2 6000000 · write ICR c00 · sti"
#: include/asm-i386/mach-default/mach_ipi.h:14 __local_send_IPI_allbutself: no_broadcast || vector == NMI_VECTOR: by
#: mask; else arch/i386/kernel/smp.c:134 __send_IPI_shortcut, which leaves interrupts as they are.
FLAT_ALL = "read ICR · write ICR c0851"
FLAT_ALL_NMI = "cli · read ICR · write ICR2 e000000 · write ICR c00 · sti"
FLAT_SELF = "read ICR · write ICR 40851"
#: :470 native_smp_send_reschedule: send_IPI_mask.
FLAT_RESCHEDULE = "cli · read ICR · write ICR2 2000000 · write ICR 8fc · sti"
#: :549 native_smp_call_function_mask: call_lock, send_IPI_allbutself, started, finished, call_lock.
FLAT_CALL = "mem · read ICR · write ICR c08fb · spin · spin · mem"
#: :346 native_flush_tlb_others: tlbstate_lock, flush_cpumask, send_IPI_mask, flush_cpumask empty, tlbstate_lock.
FLAT_FLUSH = "mem · mem · cli · read ICR · write ICR2 6000000 · write ICR 8fd · sti · spin · mem"
EOI = "write EOI 0"
#: arch/i386/kernel/smpboot.c: wakeup_secondary_cpu (WAKE_SECONDARY_VIA_INIT); apic_read_around is empty.
WAKEUP_2_6_22 = (
    "write ESR 0 · read ESR"
    " · write ICR2 1000000 · write ICR c500 · read ICR · wait 10000"
    " · write ICR2 1000000 · write ICR 8500 · read ICR"
    " · {hook}read LVR"
    + " · write ESR 0 · read ESR · write ICR2 1000000 · write ICR 609 · wait 300 · read ICR · wait 200"
    " · write ESR 0 · read ESR" * 2
)
#: smpboot.c: smp_callin; apic.c: setup_local_APIC, init_apic_ldr (mach-default/mach_apic.h); smpboot.c:
#: map_cpu_to_logical_apicid; local_irq_enable.
START_2_6_22 = (
    "read ID"
    " · read LVR · read ID · write DFR ffffffff · read LDR · write LDR 2000000 · read TASKPRI · write TASKPRI 0"
    " · read ISR7 · read ISR6 · read ISR5 · read ISR4 · read ISR3 · read ISR2 · read ISR1 · read ISR0"
    " · read SPIV · write SPIV 1ff · read LVT0 · write LVT0 10700 · write LVT1 10400"
    " · read LVR · write ESR 0 · read ESR · write LVTERR fe · write ESR 0 · read ESR · read LVTT · write LVTT 100ef"
    " · look LDR · sti"
)
LINUX_2_6_22 = {
    "Send to CPU 1": FLAT_ONE,
    "Send to CPUs 1, 2 and 3, as a mask": FLAT_THREE,
    "Send an NMI to CPUs 1 and 2, as a mask": FLAT_NMI,
    "Send to all other CPUs, of 4": FLAT_ALL,
    "Send an NMI to all other CPUs": FLAT_ALL_NMI,
    "Send to itself": FLAT_SELF,
    "Wake CPU 1": FLAT_RESCHEDULE,
    "Have all others run a function": FLAT_CALL,
    "Have CPUs 1 and 2 drop their translations": FLAT_FLUSH,
    # smp.c:692 smp_reschedule_interrupt, :697 smp_call_function_interrupt, :312 smp_invalidate_interrupt
    "A reschedule comes": f"{EOI} · work",
    "A function call comes": f"{EOI} · mem · work · mem",
    "A TLB flush comes": f"work · {EOI} · mem",
    # apic.c: smp_apic_timer_interrupt, smp_spurious_interrupt, smp_error_interrupt
    "The local timer's vector comes": f"{EOI} · work",
    "Vector 0xff was really sent": f"read ISR7 · {EOI}",
    "The APIC reports an error": f"read ESR · write ESR 0 · read ESR · {EOI}",
    # io_apic.c: ack_ioapic_irq; ack_ioapic_quirk_irq reads TMR before the EOI. kernel/irq/handle.c: handle_IRQ_event
    "An edge-triggered device interrupts": f"{EOI} · sti · work · cli",
    "A level-triggered device": f"sti · work · cli · read TMR5 · {EOI}",
    "Start CPU 1: the CPU that does it": WAKEUP_2_6_22.format(hook=""),
    "Start CPU 1: the CPU that is started": START_2_6_22,
}

# Linux 6.12 on the xAPIC page: apic_physflat

#: arch/x86/kernel/apic/ipi.c:188 default_send_IPI_single_phys, :198 default_send_IPI_mask_sequence_phys, :173
#: __default_send_IPI_dest_field; local.h: __prepare_ICR.
PHYS_ONE = "cli · read ICR · write ICR2 1000000 · write ICR 51 · sti"
PHYS_THREE = (
    "cli · read ICR · write ICR2 1000000 · write ICR 51 · read ICR · write ICR2 2000000 · write ICR 51"
    " · read ICR · write ICR2 3000000 · write ICR 51 · sti"
)
PHYS_NMI = "cli · read ICR · write ICR2 1000000 · write ICR 400 · read ICR · write ICR2 2000000 · write ICR 400 · sti"
PHYS_NMI_TO_THREE = (
    "cli · read ICR · write ICR2 1000000 · write ICR 400 · read ICR · write ICR2 2000000 · write ICR 400"
    " · read ICR · write ICR2 3000000 · write ICR 400 · sti"
)
#: arch/x86/kernel/smpboot.c:870 do_boot_cpu (legacy.warm_reset), :723 wakeup_secondary_cpu_via_init, :697
#: send_init_sequence; apic.c:221 native_apic_icr_write turns interrupts off around its two halves.
_ICR = "cli · write ICR2 1000000 · write ICR {} · sti · read ICR"
WAKEUP_6 = (
    "write ESR 0 · read ESR · read LVR · read LVR · write ESR 0 · read ESR"
    f" · {_ICR.format('c500')} · {_ICR.format('8500')}"
    + (
        " · write ESR 0 · read ESR · cli · write ICR2 1000000 · write ICR 609 · sti · wait 10 · read ICR · wait 10"
        " · write ESR 0 · read ESR"
    )
    * 2
)
#: smpboot.c:231 start_secondary; apic.c:1497 setup_local_APIC, :1477 apic_pending_intr_clear, :1382 lapic_setup_esr.
START_6 = (
    "read SPIV · write SPIV ff · read TASKPRI · write TASKPRI 10"
    " · read IRR0 · read IRR1 · read IRR2 · read IRR3 · read IRR4 · read IRR5 · read IRR6 · read IRR7"
    " · read ISR0 · read ISR1 · read ISR2 · read ISR3 · read ISR4 · read ISR5 · read ISR6 · read ISR7"
    " · read SPIV · write SPIV 1ff · read LVT0 · write LVT0 10700 · write LVT1 10400"
    " · read LVR · write ESR 0 · read ESR · write LVTERR fe · write ESR 0 · read ESR · sti"
)
LINUX_6_XAPIC = {
    "Send to CPU 1": PHYS_ONE,
    "Send to CPUs 1, 2 and 3, as a mask": PHYS_THREE,
    "Send an NMI to CPUs 1 and 2, as a mask": PHYS_NMI,
    # ipi.c:51 apic_send_IPI_allbutself, :235 default_send_IPI_allbutself, :152 __default_send_IPI_shortcut
    "Send to all other CPUs, of 4": "read ICR · write ICR c0051",
    "Send an NMI to all other CPUs": "read ICR · write ICR c0400",
    "Send to itself": "read ICR · write ICR 40051",
    # ipi.c:67 native_smp_send_reschedule
    "Wake CPU 1": "cli · read ICR · write ICR2 1000000 · write ICR fd · sti",
    # kernel/smp.c:785 smp_call_function_many_cond; ipi.c:81 native_send_call_func_ipi
    "Have all others run a function": "mem · mem · mem · read ICR · write ICR c00fc · spin · spin · spin",
    # arch/x86/mm/tlb.c:950 native_flush_tlb_multi
    "Have CPUs 1 and 2 drop their translations": (
        "mem · mem · cli · read ICR · write ICR2 1000000 · write ICR fc · read ICR · write ICR2 2000000 · write ICR fc"
        " · sti · spin · spin"
    ),
    # arch/x86/kernel/smp.c:248 sysvec_reschedule_ipi, :257 sysvec_call_function
    "A reschedule comes": f"{EOI} · work",
    "A function call comes": f"{EOI} · mem · work · mem",
    # apic.c:1049 sysvec_apic_timer_interrupt, :2099 handle_spurious_interrupt, :2156 sysvec_error_interrupt
    "The local timer's vector comes": f"{EOI} · work",
    "Vector 0xff was really sent": "",
    "A system vector comes that nothing is behind": f"read ISR7 · {EOI}",
    "The APIC reports an error": f"read LVR · write ESR 0 · read ESR · {EOI}",
    # vector.c:913 apic_ack_edge; io_apic.c:1657 ioapic_ack_level reads TMR before the EOI
    "An edge-triggered device interrupts": f"{EOI} · sti · work · cli",
    "A level-triggered device": f"sti · work · cli · read TMR5 · {EOI}",
    "Start CPU 1: the CPU that does it": WAKEUP_6,
    "Start CPU 1: the CPU that is started": START_6,
}


# Linux 6.12 in x2APIC mode


def by_msr(line: str) -> str:
    """A line of the page's, by MSR: asm/apic.h:206 native_apic_msr_write, :220 native_apic_msr_read."""
    return line.replace("read ", "rdmsr ").replace("write ", "wrmsr ")


#: smpboot.c as above, with asm/apic.h:231 native_x2apic_icr_write, and no driver's safe_wait_icr_idle.
WAKEUP_X2APIC = (
    "wrmsr ESR 0 · rdmsr ESR · rdmsr LVR · rdmsr LVR · wrmsr ESR 0 · rdmsr ESR"
    " · wrmsr ICR 10000c500 · wrmsr ICR 100008500"
    + (" · wrmsr ESR 0 · rdmsr ESR · wrmsr ICR 100000609 · wait 10 · wait 10 · wrmsr ESR 0 · rdmsr ESR")
    * 2
)
_LIKE_THE_PAGE = (
    "A reschedule comes",
    "A function call comes",
    "The local timer's vector comes",
    "Vector 0xff was really sent",
    "A system vector comes that nothing is behind",
    "The APIC reports an error",
    "An edge-triggered device interrupts",
    "A level-triggered device",
    "Start CPU 1: the CPU that is started",
)
_X2APIC = {title: by_msr(LINUX_6_XAPIC[title]) for title in _LIKE_THE_PAGE} | {
    # x2apic_phys.c:95 x2apic_send_IPI_allbutself, :105 x2apic_send_IPI_self; both drivers
    "Send to all other CPUs, of 4": "fence · wrmsr ICR c0051",
    "Send an NMI to all other CPUs": "fence · wrmsr ICR c0400",
    "Send to itself": "wrmsr SELF_IPI 51",
    "Have all others run a function": "mem · mem · mem · fence · wrmsr ICR c00fc · spin · spin · spin",
    "Start CPU 1: the CPU that does it": WAKEUP_X2APIC,
}
LINUX_6_X2APIC_PHYS = _X2APIC | {
    # x2apic_phys.c:44 x2apic_send_IPI, :54 __x2apic_send_IPI_mask
    "Send to CPU 1": "fence · wrmsr ICR 100000051",
    "Send to CPUs 1, 2 and 3, as a mask": (
        "fence · cli · wrmsr ICR 100000051 · wrmsr ICR 200000051 · wrmsr ICR 300000051 · sti"
    ),
    "Send an NMI to CPUs 1 and 2, as a mask": "fence · cli · wrmsr ICR 100000400 · wrmsr ICR 200000400 · sti",
    "Wake CPU 1": "fence · wrmsr ICR 1000000fd",
    "Have CPUs 1 and 2 drop their translations": (
        "mem · mem · fence · cli · wrmsr ICR 1000000fc · wrmsr ICR 2000000fc · sti · spin · spin"
    ),
}
LINUX_6_X2APIC_CLUSTER = _X2APIC | {
    # x2apic_cluster.c:29 x2apic_send_IPI, :39 __x2apic_send_IPI_mask
    "Send to CPU 1": "fence · wrmsr ICR 200000851",
    "Send to CPUs 1, 2 and 3, as a mask": "fence · cli · wrmsr ICR e00000851 · sti",
    "Send an NMI to CPUs 1 and 2, as a mask": "fence · cli · wrmsr ICR 600000c00 · sti",
    "Wake CPU 1": "fence · wrmsr ICR 2000008fd",
    "Have CPUs 1 and 2 drop their translations": "mem · mem · fence · cli · wrmsr ICR 6000008fc · sti · spin · spin",
}


# What hypervisors put in their place


def by_word(line: str, unless: str = "") -> str:
    """A line whose EOI is a word that the hypervisor shares, and a write of the APIC too where it was not set."""
    return line.replace("wrmsr EOI 0", f"word{unless}").replace("write EOI 0", f"word{unless}")


def _ended_by_word(lines: dict[str, str], written: str) -> dict[str, str]:
    """The handlers of *lines*. What is level-triggered, or has left the guest since it came, is *written* too."""
    exiting = ("A level-triggered device", "A system vector comes that nothing is behind", "The APIC reports an error")
    return {title: by_word(lines[title], f" · {written}" if title in exiting else "") for title in _LIKE_THE_PAGE}


#: arch/x86/kernel/kvm.c:529 __send_ipi_mask, :363 kvm_guest_apic_eoi_write.
KVM_PV = (
    LINUX_6_X2APIC_PHYS
    | _ended_by_word(LINUX_6_X2APIC_PHYS, "wrmsr EOI 0")
    | {
        "Send to CPUs 1, 2 and 3, as a mask": "cli · KVM_HC_SEND_IPI 7 0 1 51 · sti",
        "Send an NMI to CPUs 1 and 2, as a mask": "cli · KVM_HC_SEND_IPI 3 0 1 400 · sti",
        "Have CPUs 1 and 2 drop their translations": "mem · mem · cli · KVM_HC_SEND_IPI 3 0 1 fc · sti · spin · spin",
    }
)
_HV_ICR = "wrmsr HV_ICR 1000000{:08x} · read ICR"
#: arch/x86/hyperv/hv_apic.c:157 __send_ipi_mask, :228 __send_ipi_one, :45 hv_apic_icr_write, :75 hv_apic_write, :89
#: hv_apic_eoi_write; vectors below 0x10 go the driver's own way, and all but self never by shorthand.
HYPERV = (
    LINUX_6_XAPIC
    | _ended_by_word(LINUX_6_XAPIC, "wrmsr HV_EOI 0")
    | {
        "Send to CPU 1": "HVCALL_SEND_IPI 51 2",
        "Send to CPUs 1, 2 and 3, as a mask": "HVCALL_SEND_IPI 51 e",
        "Send to all other CPUs, of 4": "HVCALL_SEND_IPI 51 e",
        "Send an NMI to all other CPUs": PHYS_NMI_TO_THREE,
        "Send to itself": "HVCALL_SEND_IPI 51 1",
        "Wake CPU 1": "HVCALL_SEND_IPI fd 2",
        "Have all others run a function": "mem · mem · mem · HVCALL_SEND_IPI fc e · spin · spin · spin",
        "Have CPUs 1 and 2 drop their translations": "mem · mem · HVCALL_SEND_IPI fc 6 · spin · spin",
        "Start CPU 1: the CPU that does it": WAKEUP_6.replace("cli · write ICR2 1000000 · write ICR ", "HV ")
        .replace(" · sti", "")
        .replace("HV c500", "wrmsr HV_ICR 10000000000c500")
        .replace("HV 8500", "wrmsr HV_ICR 100000000008500")
        .replace("HV 609", "wrmsr HV_ICR 100000000000609"),
        "Start CPU 1: the CPU that is started": START_6.replace("read TASKPRI", "rdmsr HV_TPR").replace(
            "write TASKPRI", "wrmsr HV_TPR"
        ),
    }
)


def by_vmi(line: str) -> str:
    """arch/i386/kernel/vmi.c: activate_vmi: para_fill(apic_read, APICRead), para_fill(apic_write, APICWrite)."""
    return line.replace("read ", "APICRead ").replace("write ", "APICWrite ")


#: vmi.c: vmi_startup_ipi_hook, called by wakeup_secondary_cpu before the first start-up IPI.
VMI = {title: by_vmi(line) for title, line in LINUX_2_6_22.items()} | {
    "Start CPU 1: the CPU that does it": by_vmi(WAKEUP_2_6_22.format(hook="SetInitialAPState 1 · ")),
}

# Xen, where there is no APIC. That a line is empty says: the kernel does nothing, and Xen is asked for nothing

#: arch/x86/xen/smp.c:174 xen_map_vector: a port for what the kernel sends by itself, XEN_NMI_VECTOR for NMI on x86-64,
#: for any other vector a line in the log and nothing more. :144 __xen_send_IPI_mask: one CPU after the other.
#: drivers/xen/events/events_base.c:1638 xen_send_IPI_one: the hypercall.
XEN_6: dict[str, str | None] = {
    # smp.c:206 xen_send_IPI_mask, :231 xen_send_IPI_mask_allbutself, :249 _allbutself, :223 _self
    "Send to CPU 1": "",
    "Send to CPUs 1, 2 and 3, as a mask": "",
    "Send an NMI to CPUs 1 and 2, as a mask": "VCPUOP_send_nmi 1 · VCPUOP_send_nmi 2",
    "Send to all other CPUs, of 4": "",
    "Send an NMI to all other CPUs": "VCPUOP_send_nmi 1 · VCPUOP_send_nmi 2 · VCPUOP_send_nmi 3",
    "Send to itself": "",
    # smp.c:139 xen_smp_send_reschedule
    "Wake CPU 1": "EVTCHNOP_send 1 fd",
    # smp.c:153 xen_smp_send_call_function_ipi: SCHEDOP_yield (:162) only where a target's time was stolen
    "Have all others run a function": (
        "mem · mem · mem · EVTCHNOP_send 1 fc · EVTCHNOP_send 2 fc · EVTCHNOP_send 3 fc · spin · spin · spin"
    ),
    # arch/x86/mm/tlb.c:950 native_flush_tlb_multi. (arch/x86/xen/mmu_pv.c puts a hypercall in its place: not modelled.)
    "Have CPUs 1 and 2 drop their translations": "mem · mem · EVTCHNOP_send 1 fc · EVTCHNOP_send 2 fc · spin · spin",
    # events_base.c:1708 xen_evtchn_do_upcall, events_2l.c:164 evtchn_2l_handle_events clear the pending bit, before the
    # handlers: smp.c:254 xen_call_function_interrupt, time.c:319 xen_timer_interrupt. No EOI.
    "A reschedule comes": "work",
    "A function call comes": "mem · work · mem",
    "The local timer's vector comes": "work",
    "Vector 0xff was really sent": "",
    "A system vector comes that nothing is behind": "",
    # events_base.c:830 eoi_pirq, :814 do_eoi_pirq: a hypercall where Xen said that one is needed (:801)
    "An edge-triggered device interrupts": "sti · work · cli",
    "A level-triggered device": "sti · work · cli · PHYSDEVOP_eoi b9",
    # arch/x86/xen/apic.c:76 xen_apic_eoi and :65 xen_apic_write only warn, and nobody sets an error vector up.
    "The APIC reports an error": None,
    # smp_pv.c:290 xen_pv_kick_ap has VCPUOP_initialise (:283) and VCPUOP_up (:313), and the new CPU begins with :57
    # cpu_bringup: do_boot_cpu and start_secondary never run. (What does is not modelled.)
    "Start CPU 1: the CPU that does it": None,
    "Start CPU 1: the CPU that is started": None,
}
#: The first kernel with Xen in it is 2.6.23: arch/i386/xen/smp.c, its lines as at commit 39fe5434cb9d. Its one way to
#: send is events.c: xen_send_IPI_one, for two IPIs of its own; an NMI is none of them.
XEN_2_6_23: dict[str, str | None] = {
    "Send to CPU 1": "",
    "Send to CPUs 1, 2 and 3, as a mask": "",
    "Send an NMI to CPUs 1 and 2, as a mask": "",
    "Send to all other CPUs, of 4": "",
    "Send an NMI to all other CPUs": "",
    "Send to itself": "",
    # smp.c:316 xen_smp_send_reschedule
    "Wake CPU 1": "EVTCHNOP_send 1 fc",
    # smp.c:359 xen_smp_call_function_mask, :322 xen_send_IPI_mask; :394 yields whoever the targets are. Its one loop
    # waits for both counts, started and finished.
    "Have all others run a function": (
        "mem · EVTCHNOP_send 1 fb · EVTCHNOP_send 2 fb · EVTCHNOP_send 3 fb · SCHEDOP_yield · spin · spin · mem"
    ),
    # arch/i386/kernel/smp.c:346 native_flush_tlb_others. (enlighten.c puts a hypercall in its place: not modelled.)
    "Have CPUs 1 and 2 drop their translations": "mem · mem · EVTCHNOP_send 1 fd · EVTCHNOP_send 2 fd · spin · mem",
    # smp.c:65 xen_reschedule_interrupt, :332 xen_call_function_interrupt; events.c: xen_evtchn_do_upcall, ack_dynirq
    "A reschedule comes": "work",
    "A function call comes": "mem · work · mem",
    "A TLB flush comes": "work · mem",
    "The local timer's vector comes": "work",
    "Vector 0xff was really sent": "",
    # events.c: "Hardware interrupts. Not supported at present": as in the kernel of today.
    "An edge-triggered device interrupts": "sti · work · cli",
    "A level-triggered device": "sti · work · cli · PHYSDEVOP_eoi b9",
    "The APIC reports an error": None,
    # smp.c:252 xen_cpu_up: VCPUOP_initialise (:245) and VCPUOP_up (:289), then :70 cpu_bringup_and_idle
    "Start CPU 1: the CPU that does it": None,
    "Start CPU 1: the CPU that is started": None,
}

#: By kernel and back end. None: it never comes about.
TEXT: Mapping[tuple[str, str], Mapping[str, str | None]] = {
    ("linux-2.6.22", "native-xapic"): LINUX_2_6_22,
    ("linux-2.6.22", "trap-emulate"): LINUX_2_6_22,
    ("linux-2.6.22", "vmi"): VMI,
    ("linux-2.6.22", "xen-evtchn"): XEN_2_6_23,
    ("linux-6", "native-xapic"): LINUX_6_XAPIC,
    ("linux-6", "native-x2apic"): LINUX_6_X2APIC_CLUSTER,
    ("linux-6", "trap-emulate"): LINUX_6_XAPIC,
    ("linux-6", "kvm-pv"): KVM_PV,
    ("linux-6", "hyperv"): HYPERV,
    ("linux-6", "apicv"): LINUX_6_XAPIC,
    ("linux-6", "xen-evtchn"): XEN_6,
}
