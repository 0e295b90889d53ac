"""The layers at which a kernel lets a hypervisor in, and how the argument about the right one ended."""

from app.backends.backend import RECALLED, TREE, Turn
from app.backends.catalogue import BACKENDS

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


#: Changes of the kernel itself, or for more than one back end.
_OF_THE_KERNEL = (
    Turn(
        2007,
        "2.6.20",
        "paravirt_ops has apic_read, apic_write and apic_write_atomic",
        "The register is the only place below smp_call_function() that a hypervisor can take.",
        TREE,
    ),
    Turn(
        2007,
        "2.6.22",
        "smp_ops and flush_tlb_others become replaceable",
        "A guest without an APIC can be had from above; the header says that the register operations are for VMI.",
        TREE,
    ),
    Turn(
        2008,
        "2.6.28",
        "struct apic_ops for x2APIC; apic_read and apic_write leave the paravirtual operations",
        "The register access is a property of the hardware's mode, not of paravirtualisation.",
        RECALLED,
    ),
    Turn(
        2009,
        "2.6.29 to 2.6.30",
        "genapic and apic_ops merge into struct apic",
        "One driver holds both levels: sends, and reads and writes.",
        RECALLED,
    ),
    Turn(
        2009,
        "2.6.31 and later",
        "of the paravirtual APIC operations, startup_ipi_hook alone is left; later none",
        "Paravirtual guests bring a driver or replace entries of one.",
        RECALLED,
    ),
    Turn(
        2018,
        "2018",
        "KVM's PV IPI and Hyper-V's enlightened IPIs replace send_IPI_*",
        "Overrides at the level of the operation.",
        TREE,
    ),
    Turn(
        2023,
        "6.6",
        "struct apic_override and static calls",
        "Overrides are apart from drivers, entry by entry.",
        TREE,
    ),
)
#: All of them, in the order of time.
HISTORY = tuple(sorted((*_OF_THE_KERNEL, *(turn for each in BACKENDS.values() for turn in each.history))))
