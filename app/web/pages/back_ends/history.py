"""The layers at which a kernel lets a hypervisor in, and how the argument about the right one ended."""

from typing import NamedTuple

#: Number, title, words where no table reaches, and the operations of the kernel's table that lie there.
LAYERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        "L1",
        "Generic request",
        "",
        ("smp_send_reschedule", "smp_call_function_mask", "flush_tlb_others"),
    ),
    (
        "L2",
        "Send",
        "",
        (
            *("send_ipi", "send_ipi_mask", "send_ipi_mask_allbutself"),
            *("send_ipi_allbutself", "send_ipi_all", "send_ipi_self"),
        ),
    ),
    ("L3", "ICR composing", "no entry of any table: whoever replaces L4 keeps all of it, whoever replaces L2 none", ()),
    ("L4", "Register access", "", ("apic_read", "apic_write", "icr_write", "eoi")),
    (
        "Boot",
        "Start of another CPU",
        "registers do not say in what state it is to begin; today a driver's wakeup_secondary_cpu is the place for "
        "that, and no back end here has one",
        ("startup_ipi_hook",),
    ),
)


class Hook(NamedTuple):
    """One entry of ``paravirt_ops`` that VMI fills, with what it fills in, and what becomes of it in this model."""

    name: str
    becomes: str
    here: str


#: Everything about the APIC and the interrupt flag, in the order of ``activate_vmi`` (``arch/i386/kernel/vmi.c``).
VMI_SOURCE = "arch/i386/kernel/vmi.c, activate_vmi; include/asm-i386/paravirt.h, struct paravirt_ops (2.6.22)"
VMI_HOOKS = (
    Hook(
        "save_fl, restore_fl, irq_disable, irq_enable",
        "VMI calls GetInterruptMask, SetInterruptMask, DisableInterrupts, EnableInterrupts",
        "two steps around each send that has two halves, priced as CLI and STI: the ROM answers them in the guest",
    ),
    Hook(
        "startup_ipi_hook",
        "vmi_startup_ipi_hook, with VMI call SetInitialAPState",
        "in the table: the answer to what registers are not enough for, a hypercall before the first start-up IPI",
    ),
    Hook("apic_read", "VMI call APICRead", "in the table"),
    Hook("apic_write", "VMI call APICWrite", "in the table"),
    Hook(
        "apic_write_atomic",
        "VMI call APICWrite, the same one",
        "never called: apic_write_around is apic_write in a kernel that is not built for the first Pentiums",
    ),
    Hook(
        "setup_boot_clock, setup_secondary_clock",
        "vmi_timer_setup_boot_alarm, vmi_timer_setup_secondary_alarm, with VMI calls SetAlarm and CancelAlarm",
        "beside the table, and not modelled: the local timer is armed, by one call as well",
    ),
)


class Turn(NamedTuple):
    """One change of the kernel, and what it meant for the argument."""

    when: str
    change: str
    meaning: str
    source: str


_TREE = "kernel tree and commits"
_RECALLED = "kernel tree and commits, the release recalled"
HISTORY = (
    Turn(
        "2.6.20",
        "paravirt_ops has apic_read, apic_write and apic_write_atomic",
        "The register is the only place below smp_call_function() that a hypervisor can take.",
        _TREE,
    ),
    Turn(
        "2.6.21",
        "VMI arrives; boot clock, secondary clock and start-up IPI hooks join",
        "The first user of the register operations.",
        _TREE,
    ),
    Turn(
        "2.6.22",
        "smp_ops and flush_tlb_others become replaceable",
        "A guest without an APIC can be had from above; the header says that the register operations are for VMI.",
        _TREE,
    ),
    Turn(
        "2.6.28",
        "struct apic_ops for x2APIC; apic_read and apic_write leave the paravirtual operations",
        "The register access is a property of the hardware's mode, not of paravirtualisation.",
        _RECALLED,
    ),
    Turn(
        "2.6.29 to 2.6.30",
        "genapic and apic_ops merge into struct apic",
        "One driver holds both levels: sends, and reads and writes.",
        _RECALLED,
    ),
    Turn(
        "2.6.31 and later",
        "of the paravirtual APIC operations, startup_ipi_hook alone is left; later none",
        "Paravirtual guests bring a driver or replace entries of one.",
        _RECALLED,
    ),
    Turn("2.6.37", "VMI is removed", "The paravirtual user of the register level is gone.", _RECALLED),
    Turn(
        "2012",
        "eoi_write is split from write, for KVM's PV EOI",
        "One register operation is worth an override of its own.",
        _TREE,
    ),
    Turn(
        "2018",
        "KVM's PV IPI and Hyper-V's enlightened IPIs replace send_IPI_*",
        "Overrides at the level of the operation.",
        _TREE,
    ),
    Turn(
        "6.6",
        "struct apic_override and static calls",
        "Overrides are apart from drivers, entry by entry.",
        _TREE,
    ),
)
